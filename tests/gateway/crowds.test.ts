// Many at once, and slow ones: a started Surety with tight limits. Whoever floods, hangs or dribbles is bounded, and
// the calls of another agent go on.

import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { heardOn, Siege, statusesIn } from './siege.fixture.ts';

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.start({
    limits:
      'requests: 64, server-calls: 32, headers-within: 20s, request-within: 20s, read-within: 2s, rate: 100000, ' +
      'streams: 100, agent-streams: 40, agent-links: 2, session-idle: 1s',
  });
}, 180_000);
afterAll(() => siege?.end());

let nth = 0;
/** Somebody else's work goes on, whatever was sent. */
async function works(agent = 'second'): Promise<void> {
  const mark = `works-${nth++}-`;
  expect((await siege.call('look', { mark }, agent)).status).toBe(200);
  expect(siege.reached(mark)).toBe(1);
  expect(siege.child?.exitCode).toBeNull();
}
afterEach(() => works());

const head = (agent = 'buyer', tool = 'look') =>
  Object.entries({ host: '127.0.0.1', ...siege.headers(tool, agent) })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');

/** What this process may open, less what it has open already. */
function filesMax(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
  return Number(soft ?? 1_024) - 256;
}

/** Whether Surety still holds its end of the connection from this port. */
function openOn(port: number): boolean {
  const theirs = (value: number) => `0100007F:${value.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  // 01: established, as its own side sees it.
  return lines.some((line) => line.includes(` ${theirs(siege.port)} ${theirs(port)} 01 `));
}

describe('a crowd', () => {
  test('10,000 connections that do nothing, opened while another agent works', async (context) => {
    const wanted = 10_000;
    // Surety keeps 512 files for itself, this process fewer: below that the crowd is as large as the system allows.
    const count = Math.min(wanted, filesMax());
    const idle: Socket[] = [];
    try {
      for (let batch = 0; idle.length < count; batch++) {
        const more = Array.from({ length: Math.min(500, count - idle.length) }, () => siege.socket());
        idle.push(...(await Promise.all(more)));
        if (batch % 5 === 0) await works();
      }
      // Half of them begin a request, and never end it.
      for (const socket of idle.slice(0, count / 2)) socket.write('POST /mcp/erp HTTP/1.1\r\nHost: ');
      for (let call = 0; call < 20; call++) await works();
      await works('buyer');
    } finally {
      for (const socket of idle) socket.destroy();
    }
    if (count < wanted)
      context.skip(`only ${count} connections: this process may open no more files (ulimit -n)`);
  }, 180_000);

  test('one agent whose calls hang, as many as it can: others reach the same server', async () => {
    const before = siege.received().length;
    const flood = Array.from({ length: 200 }, (_, at) =>
      siege.call('hang', { at }).then(({ status, text }) => ({ status, text })),
    );
    const settled: { status: number; text: string }[] = [];
    for (const each of flood)
      void each.then(
        (reply) => settled.push(reply),
        () => undefined,
      );
    // It is turned away at once for what is above its part: of 64 requests half, of 32 calls half.
    while (settled.length < 200 - 32) await works();
    const turnedAway = settled.filter(({ status }) => status === 429);
    expect(turnedAway.length).toBeGreaterThan(0);
    expect(turnedAway[0]?.text).toContain('too many requests at once');
    for (let call = 0; call < 20; call++) await works();
    const hanging = siege
      .received()
      .slice(before)
      .filter((line) => line.includes('"hang"')).length;
    expect(hanging).toBeGreaterThan(0);
    expect(hanging).toBeLessThanOrEqual(16);
    const unsent = settled.filter(({ status, text }) => status === 200 && text.includes('Not sent')).length;
    expect(unsent).toBeGreaterThan(0);
  }, 180_000);

  test('strangers without a credential, in whole and in half requests', async () => {
    const half: Socket[] = [];
    for (let at = 0; at < 100; at++) {
      const socket = await siege.socket();
      // An approval needs no credential: its signature is one.
      socket.write(
        'POST /v1/approvals HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{',
      );
      half.push(socket);
    }
    const strangers = Array.from({ length: 300 }, () => siege.ask('/mcp/erp', '{}', {}));
    await Promise.all(Array.from({ length: 4 }, () => works()));
    const statuses = new Set((await Promise.all(strangers)).map(({ status }) => status));
    for (const status of statuses) expect([401, 429]).toContain(status);
    for (const socket of half) socket.destroy();
  }, 180_000);

  test('one agent asking without a pause on many connections', async () => {
    let asking = true;
    const one = async () => {
      while (asking) await siege.call('look', { mark: 'flood' });
    };
    const flood = Array.from({ length: 40 }, one);
    for (let call = 0; call < 20; call++) await works();
    asking = false;
    await Promise.all(flood);
  }, 180_000);
});

describe('event streams', () => {
  const open = new Set<() => void>();
  afterEach(() => {
    for (const close of open) close();
    open.clear();
  });

  const meta = () => JSON.parse(siege.callText('x')).params._meta;

  /** The status of a stream of changes once it has begun; it then stays open. */
  function listening(agent: string): Promise<number> {
    const { 'mcp-name': _, ...headers } = siege.headers('x', agent);
    const params = { notifications: { toolsListChanged: true }, _meta: meta() };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          ...{ host: '127.0.0.1', port: siege.port, path: '/mcp/erp', method: 'POST' },
          headers: { ...headers, 'mcp-method': 'subscriptions/listen' },
        },
        (answer) => {
          answer.on('error', () => undefined).once('data', () => resolve(answer.statusCode ?? 0));
        },
      );
      open.add(() => sent.destroy());
      sent.on('error', reject);
      sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }));
    });
  }

  test('are no requests, have a bound for each agent, and one in all that leaves others their part', async () => {
    // A stream is a request until the lists are known that it watches: asked for here, since a server may take long to start.
    const { 'mcp-name': _, ...headers } = siege.headers('x');
    const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta() } });
    await siege.ask('/mcp/erp', list, { ...headers, 'mcp-method': 'tools/list' });
    // More than one agent's part of the requests (32).
    for (let at = 0; at < 40; at++) expect(await listening('buyer')).toBe(200);
    expect(await listening('buyer')).toBe(503);
    // Its calls may wait for the server still, but none is turned away.
    expect((await siege.call('look', { mark: 'beside' })).status).toBe(200);
    // 60 are left, and half of them is the most that one may have: fewer than its own bound.
    const others: number[] = [];
    for (let at = 0; at < 31; at++) others.push(await listening('second'));
    expect(others).toEqual([...Array(30).fill(200), 503]);
    // Whoever closes one may open one. (The 41 before them are the other's.)
    [...open][41]?.();
    await expect.poll(() => listening('second'), { timeout: 20_000 }).toBe(200);
  }, 60_000);
});

describe('links that are a session’s alone', () => {
  /** Processes of the server now: one that all share, and one for each such link. */
  const servers = () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const parent = / (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1').split(')').at(-1) ?? '');
          return (
            Number(parent?.[1]) === siege.child?.pid &&
            readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('noting-server')
          );
        } catch {
          return false;
        }
      }).length;

  test('are bounded for each agent, and end with a session that nobody uses', async () => {
    const headers = (session?: string) => ({
      authorization: siege.bearer(),
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session === undefined ? {} : { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
    });
    const asked = (id: string, method: string, params: object) =>
      JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const look = (session: string) =>
      siege.ask(
        '/mcp/erp',
        asked('c', 'tools/call', { name: 'look', arguments: { mark: 'alone' } }),
        headers(session),
      );
    const opening = {
      ...{ protocolVersion: '2025-11-25', capabilities: { elicitation: {} } },
      clientInfo: { name: 't', version: '1' },
    };
    const sessions: string[] = [];
    for (let at = 0; at < 3; at++) {
      const opened = await siege.ask('/mcp/erp', asked('i', 'initialize', opening), headers());
      sessions.push(String(opened.headers['mcp-session-id']));
      expect((await look(sessions[at] ?? '')).status).toBe(200);
      expect(servers()).toBeGreaterThan(1);
    }
    // The third took the place of the one that lay idle longest.
    expect((await look(sessions[0] ?? '')).status).toBe(404);
    await expect.poll(servers, { timeout: 20_000 }).toBe(1);
    expect((await look(sessions[2] ?? '')).status).toBe(404);
  }, 60_000);
});

describe('slow ones', () => {
  test('headers that never end (slowloris) are cut off, and no request began', async () => {
    const socket = await siege.socket();
    const heard = heardOn(socket);
    socket.write('POST /mcp/erp HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const dribble = setInterval(() => socket.write('A: b\r\n'), 200);
    await works();
    const said = await heard;
    clearInterval(dribble);
    expect(statusesIn(said).every((status) => status === 408)).toBe(true);
  }, 180_000);

  test('a body that never ends is cut off', async () => {
    const socket = await siege.socket();
    const heard = heardOn(socket);
    socket.write(`POST /mcp/erp HTTP/1.1\r\n${head()}Content-Length: 100000\r\n\r\n{`);
    const dribble = setInterval(() => socket.write(' '), 200);
    await works();
    await heard;
    clearInterval(dribble);
  }, 180_000);

  test('an answer that is not read is cut off', async () => {
    const socket = await siege.socket();
    const body = siege.callText('large', { bytes: 6_000_000 });
    socket.pause();
    socket.write(
      `POST /mcp/erp HTTP/1.1\r\n${head('buyer', 'large')}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    const cut = new Promise<number>((resolve) => {
      let bytes = 0;
      socket.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      socket.once('close', () => resolve(bytes));
      socket.pause();
    });
    while (siege.reached('"large"') === 0) await works();
    // Surety says when it has cut off: its side of the connection is gone, and others' calls went on meanwhile.
    while (openOn(socket.localPort ?? 0)) await works();
    socket.resume();
    expect(await cut).toBeLessThan(6_000_000);
  }, 180_000);
});
