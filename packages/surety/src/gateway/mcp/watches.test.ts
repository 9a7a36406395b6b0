// Single resources of a server of 2026-07-28, between clients and a server of the official SDK.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HttpUpstream } from './http.ts';
import { modern, Permissive, raw, type Served, serve, token } from './surroundings.fixture.ts';
import { Watches } from './watches.ts';
import { serveWeb, type WebServer } from './web.fixture.ts';

let governor: Permissive;
let web: WebServer;
let upstream: HttpUpstream;
let served: Served;
/** The addresses of each stream that the server was asked for. */
let asked: string[][];
let handler: ReturnType<typeof createMcpHandler>;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  asked = [];
  governor = new Permissive();
  handler = createMcpHandler(
    () => {
      const capabilities = { resources: { subscribe: true } };
      const server = new McpServer({ name: 'watched', version: '1' }, { capabilities });
      for (const name of ['a', 'b'])
        server.registerResource(name, `test://${name}`, {}, async () => ({ contents: [] }));
      return server;
    },
    { legacy: 'reject' },
  );
  web = await serveWeb(async (request) => {
    const text = await request.clone().text();
    const { method, params } = text === '' ? { method: '', params: {} } : JSON.parse(text);
    if (method === 'subscriptions/listen') asked.push(params.notifications.resourceSubscriptions ?? []);
    return handler.fetch(request);
  });
  upstream = new HttpUpstream({ server: 'far', url: web.url });
  served = await serve({ governor, upstreams: [upstream] });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await served.close();
  await upstream.close();
  await web.close();
});

/** A client that listens to these, and what it heard. */
async function listening(...resourceSubscriptions: string[]) {
  const client = new Client({ name: 't', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const heard: string[] = [];
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }) => void heard.push(params.uri),
  );
  const requestInit = { headers: { Authorization: token } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${served.url}/mcp/far`), { requestInit }));
  closing.push(() => client.close());
  const subscription = await client.listen({ resourceSubscriptions });
  return { client, heard, subscription };
}
const lastAsked = () => asked.filter((each) => each.length > 0).at(-1);

describe('a client that wants to hear of single resources', () => {
  test('hears of its own, and each is a call', async () => {
    const [one, two] = [await listening('test://a'), await listening('test://b')];
    expect(one.client.getServerCapabilities()?.resources).toMatchObject({ subscribe: true });
    expect(governor.requests.map(({ tool, args }) => [tool, args])).toEqual([
      ['far.resources/subscribe', { uri: 'test://a' }],
      ['far.resources/subscribe', { uri: 'test://b' }],
    ]);
    expect(lastAsked()).toEqual(['test://a', 'test://b']);
    handler.notify.resourceUpdated('test://a');
    handler.notify.resourceUpdated('test://b');
    await expect.poll(() => [one.heard, two.heard]).toEqual([['test://a'], ['test://b']]);
  });

  test('who leaves is not listened for any more, and takes nothing from others', async () => {
    const [one, two] = [await listening('test://a', 'test://b'), await listening('test://b')];
    await one.subscription.close();
    await expect.poll(lastAsked).toEqual(['test://b']);
    handler.notify.resourceUpdated('test://b');
    await expect.poll(() => two.heard).toEqual(['test://b']);
    expect(one.heard).toEqual([]);
  });

  test('is told what is honoured: nothing that was refused', async () => {
    governor.reply = async ({ args, forward }) =>
      args['uri'] === 'test://a'
        ? { is: 'refused', message: 'Refused.' }
        : { is: 'upstream', reply: await forward() };
    const { heard } = await listening('test://a', 'test://b');
    expect(lastAsked()).toEqual(['test://b']);
    handler.notify.resourceUpdated('test://a');
    handler.notify.resourceUpdated('test://b');
    await expect.poll(() => heard).toEqual(['test://b']);
  });

  test('hears no more once it may not', async () => {
    const [one, two] = [await listening('test://a'), await listening('test://b')];
    const { mayUse } = governor;
    let looked = 0;
    governor.mayUse = () => {
      looked++;
      return false;
    };
    handler.notify.resourceUpdated('test://a');
    await expect.poll(() => looked).toBeGreaterThan(0);
    governor.mayUse = mayUse;
    handler.notify.resourceUpdated('test://b');
    await expect.poll(() => two.heard).toEqual(['test://b']);
    expect(one.heard).toEqual([]);
  });

  test('has its stream ended when the server is taken away', async () => {
    const body = { notifications: { resourceSubscriptions: ['test://a'] } };
    const { body: text, headers } = modern('subscriptions/listen', body);
    const reply = raw(served.port, '/mcp/far', text, headers);
    await expect.poll(lastAsked).toEqual(['test://a']);
    handler.notify.resourceUpdated('test://a');
    await upstream.close();
    expect((await reply).text).toMatch(/"resultType":"complete"/);
  });

  test.each([['x'], [[1]], [Array.from({ length: 65 }, (_, nth) => `test://${nth}`)]])(
    'does not say so with %j',
    async (resourceSubscriptions) => {
      const { body, headers } = modern('subscriptions/listen', { notifications: { resourceSubscriptions } });
      expect((await raw(served.port, '/mcp/far', body, headers)).text).toContain('-32602');
      expect(governor.requests).toEqual([]);
    },
  );
});

describe('the stream of a server', () => {
  const heardNothing = { agent: 'a', changed: () => {}, gone: () => {} };

  test('that says nothing, or honours something else, gives nothing', async () => {
    const silent = new Watches({ answerMs: 1, listen: () => new Promise(() => {}) });
    expect(await silent.add('x', heardNothing)).toBe(undefined);
    const refusing = new Watches({ answerMs: 60_000, listen: async () => {} });
    expect(await refusing.add('x', heardNothing)).toBe(undefined);
    const other = new Watches({
      answerMs: 60_000,
      listen: async (_, heard) => {
        const notifications = { resourceSubscriptions: ['y'] };
        heard({ method: 'notifications/subscriptions/acknowledged', params: { notifications } });
        await new Promise(() => {});
      },
    });
    expect(await other.add('x', heardNothing)).toBe(undefined);
    expect(await other.add('y', heardNothing)).toBeTypeOf('function');
  });

  test('has room left for others, however much one agent wants to hear of', async () => {
    const watches = new Watches({
      answerMs: 60_000,
      listen: async (notifications, heard) => {
        heard({ method: 'notifications/subscriptions/acknowledged', params: { notifications } });
        await new Promise(() => {});
      },
    });
    const stops: (() => void)[] = [];
    for (
      let stop = await watches.add('x', heardNothing);
      stop;
      stop = await watches.add('x', { ...heardNothing })
    )
      stops.push(stop);
    expect(stops.length).toBeLessThan(1_024);
    expect(await watches.add('x', { ...heardNothing, agent: 'b' })).toBeTypeOf('function');
    stops[0]?.();
    stops[0]?.();
    expect(await watches.add('x', { ...heardNothing })).toBeTypeOf('function');
    expect(await watches.add('x', { ...heardNothing })).toBe(undefined);
  });

  test('that ends for good is told to everybody who waits on it', async () => {
    const end = Promise.withResolvers<void>();
    const watches = new Watches({
      answerMs: 60_000,
      listen: (notifications, heard) => {
        heard({ method: 'notifications/subscriptions/acknowledged', params: { notifications } });
        return end.promise;
      },
    });
    const gone = Promise.withResolvers<void>();
    await watches.add('x', { agent: 'a', changed: () => {}, gone: gone.resolve });
    end.resolve();
    await gone.promise;
  });
});
