import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HttpUpstream } from './http.ts';
import { EventLog, EventStream } from './streams.ts';
import {
  initializeText,
  Permissive,
  type RawHeaders,
  raw,
  type Served,
  scripted,
  serve,
  token,
} from './surroundings.fixture.ts';
import { serveWeb } from './web.fixture.ts';

/** What arrives on one connection, event by event. */
interface Listening {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly events: { readonly id: string; readonly data: Record<string, unknown> }[];
  readonly ended: Promise<void>;
  close(): void;
}

let governor: Permissive;
let served: Served;
const upstream = scripted();
beforeAll(async () => {
  served = await serve({
    governor: {
      identify: (authorization) => governor.identify(authorization),
      mayUse: (caller, tool) => governor.mayUse(caller, tool),
      call: (caller, asked) => governor.call(caller, asked),
    },
    upstreams: [upstream],
  });
});
beforeEach(() => {
  governor = new Permissive();
});
afterAll(async () => {
  await served.close();
  await upstream.close();
});

function listen(method: 'GET' | 'POST', headers: RawHeaders, body?: string): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const all = { authorization: token, accept: 'application/json, text/event-stream', ...headers };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const options = {
      port: served.port,
      path: '/mcp/scripted',
      method,
      headers: { ...type, ...all } as never,
    };
    const asked = request(options, (answer) => {
      const events: Listening['events'] = [];
      let text = '';
      answer.on('data', (part: Buffer) => {
        text += part.toString();
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
          const lines = text.slice(0, end).split('\n');
          text = text.slice(end + 2);
          const of = (field: string) =>
            lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2);
          if (of('data') !== undefined)
            events.push({ id: of('id') ?? '', data: JSON.parse(of('data') ?? '') });
        }
      });
      const ended = new Promise<void>((done) => answer.on('close', done));
      resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        events,
        ended,
        close: () => asked.destroy(),
      });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const open = async (credential = token): Promise<RawHeaders> => {
  const { headers } = await raw(served.port, '/mcp/scripted', initializeText({ elicitation: {} }), {
    authorization: credential,
  });
  return { authorization: credential, 'mcp-session-id': headers['mcp-session-id'] as string };
};
const callText = (name: string, id: unknown = 7) =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } });
const answerTo = (id: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result: { action: 'decline' } });
const textOf = ({ text }: { text: string }): string => JSON.parse(text).result.content[0].text;
const post = (body: string, headers: RawHeaders) => raw(served.port, '/mcp/scripted', body, headers);

/** A server of the earlier era, which answers in one way. */
const answering = (inStreams: boolean) =>
  serveWeb(async (asked) => {
    if (asked.method !== 'POST') return new Response(null, { status: asked.method === 'GET' ? 405 : 200 });
    const { id, method } = (await asked.json()) as { id?: number; method: string };
    if (id === undefined) return new Response(null, { status: 202 });
    const opened = { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: {} };
    const results: Record<string, object> = { initialize: opened, 'tools/list': { tools: [] } };
    const result = results[method];
    const error = { code: -32601, message: 'no such method' };
    const text = JSON.stringify({ jsonrpc: '2.0', id, ...(result === undefined ? { error } : { result }) });
    return inStreams
      ? new Response(`event: message\ndata: ${text}\n\n`, {
          headers: { 'content-type': 'text/event-stream' },
        })
      : new Response(text, { headers: { 'content-type': 'application/json' } });
  });

test.each([
  [true, 'text/event-stream'],
  [false, 'application/json'],
])('a session is answered as its server answers: in streams %s', async (inStreams, type) => {
  const accept = 'application/json, text/event-stream';
  const web = await answering(inStreams);
  const behind = new HttpUpstream({ server: 'web', url: web.url });
  const front = await serve({ governor: new Permissive(), upstreams: [behind] });
  try {
    const list = (headers: RawHeaders) =>
      raw(front.port, '/mcp/web', '{"jsonrpc":"2.0","id":5,"method":"tools/list"}', {
        authorization: token,
        accept,
        ...headers,
      });
    const opened = await raw(front.port, '/mcp/web', initializeText({}), { authorization: token, accept });
    expect(opened.headers['content-type']).toBe('application/json');
    const answer = await list({ 'mcp-session-id': opened.headers['mcp-session-id'] as string });
    expect(answer.headers['content-type']).toBe(type);
    expect(answer.text).toContain('"id":5');
  } finally {
    await front.close();
    await behind.close();
    await web.close();
  }
});

