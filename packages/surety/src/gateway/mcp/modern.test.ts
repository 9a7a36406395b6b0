import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpUpstream } from './http.ts';
import { encoded, KnownEra } from './modern.ts';
import { StdioUpstream } from './stdio.ts';
import { call, initializeText, modern, Permissive, raw, serve } from './surroundings.fixture.ts';

interface Heard {
  readonly method: string;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const discovery = { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, resultType: 'complete' };
const pay =
  '{ "name":"pay","inputSchema":{"type":"object","properties":{"to":{"type":"string","x-mcp-header":"To"}}}}';

/** A server that says what it is told to, and remembers what it heard. */
async function scripted(
  answers: (heard: Heard, response: ServerResponse) => boolean | undefined = () => false,
) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const { id, method } = text === '' ? { id: undefined, method: request.method } : JSON.parse(text);
    const said = { method, text, headers: request.headers };
    heard.push(said);
    if (answers(said, response)) return;
    if (id === undefined) return void response.writeHead(202).end();
    const result =
      method === 'server/discover'
        ? JSON.stringify(discovery)
        : method === 'tools/list'
          ? `{"tools":[${pay}],"ttlMs":0,"cacheScope":"public","resultType":"complete"}`
          : '{ "content":[],"n":1.0,"resultType":"complete" }';
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  const upstream = new HttpUpstream({ server: 'far', url });
  closing.push(() => upstream.close());
  return { upstream, heard };
}

const fail = (response: ServerResponse, status: number): true => {
  response.writeHead(status).end();
  return true;
};
const legacyAnswer = ({ method, text }: Heard, response: ServerResponse): boolean => {
  if (method === 'server/discover') return fail(response, 400);
  if (method !== 'initialize') return false;
  const result = {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'l', version: '1' },
  };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(text).id, result }));
  return true;
};

describe('a client and a server of the newer era', () => {
  test('the params arrive byte for byte, and the headers say what they say', async () => {
    const { upstream, heard } = await scripted();
    const front = await serve({ governor: new Permissive(), upstreams: [upstream] });
    closing.push(() => front.close());
    const meta =
      '{"io.modelcontextprotocol/protocolVersion":"2026-07-28", "io.modelcontextprotocol/clientCapabilities":{ },' +
      '"progressToken":7,"traceparent":"00-1-2-03","own":1.0}';
    const params = `{ "_meta":${meta},  "name":"p\\u0061y","arguments":{"to":"Jos\\u00e9", "n":1e2},"unknown":[1.0] }`;
    const reply = await raw(
      front.port,
      '/mcp/far',
      `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":${params}}`,
      {
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'pay',
        'mcp-param-to': encoded('José'),
        'mcp-param-unknown': 'kept',
      },
    );
    expect(reply.text).toBe(
      '{"jsonrpc":"2.0","id":"x","result":{ "content":[],"n":1.0,"resultType":"complete" }}',
    );
    const sent = heard.find(({ method }) => method === 'tools/call');
    expect(sent?.text).toContain(`"params":${params}}`);
    expect(sent?.headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'pay',
      'mcp-param-to': encoded('José'),
      'mcp-param-unknown': 'kept',
    });
    expect(sent?.headers).not.toHaveProperty('mcp-session-id');
    expect(sent?.headers['authorization']).toBe(undefined);
  });

  test('what a client lacks for a call is the server’s error, and HTTP 400', async () => {
    const error = '{ "code":-32021,"message":"m","data":{"requiredCapabilities":{"sampling":{}}} }';
    const { upstream } = await scripted(({ method, text }, response) => {
      if (method !== 'tools/call') return false;
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(`{"jsonrpc":"2.0","id":${JSON.parse(text).id},"error":${error}}`);
      return true;
    });
    const front = await serve({ governor: new Permissive(), upstreams: [upstream] });
    closing.push(() => front.close());
    const asked = modern('tools/call', { name: 'pay' });
    const reply = await raw(front.port, '/mcp/far', asked.body, asked.headers);
    expect(reply.status).toBe(400);
    expect(reply.text).toBe(`{"jsonrpc":"2.0","id":1,"error":${error}}`);
  });

  test('a list that policy filtered is nobody else’s to keep, whatever the server says', async () => {
    const { upstream } = await scripted();
    const front = await serve({ governor: new Permissive(), upstreams: [upstream] });
    closing.push(() => front.close());
    const asked = modern('tools/list');
    const { result } = JSON.parse((await raw(front.port, '/mcp/far', asked.body, asked.headers)).text);
    expect(result).toMatchObject({ cacheScope: 'private', tools: [{ name: 'pay' }] });
  });

  test('an extension that nobody here knows is taken away on both sides', async () => {
    const { upstream, heard } = await scripted();
    const front = await serve({ governor: new Permissive(), upstreams: [upstream] });
    closing.push(() => front.close());
    const extensions = { 'example.com/more': {}, 'io.modelcontextprotocol/ui': { mimeTypes: [] } };
    const _meta = { 'io.modelcontextprotocol/clientCapabilities': { extensions, elicitation: {} } };
    const asked = modern('tools/call', { name: 'pay', arguments: {}, _meta });
    await raw(front.port, '/mcp/far', asked.body, asked.headers);
    const { params } = JSON.parse(heard.find(({ method }) => method === 'tools/call')?.text ?? '{}');
    expect(params._meta['io.modelcontextprotocol/clientCapabilities']).toEqual({
      extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [] } },
      elicitation: {},
    });
  });

  test('whoever closes the stream cancels', async () => {
    let closed = false;
    const { upstream } = await scripted(({ method }, response) => {
      if (method !== 'tools/call') return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': alive\n\n');
      response.once('close', () => {
        closed = true;
      });
      return true;
    });
    const abort = new AbortController();
    const reply = upstream.ask(call('{"name":"pay"}', { signal: abort.signal, alive: () => abort.abort() }));
    expect((await reply).is).toBe('lost');
    await expect.poll(() => closed).toBe(true);
  });
});

