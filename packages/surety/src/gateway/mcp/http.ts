// An upstream server over streamable HTTP (MCP 2025-11-25, transports): sessions, JSON or event-stream
// answers. A tool call is posted at most once: a session that ended is opened anew for what can be asked
// twice, never to repeat a call. What the gateway's clients send as credentials never comes here.

import type { Era } from './eras.ts';
import { UpstreamError } from './errors.ts';
import { addressOf, checkHeaders } from './http-address.ts';
import { replyOf, toldOf } from './http-answers.ts';
import { type Exchange, HttpExchange } from './http-exchange.ts';
import type { HttpOptions } from './http-options.ts';
import { type Item, Listing, type ListKind } from './listing.ts';
import {
  discovered,
  discovering,
  Earlier,
  KnownEra,
  ownParams,
  repeated,
  showsLegacy,
  wantsOurs,
} from './modern.ts';
import { answerWithinMsDefault, type Wait } from './patience.ts';
import type { Answered } from './port.ts';
import { type Heard, Subscribing, saysUpdates } from './subscribing.ts';
import { Tally } from './tally.ts';
import {
  type Asking,
  type ClientSide,
  checkInitialized,
  expectResult,
  type Hear,
  initializeParams,
  nobody,
  ownAnswer,
  type Said,
  type Upstream,
} from './upstream.ts';
import { type Interest, Watches } from './watches.ts';
import {
  errorText,
  isMembers,
  type Members,
  type Notification,
  notificationText,
  requestText,
  resultText,
} from './wire.ts';

interface Session {
  /** In the newer era there are no sessions: what is kept is what the server said of itself. */
  readonly era: Era;
  readonly id: string | undefined;
  readonly initialized: Members;
  usedAt: number;
  /** The server said that it no longer knows it. */
  ended: boolean;
  /** Ends what listens for it. */
  readonly ending: AbortController;
}

/** A request that is being answered. */
interface Asker {
  readonly hear: Hear | undefined;
  wait?: Wait;
}

const sendsInFlightMax = 16;
const goodbyeMs = 1_000;
const everyList = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

