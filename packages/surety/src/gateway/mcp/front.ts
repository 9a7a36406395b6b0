// The front: MCP over streamable HTTP for agents, `POST /mcp` over all servers and `POST /mcp/<server>` over one, in
// both protocol eras. It lets nobody in unidentified, parses strictly, hands every call to the governor, and answers
// with the upstream's own bytes, as a stream where the upstream streams.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Announcer } from './announcer.ts';
import { answerRequest, type Context, needsOwnLink } from './answering.ts';
import { changedIn, changedText, changing } from './changes.ts';
import { Channel, type Reply } from './channel.ts';
import { checkAccepts, checkTypes, Door, messageIn, only, paramHeadersOf, readBody, takes } from './door.ts';
import type { Endpoint, Links, OnProblem } from './endpoint.ts';
import { eraOf } from './eras.ts';
import { defaults, type FrontLimits } from './front-limits.ts';
import { HeldCalls, type Pages } from './held-calls.ts';
import { firstAborted, type Watcher } from './listening.ts';
import { Parking } from './parking.ts';
import { Places } from './places.ts';
import type { Caller, Governor, NotSent } from './port.ts';
import { Refusal } from './refusal.ts';
import { Serving } from './serving.ts';
import type { ClientSession, UnderWay } from './session.ts';
import { Sessions } from './sessions.ts';
import { SealedStates } from './state.ts';
import { EventStream } from './streams.ts';
import { Tasks } from './tasks.ts';
import type { Upstream } from './upstream.ts';
import { type Notification, type Request, rpc } from './wire.ts';

export interface FrontOptions {
  readonly governor: Governor;
  readonly upstreams: readonly Upstream[];
  /** Names, without port, that this gateway is reached by, besides the loopback names. */
  readonly allowedHosts?: readonly string[];
  /** Told in words, without values. */
  readonly onProblem?: OnProblem;
  readonly limits?: Partial<FrontLimits>;
  readonly pages?: Pages | undefined;
}

export interface Front {
  /** `onStream` is called if the answer turns out to be a stream that waits for nothing of ours. */
  respond(request: IncomingMessage, response: ServerResponse, onStream?: () => void): void;
  /**
   * From here on requests go to these servers; what is under way stays where it is. Resolves when nothing that began
   * before needs a server that is not among them any more.
   */
  swap(upstreams: readonly Upstream[], limits?: Partial<FrontLimits>): Promise<void>;
  /** Resolves when every request that is under way now is answered. */
  idle(): Promise<void>;
  /** Ends every session and stream; requests under way are still answered. */
  close(): Promise<void>;
}

export function createFront(options: FrontOptions): Front {
  const front = new HttpFront(options);
  return {
    respond: (request, response, onStream) => void front.respond(request, response, onStream),
    swap: (upstreams, limits) => front.swap(upstreams, limits),
    idle: () => front.idle(),
    close: () => front.close(),
  };
}

class HttpFront {
  readonly #governor: Governor;
  readonly #door: Door;
  readonly #serving: Serving;
  readonly #sessions: Sessions;
  readonly #states = new SealedStates();
  #limits: FrontLimits;
  readonly #onProblem: OnProblem;
  #inFlight = 0;
  readonly #closing = new AbortController();
  readonly #places: Places;
  readonly #announcer: Announcer;
  /** What each request calls when it waits for nothing of ours any more. */
  readonly #ends = new WeakMap<Channel, () => void>();
  readonly #parking: Parking;
  readonly #tasks = new Tasks();
  readonly #heldCalls: HeldCalls;

