// The tools of the kit's servers, and what each answers. `slow` waits until the kit lets it end; `ask` needs an answer
// of the client before it can.

import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { isMembers, type Members, type Message, text } from './message.ts';
import { event, type Heard, json, type RecordingServer, stream } from './server.ts';

const schema = (properties: Members = {}) => ({ type: 'object', properties });
const said = { text: { type: 'string' } };

/** To whoever configures the gateway, all of them are harmless; README lists them. */
export const plainTools: readonly Members[] = [
  { name: 'echo', description: 'Answers with its arguments', inputSchema: schema(said) },
  { name: 'harmless', description: 'Answers with its arguments', inputSchema: schema(said) },
  { name: 'restricted', description: 'Answers with its arguments', inputSchema: schema(said) },
  {
    name: 'mirrored',
    description: 'An argument is mirrored in a header',
    inputSchema: schema({ region: { type: 'string', 'x-mcp-header': 'Region' } }),
  },
  { name: 'slow', description: 'Says how far it is, and ends later', inputSchema: schema(said) },
  { name: 'ask', description: 'Asks the client', inputSchema: schema(said) },
  { name: 'fail', description: 'Answers with an error', inputSchema: schema(said) },
];

/** As no server of good will names them. */
export const oddTools: readonly Members[] = [
  { name: 'echo', description: 'Answers with its arguments', inputSchema: schema(said) },
  { name: 'pay', description: 'Pays', inputSchema: schema(said) },
  {
    name: '\u0440ay',
    description: 'Looks as `pay` does: its first letter is Cyrillic',
    inputSchema: schema(),
  },
  { name: 'ec\u200bho', description: 'Has a space of no width', inputSchema: schema() },
  { name: 'two words', description: 'Has a space', inputSchema: schema() },
  { name: 'n'.repeat(200), description: 'Is too long', inputSchema: schema() },
  ...['twice', 'bomb', 'deep', 'stranger', 'hangs-up'].map((how) => ({
    name: `answer-${how}`,
    description: 'Answers badly',
    inputSchema: schema(said),
  })),
];

export const failure = { code: 4711, message: 'the books are closed', data: { until: '2030-01-01', n: 1.5 } };

/** Calls of `slow` that wait, by the text in their arguments. */
const held = new Map<string, () => void>();
/** Lets the call end. */
export const release = (word: string): void => held.get(word)?.();

export interface Asked {
  readonly name: string;
  readonly args: Members;
  readonly params: Members;
}
export function askedIn(message: Message): Asked {
  const { params = {} } = message;
  return { name: String(params.name), args: isMembers(params.arguments) ? params.arguments : {}, params };
}

/** What a plain tool answers with: who it is, what it got, and members that no gateway knows. */
export const echoed = (server: string, { name, args }: Asked): Members => ({
  ...text(JSON.stringify({ server, name, args })),
  structuredContent: { server, name, args },
  _meta: { 'kit.example/extra': { kept: true } },
  'x-kit-unknown': ['kept', 1],
});

/** Progress and a comment at once, the result when the kit lets it. */
export async function slow(
  server: string,
  heard: Heard,
  response: ServerResponse,
  complete: (result: Members) => Members,
): Promise<void> {
  const message = heard.message as Message;
  const asked = askedIn(message);
  const word = String(asked.args.text);
  const meta = isMembers(asked.params._meta) ? asked.params._meta : {};
  stream(response);
  const released = new Promise<void>((resolve) => held.set(word, resolve));
  const progress = { progressToken: meta.progressToken, progress: 1, total: 2 };
  if (meta.progressToken !== undefined)
    response.write(event({ jsonrpc: '2.0', method: 'notifications/progress', params: progress }));
  const beat = setInterval(() => response.write(': keep-alive\n\n'), 100);
  response.write(': keep-alive\n\n');
  await Promise.race([released, heard.gone]);
  clearInterval(beat);
  held.delete(word);
  response.end(event({ jsonrpc: '2.0', id: message.id, result: complete(echoed(server, asked)) }));
}

/** In a session: a form on the stream of the call, and the result once it was answered. */
export async function askInSession(
  server: string,
  heard: Heard,
  response: ServerResponse,
  recorder: RecordingServer,
): Promise<void> {
  const message = heard.message as Message;
  const id = randomUUID();
  const params = {
    message: 'What is your name?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
  };
  const from = recorder.heard.length;
  stream(response);
  response.write(event({ jsonrpc: '2.0', id, method: 'elicitation/create', params }));
  const answered = await recorder.waitFor((each) => each.message?.id === id, { from, patienceMs: 10_000 });
  const result = { ...text(JSON.stringify({ server, answered: answered?.message?.result ?? null })) };
  response.end(event({ jsonrpc: '2.0', id: message.id, result }));
}

export function fail(response: ServerResponse, id: unknown): void {
  json(response, { jsonrpc: '2.0', id, error: failure });
}
