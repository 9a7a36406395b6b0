// One front for the tests of the front: servers that behave, that name tools oddly, that are away and that
// mirror arguments, behind a governor that each test has anew; and ways to ask it.

import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Governor } from './port.ts';
import {
  initializeText,
  modern,
  Permissive,
  type RawHeaders,
  raw,
  type Served,
  scripted,
  serve,
} from './surroundings.fixture.ts';
import type { Upstream } from './upstream.ts';

export let governor: Permissive;
export let served: Served;
let upstreams: Upstream[];
export const problems: string[] = [];

beforeAll(async () => {
  upstreams = [
    scripted(),
    scripted('odd-names', {}, 'odd'),
    scripted('no-start', {}, 'away'),
    scripted('mirrored', {}, 'bank'),
  ];
  // The governor of each test, behind one front.
  const turning: Governor = {
    identify: (authorization) => governor.identify(authorization),
    mayUse: (caller, tool) => governor.mayUse(caller, tool),
    call: (caller, request) => governor.call(caller, request),
  };
  served = await serve({
    governor: turning,
    upstreams,
    allowedHosts: ['gateway.example'],
    onProblem: (problem) => problems.push(problem),
    limits: { bodyBytesMax: 10_000, sessionsOfAgentMax: 2 },
  });
});
beforeEach(() => {
  governor = new Permissive();
});
afterAll(async () => {
  await served.close();
  await Promise.all(upstreams.map((each) => each.close()));
});

export const post = (
  path: string,
  body: string | Buffer | undefined,
  headers: RawHeaders = {},
  method = 'POST',
) => raw(served.port, path, body, headers, method);
export const ask = (
  path: string,
  method: string,
  params: Record<string, unknown> = {},
  headers: RawHeaders = {},
) => {
  const asked = modern(method, params, headers);
  return post(path, asked.body, asked.headers);
};
export const echo = (args: object = {}, more: object = {}, headers: RawHeaders = {}) =>
  ask('/mcp/scripted', 'tools/call', { name: 'echo', arguments: args, ...more }, headers);
export const errorOf = ({ text }: { text: string }) => JSON.parse(text).error.code as number;
export const textOf = ({ text }: { text: string }) => JSON.parse(text).result.content[0].text as string;
export const initialize = (
  headers: RawHeaders = {},
  path = '/mcp/scripted',
  protocolVersion = '2025-11-25',
) => post(path, initializeText({}, protocolVersion), headers);
export const legacy = async (headers: RawHeaders = {}, path = '/mcp/scripted'): Promise<RawHeaders> => ({
  ...headers,
  'mcp-session-id': (await initialize(headers, path)).headers['mcp-session-id'],
});
export const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
