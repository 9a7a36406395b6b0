// One POST to an upstream server over streamable HTTP and what came of it: nothing left, it left without an
// answer, or an answer. JSON and event streams are read alike, bounded; redirects are never followed. A stream that
// broke off is taken up again where the server said that it can be: its request is not sent again.

import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import { connectorTo, type Resolve } from '../../connector.ts';
import { Patience, type Wait } from './patience.ts';
import { Events } from './sse.ts';
import type { Said } from './upstream.ts';
import { type Answer, type Message, parseMessage } from './wire.ts';

export type Exchange =
  | { readonly is: 'not-sent' | 'lost'; readonly cause: string }
  | {
      readonly is: 'answered';
      readonly status: number;
      readonly session?: string;
      readonly answer?: Answer;
    };

export interface ExchangeOptions {
  readonly url: URL;
  readonly connectTimeoutMs: number;
  readonly linkLocal: boolean;
  readonly resolve?: Resolve | undefined;
  readonly inFlightMax: number;
  readonly answerBytesMax: number;
  readonly depthMax: number;
  /** In all, however often the server says that it lives. */
  readonly answerWithinMs: number;
  /** Told that the server answers in streams. */
  readonly known?: { answersInStreams: boolean };
  readonly onNonsense: (kind: 'not-a-message' | 'unknown-id') => void;
}

/** What is heard on a stream besides the answer. */
export interface StreamHeard {
  readonly onSaid?: (said: Said, wait: Wait) => void;
  readonly alive?: () => void;
  /** The server said where its stream can be come back to, before it said anything else. */
  readonly primed?: () => void;
  /** The stream ended midway: it is taken up again where it can be come back for. */
  readonly away?: () => void;
}

export interface Posted extends StreamHeard {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The id of the request; none for a notification or an answer. */
  readonly id?: number;
  readonly timeoutMs: number;
  /** Told of the wait for the answer. */
  readonly onStart?: (wait: Wait) => void;
  /** Ends the exchange. */
  readonly signal?: AbortSignal;
}

type From = Pick<Events, 'lastId' | 'retryMs'>;
type Headers = Readonly<Record<string, string>>;
type Body = Dispatcher.ResponseData['body'];

/** Connections beside those of requests: to listen, and so that an answer never waits behind what waits for it. */
const connectionsBeside = 16;
const retryMsDefault = 1_000;
/** A server that ends each stream at once, and says to come back at once, would keep us busy with nothing. */
const retryMsMin = 100;
const retryMsMax = 30_000;
/** How long a stream may go on after its answer before it is cut off. */
const restMs = 5_000;

