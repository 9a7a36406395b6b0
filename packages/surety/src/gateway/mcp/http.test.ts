import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpUpstream } from './http.ts';
import type { HttpOptions } from './http-options.ts';
import { call, modern, Permissive, raw, serve } from './surroundings.fixture.ts';

interface Heard {
  readonly method: string;
  readonly http: string;
  readonly headers: IncomingMessage['headers'];
  readonly id: unknown;
  readonly text: string;
}
type Bend = (heard: Heard, response: ServerResponse) => boolean | undefined;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listening(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

function start(url: string, options: Partial<HttpOptions> = {}): HttpUpstream {
  const upstream = new HttpUpstream({ server: 'far', url, ...options });
  closing.push(() => upstream.close());
  return upstream;
}

const json = (response: ServerResponse, body: object, headers = {}, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

/** A server with sessions that remembers what it heard; `bend` answers first, if it wants to. */
async function scriptedHttp(bend: Bend = () => false) {
  const heard: Heard[] = [];
  let sessions = 0;
  const url = await listening(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const message = text === '' ? {} : JSON.parse(text);
    const { id, method = '' } = message;
    const said = { method, http: request.method ?? '', headers: request.headers, id, text };
    heard.push(said);
    if (bend(said, response)) return;
    const info = {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'h', version: '1' },
    };
    if (method === 'initialize')
      return json(response, { jsonrpc: '2.0', id, result: info }, { 'mcp-session-id': `s${++sessions}` });
    if (id === undefined) return void response.writeHead(202).end();
    const tools = [{ name: 'echo', inputSchema: { type: 'object' } }];
    json(response, { jsonrpc: '2.0', id, result: method === 'tools/list' ? { tools } : { content: [] } });
  });
  return { url, heard };
}

const params = '{"name":"pay","arguments":{}}';
const calls = (heard: Heard[]) => heard.filter(({ method }) => method === 'tools/call');
const on =
  (method: string, answer: (heard: Heard, response: ServerResponse) => unknown): Bend =>
  (heard, response) => {
    if (heard.method !== method) return false;
    answer(heard, response);
    return true;
  };

describe('a server that behaves', () => {
  test('gets its session, its version and our own headers, and a goodbye', async () => {
    const { url, heard } = await scriptedHttp();
    const upstream = start(url, { headers: { authorization: 'Bearer upstream' } });
    expect((await upstream.ask(call(params))).is).toBe('result');
    await upstream.close();
    expect(heard.map(({ method, http }) => method || http)).toEqual([
      // Asked which era it speaks; this one does not understand the question.
      'server/discover',
      'initialize',
      'notifications/initialized',
      'tools/call',
      'DELETE',
    ]);
    expect(heard.map(({ headers }) => headers['mcp-session-id'])).toEqual([
      undefined,
      undefined,
      's1',
      's1',
      's1',
    ]);
    expect(heard[3]?.headers).toMatchObject({
      authorization: 'Bearer upstream',
      'mcp-protocol-version': '2025-11-25',
      accept: 'application/json, text/event-stream',
    });
  });

  test('never sees what a client showed the gateway', async () => {
    const { url, heard } = await scriptedHttp();
    const front = await serve({ governor: new Permissive(), upstreams: [start(url)] });
    closing.push(() => front.close());
    const asked = modern(
      'tools/call',
      { name: 'pay' },
      { 'surety-case': 'case-1', cookie: 'a=b', 'x-own': 'c' },
    );
    expect((await raw(front.port, '/mcp/far', asked.body, asked.headers)).status).toBe(200);
    const sent = JSON.stringify(calls(heard));
    for (const secret of ['test-credential', 'case-1', 'a=b', 'x-own', '2026-07-28'])
      expect(sent).not.toContain(secret);
  });

  test('may answer with a stream: comments, other events, notifications and questions come before', async () => {
    const { url, heard } = await scriptedHttp(
      on('tools/call', ({ id }, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(': hello\r\nid: 1\r\ndata:\r\n\r\nevent: other\ndata: {"jsonrpc":"2.0"}\n\n');
        response.write('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n');
        response.write('data: {"jsonrpc":"2.0","id":"q","method":"roots/list"}\n\n');
        response.write(`event: message\ndata: {"jsonrpc":"2.0","id":${id},\nda`);
        setImmediate(() => response.end('ta: "result":{ "n":1.0 }}\n\n'));
      }),
    );
    const upstream = start(url);
    expect(await upstream.ask(call(params))).toMatchObject({ is: 'result', text: '{ "n":1.0 }' });
    await expect
      .poll(() => heard.some(({ text }) => text.includes('"id":"q"') && text.includes('-32601')))
      .toBe(true);
    expect(upstream.nonsense.size).toBe(0);
  });

  test('may refuse with an error and any status of its own', async () => {
    const error = { code: -32001, message: 'no' };
    const { url } = await scriptedHttp(
      on('tools/call', (_, response) => json(response, { jsonrpc: '2.0', id: null, error }, {}, 400)),
    );
    expect(await start(url).ask(call(params))).toMatchObject({ is: 'error', code: -32001 });
  });
});