test('a client of the earlier era: its requests carry who it is and what it can', async () => {
  const { upstream, heard } = await scripted();
  const front = await serve({ governor: new Permissive(), upstreams: [upstream] });
  closing.push(() => front.close());
  const opened = await raw(front.port, '/mcp/far', initializeText({ roots: {}, experimental: {} }));
  const session = { 'mcp-session-id': opened.headers['mcp-session-id'] as string };
  const params = '{"name":"pay", "arguments":{"to":"A"}}';
  await raw(
    front.port,
    '/mcp/far',
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`,
    session,
  );
  const sent = heard.find(({ method }) => method === 'tools/call');
  expect(JSON.parse(sent?.text ?? '{}').params).toEqual({
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': { roots: {} },
    },
    ...JSON.parse(params),
  });
  expect(sent?.headers).toMatchObject({ 'mcp-name': 'pay', 'mcp-param-to': 'A' });
});

describe('the era of a server', () => {
  test('is asked once; what it says of itself is what clients are told', async () => {
    const { upstream, heard } = await scripted();
    await Promise.all([upstream.era(), upstream.list('tools'), upstream.ask(call('{"name":"pay"}'))]);
    expect(heard.filter(({ method }) => method === 'server/discover')).toHaveLength(1);
    expect(heard.some(({ method }) => method === 'initialize')).toBe(false);
    expect(await upstream.describe()).toMatchObject({ capabilities: { tools: {} } });
  });

  test.each([
    ['ours', ['2026-07-28'], ['server/discover', 'server/discover']],
    ['only others', ['2027-01-01'], ['server/discover', 'initialize']],
  ])('is asked again of a server that refuses the version and takes %s', async (_, supported, asked) => {
    let refused = 0;
    const { upstream, heard } = await scripted((said, response) => {
      if (said.method !== 'server/discover' || refused > 0) return legacyAnswer(said, response);
      refused += 1;
      const error = { code: -32022, message: 'm', data: { supported, requested: '2026-07-28' } };
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(said.text).id, error }));
      return true;
    });
    await upstream.describe();
    expect(heard.slice(0, 2).map(({ method }) => method)).toEqual(asked);
  });

  test('is the earlier one where the question is not understood, and is not asked again soon', async () => {
    const { upstream, heard } = await scripted(legacyAnswer);
    expect(await upstream.era()).toBe('legacy');
    const own = upstream.open({ capabilities: { roots: {} }, hear: () => {} });
    closing.push(() => own.close());
    expect(await own.era()).toBe('legacy');
    expect(heard.filter(({ method }) => method === 'server/discover')).toHaveLength(1);
  });

  test.each([401, 403, 429, 500, 503])('is not known by a refusal with %i', async (status) => {
    let refusing = true;
    const { upstream } = await scripted((_, response) => refusing && fail(response, status));
    await expect(upstream.era()).rejects.toMatchObject({ name: 'UpstreamError' });
    refusing = false;
    expect(await upstream.era()).toBe('modern');
  });

  test('that was the earlier one goes stale; the newer one does not', () => {
    const known = new KnownEra(-1);
    known.found('legacy');
    expect(known.get()).toBe(undefined);
    known.found('modern');
    expect(known.get()).toBe('modern');
  });
});

test('a program that speaks only the newer era', async () => {
  const program = fileURLToPath(new URL('./modern-server.fixture.ts', import.meta.url));
  const upstream = new StdioUpstream({ server: 'near', command: process.execPath, args: [program] });
  closing.push(() => upstream.close());
  const front = await serve({ governor: new Permissive(), upstreams: [upstream] });
  closing.push(() => front.close());
  expect(await upstream.era()).toBe('modern');
  const asked = modern('tools/call', { name: 'hello', arguments: {} });
  const reply = await raw(front.port, '/mcp/near', asked.body, asked.headers);
  expect(JSON.parse(reply.text).result).toMatchObject({ content: [{ type: 'text', text: 'hello' }] });
});