export class HttpExchange {
  readonly #options: ExchangeOptions;
  readonly #pool: Pool;
  /** Errors of connecting: only these prove that nothing left. */
  readonly #unconnected = new WeakSet<object>();
  #inFlight = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { linkLocal, resolve, connectTimeoutMs: timeoutMs } = options;
    const connect = connectorTo(options.url, { timeoutMs, linkLocal, resolve });
    this.#pool = new Pool(options.url.origin, {
      // As many as may be in flight, so that none waits behind another in a queue we cannot see.
      connections: options.inFlightMax + connectionsBeside,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (opened, callback) =>
        connect(opened, (...outcome) => {
          if (outcome[0] !== null) this.#unconnected.add(outcome[0]);
          callback(...outcome);
        }),
    });
  }

  async post(posted: Posted): Promise<Exchange> {
    const counted = posted.id === undefined ? 0 : 1;
    if (this.#inFlight + counted > this.#options.inFlightMax)
      return { is: 'not-sent', cause: 'too many requests are in flight' };
    if (posted.signal?.aborted) return { is: 'not-sent', cause: 'nobody waits for it any more' };
    this.#inFlight += counted;
    const ending = new AbortController();
    const end = () => ending.abort();
    const patience = new Patience(posted.timeoutMs, this.#options.answerWithinMs, end);
    posted.onStart?.(patience);
    posted.signal?.addEventListener('abort', end, { once: true });
    try {
      const response = await this.#request('POST', posted.headers, posted.text, ending.signal);
      return await this.#read(response, posted, { patience, signal: ending.signal });
    } catch (cause) {
      return this.#failed(cause);
    } finally {
      patience.end();
      posted.signal?.removeEventListener('abort', end);
      this.#inFlight -= counted;
    }
  }

  /**
   * Hears what the server says of its own accord, until the signal; ends by itself if the server offers no stream.
   * The stream is asked for with GET, or with this text.
   */
  async listen(
    headers: Headers,
    heard: Required<Pick<StreamHeard, 'onSaid'>>,
    signal: AbortSignal,
    text?: string,
  ): Promise<void> {
    let from: From = { lastId: undefined, retryMs: undefined };
    const running = { patience: endless, signal };
    while (!signal.aborted) {
      try {
        const stream = await this.#resumed(headers, from, signal, text);
        if (stream === undefined) return;
        const { events } = await this.#stream(stream, heard, running, () => false);
        from = { lastId: events.lastId ?? from.lastId, retryMs: events.retryMs };
      } catch {
        // It broke off: asked for again.
      }
      await pause(retryIn(from), undefined, { ref: false, signal }).catch(() => undefined);
    }
  }

  /** Ends a session; whether the server heard it does not matter. */
  async delete(headers: Headers, timeoutMs: number): Promise<void> {
    try {
      const { body } = await this.#request('DELETE', headers, null, AbortSignal.timeout(timeoutMs));
      await body.dump();
    } catch {
      // It will forget the session by itself.
    }
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  #request(
    method: 'POST' | 'GET' | 'DELETE',
    headers: Headers,
    body: string | null,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { pathname, search } = this.#options.url;
    return this.#pool.request({
      method,
      path: `${pathname}${search}`,
      headers: { ...headers },
      body,
      signal,
    });
  }

  #failed(cause: unknown): Exchange {
    if (typeof cause === 'object' && cause !== null && this.#unconnected.has(cause))
      return { is: 'not-sent', cause: `no connection: ${codeOf(cause)}` };
    return { is: 'lost', cause: `the exchange failed: ${codeOf(cause)}` };
  }

  async #read(response: Dispatcher.ResponseData, posted: Posted, running: Running): Promise<Exchange> {
    const { statusCode: status, headers, body } = response;
    const session = headers['mcp-session-id'];
    const answered = { is: 'answered', status, ...(typeof session === 'string' ? { session } : {}) } as const;
    const type = typeOf(response);
    const { id } = posted;
    if (id === undefined || !isPlain(response) || type === undefined) {
      await body.dump();
      return answered;
    }
    if (type === 'events' && this.#options.known !== undefined) this.#options.known.answersInStreams = true;
    const fits = (found: Answer) => isAnswerTo(found, id, status);
    const answer =
      type === 'json' ? await this.#json(body, fits) : await this.#streamed(body, posted, running, fits);
    return answer === undefined ? answered : { ...answered, answer };
  }

  /** What is above the bound is not read to its end, and is no answer. */
  async #json(body: Body, fits: (found: Answer) => boolean): Promise<Answer | undefined> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > this.#options.answerBytesMax) return undefined;
      parts.push(chunk);
    }
    const message = this.#parse(Buffer.concat(parts));
    if (message === undefined) return undefined;
    if (message.is !== 'notification' && message.is !== 'request' && fits(message)) return message;
    this.#options.onNonsense('unknown-id');
    return undefined;
  }

  async #streamed(
    body: Body,
    posted: Posted,
    running: Running,
    fits: (found: Answer) => boolean,
  ): Promise<Answer | undefined> {
    let stream: Body | undefined = body;
    let from: From | undefined;
    while (stream !== undefined) {
      const { answer, events, tooLong } = await this.#stream(stream, posted, running, fits);
      if (answer !== undefined || tooLong) return answer;
      from = { lastId: events.lastId ?? from?.lastId, retryMs: events.retryMs };
      if (from.lastId === undefined) return undefined;
      posted.away?.();
      await pause(retryIn(from), undefined, { signal: running.signal });
      stream = await this.#resumed(posted.headers, from, running.signal);
    }
    return undefined;
  }

  /** The stream from where it broke off; undefined if the server has none to give. */
  async #resumed(
    headers: Headers,
    { lastId }: Pick<From, 'lastId'>,
    signal: AbortSignal,
    text?: string,
  ): Promise<Body | undefined> {
    const { 'content-type': _, ...rest } = headers;
    const accept = { ...rest, accept: 'text/event-stream' };
    const asked = lastId === undefined ? accept : { ...accept, 'last-event-id': lastId };
    const response =
      text === undefined
        ? await this.#request('GET', asked, null, signal)
        : await this.#request('POST', headers, text, signal);
    if (response.statusCode === 200 && typeOf(response) === 'events' && isPlain(response))
      return response.body;
    await response.body.dump();
    return undefined;
  }

  /** Reads to the fitting answer. The rest of the stream is read and dropped, so that the connection stays in use. */
  #stream(
    body: Body,
    heard: StreamHeard,
    { patience }: Running,
    fits: (found: Answer) => boolean,
  ): Promise<Streamed> {
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const take = (bytes: Uint8Array) => {
        // The request is over: what is said after its answer belongs to nothing.
        if (isAnswered) return;
        const message = this.#parse(bytes);
        if (message === undefined) return;
        if (message.is === 'notification' || message.is === 'request') {
          patience.touch();
          heard.onSaid?.(message, patience);
        } else if (fits(message)) {
          isAnswered = true;
          const rest = setTimeout(() => body.destroy(), restMs).unref();
          body.on('close', () => clearTimeout(rest));
          resolve({ answer: message, events });
        } else this.#options.onNonsense('unknown-id');
      };
      const events = new Events(this.#options.answerBytesMax, {
        onData: take,
        onComment: () => {
          if (isAnswered) return;
          patience.touch();
          heard.alive?.();
        },
        onPlace: () => {
          patience.touch();
          heard.primed?.();
        },
      });
      body.on('data', (chunk: Buffer) => {
        if (events.push(chunk)) return;
        body.destroy();
        resolve({ events, tooLong: true });
      });
      body.on('end', () => resolve({ events }));
      body.on('error', reject);
      body.on('close', () => resolve({ events }));
    });
  }

  #parse(bytes: Uint8Array): Message | undefined {
    const { depthMax, answerBytesMax: bytesMax } = this.#options;
    try {
      return parseMessage(bytes, { depthMax, bytesMax });
    } catch {
      this.#options.onNonsense('not-a-message');
      return undefined;
    }
  }
}

interface Running {
  readonly patience: Wait;
  readonly signal: AbortSignal;
}

interface Streamed {
  readonly answer?: Answer;
  readonly events: Events;
  readonly tooLong?: boolean;
}

const endless: Wait = { touch: () => {}, hold: () => () => {} };

const retryIn = ({ retryMs = retryMsDefault }: Pick<Events, 'retryMs'>): number =>
  Math.min(Math.max(retryMs, retryMsMin), retryMsMax);

function typeOf({ headers }: Dispatcher.ResponseData): 'json' | 'events' | undefined {
  const [type] = String(headers['content-type'] ?? '').split(';');
  const known = type?.trim().toLowerCase();
  if (known === 'application/json') return 'json';
  return known === 'text/event-stream' ? 'events' : undefined;
}

const isPlain = ({ headers }: Dispatcher.ResponseData): boolean =>
  headers['content-encoding'] === undefined || headers['content-encoding'] === 'identity';

/** A refusal of the transport may name no id (its body was not read); only an error, only with its status. */
const isAnswerTo = ({ id, is }: Answer, asked: number, status: number): boolean =>
  id === asked || (id === null && is === 'error' && status >= 400 && status < 500);

function codeOf(cause: unknown): string {
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name ?? 'unknown');
}
