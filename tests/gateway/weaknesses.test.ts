// Published weaknesses of peers, each as an attack on a started Surety: docs/peer-weaknesses.md has the list.

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Siege } from './siege.fixture.ts';

let siege: Siege;
beforeAll(async () => {
  siege = await Siege.start({ limits: 'sessions: 2' });
}, 180_000);
afterAll(() => siege?.end());

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
const opened = async (agent = 'buyer'): Promise<string> => {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
  const answer = await siege.ask('/mcp/erp', body, { ...json, authorization: siege.bearer(agent) });
  return String(answer.headers['mcp-session-id']);
};
const inSession = (session: string, agent: string, mark: string, path = '/mcp/erp') =>
  siege.ask(
    path,
    JSON.stringify({
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'look', arguments: { mark } },
    }),
    {
      ...json,
      authorization: siege.bearer(agent),
      'mcp-session-id': session,
      'mcp-protocol-version': '2025-11-25',
    },
  );

describe('sessions', () => {
  test('CVE-2026-52869 (MCP Python SDK): a session is its agent’s alone', async () => {
    const session = await opened();
    expect((await inSession(session, 'second', 'stolen')).status).toBe(404);
    expect((await inSession(session, 'buyer', 'elsewhere', '/mcp')).status).toBe(404);
    expect((await inSession(`${session}0`, 'buyer', 'guessed')).status).toBe(404);
    expect((await inSession(session, 'buyer', 'own-session')).status).toBe(200);
    expect(['stolen', 'elsewhere', 'guessed', 'own-session'].map((mark) => siege.reached(mark))).toEqual([
      0, 0, 0, 1,
    ]);
  });

  test('CVE-2026-59951 (MCP Python SDK): sessions are bounded, and one agent’s flood ends its own', async () => {
    const others = await opened('second');
    const all: string[] = [];
    for (let nth = 0; nth < 20; nth++) all.push(await opened());
    const statuses = await Promise.all(
      all.map(async (session) => (await inSession(session, 'buyer', 'many')).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect((await inSession(others, 'second', 'kept')).status).toBe(200);
  });
});

test('CVE-2026-25536 (MCP TypeScript SDK): one id in two clients at once, and each gets its own answer', async () => {
  const asked = Array.from({ length: 40 }, async (_, nth) => {
    const answer = await siege.call(
      'look',
      { mark: `own-answer-${nth}` },
      nth % 2 === 0 ? 'buyer' : 'second',
    );
    return answer.text.includes(`own-answer-${nth}\\"`);
  });
  expect(await Promise.all(asked)).toEqual(Array(40).fill(true));
});

test('CVE-2026-42208 (LiteLLM): what stands in a credential’s place is looked up, never interpreted', async () => {
  const before = siege.said();
  for (const text of [
    "' OR '1'='1",
    "x' UNION SELECT 1 --",
    '%',
    '*',
    '__proto__',
    'constructor',
    '${7*7}',
    '\x80',
    'a'.repeat(20_000),
  ]) {
    const answer = await siege.ask('/mcp/erp', siege.callText('look', { mark: 'injected' }), {
      ...siege.headers('look'),
      authorization: `Bearer ${text}`,
    });
    expect(answer.status, text.slice(0, 30)).toBe(401);
  }
  expect(siege.reached('injected')).toBe(0);
  expect(siege.said().slice(before.length)).not.toMatch(/UNION|SELECT/);
});

test('CVE-2026-59822 (LiteLLM), CVE-2026-50027 (mcp-memory-service): at no path is there anybody to fall back to', async () => {
  const { authorization, ...without } = siege.headers('look');
  const token = authorization?.slice('Bearer '.length) ?? '';
  const wrong = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer null',
    'Bearer undefined',
    `Basic ${token}`,
    token,
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
  ];
  for (const said of [undefined, ...wrong])
    for (const path of ['/mcp', '/mcp/erp', '/mcp/public', '/v1/decide']) {
      const headers = said === undefined ? without : { ...without, authorization: said };
      expect(
        (await siege.ask(path, siege.callText('look', { mark: 'nobody' }), headers)).status,
        `${said} ${path}`,
      ).toBe(401);
    }
  expect(siege.reached('nobody')).toBe(0);
});

test('CVE-2026-42271 (LiteLLM), CVE-2026-105740 (Langflow): no route takes a command to run', async () => {
  const config = JSON.stringify({
    command: 'touch',
    args: [siege.program.path('owned')],
    transport: 'stdio',
    url: 'http://169.254.169.254/',
  });
  for (const path of [
    '/mcp-rest/test/connection',
    '/mcp-rest/test/tools/list',
    '/v1/servers',
    '/servers',
    '/mcp/new',
    '/api/v2/mcp/servers',
    '/v1/mcp/server',
  ])
    for (const method of ['POST', 'PUT', 'PATCH'])
      expect([404, 405]).toContain(
        (await siege.ask(path, config, { ...json, authorization: siege.bearer() }, method)).status,
      );
  for (const method of ['servers/add', 'server/connect', 'config/set', 'completion/run'])
    expect(
      JSON.parse(
        (
          await siege.ask('/mcp/erp', siege.callText('look').replace('tools/call', method), {
            ...siege.headers('look'),
            'mcp-method': method,
          })
        ).text,
      ),
    ).toHaveProperty('error');
  const { existsSync } = await import('node:fs');
  expect(existsSync(siege.program.path('owned'))).toBe(false);
});

test('CVE-2026-55887 (Docker MCP Gateway): on the merged endpoint no tool takes the name of another server’s', async () => {
  const list = siege
    .callText('x')
    .replace('tools/call', 'tools/list')
    .replace('"name":"x","arguments":{},', '');
  const { 'mcp-name': _, ...headers } = siege.headers('x');
  const answer = await siege.ask('/mcp', list, { ...headers, 'mcp-method': 'tools/list' });
  const names = (JSON.parse(answer.text).result.tools as { name: string }[]).map(({ name }) => name);
  expect(names.every((name) => name.startsWith('erp_'))).toBe(true);
  expect(new Set(names).size).toBe(names.length);
});

test('CVE-2026-46519 (mcp-server-kubernetes), Kong 3.13: what is not permitted is neither listed nor called', async () => {
  const { 'mcp-name': _, ...headers } = siege.headers('x');
  const list = siege
    .callText('x')
    .replace('tools/call', 'tools/list')
    .replace('"name":"x","arguments":{},', '');
  const listed = (await siege.ask('/mcp/erp', list, { ...headers, 'mcp-method': 'tools/list' })).text;
  expect(listed).toContain('"look"');
  for (const tool of ['wipe', 'unlabelled', 'LOOK', 'look ', 'look\u200b']) {
    expect(listed).not.toContain(`"${tool}"`);
    const said = { ...siege.headers(tool), 'mcp-name': `=?base64?${Buffer.from(tool).toString('base64')}?=` };
    const answer = await siege.ask('/mcp/erp', siege.callText(tool, { mark: 'unlisted' }), said);
    expect(answer.text).not.toContain('unlisted');
  }
  expect(siege.reached('unlisted')).toBe(0);
});

test('CVE-2026-48529 (GitHub MCP Server, as grouped by a review): a credential is no connection’s and no process’s', async () => {
  // On one connection that stays open: first an agent, then somebody without, then another.
  const bodies = [siege.bearer('buyer'), undefined, siege.bearer('second')];
  const statuses: number[] = [];
  const { Agent } = await import('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (const authorization of bodies) {
    const { authorization: _, ...rest } = siege.headers('look');
    statuses.push(
      await new Promise((resolve, reject) => {
        const headers = authorization === undefined ? rest : { ...rest, authorization };
        const sent = request(
          { host: '127.0.0.1', port: siege.port, path: '/mcp/erp', method: 'POST', headers, agent },
          (answer) => answer.resume().on('end', () => resolve(answer.statusCode ?? 0)),
        );
        sent.on('error', reject).end(siege.callText('look', { mark: 'cached' }));
      }),
    );
  }
  agent.destroy();
  expect(statuses).toEqual([200, 401, 200]);
  expect(siege.reached('cached')).toBe(2);
  for (const line of siege.received()) expect(line).not.toContain(siege.bearer().slice('Bearer '.length));
  const screened = siege
    .facts()
    .flatMap(({ body }) => ('screened' in (body as object) ? [body as { screened: string }] : []));
  expect(screened.length).toBeGreaterThan(0);
  expect(screened.every((body) => body.screened === 'none')).toBe(true);
});

test('CVE-2026-27826 (mcp-atlassian): no header of a request says where the gateway goes', async () => {
  let asked = 0;
  const bystander = createServer((_, response) => {
    asked++;
    response.end('{}');
  });
  await new Promise<void>((resolve) => bystander.listen(0, '127.0.0.1', resolve));
  const there = `http://127.0.0.1:${(bystander.address() as AddressInfo).port}/`;
  const names = [
    'x-atlassian-jira-url',
    'x-atlassian-confluence-url',
    'x-target-url',
    'x-forwarded-host',
    'x-original-url',
    'referer',
  ];
  const headers = Object.fromEntries(names.map((name) => [name, there]));
  const { authorization: _, ...without } = siege.headers('look');
  expect((await siege.ask('/mcp/erp', siege.callText('look'), { ...without, ...headers })).status).toBe(401);
  const known = await siege.ask('/mcp/erp', siege.callText('look', { mark: 'steered' }), {
    ...siege.headers('look'),
    ...headers,
  });
  bystander.close();
  expect([known.status, siege.reached('steered'), asked]).toEqual([200, 1, 0]);
});

test('LiteLLM 35257: what nothing screened says so; an argument too large to record is refused, and that is recorded', async () => {
  const answer = await siege.call('note', { mark: 'too-large', text: 'x'.repeat(2_000_000) });
  expect(answer.text).toContain('Refused');
  expect(siege.reached('too-large')).toBe(0);
  const refused = siege
    .facts()
    .filter(({ kind }) => kind === 'call.refused')
    .map(({ body }) => body as { code?: string; screened?: string });
  expect(refused.at(-1)).toMatchObject({ code: 'not-recordable', screened: 'none' });
  expect((await siege.call('look', { mark: 'goes-on' }, 'second')).status).toBe(200);
});

test('CVE-2025-53365, CVE-2025-53366 (MCP Python SDK): what is malformed in a session ends neither it nor the process', async () => {
  const session = await opened();
  const headers = {
    ...json,
    authorization: siege.bearer(),
    'mcp-session-id': session,
    'mcp-protocol-version': '2025-11-25',
  };
  for (const body of [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7,"arguments":[]}}',
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{}}}',
    '{"jsonrpc":"2.0","id":{},"method":"ping"}',
    '{"jsonrpc":"2.0","id":5,"result":{}}',
    '{"jsonrpc":"2.0","id":5,"error":null}',
    '[]',
    '\u0000',
    '',
  ])
    expect((await siege.ask('/mcp/erp', body, headers)).status, body).toBeLessThan(500);
  expect((await inSession(session, 'buyer', 'survived')).status).toBe(200);
  expect(siege.child?.exitCode).toBeNull();
});

test('LiteLLM 39629, 41215: what holds at one path holds at each, whatever the era and the form of the answer', async () => {
  const session = await opened();
  const wiped = (
    await siege.ask(
      '/mcp/erp',
      JSON.stringify({
        jsonrpc: '2.0',
        id: 3,
        method: 'tools/call',
        params: { name: 'wipe', arguments: { mark: 'anywhere' } },
      }),
      {
        ...json,
        authorization: siege.bearer(),
        'mcp-session-id': session,
        'mcp-protocol-version': '2025-11-25',
      },
    )
  ).text;
  const merged = (
    await siege.ask('/mcp', siege.callText('erp_wipe', { mark: 'anywhere' }), siege.headers('erp_wipe'))
  ).text;
  const modern = (await siege.call('wipe', { mark: 'anywhere' })).text;
  for (const text of [wiped, merged, modern]) expect(text).toContain('Refused');
  expect(siege.reached('anywhere')).toBe(0);
});
