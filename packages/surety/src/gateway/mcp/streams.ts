// Streams of server-sent events to clients. Each event leaves at once; a comment now and then keeps the connection.
// In a session of the earlier era (MCP 2025-11-25, transports) events have ids, and the last of them are kept within
// a bound, so that a client whose connection broke can come back for what it missed.

import type { ServerResponse } from 'node:http';

/** An event that was sent, for whoever comes back for it. */
interface Kept {
  readonly stream: number;
  readonly number: number;
  readonly text: string;
}

const keptBytesMax = 1024 * 1024;
const keptMax = 4_096;

/** The last events of a session, over all of its streams. */
export class EventLog {
  readonly #kept: Kept[] = [];
  readonly #streams = new Map<number, EventStream>();
  #length = 0;
  #number = 0;
  #lastStream = 0;

  open(stream: EventStream): number {
    this.#streams.set(++this.#lastStream, stream);
    return this.#lastStream;
  }

  /** Nothing more comes on this stream; what is kept of it can still be asked for. */
  close(stream: number): void {
    this.#streams.delete(stream);
  }

  /** The id that the event goes out with. */
  add(stream: number, text: string): string {
    const number = ++this.#number;
    this.#kept.push({ stream, number, text });
    this.#length += text.length;
    while (this.#kept.length > keptMax || (this.#length > keptBytesMax && this.#kept.length > 1))
      this.#length -= this.#kept.shift()?.text.length ?? 0;
    return `${stream}.${number}`;
  }

  /** What followed an event on its stream, and the stream if it goes on; undefined if no such event was ever sent. */
  after(
    id: string,
  ):
    | { readonly missed: readonly [id: string, text: string][]; readonly stream: EventStream | undefined }
    | undefined {
    const [, stream, number] = /^(\d{1,15})\.(\d{1,15})$/.exec(id)?.map(Number) ?? [];
    if (stream === undefined || number === undefined || stream > this.#lastStream || number > this.#number)
      return undefined;
    const missed = this.#kept.filter(
      (each) => each.stream === stream && each.number > number && each.text !== '',
    );
    return {
      missed: missed.map((each) => [`${stream}.${each.number}`, each.text]),
      stream: this.#streams.get(stream),
    };
  }
}

const head = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Else a proxy such as nginx keeps events back.
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
} as const;

/** A client that does not read what it is sent loses its connection, never our memory. */
const unreadBytesMax = 8 * 1024 * 1024;
/** What waits for a client that is not connected. */
const waitingMax = 256;
const keepAliveMs = 15_000;
/** How soon a client is asked to come back for the rest of a stream. */
const comeBackMs = 500;

export class EventStream {
  readonly #log: EventLog | undefined;
  readonly #number: number;
  #response: ServerResponse | undefined;
  #keepAlive: NodeJS.Timeout | undefined;
  /** Sent while nobody was connected, on a stream that keeps them for whoever connects. */
  readonly #waiting: [id: string | undefined, text: string][] = [];
  readonly #keepsWaiting: boolean;
  #hasIds = false;

  constructor(log?: EventLog, { keepsWaiting = false }: { readonly keepsWaiting?: boolean } = {}) {
    this.#log = log;
    this.#keepsWaiting = keepsWaiting;
    this.#number = log?.open(this) ?? 0;
  }

  get connected(): boolean {
    return this.#response !== undefined;
  }

  /** Events go there from now on, after those that were missed. */
  connect(response: ServerResponse, missed: readonly (readonly [string, string])[] = []): void {
    const before = this.#response;
    this.#disconnect();
    // There is one connection to a stream: the newest.
    before?.end();
    this.#response = response;
    if (!response.headersSent) response.writeHead(200, head);
    response.flushHeaders();
    response.once('close', () => {
      if (this.#response === response) this.#disconnect();
    });
    this.#keepAlive = setInterval(() => this.comment('keep-alive'), keepAliveMs).unref();
    for (const [id, text] of missed) this.#write(eventText(id, text));
    // On a stream taken up again, what waited is among what was missed.
    for (const [id, text] of this.#waiting.splice(0))
      if (!missed.some(([each]) => each === id)) this.#write(eventText(id, text));
  }

  send(text: string): void {
    const id = this.#added(text);
    if (this.#response !== undefined) this.#write(eventText(id, text));
    else if (this.#keepsWaiting && this.#waiting.length < waitingMax) this.#waiting.push([id, text]);
  }

  /** Whether a client that was connected knows of an event to come back after. */
  get canBeComeBackTo(): boolean {
    return this.#hasIds;
  }

  /** Says where to come back to before there is anything to say (SEP-1699). */
  prime(): void {
    const id = this.#added('');
    if (id !== undefined) this.#write(`id: ${id}\nretry: ${comeBackMs}\ndata: \n\n`);
  }

  /** Ends the connection, not the stream. */
  pause(): void {
    const response = this.#response;
    this.#disconnect();
    response?.end();
  }

  comment(text: string): void {
    this.#write(`: ${text}\n\n`);
  }

  end(): void {
    this.#log?.close(this.#number);
    this.pause();
  }

  #added(text: string): string | undefined {
    const id = this.#log?.add(this.#number, text);
    this.#hasIds ||= id !== undefined;
    return id;
  }

  #disconnect(): void {
    clearInterval(this.#keepAlive);
    this.#response = undefined;
  }

  #write(text: string): void {
    const response = this.#response;
    if (response === undefined || response.destroyed) return;
    response.write(text);
    if (response.writableLength > unreadBytesMax) response.destroy();
  }
}

/** In strict JSON a raw line break is white space between tokens, so an event is one line of data. */
const eventText = (id: string | undefined, text: string): string =>
  `event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${text.replace(/[\r\n]/g, ' ')}\n\n`;
