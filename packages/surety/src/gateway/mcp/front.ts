// The front: MCP over streamable HTTP for agents, `POST /mcp` over all servers and `POST /mcp/<server>` over
// one, in both protocol eras. It lets nobody in unidentified, parses strictly, hands every call to the
// governor, and answers with the upstream's own bytes. A client that goes away stops nothing that was sent.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Shares } from '../../shares.ts';
import { answerRequest, type Context } from './answering.ts';
import { checkTypes, Door, only, readBody } from './door.ts';
import { type Endpoint, mergedEndpoint, type OnProblem, serverEndpoint } from './endpoint.ts';
import { type Era, eraOf } from './eras.ts';
import type { Caller, Governor, UpstreamReply } from './port.ts';
import { Refusal } from './refusal.ts';
import { Sessions } from './sessions.ts';
import type { Upstream } from './upstream.ts';
import { type Notification, parseMessage, type Request, rpc, WireError } from './wire.ts';

export interface FrontLimits {
  /** Default 4 MiB. */
  readonly bodyBytesMax: number;
  /** Of the JSON of a body; default 64. */
  readonly depthMax: number;
  /** Requests being answered at once; default 1,024. */
  readonly inFlightMax: number;
  /** Calls that one server answers at once; default 256. One agent never has more than are left for others. */
  readonly callsOfServerMax: number;
  /** Default 64; an agent that opens more loses its oldest. */
  readonly sessionsOfAgentMax: number;
  /** How long a client may keep a list; default 5 s. */
  readonly listMaxAgeMs: number;
}

export interface FrontOptions {
  readonly governor: Governor;
  readonly upstreams: readonly Upstream[];
  /** Names, without port, that this gateway is reached by, besides the loopback names. */
  readonly allowedHosts?: readonly string[];
  /** Told in words, without values. */
  readonly onProblem?: OnProblem;
  readonly limits?: Partial<FrontLimits>;
}

const defaults: FrontLimits = {
  bodyBytesMax: 4 * 1024 * 1024,
  depthMax: 64,
  inFlightMax: 1_024,
  callsOfServerMax: 256,
  sessionsOfAgentMax: 64,
  listMaxAgeMs: 5_000,
};

interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function createFront(
  options: FrontOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const front = new Front(options);
  return (request, response) => void front.respond(request, response);
}

class Front {
  readonly #governor: Governor;
  readonly #door: Door;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #sessions: Sessions;
  readonly #shares: ReadonlyMap<string, Shares>;
  readonly #limits: FrontLimits;
  readonly #onProblem: OnProblem;
  #inFlight = 0;

