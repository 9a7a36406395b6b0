import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  ask,
  echo,
  errorOf,
  governor,
  initialize,
  ping,
  post,
  problems,
  served,
  textOf,
} from './front.fixture.ts';
import type { ToolRequest } from './port.ts';
import { modern, type RawHeaders, token } from './surroundings.fixture.ts';

describe('at the door', () => {
  test.each([
    ['no credential', { authorization: undefined }, 'Bearer'],
    ['a wrong one', { authorization: 'Bearer wrong' }, 'Bearer error="invalid_token"'],
  ])('%s: 401, whatever else is wrong', async (_, headers, challenge) => {
    for (const path of ['/mcp', '/mcp/scripted', '/mcp/nobody', '/elsewhere']) {
      const reply = await post(path, 'not json', { ...headers, 'content-type': 'text/plain' });
      expect(reply.status).toBe(401);
      expect(reply.headers['www-authenticate']).toBe(challenge);
    }
    expect(governor.requests).toEqual([]);
  });

  test('two credentials are none', async () => {
    expect((await post('/mcp', ping, { authorization: [token, 'Bearer x'] })).status).toBe(400);
  });

  test.each([
    ['another host', { host: 'evil.example' }],
    ['another host on our port', { host: 'evil.example:80' }],
    ['a host that only ends like ours', { host: 'evil-gateway.example' }],
    ['a host with a user', { host: 'localhost@evil.example' }],
    ['another address', { host: '10.0.0.1' }],
    ['another origin', { origin: 'http://evil.example' }],
    ['no origin to speak of', { origin: 'null' }],
  ])('%s is refused', async (_, headers) => {
    const reply = await post('/mcp/scripted', ping, headers);
    expect(reply.status).toBe(403);
  });

  test.each([
    [{ host: 'localhost:7300' }],
    [{ host: '127.0.0.1' }],
    [{ host: '[::1]:80' }],
    [{ host: 'GATEWAY.example:443' }],
    [{ origin: 'http://localhost:5173' }],
  ])('%j is ours', async (headers) => expect((await initialize(headers)).status).toBe(200));

  test.each([
    ['GET', '/mcp', 405],
    ['PUT', '/mcp/scripted', 405],
    ['POST', '/mcp/nobody', 404],
    ['POST', '/mcp/scripted/more', 404],
    ['POST', '/mcp/', 404],
    ['POST', '/mcp/__proto__', 404],
  ])('%s %s: %i', async (method, path, status) => {
    const reply = await post(path, method === 'POST' ? ping : undefined, {}, method);
    expect(reply.status).toBe(status);
    if (status === 405) expect(reply.headers.allow).toContain('POST');
  });

  test.each([
    [{ 'content-type': 'text/plain' }, 415],
    [{ 'content-type': undefined }, 415],
    [{ 'content-encoding': 'gzip' }, 415],
    [{ accept: 'text/event-stream' }, 406],
    [{ 'content-type': 'application/json; charset=utf-8', accept: '*/*' }, 200],
    [{ accept: undefined }, 200],
  ])('%j: %i', async (headers, status) => expect((await initialize(headers)).status).toBe(status));

  test.each([[{ 'content-length': '10001' }], [{ 'transfer-encoding': 'chunked' }]])(
    'a body above the bound, %j',
    async (headers) => {
      const reply = await post('/mcp', Buffer.alloc(10_001, 0x20), headers);
      expect(reply.status).toBe(413);
    },
  );

  test.each([
    ['not JSON', '{', -32700],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), -32700],
    ['a batch', `[${ping}]`, -32600],
    ['an answer to nothing', '{"jsonrpc":"2.0","id":1,"result":{}}', -32000],
    ['a name twice', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', -32700],
  ])('%s', async (_, body, code) => {
    const reply = await post('/mcp/scripted', body);
    expect([reply.status, errorOf(reply), JSON.parse(reply.text).id]).toEqual([400, code, null]);
  });
});