export class HttpUpstream implements Upstream {
  readonly server: string;
  readonly streams = true;
  readonly known: KnownEra;
  readonly #earlier = new Earlier();
  readonly #options: HttpOptions;
  readonly #exchange: HttpExchange;
  readonly #lists: Listing;
  readonly #watches: Watches;
  readonly #subscribing = new Subscribing({
    ask: (method, paramsText) => this.ask({ method, paramsText }),
    onSaid: (listener) => this.onSaid(listener),
  });
  readonly #listeners = new Set<(said: Notification) => void>();
  readonly #nonsense: Tally<string>;
  readonly #timeoutMs: number;
  #session: Promise<Session> | undefined;
  #lastId = 0;
  #sendsInFlight = 0;
  /** In the order asked. */
  readonly #askers = new Set<Asker>();
  #closed = false;

  /** Throws `UpstreamError` if the address or a header cannot be used. */
  constructor(options: HttpOptions) {
    checkHeaders(options.headers ?? {});
    this.server = options.server;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.known = options.known ?? new KnownEra();
    this.#nonsense = new Tally((kind, count) =>
      options.onProblem?.(`the server wrote nonsense: ${kind}, ${count} so far`),
    );
    this.#exchange = new HttpExchange({
      url: addressOf(options.url),
      connectTimeoutMs: Math.min(options.connectTimeoutMs ?? 10_000, this.#timeoutMs),
      linkLocal: options.linkLocal ?? false,
      resolve: options.resolve,
      ...{ inFlightMax: options.inFlightMax ?? 256, known: this.known },
      answerBytesMax: options.answerBytesMax ?? 8 * 1024 * 1024,
      depthMax: options.depthMax ?? 64,
      answerWithinMs: options.answerWithinMs ?? answerWithinMsDefault,
      onNonsense: (kind) => this.#nonsense.add(kind),
    });
    this.#watches = new Watches({
      answerMs: Math.min(this.#timeoutMs, 10_000),
      listen: (notifications, heard, signal) => this.#watched(notifications, heard, signal),
    });
    this.#lists = new Listing({
      maxAgeMs: options.listMaxAgeMs ?? 5_000,
      page: async (method, params) => {
        const { era } = await this.#open();
        const paramsText = era === 'modern' ? ownParams(params) : JSON.stringify(params);
        return expectResult(await this.#repeatable({ method, paramsText }), method);
      },
    });
  }

  get nonsense(): ReadonlyMap<string, number> {
    return this.#nonsense.counts;
  }

  async describe(): Promise<Members> {
    return (await this.#open()).initialized;
  }

  async era(): Promise<Era> {
    return (await this.#open()).era;
  }

  list(kind: ListKind): Promise<readonly Item[]> {
    return this.#lists.get(kind);
  }

  async earlier(): Promise<Members | undefined> {
    if ((await this.era()) === 'legacy') return this.describe();
    return this.#earlier.get(async () => {
      const asked = this.open(nobody);
      try {
        const { id, initialized } = await asked.#open();
        // Without a session it keeps nothing of a client that the newer era would lose.
        return id === undefined ? undefined : initialized;
      } finally {
        await asked.close();
      }
    });
  }

  open(client: ClientSide): HttpUpstream {
    return new HttpUpstream({ ...this.#options, client, known: this.known });
  }

  watch(uri: string, interest: Interest): Promise<(() => void) | undefined> {
    return this.#watches.add(uri, interest);
  }

  onSaid(listener: (said: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(method: string, paramsText: string): void {
    if (this.#session !== undefined) this.#send(notificationText(method, paramsText));
  }

  async ask(asking: Asking): Promise<Answered> {
    let session: Session;
    try {
      session = await this.#alive();
    } catch (cause) {
      return { is: 'not-sent', cause: (cause as Error).message };
    }
    return this.#ask(session, asking);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watches.close();
    const session = await this.#session?.catch(() => undefined);
    session?.ending.abort();
    if (session?.id !== undefined) await this.#exchange.delete(this.#headers(session), goodbyeMs);
    await this.#exchange.destroy();
  }

  /** A session that very likely still exists, so that a call does not find out that it does not. */
  async #alive(): Promise<Session> {
    const session = await this.#open();
    const idleMs = performance.now() - session.usedAt;
    if (session.id === undefined || idleMs <= (this.#options.idleMaxMs ?? 10_000)) return session;
    const reply = await this.#repeatable({ method: 'ping', paramsText: '{}' });
    // Any answer shows that somebody knows the session, even one who knows no ping.
    if (reply.is === 'lost' || reply.is === 'not-sent') throw new UpstreamError(reply.is, reply.cause);
    return this.#open();
  }

  /** For what changes nothing on the server: asked once more if the session turns out to have ended. */
  async #repeatable(asking: Asking): Promise<Answered> {
    const session = await this.#open();
    const reply = await this.#ask(session, asking);
    if (reply.is !== 'lost' || !session.ended) return reply;
    return this.#ask(await this.#open(), asking);
  }

  async #ask(session: Session, asking: Asking): Promise<Answered> {
    const { method, paramsText, signal, hear, timeoutMs = this.#timeoutMs } = asking;
    if (signal?.aborted) return { is: 'not-sent', cause: 'nobody waits for it any more' };
    const id = ++this.#lastId;
    const text = requestText(id, method, paramsText);
    // Its answer is awaited all the same: what the server did until then it did.
    const cancel = () => this.tell('notifications/cancelled', JSON.stringify({ requestId: id }));
    const isModern = session.era === 'modern';
    if (!isModern) signal?.addEventListener('abort', cancel, { once: true });
    const asker: Asker = { hear };
    this.#askers.add(asker);
    const exchange = await this.#exchange.post({
      headers: { ...this.#headers(session), ...(isModern ? repeated(asking) : {}) },
      text,
      id,
      timeoutMs,
      // In the newer era a request is cancelled by closing its stream.
      ...(isModern && signal !== undefined ? { signal } : {}),
      onStart: (wait) => {
        asker.wait = wait;
      },
      onSaid: (said, wait) => this.#heard(said, hear, wait),
      ...toldOf(asking),
    });
    signal?.removeEventListener('abort', cancel);
    this.#askers.delete(asker);
    if (exchange.is !== 'answered') return exchange;
    if (exchange.status === 404 && session.id !== undefined) {
      // The protocol says that the request was not taken. We do not stake a payment on that.
      session.ended = true;
      session.ending.abort();
      return { is: 'lost', cause: 'the server no longer knows the session' };
    }
    session.usedAt = performance.now();
    return replyOf(exchange);
  }

  async #open(): Promise<Session> {
    if (this.#closed) throw new UpstreamError('closed', 'the gateway is closing');
    const kept = this.#session;
    if (kept !== undefined && !(await kept).ended) return kept;
    // Several may find at once that it ended: the first opens the next one, for all.
    if (this.#session !== kept) return this.#open();
    const session = this.#begin();
    this.#session = session;
    session.catch(() => {
      if (this.#session === session) this.#session = undefined;
    });
    return session;
  }

  async #begin(): Promise<Session> {
    if (this.#options.client !== undefined || this.known.get() === 'legacy') return this.#initialize();
    let exchange = await this.#discover();
    if (exchange.is === 'answered' && wantsOurs(replyOf(exchange))) exchange = await this.#discover();
    if (exchange.is === 'not-sent') throw new UpstreamError(exchange.is, exchange.cause);
    const initialized = exchange.is === 'answered' ? discovered(replyOf(exchange)) : undefined;
    if (initialized === undefined) {
      const session = await this.#initialize();
      if (showsLegacy(exchange)) this.known.found('legacy');
      return session;
    }
    this.known.found('modern');
    const ending = new AbortController();
    if (saysChanges(initialized)) void this.#listen(everyList, (said) => this.#heard(said), ending.signal);
    return { era: 'modern', id: undefined, initialized, usedAt: performance.now(), ended: false, ending };
  }

  #discover(): Promise<Exchange> {
    const id = ++this.#lastId;
    const text = requestText(id, discovering.method, discovering.paramsText);
    const headers = { ...this.#headers(), ...repeated(discovering) };
    return this.#exchange.post({ headers, text, id, timeoutMs: this.#timeoutMs });
  }

  /** What a server of the newer era says of its own accord. */
  #listen(notifications: Members, onSaid: (said: Said) => void, signal: AbortSignal): Promise<void> {
    const asking = { method: 'subscriptions/listen', paramsText: ownParams({ notifications }) };
    const headers = { ...this.#headers(), ...repeated(asking) };
    const text = requestText(++this.#lastId, asking.method, asking.paramsText);
    return this.#exchange.listen(headers, { onSaid }, signal, text);
  }

  async #watched(notifications: Members, heard: Heard, signal: AbortSignal): Promise<void> {
    const { era, initialized, ending } = await this.#alive();
    if (era === 'modern') return this.#listen(notifications, heard, signal);
    return this.#subscribing.listen(notifications, heard, signal, { initialized, over: ending.signal });
  }

  async #initialize(): Promise<Session> {
    const id = ++this.#lastId;
    const text = requestText(id, 'initialize', initializeParams(this.#options.client));
    const exchange = await this.#exchange.post({
      headers: this.#headers(),
      text,
      id,
      timeoutMs: this.#timeoutMs,
    });
    const reply = exchange.is === 'answered' ? replyOf(exchange) : exchange;
    const initialized = checkInitialized(expectResult(reply, 'initialize').value);
    const sessionId = exchange.is === 'answered' ? exchange.session : undefined;
    // Echoed in a header of ours, hence only what the specification allows (visible ASCII).
    if (sessionId !== undefined && !/^[\x21-\x7e]{1,512}$/.test(sessionId))
      throw new UpstreamError('nonsense', 'the session id is not visible ASCII');
    const ending = new AbortController();
    const era = 'legacy' as const;
    const session = { era, id: sessionId, initialized, usedAt: performance.now(), ended: false, ending };
    const told = await this.#post(session, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
    if (told.is !== 'answered' || told.status >= 300)
      throw new UpstreamError('lost', 'the server did not take `notifications/initialized`');
    // A server without sessions has nobody to say anything to.
    if (sessionId !== undefined && (this.#options.client !== undefined || saysChanges(initialized)))
      void this.#exchange.listen(
        this.#headers(session),
        { onSaid: (said) => this.#heard(said) },
        ending.signal,
      );
    return session;
  }

  #post(session: Session, text: string): Promise<Exchange> {
    return this.#exchange.post({ headers: this.#headers(session), text, timeoutMs: this.#timeoutMs });
  }

  #headers(session?: Session): Record<string, string> {
    const negotiated = session?.initialized.protocolVersion;
    return {
      ...this.#options.headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'accept-encoding': 'identity',
      ...(typeof negotiated === 'string' ? { 'mcp-protocol-version': negotiated } : {}),
      ...(session?.id === undefined ? {} : { 'mcp-session-id': session.id }),
    };
  }

  #heard(said: Said, hear?: Hear, wait?: Wait): void {
    const { client } = this.#options;
    if (said.is === 'notification') {
      this.#lists.heard(said.method);
      for (const listener of this.#listeners) listener(said);
      return (hear ?? client?.hear)?.(said, () => {});
    }
    const own = ownAnswer(said, client !== undefined);
    if (own !== undefined) return this.#send(own);
    // On the stream of the session a server does not say what it asks for: it is taken for what it was asked last.
    const about = hear === undefined ? [...this.#askers].at(-1) : { hear, wait };
    const release = about?.wait?.hold();
    (about?.hear ?? client?.hear)?.(said, (is, text) => {
      release?.();
      this.#send(is === 'result' ? resultText(said.idText, text) : errorText(said.idText, text));
    });
  }

  /** What asks for no answer. */
  #send(text: string): void {
    if (this.#session === undefined || this.#sendsInFlight >= sendsInFlightMax)
      return this.#nonsense.add('flood');
    this.#sendsInFlight++;
    void this.#session
      .then((session) => this.#post(session, text))
      .catch(() => undefined)
      .finally(() => this.#sendsInFlight--);
  }
}

/** Whether the server says that it tells when a list or a resource changes. */
const saysChanges = ({ capabilities }: Members): boolean =>
  isMembers(capabilities) &&
  (Object.values(capabilities).some((each) => isMembers(each) && each.listChanged === true) ||
    saysUpdates({ capabilities }));