  constructor({ governor, upstreams, allowedHosts = [], onProblem = () => {}, limits = {} }: FrontOptions) {
    this.#governor = governor;
    this.#door = new Door(allowedHosts);
    this.#limits = { ...defaults, ...limits };
    this.#sessions = new Sessions(this.#limits.sessionsOfAgentMax);
    this.#shares = new Map(
      upstreams.map(({ server }) => [server, new Shares(this.#limits.callsOfServerMax)]),
    );
    this.#onProblem = onProblem;
    this.#endpoints = new Map([
      ['/mcp', mergedEndpoint(upstreams, onProblem)],
      ...upstreams.map((each) => [`/mcp/${each.server}`, serverEndpoint(each, onProblem)] as const),
    ]);
  }

  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight++;
    try {
      write(response, (await this.#reply(request)) ?? { status: 400 });
    } catch (cause) {
      // A fault of ours tells a stranger nothing.
      if (!(cause instanceof Refusal)) this.#onProblem(`a request failed: ${(cause as Error).message}`);
      const refusal =
        cause instanceof Refusal ? cause : new Refusal(500, rpc.internalError, 'the gateway failed');
      write(response, { status: refusal.status, body: refusal.body(), headers: refusal.headers });
    } finally {
      this.#inFlight--;
    }
  }

  async #reply(request: IncomingMessage): Promise<Reply | undefined> {
    if (this.#inFlight > this.#limits.inFlightMax)
      throw new Refusal(503, rpc.transport, 'too many requests', { headers: { 'retry-after': '1' } });
    this.#door.checkNames(request);
    const caller = this.#identify(request);
    const endpoint = this.#endpoints.get(request.url?.split('?')[0] ?? '');
    if (endpoint === undefined) throw new Refusal(404, rpc.transport, 'there is no such endpoint');
    if (request.method === 'DELETE') return this.#end(request, caller, endpoint);
    if (request.method !== 'POST')
      throw new Refusal(405, rpc.transport, 'only POST and DELETE', { headers: { allow: 'POST, DELETE' } });
    checkTypes(request);
    const body = await readBody(request, this.#limits.bodyBytesMax);
    return body === undefined ? undefined : await this.#message(request, caller, endpoint, body);
  }

  #identify(request: IncomingMessage): Caller {
    const authorization = only(request, 'authorization');
    const caller = this.#governor.identify(authorization);
    if (caller !== undefined) return caller;
    const challenge = authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
    throw new Refusal(401, rpc.transport, 'no valid credential', {
      headers: { 'www-authenticate': challenge },
    });
  }

  async #message(request: IncomingMessage, caller: Caller, endpoint: Endpoint, body: Buffer): Promise<Reply> {
    const message = this.#parse(body);
    const idText = message.is === 'request' ? message.idText : 'null';
    try {
      const mirror = {
        version: only(request, 'mcp-protocol-version'),
        method: only(request, 'mcp-method'),
        name: only(request, 'mcp-name'),
      };
      const era = eraOf(mirror, message);
      if (era === 'legacy' && message.method !== 'initialize') this.#checkSession(request, caller, endpoint);
      // Nothing that a client may notify us of changes anything here.
      if (message.is === 'notification') return { status: 202 };
      const context = this.#context(request, caller, endpoint, era);
      const answered = await answerRequest(context, message);
      return { status: 200, body: answered, headers: this.#opened(caller, endpoint, era, message) };
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      return { status: cause.status, body: cause.body(idText), headers: cause.headers };
    }
  }

  #parse(body: Buffer): Request | Notification {
    try {
      const { depthMax, bodyBytesMax: bytesMax } = this.#limits;
      const message = parseMessage(body, { depthMax, bytesMax });
      if (message.is === 'request' || message.is === 'notification') return message;
      throw new WireError(rpc.invalidRequest, 'nothing was asked of the client');
    } catch (cause) {
      if (cause instanceof WireError) throw new Refusal(400, cause.code, cause.message);
      throw cause;
    }
  }

  #context(request: IncomingMessage, caller: Caller, endpoint: Endpoint, era: Era): Context {
    return {
      governor: this.#governor,
      caller,
      endpoint,
      era,
      headerOf: (name) => only(request, name),
      listMaxAgeMs: this.#limits.listMaxAgeMs,
      share: (server, send) => this.#share(server, caller, send),
      onProblem: this.#onProblem,
    };
  }

  /** A server that hangs holds the calls of whoever keeps calling it, and leaves room for the others'. */
  async #share(
    server: string,
    { agent }: Caller,
    send: () => Promise<UpstreamReply>,
  ): Promise<UpstreamReply> {
    const shares = this.#shares.get(server);
    if (shares?.take(agent) !== true)
      return { is: 'not-sent', cause: 'too many calls of this agent are in flight' };
    try {
      return await send();
    } finally {
      shares.give(agent);
    }
  }

  #opened(caller: Caller, endpoint: Endpoint, era: Era, { method }: Request): Record<string, string> {
    if (era !== 'legacy' || method !== 'initialize') return {};
    return { 'mcp-session-id': this.#sessions.open(caller.agent, endpoint.id) };
  }

  #checkSession(request: IncomingMessage, caller: Caller, endpoint: Endpoint): void {
    const id = only(request, 'mcp-session-id');
    if (id === undefined) throw new Refusal(400, rpc.transport, 'Mcp-Session-Id is missing');
    if (!this.#sessions.touch(id, caller.agent, endpoint.id))
      throw new Refusal(404, rpc.unknownSession, 'there is no such session');
  }

  #end(request: IncomingMessage, caller: Caller, endpoint: Endpoint): Reply {
    this.#checkSession(request, caller, endpoint);
    this.#sessions.end(only(request, 'mcp-session-id') ?? '', caller.agent, endpoint.id);
    return { status: 200 };
  }
}

function write(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  // The client went away. Whatever was done for it is done and recorded.
  if (response.destroyed || response.headersSent) return;
  const bytes = body === undefined ? undefined : Buffer.from(body);
  response.writeHead(status, {
    ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
    'content-length': bytes?.length ?? 0,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(bytes);
}
