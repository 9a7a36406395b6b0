// An upstream server over streamable HTTP (MCP 2025-11-25, transports): sessions, JSON or event-stream
// answers. A tool call is posted at most once: a session that ended is opened anew for what can be asked
// twice, never to repeat a call. What the gateway's clients send as credentials never comes here.

import { version } from '../../version.ts';
import type { Resolve } from './connector.ts';
import { UpstreamError } from './errors.ts';
import { type Exchange, HttpExchange } from './http-exchange.ts';
import type { UpstreamReply } from './port.ts';
import { Tally } from './tally.ts';
import {
  type CallOptions,
  checkInitialized,
  expectResult,
  initializeParams,
  type Tool,
  ToolList,
  type Upstream,
} from './upstream.ts';
import { errorObject, errorText, type Members, type Message, requestText, resultText, rpc } from './wire.ts';

export interface HttpOptions {
  readonly server: string;
  readonly url: string;
  /** The gateway's own, such as its credential at this server. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a call may take; default 30 s. */
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Its address may be link-local; default no. */
  readonly linkLocal?: boolean;
  /** Looks up the name of the address; default the system's. */
  readonly resolve?: Resolve;
  /** Default 8 MiB. */
  readonly answerBytesMax?: number;
  readonly depthMax?: number;
  readonly inFlightMax?: number;
  readonly listMaxAgeMs?: number;
  /** A session unused for longer is tried with a ping before a call is trusted to it; default 10 s. */
  readonly idleMaxMs?: number;
  readonly onProblem?: (problem: string) => void;
}

interface Session {
  readonly id: string | undefined;
  readonly initialized: Members;
  usedAt: number;
  /** The server said that it no longer knows it. */
  ended: boolean;
}