describe('sessions that end', () => {
  const forgets = () => {
    let forgotten = false;
    const bend: Bend = ({ headers, method }, response) => {
      const unknown = forgotten && headers['mcp-session-id'] === 's1' && method !== 'initialize';
      if (unknown) response.writeHead(404).end();
      return unknown;
    };
    return { bend, forget: () => (forgotten = true) };
  };

  test('a call is lost and never sent again; the next one has a new session', async () => {
    const { bend, forget } = forgets();
    const { url, heard } = await scriptedHttp(bend);
    const upstream = start(url);
    await upstream.describe();
    forget();
    expect((await upstream.ask(call(params))).is).toBe('lost');
    expect(calls(heard)).toHaveLength(1);
    expect((await upstream.ask(call(params))).is).toBe('result');
    expect(calls(heard).map(({ headers }) => headers['mcp-session-id'])).toEqual(['s1', 's2']);
  });

  test('a list is asked for again', async () => {
    const { bend, forget } = forgets();
    const { url } = await scriptedHttp(bend);
    const upstream = start(url);
    await upstream.describe();
    forget();
    expect((await upstream.list('tools')).map(({ name }) => name)).toEqual(['echo']);
  });

  test('a session that lay idle is tried before a call is trusted to it', async () => {
    const { bend, forget } = forgets();
    const { url, heard } = await scriptedHttp(bend);
    const upstream = start(url, { idleMaxMs: -1 });
    await upstream.describe();
    forget();
    expect((await upstream.ask(call(params))).is).toBe('result');
    expect(calls(heard).map(({ headers }) => headers['mcp-session-id'])).toEqual(['s2']);
  });
});

