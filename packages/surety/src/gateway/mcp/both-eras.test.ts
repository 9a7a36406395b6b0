// Servers of the official SDK that speak both eras, between clients of either: each client gets what its own era has.

import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UpstreamError } from './errors.ts';
import { HttpUpstream } from './http.ts';
import { Earlier } from './modern.ts';
import { StdioUpstream } from './stdio.ts';
import { initializeText, Permissive, raw, type Served, serve, token } from './surroundings.fixture.ts';
import { bothEras, type Era, serveWeb, type WebServer } from './web.fixture.ts';

const governor = new Permissive();
/** How often each server was opened in the earlier era. */
let opened = 0;
let web: WebServer;
let served: Served;
const upstreams: (HttpUpstream | StdioUpstream)[] = [];

function newServer(era: Era): McpServer {
  const capabilities = { logging: {}, resources: { subscribe: true } };
  const server = new McpServer({ name: 'both', version: '1' }, { capabilities });
  if (era === 'legacy') opened++;
  server.registerTool('era', {}, async () => ({ content: [{ type: 'text', text: era }] }));
  server.registerTool('leaves', {}, async ({ http }) => {
    http?.closeSSE?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { content: [{ type: 'text', text: 'came back' }] };
  });
  server.registerTool('ask', {}, async ({ mcpReq }) => {
    const asked = { message: 'Sure?', requestedSchema: { type: 'object' as const, properties: {} } };
    const { content } = await mcpReq.elicitInput(asked, { relatedRequestId: mcpReq.id });
    return { content: [{ type: 'text', text: JSON.stringify(content) }] };
  });
  server.server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    setImmediate(() => void server.server.sendResourceUpdated({ uri }));
    return {};
  });
  server.registerResource('r', 'test://r', {}, async () => ({ contents: [] }));
  return server;
}

beforeAll(async () => {
  web = await serveWeb(bothEras(newServer));
  const program = fileURLToPath(new URL('./modern-server.fixture.ts', import.meta.url));
  const command = process.execPath;
  upstreams.push(
    new HttpUpstream({ server: 'far', url: web.url }),
    new StdioUpstream({ server: 'near', command, args: [program, 'serve'] }),
    new StdioUpstream({ server: 'newer', command, args: [program] }),
  );
  served = await serve({ governor, upstreams });
});
afterAll(async () => {
  await served.close();
  await Promise.all(upstreams.map((each) => each.close()));
  await web.close();
});

async function connect(
  server: string,
  era: Era,
  capabilities: object = { elicitation: { form: {} } },
  says = '',
) {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities, versionNegotiation: { mode: era === 'modern' ? 'auto' : 'legacy' } },
  );
  if ('elicitation' in capabilities)
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { says } }));
  const requestInit = { headers: { Authorization: token } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${served.url}/mcp/${server}`), { requestInit }),
  );
  return client;
}
const textOf = async (client: Client, name: string) => {
  const { content } = await client.callTool({ name, arguments: {} });
  return (content as { text: string }[])[0]?.text;
};

describe.each(['far', 'near'])('a server of both eras (%s)', (server) => {
  test.each(['legacy', 'modern'] as const)('is spoken to in the era of a client: %s', async (era) => {
    const client = await connect(server, era);
    expect(await textOf(client, 'era')).toBe(era);
    await client.close();
  });
});

test('sessions of the earlier era are each asked on a link that is theirs alone', async () => {
  const clients = await Promise.all(['a', 'b'].map((says) => connect('far', 'legacy', undefined, says)));
  const said = await Promise.all(clients.map((client) => textOf(client, 'ask')));
  expect(said).toEqual(['{"says":"a"}', '{"says":"b"}']);
  await Promise.all(clients.map((client) => client.close()));
});

test('a session watches a resource of such a server', async () => {
  const client = await connect('far', 'legacy', {});
  expect(client.getServerCapabilities()).toMatchObject({ logging: {}, resources: { subscribe: true } });
  const updated = new Promise<string>((resolve) =>
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => resolve(params.uri)),
  );
  await client.subscribeResource({ uri: 'test://r' });
  expect(await updated).toBe('test://r');
  await client.close();
});

describe('a server that ends its stream midway', () => {
  const open = async (version: string) => {
    const { headers } = await raw(served.port, '/mcp/far', initializeText({}, version));
    return { 'mcp-session-id': headers['mcp-session-id'], 'mcp-protocol-version': version };
  };
  const leaves = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"leaves"}}';

  test('is come back to by the SDK’s client', async () => {
    const client = await connect('far', 'legacy');
    expect(await textOf(client, 'leaves')).toBe('came back');
    await client.close();
  });

  test('has its client told where to come back, and let go', async () => {
    const session = await open('2025-11-25');
    const { text } = await raw(served.port, '/mcp/far', leaves, session);
    const place = /^id: (\S+)\nretry: \d+\ndata: \n\n$/.exec(text)?.[1];
    const get = { ...session, accept: 'text/event-stream', 'last-event-id': place };
    const rest = await raw(served.port, '/mcp/far', undefined, get, 'GET');
    expect(rest.text).toMatch(/came back/);
    const again = await raw(served.port, '/mcp/far', undefined, get, 'GET');
    expect(again.text).toBe(rest.text);
  });

  test('is come back to by the gateway, where the client knows no such thing', async () => {
    const { text } = await raw(served.port, '/mcp/far', leaves, await open('2025-06-18'));
    expect(text).toMatch(/came back/);
    expect(text).not.toMatch(/retry:/);
  });
});

test('a server of the newer era alone answers a session too', async () => {
  const client = await connect('newer', 'legacy');
  expect(await textOf(client, 'era')).toBe('modern');
  await client.close();
});

test('whether a server speaks the earlier era is asked once', async () => {
  const [far] = upstreams as [HttpUpstream];
  await far.earlier();
  const before = opened;
  await Promise.all([far.earlier(), far.earlier()]);
  expect(opened).toBe(before);
});

describe('what was found of the earlier era', () => {
  const asked = async (earlier: Earlier, times: number, ask: () => Promise<undefined>) => {
    let count = 0;
    for (let at = 0; at < times; at++)
      await earlier.get(() => {
        count++;
        return ask();
      });
    return count;
  };
  const no = async () => {
    throw new UpstreamError('refused', 'no');
  };

  test('is kept if the server said no, or had no sessions', async () => {
    expect(await asked(new Earlier(), 3, no)).toBe(1);
    expect(await asked(new Earlier(), 3, async () => undefined)).toBe(1);
  });

  test('goes stale', async () => expect(await asked(new Earlier(-1), 3, no)).toBe(3));
});
