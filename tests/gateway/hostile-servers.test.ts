// Published weaknesses of peers towards the servers behind them, each as an attack on a started Surety by a server over
// HTTP: docs/peer-weaknesses.md has the list. What nobody has published yet: tests/fuzz/upstream.ts.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Siege } from './siege.fixture.ts';

let siege: Siege;
let far: Server;
beforeAll(async () => {
  far = createServer((asked, answer) => void respond(asked, answer));
  siege = await Siege.start({
    limits: 'answer-within: 1s, answer: 64KiB',
    far: `http://127.0.0.1:${await listening(far)}/mcp`,
  });
}, 180_000);
afterAll(async () => {
  await siege?.end();
  far.closeAllConnections();
  far.close();
});

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

/** What the server over HTTP does at a call, by the name of the tool. */
const does = new Map<string, (id: unknown, answer: ServerResponse) => void>();
/** Names of the tools that were called there. */
const calledFar: string[] = [];

/** A server over HTTP that behaves, but for the tools of `does`. */
async function respond(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { id, method, params: about } = JSON.parse(Buffer.concat(await asked.toArray()).toString() || '{}');
  const say = (result: object, headers = {}) =>
    answer
      .writeHead(200, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  if (method === 'initialize')
    return void say(
      { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'far', version: '1' } },
      { 'mcp-session-id': 's' },
    );
  if (method !== 'tools/call') return void answer.writeHead(method === undefined ? 405 : 202).end();
  calledFar.push(about.name);
  const how = does.get(about.name);
  if (how === undefined) say({ content: [{ type: 'text', text: 'as asked' }] });
  else how(id, answer);
}

/** Calls it: the call is lost, was made once, and both servers go on. */
async function lostAt(tool: string, how: (id: unknown, answer: ServerResponse) => void): Promise<void> {
  does.set(tool, how);
  const { text } = await siege.call(tool, {}, 'buyer', 'far');
  expect(text).toContain('"isError":true');
  expect(text).toContain('It is not known whether this took effect');
  expect(calledFar.filter((name) => name === tool)).toHaveLength(1);
  expect((await siege.call('plain', {}, 'second', 'far')).text).toContain('as asked');
  expect((await siege.call('look', { mark: tool }, 'second')).text).toContain(tool);
}

test('airis-mcp-gateway 24, chatmcp 127: one that streams for ever, and says that it lives, ends at `answer-within`', async () => {
  const streaming = new Set<ReturnType<typeof setInterval>>();
  const closed = Promise.withResolvers<void>();
  await lostAt('for-ever', (_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    const alive = setInterval(() => answer.write(': keep-alive\n\n'), 50);
    streaming.add(alive);
    answer.on('close', () => {
      clearInterval(alive);
      closed.resolve();
    });
  });
  // Its connection is ours to end, and was ended.
  await closed.promise;
});

test('CVE-2026-22036 (undici), ruby-mcp-client 188: nothing compressed is undone, so no bomb goes off', async () => {
  const answerTo = (id: unknown, text: string) =>
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } }));
  const events = (id: unknown) => Buffer.from(`data: ${answerTo(id, 'inflated')}\n\n`);
  const ways: [string, string, string, (id: unknown) => Buffer][] = [
    ['compressed', 'application/json', 'gzip', (id) => gzipSync(answerTo(id, 'inflated'))],
    ['compressed-events', 'text/event-stream', 'gzip', (id) => gzipSync(events(id))],
    ['twice', 'application/json', 'gzip, gzip', (id) => gzipSync(gzipSync(answerTo(id, 'inflated')))],
    ['bomb', 'application/json', 'gzip', (id) => gzipSync(answerTo(id, ' '.repeat(64 * 1024 * 1024)))],
    // Above `answer` without any coding.
    ['large', 'application/json', 'identity', (id) => answerTo(id, ' '.repeat(128 * 1024))],
  ];
  for (const [tool, type, coding, bytes] of ways)
    await lostAt(tool, (id, answer) => {
      answer.writeHead(200, { 'content-type': type, 'content-encoding': coding }).end(bytes(id));
    });
});

test('python-sdk 3358, vercel/ai 13525, CVE-2026-53708: no redirect leads to an internal address, with or without a body', async () => {
  let asked = 0;
  const inside = createServer((_, answer) => {
    asked++;
    answer.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [] } }));
  });
  const port = await listening(inside);
  for (const status of [301, 302, 303, 307, 308])
    for (const to of [
      `http://127.0.0.1:${port}/`,
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
    ])
      await lostAt(
        `to-${status}-${to.length}`,
        (_, answer) => void answer.writeHead(status, { location: to }).end(),
      );
  inside.close();
  expect(asked).toBe(0);
});

test('pipelock: that a server still works reaches the client, as comments before the answer', async () => {
  does.set('slow', (id, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.write(': keep-alive\n\n', () =>
      answer.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } })}\n\n`),
    );
  });
  const { text, headers } = await siege.call('slow', {}, 'buyer', 'far');
  expect(headers['content-type']).toBe('text/event-stream');
  expect(text).toMatch(/^: keep-alive\n\n[\s\S]*^data: .*"content":\[\]/m);
});

test('docker/mcp-gateway 505, 412: a session that the server forgot is no success, and the call is not made again', async () => {
  await lostAt('forgotten', (_, answer) => void answer.writeHead(404).end());
});