describe('tools', () => {
  test('are listed as they came, all pages, and filtered', async () => {
    governor.hidden.add('scripted.hang');
    const reply = await ask('/mcp/scripted', 'tools/list');
    expect(reply.text).toBe(
      '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","ttlMs":5000,"cacheScope":"private",' +
        '"tools":[{ "name":"echo", "inputSchema":{"type":"object"},"weight":1.0 },' +
        '{ "name":"die", "inputSchema":{"type":"object"},"weight":1.0 }]}}',
    );
  });

  test('of one caller are not those of another', async () => {
    governor.mayUse = ({ agent }, tool) => agent === 'clerk' || tool === 'scripted.echo';
    const asked = modern('tools/list');
    const theirs = await post('/mcp/scripted', asked.body, { ...asked.headers, authorization: `${token}-2` });
    const ours = await post('/mcp/scripted', asked.body, asked.headers);
    expect(JSON.parse(theirs.text).result.tools).toHaveLength(1);
    expect(JSON.parse(ours.text).result.tools).toHaveLength(3);
  });

  test('no cursor is ours', async () => {
    expect(errorOf(await ask('/mcp/scripted', 'tools/list', { cursor: '1' }))).toBe(-32602);
  });

  test('merged names: what does not fit or could be two is left out and reported', async () => {
    const { result } = JSON.parse((await ask('/mcp', 'tools/list')).text);
    const names = result.tools.map(({ name }: { name: string }) => name);
    // `away` does not start: the others stay.
    expect(names).toEqual(['scripted_echo', 'scripted_hang', 'scripted_die', 'odd_plain', 'bank_pay']);
    expect(problems.filter((problem) => problem.includes('is left out'))).toEqual([
      'a tool of server `odd` is left out: not-unique: "files_read"',
      'a tool of server `odd` is left out: not-a-name: "with space"',
      `a tool of server \`odd\` is left out: too-long: "long_${'x'.repeat(80)}"`,
      'a tool of server `odd` is left out: not-unique: "twice"',
    ]);
    expect(problems.some((problem) => problem.startsWith('server `away` is missing from a list'))).toBe(true);
  });

  test.each(['odd_files_read', 'odd_twice', 'nobody_x', 'noserver', '_x', 'odd_with space', 'odd_'])(
    'merged: nothing is called as `%s`',
    async (name) => {
      const reply = await ask('/mcp', 'tools/call', { name });
      expect(errorOf(reply)).toBe(-32602);
      expect(governor.requests).toEqual([]);
    },
  );

  test('merged: the governor hears the native name, and so does the server', async () => {
    const reply = await ask('/mcp', 'tools/call', {
      name: 'scripted_echo',
      arguments: { name: 'scripted_echo' },
    });
    expect(governor.requests[0]).toMatchObject({ tool: 'scripted.echo', args: { name: 'scripted_echo' } });
    expect(JSON.parse(textOf(reply)).params).toMatchObject({
      name: 'echo',
      arguments: { name: 'scripted_echo' },
    });
  });

  test('merged: a tool that is not listed is still the governor’s to refuse', async () => {
    governor.reply = async () => ({ is: 'refused', message: 'Refused.' });
    const reply = await ask('/mcp', 'tools/call', { name: 'scripted_secret' });
    expect(governor.requests[0]?.tool).toBe('scripted.secret');
    expect(JSON.parse(reply.text).result).toEqual({
      resultType: 'complete',
      content: [{ type: 'text', text: 'Refused.' }],
      isError: true,
    });
  });

  test('a server that is away', async () => {
    const reply = await ask('/mcp/away', 'tools/list');
    expect([reply.status, errorOf(reply)]).toEqual([502, -32603]);
    expect(textOf(await ask('/mcp/away', 'tools/call', { name: 'x' }))).toMatch(/^Not sent/);
  });
});

describe('calls', () => {
  test.each<[string, object]>([
    ['a name that is no string', { name: 1 }],
    ['a name with a space', { name: 'a b' }],
    ['a name that is too long', { name: 'x'.repeat(257) }],
    ['arguments that are a list', { name: 'echo', arguments: [] }],
    ['arguments that are null', { name: 'echo', arguments: null }],
  ])('%s', async (_, params) => {
    const reply = await ask('/mcp/scripted', 'tools/call', { ...params });
    expect(errorOf(reply)).toBe(-32602);
    expect(governor.requests).toEqual([]);
  });

  test('the governor gets the parsed arguments, and nothing if there are none', async () => {
    await echo({ amount: 12.5, nested: { to: ['x'] } });
    await ask('/mcp/scripted', 'tools/call', { name: 'echo' });
    expect(governor.requests.map(({ args }) => args)).toEqual([{ amount: 12.5, nested: { to: ['x'] } }, {}]);
    expect(governor.requests[0]).not.toHaveProperty('case');
  });

  test('the case: by header, by _meta, by both alike', async () => {
    const _meta = { 'surety/case': 'case-1' };
    await echo({}, {}, { 'surety-case': 'case-1' });
    await echo({}, { _meta });
    await echo({}, { _meta }, { 'surety-case': 'case-1' });
    expect(governor.requests.map((request) => request.case)).toEqual(['case-1', 'case-1', 'case-1']);
  });

  test.each<[string, object, RawHeaders]>([
    ['two cases', { _meta: { 'surety/case': 'case-2' } }, { 'surety-case': 'case-1' }],
    ['a case that is no text', { _meta: { 'surety/case': 1 } }, {}],
    ['an empty case', {}, { 'surety-case': '' }],
    ['a long case', {}, { 'surety-case': 'x'.repeat(257) }],
  ])('%s', async (_, more, headers) => {
    expect((await echo({}, more, headers)).status).toBe(400);
    expect(governor.requests).toEqual([]);
  });

  test('forwarding works once', async () => {
    let again: unknown;
    governor.reply = async (request: ToolRequest) => {
      const reply = await request.forward();
      again = await request.forward().catch((error: Error) => error.message);
      return { is: 'upstream', reply };
    };
    expect((await echo()).status).toBe(200);
    expect(again).toMatch(/twice/);
  });

  test('a governor that throws lets nothing pass and tells nothing', async () => {
    governor.reply = async () => {
      throw new Error('the secret reason');
    };
    const reply = await echo();
    expect([reply.status, errorOf(reply)]).toEqual([500, -32603]);
    expect(reply.text).not.toContain('secret');
  });

  test('a client that goes away stops nothing that was sent', async () => {
    let forwarded: unknown;
    const settled = new Promise<void>((resolve) => {
      governor.reply = async (request) => {
        socket.destroy();
        const reply = await request.forward();
        forwarded = reply.is;
        resolve();
        return { is: 'upstream', reply };
      };
    });
    const { body, headers } = modern('tools/call', { name: 'echo' });
    const head = Object.entries({ ...headers, authorization: token, 'content-type': 'application/json' });
    const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const socket = connect(served.port, '127.0.0.1');
    socket.write(
      `POST /mcp/scripted HTTP/1.1\r\nhost: localhost\r\n${lines}content-length: ${body.length}\r\n\r\n${body}`,
    );
    await settled;
    expect(forwarded).toBe('result');
  });
});