describe('a server that does not behave', () => {
  test('cannot be reached: nothing is sent', async () => {
    const url = await listening(() => {});
    await closing.pop()?.();
    expect(await start(url).ask(call(params))).toEqual({
      is: 'not-sent',
      cause: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(start(url).describe()).rejects.toMatchObject({ code: 'not-sent' });
  });

  test.each<[string, (heard: Heard, response: ServerResponse) => unknown]>([
    ['hangs', () => {}],
    [
      'hangs in the middle',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
    ['cuts the line', (_, response) => response.destroy()],
    [
      'cuts the answer',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
        response.write('{', () => response.destroy());
      },
    ],
    ['fails', (_, response) => response.writeHead(502).end('bad gateway')],
    ['redirects', (_, response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['only accepts', (_, response) => response.writeHead(202).end()],
    ['answers in HTML', (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>')],
    [
      'answers compressed',
      ({ id }, response) => json(response, { jsonrpc: '2.0', id, result: {} }, { 'content-encoding': 'br' }),
    ],
    ['answers nonsense', (_, response) => json(response, [])],
    ['answers another', (_, response) => json(response, { jsonrpc: '2.0', id: 999, result: {} })],
    ['answers nobody', (_, response) => json(response, { jsonrpc: '2.0', id: null, result: {} })],
    [
      'answers ambiguously',
      ({ id }, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(`{"jsonrpc":"2.0","id":${id},"result":{"a":1,"a":2}}`);
      },
    ],
    [
      'says both yes and no',
      ({ id }, response) => json(response, { jsonrpc: '2.0', id, result: {} }, {}, 500),
    ],
    [
      'ends a stream without answer',
      (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n'),
    ],
    [
      'sends too much',
      ({ id }, response) => json(response, { jsonrpc: '2.0', id, result: { a: 'x'.repeat(200_000) } }),
    ],
    [
      'streams too much',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: x\n\n'.repeat(20_000));
      },
    ],
  ])('%s: the call is lost, and was sent once', async (_, answer) => {
    const { url, heard } = await scriptedHttp(on('tools/call', answer));
    const upstream = start(url, { timeoutMs: 300, answerBytesMax: 100_000 });
    expect((await upstream.ask(call(params))).is).toBe('lost');
    expect(calls(heard)).toHaveLength(1);
    expect((await upstream.list('tools')).length).toBe(1);
  });

  test.each([['a session id with a break', { 'mcp-session-id': 'a b' }]])(
    '%s: nothing is sent',
    async (_, headers) => {
      const result = { protocolVersion: '2025-11-25', capabilities: {} };
      const { url, heard } = await scriptedHttp(
        on('initialize', ({ id }, response) => json(response, { jsonrpc: '2.0', id, result }, headers)),
      );
      expect((await start(url).ask(call(params))).is).toBe('not-sent');
      expect(calls(heard)).toEqual([]);
    },
  );

  test('goes on after its answer: what it says then belongs to nothing', async () => {
    const event = (message: object) => `data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
    const { url } = await scriptedHttp(
      on('tools/call', ({ id }, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const note = event({ method: 'notifications/message', params: {} });
        const question = event({ id: 'q', method: 'elicitation/create', params: {} });
        const answer = event({ id, result: { content: [] } });
        response.end(`${note}${answer}${note}${question}${answer.repeat(1_000)}`);
      }),
    );
    const said: string[] = [];
    const link = start(url, { client: { capabilities: { elicitation: {} }, hear: () => {} } });
    const reply = await link.ask(call(params, { hear: ({ method }) => void said.push(method) }));
    expect(reply.is).toBe('result');
    await link.list('tools');
    expect(said).toEqual(['notifications/message']);
  });

  test('ends each stream at once, and says to come back at once: it is not asked without a pause', async () => {
    let streams = 0;
    const again = (response: ServerResponse) => {
      streams++;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('retry: 0\nid: 1\n: x\n\n');
    };
    const { url } = await scriptedHttp((heard, response) => {
      if (heard.method !== 'tools/call' && heard.http !== 'GET') return false;
      again(response);
      return true;
    });
    const upstream = start(url, { timeoutMs: 600, answerWithinMs: 1_000 });
    expect((await upstream.ask(call(params))).is).toBe('lost');
    expect(streams).toBeGreaterThan(1);
    // Each stream is a sign of life, so the call lasts to its end; without a pause there would be hundreds.
    expect(streams).toBeLessThanOrEqual(11);
  });

  test('is asked too much at once: the rest is not sent', async () => {
    const { url } = await scriptedHttp(on('tools/call', () => {}));
    const upstream = start(url, { inFlightMax: 2, timeoutMs: 300 });
    await upstream.describe();
    const replies = await Promise.all([1, 2, 3].map(() => upstream.ask(call(params))));
    expect(replies.map(({ is }) => is)).toEqual(['lost', 'lost', 'not-sent']);
  });

  test.each([
    ['file:///etc/passwd', {}],
    ['http://user:secret@host/', {}],
    ['no address', {}],
    ['http://host/', { 'Mcp-Session-Id': 'x' }],
    ['http://host/', { 'x-a': 'b\r\nx-c: d' }],
  ])('described as %s with %j: not accepted', (url, headers) => {
    expect(() => new HttpUpstream({ server: 'far', url, headers })).toThrow('the ');
  });
});

test('a server of the official SDK that knows both eras is not confused by a client of the newer', async () => {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'dual', version: '1' });
    server.registerTool('hello', {}, async () => ({ content: [{ type: 'text', text: 'hello' }] }));
    return server;
  });
  closing.push(() => handler.close());
  const url = await listening(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const headers = Object.entries(request.headers).map(
      ([name, value]) => [name, String(value)] as [string, string],
    );
    const body = parts.length === 0 ? null : Buffer.concat(parts);
    const method = request.method ?? 'GET';
    const answer = await handler.fetch(
      new Request(`http://localhost${request.url}`, { method, headers, body }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  const front = await serve({ governor: new Permissive(), upstreams: [start(url)] });
  closing.push(() => front.close());
  const asked = modern('tools/call', { name: 'hello' });
  const reply = await raw(front.port, '/mcp/far', asked.body, asked.headers);
  expect(JSON.parse(reply.text).result).toMatchObject({ content: [{ type: 'text', text: 'hello' }] });
});
