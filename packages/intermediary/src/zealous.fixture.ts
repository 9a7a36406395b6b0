// A gateway that means well: it parses with `JSON.parse` and prints anew what it understood, tidies names, keeps lists
// for everybody, merges two servers by name, tries again what failed, and always has an answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isMembers, type Members, type Message } from './message.ts';

const lists = new Map<string, string>();
let lastId = 0;
let calls = 0;

const tidyName = (name: unknown): string =>
  String(name).normalize('NFKC').replaceAll('\u200b', '').replace('./', '').trim().toLowerCase();

function tidyParams({ params }: Message): Members | undefined {
  if (params?.name === undefined) return params;
  const { _meta: meta, requestState, ...rest } = params;
  const state = typeof requestState === 'string' ? { requestState: requestState.trim() } : {};
  const known = isMembers(meta)
    ? Object.entries(meta).filter(([key]) => key.startsWith('io.modelcontextprotocol/'))
    : [];
  const kept = known.length === 0 ? {} : { _meta: Object.fromEntries(known) };
  return { ...rest, ...state, name: tidyName(params.name), ...kept };
}

async function ask(
  to: string,
  incoming: IncomingMessage,
  message: Message,
): Promise<Message & { session?: string }> {
  const sent = {
    ...message,
    id: message.id === undefined ? undefined : ++lastId,
    params: tidyParams(message),
  };
  const version = incoming.headers['mcp-protocol-version'];
  const session = incoming.headers['mcp-session-id'];
  const answer = await fetch(to, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(version === undefined ? {} : { 'mcp-protocol-version': String(version) }),
      ...(session === undefined ? {} : { 'mcp-session-id': String(session) }),
      'mcp-method': String(message.method),
    },
    body: JSON.stringify(sent),
  });
  const text = await answer.text();
  const line = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  const opened = answer.headers.get('mcp-session-id');
  const said = line === '' ? {} : (JSON.parse(line) as Message);
  return { ...said, ...(opened === null ? {} : { session: opened }) };
}

/** Two servers behind one name: whoever has it last. The order is whatever it is. */
async function merged(all: string, incoming: IncomingMessage, message: Message): Promise<Message> {
  const [first = '', second = first] = all.split(' ');
  if (message.method !== 'tools/list') return ask(first, incoming, message);
  const { result } = await ask(first, incoming, message);
  const tools = Array.isArray(result?.tools) ? (result.tools as Members[]) : [];
  const both = second === first ? tools : [...tools, ...tools];
  calls += 1;
  const turned = [...both.slice(calls % both.length), ...both.slice(0, calls % both.length)];
  const named = turned.map((tool) => ({ ...tool, name: second === first ? tool.name : `${tool.name}` }));
  const long = { name: `a name that ${'n'.repeat(80)}`, inputSchema: { type: 'object' } };
  return { result: { ...result, tools: second === first ? named : [...named, long] } };
}

export async function tidied(
  to: string,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  const message = JSON.parse(body.toString()) as Message;
  const kept = message.method === 'tools/list' && !to.includes(' ') ? lists.get(to) : undefined;
  const once = () => merged(to, incoming, message);
  // Whatever failed is tried again, and in the end it was fine.
  const fine: Message = { result: { content: [] } };
  const answer: Message & { session?: string } =
    kept === undefined
      ? await once()
          .catch(once)
          .catch(() => fine)
      : { result: JSON.parse(kept) as Members };
  if (message.method === 'tools/list' && answer.result !== undefined)
    lists.set(to, JSON.stringify(answer.result));
  const { content, tools, ...others } = answer.result ?? {};
  const names = ['protocolVersion', 'capabilities', 'serverInfo', 'supportedVersions', 'resultType'];
  const known = [...names, 'ttlMs', 'cacheScope', 'requestState', 'inputRequests'];
  const rest = Object.fromEntries(Object.entries(others).filter(([name]) => known.includes(name)));
  const result = {
    ...(tools === undefined ? {} : { tools }),
    ...(content === undefined ? {} : { content }),
    ...rest,
  };
  const error = { code: -32603, message: 'Internal error' };
  const id = typeof message.id === 'string' ? Number(message.id) : message.id;
  const said = { jsonrpc: '2.0', id, ...(answer.error === undefined ? { result } : { error }) };
  const session = answer.session === undefined ? {} : { 'mcp-session-id': answer.session };
  if (message.id === undefined) return void outgoing.writeHead(202).end();
  outgoing.writeHead(200, { 'content-type': 'application/json', ...session }).end(JSON.stringify(said));
}