describe('a question of a server', () => {
  test('ContextForge 4302: comes on the stream of the call, unbuffered by proxies; only its own client may answer it, once', async () => {
    const [session, other, stranger] = [await open(), await open(), await open(`${token}-2`)];
    const stream = await listen('POST', session, callText('elicits'));
    expect(stream.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    await expect.poll(() => stream.events.length).toBe(1);
    const { id, method } = { id: 0, ...stream.events[0]?.data } as Record<string, unknown>;
    expect(method).toBe('elicitation/create');
    expect((await post(answerTo(id), other)).status).toBe(400);
    expect((await post(answerTo(id), stranger)).status).toBe(400);
    expect(
      (await post(answerTo(id), { ...stranger, 'mcp-session-id': session['mcp-session-id'] })).status,
    ).toBe(404);
    expect((await post(answerTo('q'), session)).status).toBe(400);
    expect(governor.inputs).toEqual([]);
    expect((await post(answerTo(id), session)).status).toBe(202);
    expect((await post(answerTo(id), session)).status).toBe(400);
    await stream.ended;
    expect(stream.events[1]?.data).toMatchObject({ id: 7, result: {} });
    expect(governor.inputs).toEqual([
      {
        request: { method: 'elicitation/create', params: expect.objectContaining({ message: 'Sure?' }) },
        response: { action: 'decline' },
      },
    ]);
  });

  test('that the client did not offer to answer does not reach it', async () => {
    const session = await open();
    const reply = await post(callText('asks'), session);
    expect(textOf(reply)).toMatch(/-32601/);
    expect(governor.inputs).toEqual([]);
  });

  test('where nothing is under way does not reach it either', async () => {
    const session = await open();
    await post(callText('asks-later'), session);
    const reply = await post(callText('last-answer'), session);
    expect(textOf(reply)).toMatch(/-32601/);
    expect(governor.inputs).toEqual([]);
  });
});

describe('a stream that broke off', () => {
  test('is taken up after its last event, by its own session', async () => {
    const session = await open();
    const stream = await listen('POST', session, callText('elicits'));
    await expect.poll(() => stream.events.length).toBe(1);
    const [question] = stream.events;
    stream.close();
    await stream.ended;
    await post(answerTo(question?.data['id']), session);
    const again = await listen('GET', { ...session, 'last-event-id': question?.id });
    await again.ended;
    expect(again.events.map(({ data }) => data)).toEqual([expect.objectContaining({ id: 7 })]);
    const other = await open();
    expect((await listen('GET', { ...other, 'last-event-id': question?.id })).status).toBe(400);
  });

  test('to what belongs to no request there is one stream a session, and the newest has it', async () => {
    const session = await open();
    const first = await listen('GET', session);
    const second = await listen('GET', session);
    await first.ended;
    expect([first.status, second.status]).toEqual([200, 200]);
    await raw(served.port, '/mcp/scripted', undefined, session, 'DELETE');
    await second.ended;
  });

  test('without a session there is none', async () => {
    expect((await listen('GET', {})).status).toBe(405);
    expect((await listen('GET', { 'mcp-session-id': 'x' })).status).toBe(404);
    expect((await listen('GET', { ...(await open()), accept: 'application/json' })).status).toBe(406);
  });
});

test('one id is one request at a time', async () => {
  const session = await open();
  const stream = await listen('POST', session, callText('elicits', 1));
  expect((await post(callText('echo', 1), session)).status).toBe(400);
  expect((await post(callText('echo', 2), session)).status).toBe(200);
  stream.close();
});

test('what is kept of a session is bounded, by number and by size', () => {
  const log = new EventLog();
  const stream = new EventStream(log, { keepsWaiting: true });
  for (let n = 0; n < 10_000; n++) stream.send(`{"n":${n}}`);
  expect(log.after('1.1')?.missed.length).toBeLessThanOrEqual(4_096);
  for (let n = 0; n < 8; n++) stream.send('x'.repeat(300_000));
  expect(log.after('1.1')?.missed.length).toBeLessThanOrEqual(4);
  expect(log.after('1.99999')).toBe(undefined);
  expect(log.after('2.1')).toBe(undefined);
  expect(log.after('x')).toBe(undefined);
});
