import { describe, expect, test } from 'vitest';
import { ask, echo, errorOf, governor, initialize, legacy, ping, post, textOf } from './front.fixture.ts';
import { modern, type RawHeaders, token } from './surroundings.fixture.ts';

describe('2026-07-28', () => {
  test('discover', async () => {
    const { result } = JSON.parse((await ask('/mcp/scripted', 'server/discover')).text);
    expect(result).toEqual({
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: { listChanged: true } },
      instructions: 'Be odd.',
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'scripted', version: '1' } },
    });
  });

  test.each<[string, RawHeaders, object, number, number]>([
    ['another method in the header', { 'mcp-method': 'tools/list' }, {}, 400, -32020],
    ['no method in the header', { 'mcp-method': undefined }, {}, 400, -32020],
    ['another name in the header', { 'mcp-name': 'pay' }, {}, 400, -32020],
    ['no name in the header', { 'mcp-name': undefined }, {}, 400, -32020],
    ['a name that is not base64', { 'mcp-name': '=?base64?ZWNobw?=' }, {}, 400, -32020],
    ['a name that is not UTF-8', { 'mcp-name': '=?base64?/w==?=' }, {}, 400, -32020],
    ['another version in the header', { 'mcp-protocol-version': '2025-11-25' }, {}, 400, -32020],
    ['no version in the header', { 'mcp-protocol-version': undefined }, {}, 400, -32020],
    ['no capabilities', {}, { 'io.modelcontextprotocol/clientCapabilities': undefined }, 400, -32602],
    ['a client without name', {}, { 'io.modelcontextprotocol/clientInfo': {} }, 400, -32602],
    ['no version in the body', {}, { 'io.modelcontextprotocol/protocolVersion': undefined }, 400, -32602],
    ['a version that is a number', {}, { 'io.modelcontextprotocol/protocolVersion': 1 }, 400, -32602],
    [
      'a version to come',
      { 'mcp-protocol-version': '2099-01-01' },
      { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' },
      400,
      -32022,
    ],
  ])('%s', async (_, headers, _meta, status, code) => {
    const reply = await echo({}, { _meta }, headers);
    expect([reply.status, errorOf(reply), JSON.parse(reply.text).id]).toEqual([status, code, 1]);
    expect(governor.requests).toEqual([]);
  });

  test('a header that comes twice', async () => {
    expect((await echo({}, {}, { 'mcp-name': ['echo', 'pay'] })).status).toBe(400);
    expect((await echo({}, {}, { 'surety-case': ['a', 'b'] })).status).toBe(400);
    expect(governor.requests).toEqual([]);
  });

  test('a name in base64 is the name', async () => {
    expect((await echo({}, {}, { 'mcp-name': '=?base64?ZWNobw==?=' })).status).toBe(200);
  });

  test.each<[string, RawHeaders, number]>([
    ['say the same', { 'mcp-param-amount': '12.5', 'mcp-param-iban': 'DE1' }, 200],
    [
      'say the same in another spelling',
      { 'mcp-param-amount': '12.50', 'mcp-param-iban': '=?base64?REUx?=' },
      200,
    ],
    ['name another account', { 'mcp-param-amount': '12.5', 'mcp-param-iban': 'DE2' }, 400],
    ['name another amount', { 'mcp-param-amount': '1.25', 'mcp-param-iban': 'DE1' }, 400],
    ['leave one out', { 'mcp-param-amount': '12.5' }, 400],
    ['cannot be decoded', { 'mcp-param-amount': '12.5', 'mcp-param-iban': '=?base64?x?=' }, 400],
    ['come twice', { 'mcp-param-amount': '12.5', 'mcp-param-iban': ['DE1', 'DE2'] }, 400],
  ])('headers of arguments that %s', async (_, headers, status) => {
    const args = { amount: 12.5, to: { iban: 'DE1' } };
    for (const [path, name] of [['/mcp/bank', 'pay'] as const, ['/mcp', 'bank_pay'] as const])
      expect((await ask(path, 'tools/call', { name, arguments: args }, headers)).status).toBe(status);
    expect(governor.requests.length).toBe(status === 200 ? 2 : 0);
    expect((await ask('/mcp/bank', 'tools/call', { name: 'pay', arguments: { to: 'nobody' } })).status).toBe(
      200,
    );
  });

  test('the versions served are told', async () => {
    const _meta = { 'io.modelcontextprotocol/protocolVersion': '2027-01-01' };
    const { error } = JSON.parse((await echo({}, { _meta }, { 'mcp-protocol-version': '2027-01-01' })).text);
    expect(error.data).toEqual({ supported: ['2026-07-28'], requested: '2027-01-01' });
  });

  test.each(['ping', 'initialize', 'resources/subscribe', 'constructor', '__proto__', 'tools/call '])(
    'there is no method `%s`',
    async (method) => {
      const reply = await ask('/mcp/scripted', method);
      // A header loses the space at its end, so the last one disagrees with its body.
      expect([reply.status, errorOf(reply)]).toEqual(method.endsWith(' ') ? [400, -32020] : [404, -32601]);
    },
  );

  test('notifications are taken and dropped', async () => {
    const body = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}';
    const reply = await post('/mcp', body, { 'mcp-protocol-version': '2026-07-28' });
    expect([reply.status, reply.text]).toEqual([202, '']);
  });

  test('the envelope of this hop does not go upstream; the rest of the params does, byte for byte', async () => {
    const { headers } = modern('tools/call', { name: 'echo' });
    const meta =
      '{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"progressToken":7}';
    const reply = await post(
      '/mcp/scripted',
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{ "_meta":${meta},\r\n "name":"e\\u0063ho","arguments":{"x":1.0, "y":"\\u00e9"} }}`,
      headers,
    );
    const line = textOf(reply);
    expect(line).toContain(
      '"params":{ "_meta":{"progressToken":"surety-1"},   "name":"e\\u0063ho","arguments":{"x":1.0, "y":"\\u00e9"} }',
    );
  });

  test('a result says that it is complete, and is otherwise as it came', async () => {
    const reply = await ask('/mcp/scripted', 'tools/call', { name: 'odd-result' });
    expect(reply.text).toBe(
      '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete", "content":[],"n":1.0, "e":"\\u00e9" }}',
    );
  });

  test('an error is as it came', async () => {
    const reply = await ask('/mcp/scripted', 'tools/call', { name: 'error' });
    expect(reply.status).toBe(200);
    expect(reply.text).toBe('{"jsonrpc":"2.0","id":1,"error":{ "code":-32050,"message":"no","data":1.0 }}');
  });
});

describe('up to 2025-11-25', () => {
  test('initialize opens a session and tells what the server is', async () => {
    const reply = await initialize();
    expect(JSON.parse(reply.text)).toEqual({
      jsonrpc: '2.0',
      id: 'i',
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: { listChanged: true } },
        serverInfo: { name: 'scripted', version: '1' },
        instructions: 'Be odd.',
      },
    });
    expect(reply.headers['mcp-session-id']).toMatch(/^[A-Za-z0-9_-]{32}$/);
  });

  test.each([
    ['2025-06-18', '2025-06-18'],
    ['2024-11-05', '2025-11-25'],
    ['2026-07-28', '2025-11-25'],
  ])('%s is answered with %s', async (asked, answered) => {
    const { result } = JSON.parse((await initialize({}, '/mcp', asked)).text);
    expect(result).toMatchObject({ protocolVersion: answered, serverInfo: { name: 'surety' } });
  });

  test('a session is of one agent, at one endpoint, until it ends', async () => {
    const session = await legacy();
    expect((await post('/mcp/scripted', ping, session)).text).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect((await post('/mcp/scripted', ping, { ...session, authorization: `${token}-2` })).status).toBe(404);
    expect((await post('/mcp', ping, session)).status).toBe(404);
    expect((await post('/mcp/scripted', ping)).status).toBe(400);
    expect((await post('/mcp/scripted', ping, { 'mcp-session-id': 'constructor' })).status).toBe(404);
    const notified = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
    expect((await post('/mcp/scripted', notified, session)).status).toBe(202);
    expect((await post('/mcp/scripted', undefined, session, 'DELETE')).status).toBe(200);
    expect((await post('/mcp/scripted', undefined, session, 'DELETE')).status).toBe(404);
    expect((await post('/mcp/scripted', ping, session)).status).toBe(404);
  });

  test('an agent that opens too many loses its own oldest', async () => {
    const others = await legacy({ authorization: `${token}-2` });
    const [first, second] = [await legacy(), await legacy()];
    await post('/mcp/scripted', ping, first);
    const third = await legacy();
    const statuses = [];
    for (const session of [first, second, third, others])
      statuses.push((await post('/mcp/scripted', ping, session)).status);
    expect(statuses).toEqual([200, 404, 200, 200]);
  });

  test('versions in headers', async () => {
    const session = await legacy();
    const statusWith = async (version: string) =>
      (await post('/mcp/scripted', ping, { ...session, 'mcp-protocol-version': version })).status;
    expect(await statusWith('2025-06-18')).toBe(200);
    expect(await statusWith('1999-01-01')).toBe(400);
    expect(await statusWith('2026-07-28')).toBe(400);
    expect(errorOf(await initialize({ 'mcp-protocol-version': '2026-07-28' }))).toBe(-32020);
  });

  test.each(['server/discover', 'subscriptions/listen', 'tasks/update'])(
    'there is no method `%s`',
    async (method) => {
      const reply = await post(
        '/mcp/scripted',
        `{"jsonrpc":"2.0","id":1,"method":"${method}"}`,
        await legacy(),
      );
      expect([reply.status, errorOf(reply)]).toEqual([200, -32601]);
    },
  );

  test('a result is as it came', async () => {
    const body = '{"jsonrpc":"2.0","id":"\\u0041","method":"tools/call","params":{"name":"odd-result"}}';
    const reply = await post('/mcp/scripted', body, await legacy());
    expect(reply.text).toBe(
      '{"jsonrpc":"2.0","id":"\\u0041","result":{ "content":[],"n":1.0, "e":"\\u00e9" }}',
    );
  });
});
