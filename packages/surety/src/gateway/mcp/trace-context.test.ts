// A trace that begins at the client goes on at the server: through a real front to a real process.

import { expect, test } from 'vitest';
import { echo, governor } from './front.fixture.ts';
import { messageOf, withTrace } from './trace-context.ts';

const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const ours = '00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01';

const asked = (params: Record<string, unknown>, headers: Record<string, string> = {}) =>
  messageOf((name) => headers[name], { method: 'tools/call', idText: '7', params });

test('the context in `_meta` goes before that of the headers', () => {
  expect(asked({ _meta: { traceparent: parent } }, { traceparent: ours })).toEqual({
    method: 'tools/call',
    id: 7,
    traceparent: parent,
  });
  expect(asked({}, { traceparent: ours, tracestate: 'a=1', 'mcp-session-id': 's' })).toEqual({
    method: 'tools/call',
    id: 7,
    session: 's',
    traceparent: ours,
    tracestate: 'a=1',
  });
  expect(asked({ _meta: { traceparent: 7 } }, { tracestate: '\u0000' })).toEqual({
    method: 'tools/call',
    id: 7,
  });
});

test('a header that comes twice is as good as none', () => {
  const twice = (): never => {
    throw new Error('twice');
  };
  expect(messageOf(twice, { method: 'ping', idText: '"a"', params: {} })).toEqual({
    method: 'ping',
    id: 'a',
  });
});

test('where nobody traces, not a byte changes', () => {
  const text = '{ "name":"a","_meta" : {"traceparent":"x"} }';
  expect(withTrace(text, undefined, () => ({}))).toBe(text);
});

test('only `_meta` is written anew, and what else stands in it stays', () => {
  const text =
    '{"name" : "a", "arguments":{"n":1.50},"_meta":{"progressToken":1,"baggage":"k=v","traceparent":"x"}}';
  expect(withTrace(text, ours, () => ({ tracestate: 'a=1' }))).toBe(
    `{"name" : "a", "arguments":{"n":1.50},"_meta":{"tracestate":"a=1","progressToken":1,"baggage":"k=v","traceparent":"${ours}"}}`,
  );
  expect(withTrace('{"name":"a"}', ours, () => ({}))).toBe(`{"_meta":{"traceparent":"${ours}"},"name":"a"}`);
});

test('a call is told its context on the way, and what the client said of it', async () => {
  governor.reply = async (request) => ({
    is: 'upstream',
    reply: await request.forward(undefined, ours),
  });
  const { status } = await echo({ a: 1 }, { _meta: { traceparent: parent } });
  expect(status).toBe(200);
  expect(governor.requests[0]?.message?.()).toMatchObject({
    method: 'tools/call',
    version: '2026-07-28',
    traceparent: parent,
  });
});
