// Single resources for clients of the newer era, of servers that are reached in other ways: over stdio in either era,
// and over HTTP in the earlier one.

import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { sessions } from '../../../../../tests/conformance/fixture/sessions.ts';
import { HttpUpstream } from './http.ts';
import { envelope } from './modern.ts';
import { StdioUpstream } from './stdio.ts';
import { Subscribing } from './subscribing.ts';
import type { Upstream } from './upstream.ts';
import { watchedServer } from './watched-server.fixture.ts';
import { serveWeb } from './web.fixture.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const program = fileURLToPath(new URL('./watched-server.fixture.ts', import.meta.url));
function overStdio(era: 'legacy' | 'modern'): StdioUpstream {
  const upstream = new StdioUpstream({ server: 'near', command: process.execPath, args: [program, era] });
  closing.push(() => upstream.close());
  return upstream;
}
async function overHttp(): Promise<HttpUpstream> {
  const web = await serveWeb(sessions(() => watchedServer('legacy')));
  closing.push(() => web.close());
  const upstream = new HttpUpstream({ server: 'far', url: web.url });
  closing.push(() => upstream.close());
  return upstream;
}
const ways: readonly (readonly [string, () => Promise<Upstream>])[] = [
  ['over stdio in the earlier era', async () => overStdio('legacy')],
  ['over stdio in the newer era', async () => overStdio('modern')],
  ['over HTTP in the earlier era', overHttp],
];

const call = async (upstream: Upstream, name: string): Promise<string> => {
  const _meta = (await upstream.era()) === 'modern' ? { _meta: envelope() } : {};
  const paramsText = JSON.stringify({ name, arguments: {}, ..._meta });
  const reply = await upstream.ask({ method: 'tools/call', name, paramsText });
  return reply.is === 'result' ? JSON.parse(reply.text).content[0].text : reply.is;
};

/** Watches one resource; what was heard of it. */
async function watch(upstream: Upstream, uri: string) {
  const heard: string[] = [];
  const gone = Promise.withResolvers<void>();
  const stop = await upstream.watch?.(uri, {
    ...{ agent: 'a', changed: () => heard.push(uri), gone: gone.resolve },
  });
  return { heard, stop, gone: gone.promise };
}

describe.each(ways)('a resource of a server %s', (_, open) => {
  test('is heard of by whoever watches it, and until they leave', async () => {
    const upstream = await open();
    const [a, b] = [await watch(upstream, 'test://a'), await watch(upstream, 'test://b')];
    expect([typeof a.stop, typeof b.stop]).toEqual(['function', 'function']);
    await call(upstream, 'touch-a');
    await call(upstream, 'touch-b');
    await expect.poll(() => [a.heard, b.heard]).toEqual([['test://a'], ['test://b']]);
    a.stop?.();
    // In its turn, behind the one that leaves.
    const again = await watch(upstream, 'test://b');
    await call(upstream, 'touch-a');
    await call(upstream, 'touch-b');
    await expect.poll(() => again.heard).toEqual(['test://b']);
    expect(a.heard).toEqual(['test://a']);
  });

  test('is heard of no more when the server is gone, and that is told', async () => {
    const upstream = await open();
    const { gone } = await watch(upstream, 'test://a');
    await upstream.close();
    await gone;
  });
});

test('a process that dies is told to those who watch', async () => {
  for (const era of ['legacy', 'modern'] as const) {
    const upstream = overStdio(era);
    const { gone } = await watch(upstream, 'test://a');
    process.kill(Number(await call(upstream, 'pid')), 'SIGKILL');
    await gone;
    expect((await watch(upstream, 'test://a')).stop).toBeTypeOf('function');
  }
});

test.each([
  ['over stdio', async () => overStdio('legacy')],
  ['over HTTP', overHttp],
])('a server of the earlier era %s is subscribed to as often as somebody watches', async (_, open) => {
  const upstream = await open();
  const [one, two] = [await watch(upstream, 'test://a'), await watch(upstream, 'test://a')];
  await watch(upstream, 'test://b');
  expect(await call(upstream, 'watched')).toBe('test://a test://b');
  one.stop?.();
  two.stop?.();
  await expect.poll(() => call(upstream, 'watched')).toBe('test://b');
  await watch(upstream, 'test://a');
  await expect.poll(() => call(upstream, 'watched')).toBe('test://b test://a');
});

test('a server that tells of no single resource is not asked', async () => {
  const asked: string[] = [];
  const subscribing = new Subscribing({
    ask: async (method) => {
      asked.push(method);
      return { is: 'result', text: '{}', value: {} };
    },
    onSaid: () => () => {},
  });
  const { signal } = new AbortController();
  const about = { resourceSubscriptions: ['test://a'] };
  for (const capabilities of [{}, { resources: {} }, { resources: { subscribe: 'yes' } }])
    await subscribing.listen(about, () => {}, signal, { initialized: { capabilities }, over: signal });
  expect(asked).toEqual([]);
});
