// The kit's three servers. `old` speaks 2025-11-25 in sessions, `new` speaks 2026-07-28 and nothing earlier, and `odd`
// speaks 2025-11-25 with names and answers that an attacker would choose.

import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { legacy, type Members, type Message, modern } from './message.ts';
import { event, type Heard, json, RecordingServer, stream } from './server.ts';
import { askedIn, askInSession, echoed, fail, oddTools, plainTools, slow } from './tools.ts';

/** What the new server gives as state: opaque, so with everything that a gateway may be tempted to tidy. */
export const stateText = (word: string): string => ` {"s":"${word}", "n":1.0,"ü":"\u2028"}== `;

export interface Servers {
  readonly old: RecordingServer;
  readonly new: RecordingServer;
  readonly odd: RecordingServer;
}

export const makeServers = (): Servers => ({
  old: new RecordingServer(session('old', plainTools, callOld)),
  new: new RecordingServer(answerNew),
  odd: new RecordingServer(session('odd', oddTools, callOdd)),
});

type Call = (heard: Heard, response: ServerResponse, server: RecordingServer) => void | Promise<void>;

const session =
  (name: string, tools: readonly Members[], call: Call): Call =>
  async (heard, response, server) => {
    const { http, message } = heard;
    if (http === 'DELETE') return json(response, '');
    if (http !== 'POST') return json(response, '', 405, { allow: 'POST, DELETE' });
    const id = message?.id;
    const reply = (result: unknown, headers = {}) =>
      json(response, { jsonrpc: '2.0', id, result }, 200, headers);
    if (message?.method === 'initialize') {
      const capabilities = { tools: { listChanged: true }, logging: {} };
      const serverInfo = { name, version: '1' };
      const opened = { 'mcp-session-id': randomUUID() };
      return reply({ protocolVersion: legacy, capabilities, serverInfo }, opened);
    }
    const refused = { code: -32000, message: 'Bad Request: Server not initialized' };
    if (heard.headers['mcp-session-id'] === undefined)
      return json(response, { jsonrpc: '2.0', id: null, error: refused }, 400);
    if (message?.method === 'tools/list') return reply({ tools });
    if (message?.method === 'tools/call') return call(heard, response, server);
    if (message?.method === undefined || id === undefined) return void response.writeHead(202).end();
    if (message.method === 'ping') return reply({});
    json(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  };

const callOld: Call = (heard, response, server) => {
  const message = heard.message as Message;
  const asked = askedIn(message);
  if (asked.name === 'slow') return slow('old', heard, response, (result) => result);
  if (asked.name === 'ask') return askInSession('old', heard, response, server);
  if (asked.name === 'fail') return fail(response, message.id);
  json(response, { jsonrpc: '2.0', id: message.id, result: echoed('old', asked) });
};

/** 64 MiB in 64 kB, packed once. */
const zeros = Buffer.concat(Array(64).fill(gzipSync('0'.repeat(1024 * 1024))));

const callOdd: Call = (heard, response) => {
  const message = heard.message as Message;
  const asked = askedIn(message);
  const result = JSON.stringify(echoed('odd', asked));
  const body = (text: string, id: unknown = message.id) =>
    `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${text}}`;
  if (asked.name === 'answer-twice')
    return json(response, body(`{"content":[],"isError":true,${result.slice(1, -1)},"isError":false}`));
  if (asked.name === 'answer-deep')
    return json(response, body(`{"content":[],"deep":${'['.repeat(50_000)}${']'.repeat(50_000)}}`));
  if (asked.name === 'answer-stranger') return json(response, body(result, 'somebody-else'));
  if (asked.name === 'answer-hangs-up') return void response.destroy();
  if (asked.name === 'answer-bomb') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    // Members of gzip stand one after another, so that only the id has to be packed now.
    return void response.end(
      Buffer.concat([gzipSync(body('{"content":[],"zeros":"').slice(0, -1)), zeros, gzipSync('"}}')]),
    );
  }
  json(response, body(result));
};

const complete = (result: Members): Members => ({ resultType: 'complete', ...result });
const cached = { ttlMs: 60_000, cacheScope: 'public' };

function answerNew(heard: Heard, response: ServerResponse): void | Promise<void> {
  const { http, message } = heard;
  if (http !== 'POST') return json(response, '', 405, { allow: 'POST' });
  const id = message?.id;
  const reply = (result: Members) => json(response, { jsonrpc: '2.0', id, result: complete(result) });
  switch (message?.method) {
    case 'server/discover':
      return reply({
        ...{ ...cached, supportedVersions: [modern], capabilities: { tools: { listChanged: true } } },
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'new', version: '1' } },
      });
    case 'tools/list':
      return reply({ ...cached, tools: plainTools });
    case 'tools/call':
      return callNew(heard, response);
    case 'subscriptions/listen':
      return listen(heard, response);
    default:
      if (id === undefined) return void response.writeHead(202).end();
      return refuse(response, message as Message);
  }
}

function refuse(response: ServerResponse, { id, method }: Message): void {
  if (method === 'initialize') {
    const data = { supported: [modern], requested: legacy };
    const error = { code: -32022, message: 'Unsupported protocol version', data };
    return json(response, { jsonrpc: '2.0', id, error }, 400);
  }
  json(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }, 404);
}

function callNew(heard: Heard, response: ServerResponse): void | Promise<void> {
  const message = heard.message as Message;
  const asked = askedIn(message);
  const reply = (result: Members) => json(response, { jsonrpc: '2.0', id: message.id, result });
  if (asked.name === 'slow') return slow('new', heard, response, complete);
  if (asked.name === 'fail') return fail(response, message.id);
  if (asked.name !== 'ask' || asked.params.inputResponses !== undefined)
    return reply(complete(echoed('new', asked)));
  const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } };
  const params = { message: 'What is your name?', requestedSchema, 'x-kit-unknown': 1 };
  reply({
    resultType: 'input_required',
    inputRequests: { name: { method: 'elicitation/create', params } },
    requestState: stateText(String(asked.args.text)),
  });
}

/** Acknowledges, and says at once that the tools changed. */
function listen({ message }: Heard, response: ServerResponse): void {
  const _meta = { 'io.modelcontextprotocol/subscriptionId': message?.id };
  const notifications = message?.params?.notifications;
  const notify = (method: string, params: Members) =>
    response.write(event({ jsonrpc: '2.0', method, params: { _meta, ...params } }));
  stream(response);
  notify('notifications/subscriptions/acknowledged', { notifications });
  notify('notifications/tools/list_changed', {});
}
