// A bridge for clients that speak only stdio: one JSON-RPC message a line on one side, streamable HTTP on the
// other, in both protocol eras. It decides nothing. A request is posted at most once, and is always answered.

import type { Readable, Writable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import { headersOf, sessionless } from './bridge-headers.ts';
import { Lines } from './lines.ts';
import { type Mirrored, mirroredIn } from './mirrored.ts';
import { Events } from './sse.ts';
import {
  type Answer,
  errorObject,
  errorText,
  isMembers,
  type Members,
  type Message,
  parseMessage,
  type Request,
  requestText,
  rpc,
  WireError,
} from './wire.ts';

export interface BridgeOptions {
  /** Of the endpoint, such as `http://127.0.0.1:7300/mcp/erp`. */
  readonly url: URL;
  readonly credential: string;
  readonly input: Readable;
  readonly output: Writable;
  /** Told in words, without values. */
  readonly onProblem: (problem: string) => void;
}

const limits = { bytesMax: 16 * 1024 * 1024, depthMax: 64 };
const inFlightMax = 256;
const listenAgainMs = 1_000;

interface Session {
  readonly id: string | undefined;
  readonly version: string | undefined;
}

/** Resolves when the client has ended and everything it asked is answered. */
export async function bridge(options: BridgeOptions): Promise<void> {
  const bridged = new Bridge(options);
  const lines = new Lines(limits.bytesMax, (line) => bridged.take(line));
  for await (const chunk of options.input as AsyncIterable<Buffer>)
    if (!lines.push(chunk)) {
      options.onProblem('the client wrote a line that is too long');
      break;
    }
  await bridged.end();
}

class Bridge {
  readonly #options: BridgeOptions;
  readonly #agent = new Agent({ connections: inFlightMax, headersTimeout: 0, bodyTimeout: 0 });
  readonly #ending = new AbortController();
  readonly #inFlight = new Map<string, AbortController>();
  /** Headers that a tool wants its arguments repeated in, as the server last listed it. */
  readonly #mirrored = new Map<string, readonly Mirrored[]>();
  /** What has to arrive before what comes next: `initialize`, and notifications. */
  #before: Promise<unknown> = Promise.resolve();
  #session: Session | undefined;
  #opening: Request | undefined;
  #asked = new Set<Promise<unknown>>();

  constructor(options: BridgeOptions) {
    this.#options = options;
  }

  take(line: Buffer): void {
    let message: Message;
    try {
      message = parseMessage(line, limits);
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause;
      return this.#write(errorText('null', errorObject(cause.code, cause.message)));
    }
    const text = line.toString('utf8');
    if (message.is === 'request') return void this.#follow(this.#request(message, text));
    if (message.is === 'notification' && message.method === 'notifications/cancelled')
      this.#cancel(message.params);
    this.#before = this.#follow(this.#before.then(() => this.#tell(message, text)));
  }

  async end(): Promise<void> {
    while (this.#asked.size > 0) await Promise.all(this.#asked);
    this.#ending.abort();
    if (this.#session?.id !== undefined)
      await this.#send('DELETE', sessionless(this.#session), undefined, AbortSignal.timeout(1_000))
        .then(({ body }) => body.dump())
        .catch(() => undefined);
    await this.#agent.close();
  }

  #follow<T>(work: Promise<T>): Promise<T> {
    this.#asked.add(work);
    const done = () => this.#asked.delete(work);
    work.then(done, done);
    return work;
  }

  async #request(message: Request, text: string): Promise<void> {
    const { idText, method } = message;
    if (this.#inFlight.size >= inFlightMax || this.#inFlight.has(idText))
      return this.#fail(idText, rpc.invalidRequest, 'too many requests at once, or two with one id');
    const abort = new AbortController();
    this.#inFlight.set(idText, abort);
    const work = this.#before.then(() => this.#answer(message, text, abort.signal));
    if (method === 'initialize') this.#before = work.catch(() => undefined);
    try {
      await work;
    } catch (cause) {
      if (!abort.signal.aborted) this.#fail(idText, rpc.transport, sorry(cause));
    } finally {
      this.#inFlight.delete(idText);
    }
  }

  async #answer(message: Request, text: string, signal: AbortSignal): Promise<void> {
    const { idText, method, params } = message;
    if (method === 'tools/call' && typeof params.name === 'string' && !this.#mirrored.has(params.name))
      await this.#learn(message, signal);
    let response = await this.#post(message, text, signal);
    if (response.statusCode === 404 && this.#session?.id !== undefined && method !== 'initialize') {
      // The gateway says so before it looks at the request, so nothing is done twice.
      await response.body.dump();
      await this.#reopen(signal);
      response = await this.#post(message, text, signal);
    }
    if (method === 'initialize') this.#opening = message;
    const answered = await this.#pass(response, idText, (answer) => this.#hear(message, answer, response));
    if (!answered)
      this.#fail(
        idText,
        rpc.transport,
        `No answer came (HTTP ${response.statusCode}). It is not known whether this took effect.`,
      );
  }

  #post(message: Request, text: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const named = typeof message.params.name === 'string' ? message.params.name : '';
    return this.#send(
      'POST',
      headersOf(message, this.#session, this.#mirrored.get(named) ?? []),
      text,
      signal,
    );
  }

  async #tell(message: Message, text: string): Promise<void> {
    try {
      const headers =
        message.is === 'notification' ? headersOf(message, this.#session, []) : sessionless(this.#session);
      const { statusCode, body } = await this.#send('POST', headers, text, this.#ending.signal);
      await body.dump();
      if (statusCode >= 300) this.#options.onProblem(`a notification was not taken: HTTP ${statusCode}`);
    } catch (cause) {
      this.#options.onProblem(`a notification was lost: ${codeOf(cause)}`);
    }
  }

  /** What the answer to `initialize` and to a list means for what is sent next. */
  #hear({ method }: Request, answer: Answer, { headers }: Dispatcher.ResponseData): void {
    if (answer.is !== 'result') return;
    if (method === 'initialize') {
      const id = headers['mcp-session-id'];
      const { protocolVersion: version } = answer.value;
      this.#session = {
        id: typeof id === 'string' ? id : undefined,
        version: typeof version === 'string' ? version : undefined,
      };
      void this.#listen(this.#session);
    }
    if (method === 'tools/list') this.#remember(answer.value);
  }

  #remember({ tools }: Members): void {
    for (const tool of Array.isArray(tools) ? tools : [])
      if (isMembers(tool) && typeof tool.name === 'string')
        this.#mirrored.set(tool.name, mirroredIn(tool.inputSchema));
  }

  /** A client on stdio has no headers to repeat arguments in, so it need not have asked for the list. */
  async #learn({ params }: Request, signal: AbortSignal): Promise<void> {
    if (!isMembers(params._meta) || this.#session !== undefined) return;
    const asked = parseMessage(
      requestText(0, 'tools/list', JSON.stringify({ _meta: params._meta })),
      limits,
    ) as Request;
    const text = `{"jsonrpc":"2.0","id":"surety-list","method":"tools/list","params":${asked.paramsText}}`;
    const response = await this.#send('POST', headersOf(asked, undefined, []), text, signal);
    await this.#read(response, (answer) => {
      if (answer.is === 'result') this.#remember(answer.value);
    });
    this.#mirrored.set(String(params.name), this.#mirrored.get(String(params.name)) ?? []);
  }

  async #reopen(signal: AbortSignal): Promise<void> {
    const opening = this.#opening;
    if (opening === undefined) throw new Error('the session ended');
    this.#session = undefined;
    const text = `{"jsonrpc":"2.0","id":"surety-again","method":"initialize","params":${opening.paramsText}}`;
    const response = await this.#send('POST', headersOf(opening, undefined, []), text, signal);
    await this.#read(response, (answer) => {
      if (answer.is !== 'notification' && answer.is !== 'request') this.#hear(opening, answer, response);
    });
    const told = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
    await (await this.#send('POST', sessionless(this.#session), told, signal)).body.dump();
  }

  /** What the server says of its own accord (2025-11-25 and earlier), if this endpoint offers that. */
  async #listen(session: Session): Promise<void> {
    while (session.id !== undefined && this.#session === session && !this.#ending.signal.aborted) {
      try {
        const response = await this.#send('GET', sessionless(session), undefined, this.#ending.signal);
        if (response.statusCode !== 200) return void (await response.body.dump());
        await this.#read(response, (_, text) => this.#write(text));
      } catch {
        if (this.#ending.signal.aborted) return;
      }
      await new Promise((resolve) => setTimeout(resolve, listenAgainMs).unref());
    }
  }

  /** Passes on whatever comes; true if the answer was among it. */
  async #pass(
    response: Dispatcher.ResponseData,
    idText: string,
    hear: (answer: Answer) => void,
  ): Promise<boolean> {
    let answered = false;
    await this.#read(response, (message, text) => {
      if (message.is === 'result' || message.is === 'error') {
        // A refusal of the transport may not know the id.
        const isOurs = message.id === null || message.id === JSON.parse(idText);
        if (answered || !isOurs) return;
        answered = true;
        hear(message);
        if (message.id === null && message.is === 'error')
          return this.#write(errorText(idText, message.text));
      }
      this.#write(text);
    });
    return answered;
  }

  async #read(
    { headers, body }: Dispatcher.ResponseData,
    take: (message: Message, text: string) => void,
  ): Promise<void> {
    const type = String(headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim()
      .toLowerCase();
    const each = (bytes: Buffer): void => {
      try {
        take(parseMessage(bytes, limits), bytes.toString('utf8'));
      } catch (cause) {
        if (!(cause instanceof WireError)) throw cause;
        this.#options.onProblem(`the server wrote no message: ${cause.message}`);
      }
    };
    if (type !== 'text/event-stream' && type !== 'application/json') return void (await body.dump());
    const events = type === 'text/event-stream' ? new Events(limits.bytesMax, { onData: each }) : undefined;
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (events === undefined && bytes <= limits.bytesMax) parts.push(chunk);
      if (events?.push(chunk) === false || (events === undefined && bytes > limits.bytesMax))
        throw new Error('its answer is too large');
    }
    if (events === undefined && bytes > 0) each(Buffer.concat(parts));
  }

  #send(
    method: 'POST' | 'GET' | 'DELETE',
    headers: Readonly<Record<string, string>>,
    text: string | undefined,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { url, credential } = this.#options;
    const accept = method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream';
    return request(url, {
      method,
      headers: {
        ...headers,
        accept,
        ...(credential === '' ? {} : { authorization: `Bearer ${credential}` }),
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(text === undefined ? {} : { body: text }),
      dispatcher: this.#agent,
      signal,
    });
  }

  /** Where there are no sessions, closing the stream is how a request is cancelled. */
  #cancel({ requestId }: Members): void {
    if (this.#session === undefined) this.#inFlight.get(JSON.stringify(requestId))?.abort();
  }

  #fail(idText: string, code: number, message: string): void {
    this.#write(errorText(idText, errorObject(code, message)));
  }

  /** One line: a raw line break in strict JSON is white space between tokens. */
  #write(text: string): void {
    this.#options.output.write(`${text.replace(/[\r\n]/g, ' ')}\n`);
  }
}

const notConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const codeOf = (cause: unknown): string =>
  String((cause as { code?: unknown }).code ?? (cause as Error).name);
const sorry = (cause: unknown): string =>
  notConnected.has(codeOf(cause))
    ? 'Surety cannot be reached. Nothing was sent.'
    : 'No answer came. It is not known whether this took effect.';