const ours = new Set([
  ...['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'host'],
  ...['mcp-protocol-version', 'mcp-session-id', 'transfer-encoding'],
]);
const answersInFlightMax = 8;
const goodbyeMs = 1_000;

export class HttpUpstream implements Upstream {
  readonly server: string;
  readonly #options: HttpOptions;
  readonly #exchange: HttpExchange;
  readonly #tools: ToolList;
  readonly #nonsense: Tally<string>;
  readonly #timeoutMs: number;
  #session: Promise<Session> | undefined;
  #lastId = 0;
  #answersInFlight = 0;
  #closed = false;

  /** Throws `UpstreamError` if the address or a header cannot be used. */
  constructor(options: HttpOptions) {
    checkHeaders(options.headers ?? {});
    this.server = options.server;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#nonsense = new Tally((kind, count) =>
      options.onProblem?.(`the server wrote nonsense: ${kind}, ${count} so far`),
    );
    this.#exchange = new HttpExchange({
      url: addressOf(options.url),
      connectTimeoutMs: Math.min(options.connectTimeoutMs ?? 10_000, this.#timeoutMs),
      linkLocal: options.linkLocal ?? false,
      resolve: options.resolve,
      inFlightMax: options.inFlightMax ?? 256,
      answerBytesMax: options.answerBytesMax ?? 8 * 1024 * 1024,
      depthMax: options.depthMax ?? 64,
      onMessage: (message) => this.#heard(message),
      onNonsense: (kind) => this.#nonsense.add(kind),
    });
    this.#tools = new ToolList({
      maxAgeMs: options.listMaxAgeMs ?? 5_000,
      page: async (paramsText) =>
        expectResult(await this.#repeatable('tools/list', paramsText), 'tools/list'),
    });
  }

  get nonsense(): ReadonlyMap<string, number> {
    return this.#nonsense.counts;
  }

  async describe(): Promise<Members> {
    return (await this.#open()).initialized;
  }

  listTools(): Promise<readonly Tool[]> {
    return this.#tools.get();
  }

  async call(paramsText: string, { timeoutMs = this.#timeoutMs }: CallOptions = {}): Promise<UpstreamReply> {
    let session: Session;
    try {
      session = await this.#alive();
    } catch (cause) {
      return { is: 'not-sent', cause: (cause as Error).message };
    }
    return this.#ask(session, 'tools/call', paramsText, timeoutMs);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const session = await this.#session?.catch(() => undefined);
    if (session?.id !== undefined) await this.#exchange.delete(this.#headers(session), goodbyeMs);
    await this.#exchange.destroy();
  }

  /** A session that very likely still exists, so that a call does not find out that it does not. */
  async #alive(): Promise<Session> {
    const session = await this.#open();
    const idleMs = performance.now() - session.usedAt;
    if (session.id === undefined || idleMs <= (this.#options.idleMaxMs ?? 10_000)) return session;
    const reply = await this.#repeatable('ping', '{}');
    // Any answer shows that somebody knows the session, even one who knows no ping.
    if (reply.is === 'lost' || reply.is === 'not-sent') throw new UpstreamError(reply.is, reply.cause);
    return this.#open();
  }

  /** For what changes nothing on the server: asked once more if the session turns out to have ended. */
  async #repeatable(method: string, paramsText: string): Promise<UpstreamReply> {
    const session = await this.#open();
    const reply = await this.#ask(session, method, paramsText, this.#timeoutMs);
    if (reply.is !== 'lost' || !session.ended) return reply;
    return this.#ask(await this.#open(), method, paramsText, this.#timeoutMs);
  }

  async #ask(
    session: Session,
    method: string,
    paramsText: string,
    timeoutMs: number,
  ): Promise<UpstreamReply> {
    const id = ++this.#lastId;
    const text = requestText(id, method, paramsText);
    const exchange = await this.#exchange.post({ headers: this.#headers(session), text, id, timeoutMs });
    if (exchange.is !== 'answered') return exchange;
    if (exchange.status === 404 && session.id !== undefined) {
      // The protocol says that the request was not taken. We do not stake a payment on that.
      session.ended = true;
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
    const session = this.#initialize();
    this.#session = session;
    session.catch(() => {
      if (this.#session === session) this.#session = undefined;
    });
    return session;
  }

  async #initialize(): Promise<Session> {
    const id = ++this.#lastId;
    const text = requestText(id, 'initialize', initializeParams({ name: 'surety', version }));
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
    const session = { id: sessionId, initialized, usedAt: performance.now(), ended: false };
    const told = await this.#post(session, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
    if (told.is !== 'answered' || told.status >= 300)
      throw new UpstreamError('lost', 'the server did not take `notifications/initialized`');
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

  /** We offered no capability, so a server may ask nothing of us but whether we live. */
  #heard(message: Message): void {
    if (message.is === 'notification' && message.method === 'notifications/tools/list_changed')
      this.#tools.forget();
    if (message.is !== 'request' || this.#session === undefined) return;
    if (this.#answersInFlight >= answersInFlightMax) return this.#nonsense.add('flood');
    const refusal = errorText(message.idText, errorObject(rpc.methodNotFound, 'this client offers nothing'));
    const text = message.method === 'ping' ? resultText(message.idText, '{}') : refusal;
    this.#answersInFlight++;
    void this.#session
      .then((session) => this.#post(session, text))
      .catch(() => undefined)
      .finally(() => this.#answersInFlight--);
  }
}

function replyOf(exchange: Extract<Exchange, { is: 'answered' }>): UpstreamReply {
  if (exchange.answer === undefined)
    return { is: 'lost', cause: `http status ${exchange.status} without an answer` };
  const { id: _, ...reply } = exchange.answer;
  // A result with a status that says failure is two answers in one.
  if (reply.is === 'result' && exchange.status >= 300)
    return { is: 'lost', cause: `a result with http status ${exchange.status}` };
  return reply;
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new UpstreamError('invalid', 'the address is not an http or https URL without credentials');
  return url;
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (ours.has(name.toLowerCase()))
      throw new UpstreamError('invalid', `the header \`${name}\` is set by the gateway`);
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new UpstreamError('invalid', `the header \`${name}\` cannot be sent`);
  }
}
