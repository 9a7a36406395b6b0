// One POST to an upstream server over streamable HTTP and what came of it: nothing left, it left without an
// answer, or an answer. JSON and event streams are read alike, bounded; redirects are never followed.

import { type Dispatcher, Pool } from 'undici';
import { connectorTo, type Resolve } from './connector.ts';
import { Events } from './sse.ts';
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
  /** What came on the stream besides the answer. */
  readonly onMessage: (message: Message) => void;
  readonly onNonsense: (kind: 'not-a-message' | 'unknown-id') => void;
}

export interface Posted {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The id of the request; none for a notification or an answer. */
  readonly id?: number;
  readonly timeoutMs: number;
}

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
      connections: options.inFlightMax,
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
    if (this.#inFlight >= this.#options.inFlightMax)
      return { is: 'not-sent', cause: 'too many requests are in flight' };
    this.#inFlight++;
    try {
      return await this.#read(await this.#request('POST', posted), posted);
    } catch (cause) {
      return this.#failed(cause);
    } finally {
      this.#inFlight--;
    }
  }

  /** Ends a session; whether the server heard it does not matter. */
  async delete(headers: Readonly<Record<string, string>>, timeoutMs: number): Promise<void> {
    try {
      const { body } = await this.#request('DELETE', { headers, text: '', timeoutMs });
      await body.dump();
    } catch {
      // It will forget the session by itself.
    }
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }

  #request(
    method: 'POST' | 'DELETE',
    { headers, text, timeoutMs }: Posted,
  ): Promise<Dispatcher.ResponseData> {
    const { pathname, search } = this.#options.url;
    const signal = AbortSignal.timeout(timeoutMs);
    const body = method === 'POST' ? text : null;
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

  async #read(response: Dispatcher.ResponseData, { id }: Posted): Promise<Exchange> {
    const { statusCode: status, headers, body } = response;
    const session = headers['mcp-session-id'];
    const answered = { is: 'answered', status, ...(typeof session === 'string' ? { session } : {}) } as const;
    const type = String(headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim()
      .toLowerCase();
    const readable = headers['content-encoding'] === undefined || headers['content-encoding'] === 'identity';
    if (id === undefined || !readable || (type !== 'application/json' && type !== 'text/event-stream')) {
      await body.dump();
      return answered;
    }
    const answer = await this.#answer(body, type, (found) => isAnswerTo(found, id, status));
    return answer === undefined ? answered : { ...answered, answer };
  }

  /** The first fitting answer. The rest of a stream is read and dropped, so that the connection stays in use. */
  #answer(
    body: Dispatcher.ResponseData['body'],
    type: string,
    fits: (found: Answer) => boolean,
  ): Promise<Answer | undefined> {
    return new Promise((resolve, reject) => {
      const take = (bytes: Uint8Array) => {
        const message = this.#parse(bytes);
        if (message === undefined) return;
        if (message.is === 'notification' || message.is === 'request') this.#options.onMessage(message);
        else if (fits(message)) resolve(message);
        else this.#options.onNonsense('unknown-id');
      };
      const whole: Buffer[] = [];
      let bytes = 0;
      const events = new Events(this.#options.answerBytesMax, take);
      body.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        const fine = type === 'application/json' ? whole.push(chunk) > 0 : events.push(chunk);
        if (fine && bytes <= this.#options.answerBytesMax) return;
        // Above the bound for one answer, whether in one event or drop by drop.
        body.destroy();
        resolve(undefined);
      });
      body.on('end', () => {
        if (type === 'application/json') take(Buffer.concat(whole));
        resolve(undefined);
      });
      body.on('error', reject);
      body.on('close', () => resolve(undefined));
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

/** A refusal of the transport may name no id (its body was not read); only an error, only with its status. */
const isAnswerTo = ({ id, is }: Answer, asked: number, status: number): boolean =>
  id === asked || (id === null && is === 'error' && status >= 400 && status < 500);

function codeOf(cause: unknown): string {
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name ?? 'unknown');
}
