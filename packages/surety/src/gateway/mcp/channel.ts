// Where the answer to one request goes: a JSON body, or a stream of events once something has to be said before it.
// A client that goes away is told of by `gone`.

import type { ServerResponse } from 'node:http';
import type { EventLog } from './streams.ts';
import { EventStream } from './streams.ts';

export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Channel {
  readonly #response: ServerResponse;
  readonly #takesEvents: boolean;
  readonly #gone = new AbortController();
  #log: EventLog | undefined;
  #polls = false;
  #status: number | undefined;
  #asEvent = false;
  #stream: EventStream | undefined;
  #isFinished = false;

  constructor(response: ServerResponse, takesEvents: boolean) {
    this.#response = response;
    this.#takesEvents = takesEvents;
    response.once('close', () => {
      if (!response.writableFinished) this.#gone.abort();
    });
  }

  /** Aborted when the client went away before it had its answer. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get takesEvents(): boolean {
    return this.#takesEvents && !this.#response.destroyed;
  }

  /** From now on events can be come back for, by a client that knows to, even midway. */
  keepIn(log: EventLog, polls: boolean): void {
    this.#log = log;
    this.#polls = polls;
  }

  /** In place of 200, for an answer that is a body. */
  answerWith(status: number): void {
    this.#status = status;
  }

  /** The answer is an event too, as the server's own would be. */
  answerAsEvent(): void {
    this.#asEvent = true;
  }

  /** Says something before the answer; false if this client cannot hear it here. */
  say(text: string): boolean {
    // What goes on after its answer, as a task does, has nobody listening here any more.
    const stream = this.#isFinished ? undefined : this.#streaming();
    stream?.send(text);
    return stream !== undefined;
  }

  /** What the server does with its stream of this request is done with this one. */
  readonly follows = {
    alive: () => this.#streaming()?.comment('keep-alive'),
    primed: () => {
      if (this.#polls) this.#streaming()?.prime();
    },
    /** The client comes back for the rest, if it was told where. */
    away: () => {
      if (this.#polls && this.#stream?.canBeComeBackTo) this.#stream.pause();
    },
  } as const;

  /** Where it is streaming, the answer is the last event; an HTTP status came too late for it. */
  finish({ status, body, headers = {} }: Reply): void {
    this.#isFinished = true;
    if (this.#asEvent && status === 200 && body !== undefined) this.#streaming();
    if (this.#stream !== undefined) {
      if (body !== undefined) this.#stream.send(body);
      return this.#stream.end();
    }
    const response = this.#response;
    // The client went away. Whatever was done for it is done and recorded.
    if (response.destroyed || response.headersSent) return;
    const bytes = body === undefined ? undefined : Buffer.from(body);
    response.writeHead(this.#status ?? status, {
      ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
      'content-length': bytes?.length ?? 0,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    });
    response.end(bytes);
  }

  #streaming(): EventStream | undefined {
    if (this.#stream === undefined && this.takesEvents && !this.#response.headersSent) {
      this.#stream = new EventStream(this.#log);
      this.#stream.connect(this.#response);
    }
    return this.#stream;
  }
}
