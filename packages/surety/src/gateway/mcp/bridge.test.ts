// Clients that speak only stdio, through `surety connect`, get what they would get from the server itself. The peers
// are the official SDKs and the official servers.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bridge } from './bridge.ts';
import { StdioUpstream } from './stdio.ts';
import { Permissive, type Served, scripted, serve, token } from './surroundings.fixture.ts';

const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
const everything = fileURLToPath(
  import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'),
);
const info = { name: 'test', version: '1' };
const credential = token.slice('Bearer '.length);

const upstreams = [
  new StdioUpstream({ server: 'everything', command: process.execPath, args: [everything] }),
  scripted('plain'),
];
const governor = new Permissive();
let served: Served;
let far: ChildProcess;
let farUrl: string;
beforeAll(async () => {
  served = await serve({ governor, upstreams });
  const free = createSocket().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  far = spawn(process.execPath, [everything, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  farUrl = `http://127.0.0.1:${port}/mcp`;
  await new Promise<void>((resolve) => {
    far.stderr?.on('data', (text: Buffer) => text.includes('listening') && resolve());
  });
});
afterAll(async () => {
  await served?.close();
  far?.kill();
  await Promise.all(upstreams.map((each) => each.close()));
});

const asServer = (server: string) => ({
  command: process.execPath,
  args: [main, 'connect', server],
  env: { ...(process.env as Record<string, string>), SURETY_URL: served.url, SURETY_CREDENTIAL: credential },
  stderr: 'pipe' as const,
});
const echo = { name: 'echo', arguments: { message: 'schön, 日本' } };

describe('an SDK client on stdio', () => {
  test('of the first generation has what the server itself gives', async () => {
    const client = new ClientV1(info);
    await client.connect(new StdioV1(asServer('everything')) as TransportV1);
    const direct = new ClientV1(info);
    await direct.connect(
      new StdioV1({ command: process.execPath, args: [everything], stderr: 'ignore' }) as TransportV1,
    );
    expect((await client.listTools()).tools).toEqual((await direct.listTools()).tools);
    expect(await client.callTool(echo)).toEqual(await direct.callTool(echo));
    await client.close();
    await direct.close();
  });

  test.each(['legacy', 'auto'] as const)('of the second, %s', async (mode) => {
    const client = new ClientV2(info, { versionNegotiation: { mode } });
    await client.connect(new StdioV2(asServer('everything')));
    expect(client.getProtocolEra()).toBe(mode === 'auto' ? 'modern' : 'legacy');
    expect((await client.listTools()).tools.length).toBeGreaterThan(5);
    expect(await client.callTool(echo)).toMatchObject({
      content: [{ type: 'text', text: 'Echo: schön, 日本' }],
    });
    await client.close();
  });
});

/** A bridge in this process, as a client writes and reads it. */
function inProcess(url: string) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const problems: string[] = [];
  const ended = bridge({
    url: new URL(url),
    credential,
    input,
    output,
    onProblem: (text) => problems.push(text),
  });
  const said: Record<string, unknown>[] = [];
  let rest = '';
  output.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    said.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
  });
  const write = (message: object | string) =>
    void input.write(
      `${typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message })}\n`,
    );
  const next = async (count: number) => {
    while (said.length < count) await once(output, 'data');
    return said[count - 1];
  };
  const end = async () => {
    input.end();
    await ended;
  };
  return { write, next, problems, end };
}

test('what a server asks of its client reaches it, and its answer the server', async () => {
  const client = new ClientV1(info, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }));
  const { pathname, origin } = new URL(farUrl);
  expect(pathname).toBe('/mcp');
  const through = { ...asServer('everything'), args: [main, 'connect'] };
  await client.connect(
    new StdioV1({ ...through, env: { ...through.env, SURETY_URL: origin } }) as TransportV1,
  );
  const asked = { name: 'trigger-sampling-request', arguments: { prompt: 'hello', maxTokens: 10 } };
  expect(JSON.stringify(await client.callTool(asked))).toContain('sampled');
  await client.close();
});

describe('the bridge', () => {
  const legacy = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: info };

  test('says that nothing was sent when nobody listens', async () => {
    const client = inProcess('http://127.0.0.1:9/mcp');
    client.write({ id: 'a', method: 'initialize', params: legacy });
    expect(await client.next(1)).toMatchObject({
      id: 'a',
      error: { message: 'Surety cannot be reached. Nothing was sent.' },
    });
    await client.end();
  });

  test('answers what is no message, and goes on', async () => {
    const client = inProcess(`${served.url}/mcp/scripted`);
    client.write('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}');
    expect(await client.next(1)).toMatchObject({ id: null, error: { code: -32700 } });
    client.write({ id: 1, method: 'initialize', params: legacy });
    expect(await client.next(2)).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } });
    await client.end();
  });

  test('opens a session again that the gateway no longer knows, and sends nothing twice', async () => {
    const first = await serve({ governor, upstreams });
    const client = inProcess(`${first.url}/mcp/scripted`);
    client.write({ id: 1, method: 'initialize', params: legacy });
    await client.next(1);
    client.write({ method: 'notifications/initialized' });
    await first.close();
    // The gateway is started again, on the same port, and has forgotten its sessions.
    const server: Server = createServer(
      (await import('./front.ts')).createFront({ governor, upstreams }).respond,
    );
    server.listen(first.port, '127.0.0.1');
    await once(server, 'listening');
    const before = governor.requests.length;
    client.write({ id: 2, method: 'tools/call', params: { name: 'echo', arguments: {} } });
    expect(await client.next(2)).toMatchObject({ id: 2 });
    expect(governor.requests.length).toBe(before + 1);
    await client.end();
    server.close();
    server.closeAllConnections();
  });

  test('tells a call whose answer was lost from one that was never sent', async () => {
    const server = createServer((request) => request.socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = inProcess(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);
    client.write({ id: 1, method: 'tools/call', params: { name: 'pay', arguments: {} } });
    expect(await client.next(1)).toMatchObject({
      error: { message: 'No answer came. It is not known whether this took effect.' },
    });
    await client.end();
    server.close();
  });

  test('never says the credential', async () => {
    const client = inProcess(`${served.url}/nowhere`);
    client.write({ id: 1, method: 'initialize', params: legacy });
    expect(JSON.stringify(await client.next(1))).not.toContain(credential);
    await client.end();
    expect(client.problems.join()).not.toContain(credential);
  });
});