  constructor(options: FrontOptions) {
    const { governor, upstreams, allowedHosts = [], onProblem = () => {}, limits = {}, pages } = options;
    this.#governor = governor;
    this.#heldCalls = new HeldCalls(governor, pages);
    this.#door = new Door(allowedHosts);
    this.#limits = { ...defaults, ...limits };
    this.#sessions = new Sessions(() => this.#limits);
    this.#places = new Places(() => this.#limits);
    this.#onProblem = onProblem;
    this.#serving = new Serving(onProblem, ({ method }) => {
      const what = changedIn(method);
      if (what !== undefined) this.#announcer.announce([what]);
    });
    this.#announcer = new Announcer(governor, ({ id }) => this.#serving.endpointOf(id));
    this.#parking = new Parking(() => this.#limits.ownLinksOfAgentMax);
    this.#serving.exchange(upstreams, this.#limits.callsOfServerMax);
    governor.onPermissions?.(() => this.#announcer.announce(changing));
  }

  async swap(upstreams: readonly Upstream[], limits: Partial<FrontLimits> = {}): Promise<void> {
    this.#limits = { ...this.#limits, ...limits };
    const gone = this.#serving.exchange(upstreams, this.#limits.callsOfServerMax);
    const links = [...this.#sessions.all()].flatMap((session) =>
      gone.flatMap((each) => session.detach(each) ?? []),
    );
    for (const each of gone) this.#parking.leave(each);
    const stay = new Set(upstreams.map(({ server }) => server));
    this.#tasks.leave(gone.flatMap(({ server }) => (stay.has(server) ? [] : [server])));
    this.#announcer.announce(changing);
    await this.idle();
    await Promise.all(links.map((link) => link.close()));
  }

  idle(): Promise<void> {
    return this.#serving.idle();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#tasks.close();
    this.#heldCalls.close();
    await Promise.all([this.#sessions.close(), this.#parking.close()]);
  }

  async respond(
    request: IncomingMessage,
    response: ServerResponse,
    onStream: () => void = () => {},
  ): Promise<void> {
    const channel = new Channel(response, takes(request, 'text/event-stream'));
    const done = this.#serving.begin();
    this.#ends.set(channel, () => {
      done();
      onStream();
    });
    this.#inFlight++;
    try {
      const reply = await this.#reply(request, response, channel);
      if (reply !== undefined) channel.finish(reply);
    } catch (cause) {
      // A fault of ours tells a stranger nothing.
      if (!(cause instanceof Refusal)) this.#onProblem(`a request failed: ${(cause as Error).name}`);
      const refusal =
        cause instanceof Refusal ? cause : new Refusal(500, rpc.internalError, 'the gateway failed');
      channel.finish({ status: refusal.status, body: refusal.body(), headers: refusal.headers });
    } finally {
      this.#inFlight--;
      done();
    }
  }

  /** Undefined where a stream was opened instead. */
  async #reply(
    request: IncomingMessage,
    response: ServerResponse,
    channel: Channel,
  ): Promise<Reply | undefined> {
    if (this.#closing.signal.aborted) throw new Refusal(503, rpc.transport, 'the gateway is closing');
    if (this.#inFlight > this.#limits.inFlightMax)
      throw new Refusal(503, rpc.transport, 'too many requests', { headers: { 'retry-after': '1' } });
    this.#door.checkNames(request);
    const caller = this.#identify(request);
    const endpoint = this.#serving.endpoints.get(request.url?.split('?')[0] ?? '');
    if (endpoint === undefined) throw new Refusal(404, rpc.transport, 'there is no such endpoint');
    if (request.method === 'DELETE') {
      this.#sessions.end(this.#session(request, caller, endpoint));
      return { status: 200 };
    }
    if (request.method === 'GET') {
      this.#listen(request, response, caller, endpoint);
      this.#ends.get(channel)?.();
      return undefined;
    }
    if (request.method !== 'POST')
      throw new Refusal(405, rpc.transport, 'only POST, GET and DELETE', {
        headers: { allow: 'POST, GET, DELETE' },
      });
    checkTypes(request);
    const body = await readBody(request, this.#limits.bodyBytesMax);
    return body === undefined
      ? { status: 400 }
      : await this.#message(request, caller, endpoint, body, channel);
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

  /** The stream of what belongs to no request, or one that broke off, from where it did. */
  #listen(request: IncomingMessage, response: ServerResponse, caller: Caller, endpoint: Endpoint): void {
    // Whoever comes without a session finds no stream here, as in 2026-07-28.
    if (only(request, 'mcp-session-id') === undefined)
      throw new Refusal(405, rpc.transport, 'there is a stream only in a session', {
        headers: { allow: 'POST, DELETE' },
      });
    const session = this.#session(request, caller, endpoint);
    checkAccepts(request, 'text/event-stream');
    const last = only(request, 'last-event-id');
    if (last === undefined) return this.#places.connect(session, session.general, response);
    const found = session.log.after(last);
    if (found === undefined) throw new Refusal(400, rpc.transport, 'there was no such event');
    if (found.stream !== undefined)
      return this.#places.connect(session, found.stream, response, found.missed);
    // All that there was to come has come.
    const stream = new EventStream();
    stream.connect(response, found.missed);
    stream.end();
  }

  async #message(
    request: IncomingMessage,
    caller: Caller,
    endpoint: Endpoint,
    body: Buffer,
    channel: Channel,
  ): Promise<Reply> {
    const message = messageIn(body, this.#limits);
    if (message.is === 'result' || message.is === 'error') {
      const { id, is, text } = message;
      const value = message.is === 'result' ? message.value : { error: message.code };
      if (this.#session(request, caller, endpoint).answered(id, is, text, value)) return { status: 202 };
      throw new Refusal(400, rpc.invalidRequest, 'nothing was asked of the client under this id');
    }
    const idText = message.is === 'request' ? message.idText : 'null';
    try {
      return await this.#served(request, caller, endpoint, message, channel);
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      return { status: cause.status, body: cause.body(idText), headers: cause.headers };
    }
  }

  async #served(
    request: IncomingMessage,
    caller: Caller,
    endpoint: Endpoint,
    message: Request | Notification,
    channel: Channel,
  ): Promise<Reply> {
    const mirror = {
      version: only(request, 'mcp-protocol-version'),
      method: only(request, 'mcp-method'),
      name: only(request, 'mcp-name'),
    };
    const era = eraOf(mirror, message);
    const opens = era === 'legacy' && message.is === 'request' && message.method === 'initialize';
    const session =
      era === 'modern'
        ? undefined
        : opens
          ? this.#opened(caller, endpoint, message)
          : this.#session(request, caller, endpoint);
    if (message.is === 'notification') {
      session?.notified(message);
      return { status: 202 };
    }
    const abort = new AbortController();
    const underWay: UnderWay = { channel, cancel: () => abort.abort() };
    if (session !== undefined) channel.keepIn(session.log, session.polls);
    if (session?.begin(message.idText, underWay) === false)
      throw new Refusal(400, rpc.invalidRequest, 'this id is in use');
    const context = this.#context(request, { caller, endpoint, era, channel, session, underWay, abort });
    try {
      const answered = await answerRequest(context, message);
      // The session's id stands in a header, which an answer in a stream could not carry.
      if (session !== undefined && !opens && endpoint.upstreams.some(({ known }) => known?.answersInStreams))
        channel.answerAsEvent();
      return {
        status: 200,
        body: answered,
        headers: opens && session !== undefined ? { 'mcp-session-id': session.id } : {},
      };
    } catch (cause) {
      if (opens && session !== undefined) this.#sessions.end(session);
      throw cause;
    } finally {
      session?.done(message.idText);
    }
  }

  #context(
    request: IncomingMessage,
    about: Pick<Context, 'caller' | 'endpoint' | 'era' | 'channel' | 'underWay'> & {
      readonly session: ClientSession | undefined;
      readonly abort: AbortController;
    },
  ): Context {
    const { session, abort, ...rest } = about;
    // In the newer era closing the stream cancels; in the earlier one a client that lost it may come back for it.
    if (session === undefined) rest.channel.gone.addEventListener('abort', () => abort.abort());
    return {
      ...rest,
      ...(session === undefined ? {} : { session }),
      governor: this.#governor,
      signal: abort.signal,
      links: this.#links(session),
      headerOf: (name) => only(request, name),
      paramHeaders: () => paramHeadersOf(request),
      states: this.#states,
      parking: this.#parking,
      tasks: this.#tasks,
      heldCalls: this.#heldCalls,
      begin: () => this.#serving.begin(),
      idly: (wait) => this.#idly(rest.channel, wait),
      current: () => this.#serving.endpointOf(rest.endpoint.id) ?? rest.endpoint,
      watch: (watcher, first) => this.#watch(watcher, rest.channel, first),
      listMaxAgeMs: this.#limits.listMaxAgeMs,
      share: (server, send) => this.#share(server, rest.caller, send),
      onProblem: this.#onProblem,
    };
  }

  /** A server that hangs holds the calls of whoever keeps calling it, and leaves room for the others'. */
  async #share<R>(server: string, { agent }: Caller, send: () => Promise<R>): Promise<R | NotSent> {
    const shares = this.#serving.shares(server);
    if (shares?.take(agent) !== true)
      return { is: 'not-sent', cause: 'too many calls of this agent are in flight' };
    try {
      return await send();
    } finally {
      shares.give(agent);
    }
  }

  #links(session: ClientSession | undefined): Links {
    if (session === undefined) return async (upstream) => upstream;
    return async (upstream) => {
      if (!(await needsOwnLink(session, upstream))) return upstream;
      if (session.has(upstream) || this.#sessions.roomForLink(session, this.#limits.ownLinksOfAgentMax))
        return session.link(upstream);
      throw new Refusal(503, rpc.transport, 'too many sessions of this agent are at work');
    };
  }

  async #watch(watcher: Watcher, channel: Channel, first: () => Promise<void>): Promise<void> {
    const leave = this.#places.take(watcher.caller);
    try {
      await first();
      await this.#watching(watcher, channel);
    } finally {
      leave();
    }
  }

  async #watching(watcher: Watcher, channel: Channel): Promise<void> {
    const stop = this.#announcer.add(watcher);
    const ends = [channel.gone, this.#closing.signal, ...watcher.until];
    try {
      await this.#idly(channel, () => firstAborted(ends));
    } finally {
      stop();
    }
  }

  /** While it waits for what may come late, a request needs nothing here: neither a reload nor the end waits for it. */
  async #idly<T>(channel: Channel, wait: () => Promise<T>): Promise<T> {
    this.#inFlight--;
    this.#ends.get(channel)?.();
    try {
      return await wait();
    } finally {
      this.#inFlight++;
    }
  }

  #opened(caller: Caller, endpoint: Endpoint, { params }: Request): ClientSession {
    const session = this.#sessions.open(caller.agent, endpoint.id, params);
    if (session === undefined)
      throw new Refusal(503, rpc.transport, 'too many sessions of this agent are at work');
    session.onEnd = this.#announcer.add({
      caller,
      endpoint,
      links: this.#links(session),
      seen: session.seen,
      among: changing,
      tell: (what) => session.general.send(changedText(what)),
      until: [],
    });
    return session;
  }

  #session(request: IncomingMessage, caller: Caller, endpoint: Endpoint): ClientSession {
    const id = only(request, 'mcp-session-id');
    if (id === undefined) throw new Refusal(400, rpc.transport, 'Mcp-Session-Id is missing');
    const session = this.#sessions.get(id, caller.agent, endpoint.id);
    if (session === undefined) throw new Refusal(404, rpc.unknownSession, 'there is no such session');
    return session;
  }
}
