// One process of an upstream server: JSON-RPC over its standard streams, one message a line (MCP 2025-11-25,
// transports, stdio). The server writes what it likes: lines are bounded, nonsense is counted, and a stream
// that cannot be a sequence of lines any more ends the process. A request that left and has no answer is `lost`.

import { type ChildProcess, spawn } from 'node:child_process';
import { Lines } from './lines.ts';
import { Patience } from './patience.ts';
import type { Answered } from './port.ts';
import { type AnswerServer, type Asking, type Hear, ownAnswer, type Said } from './upstream.ts';
import {
  errorText,
  isMembers,
  type Message,
  notificationText,
  parseMessage,
  type Request,
  requestText,
  resultText,
} from './wire.ts';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly lineBytesMax: number;
  readonly depthMax: number;
  /** How long an answer may take in all. */
  readonly answerWithinMs: number;
  readonly inFlightMax: number;
  /** What waits for a server that does not read. */
  readonly queueBytesMax: number;
  /** Of standard error, over the life of the process; the rest is read and dropped. */
  readonly stderrBytesMax: number;
  readonly graceMs: number;
  /** Whether there is a client that the server may ask. */
  readonly canBeAsked: boolean;
}

export interface ProcessEvents {
  /** What the server says; `about` hears for the request that it is taken to speak of, if there is one. */
  readonly onSaid: (said: Said, answer: AnswerServer, about: Hear | undefined) => void;
  readonly onNonsense: (kind: NonsenseKind) => void;
  readonly onStderr: (text: string) => void;
  /** No further request will be answered. */
  readonly onGone: () => void;
}

export type NonsenseKind = 'not-a-message' | 'unknown-id' | 'line-too-long' | 'flood';

interface Waiting {
  sent: boolean;
  readonly token: string | number | undefined;
  readonly patience: Patience;
  readonly hear: Hear | undefined;
  readonly open: boolean;
  readonly settle: (reply: Answered) => void;
}

const expiredMax = 1_024;
/** The longest that a timer of Node waits. */
const foreverMs = 2 ** 31 - 1;
const repliesLengthMax = 1024 * 1024;

export class ServerProcess {
  readonly #options: ProcessOptions;
  readonly #events: ProcessEvents;
  readonly #child: ChildProcess;
  readonly #lines: Lines;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  /** Timed out here: an answer that comes after all is late, not nonsense. */
  readonly #expired = new Set<number>();
  readonly #outbox: { readonly text: string; readonly id?: number }[] = [];
  #outboxLength = 0;
  #spawned = false;
  #gone = false;
  #lastId = 0;
  #stderrBytes = 0;

  constructor(options: ProcessOptions, events: ProcessEvents) {
    this.#options = options;
    this.#events = events;
    this.#lines = new Lines(options.lineBytesMax, (line) => this.#read(line));
    // A group of its own: what a wrapper script started ends with it, and a terminal's Ctrl-C is left to us.
    this.#child = spawn(options.command, [...options.args], {
      env: { ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#exited = this.#listen(this.#child);
  }

  /** False once the process ended or has to. */
  get usable(): boolean {
    return !this.#gone && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  ask(asking: Asking, timeoutMs: number): Promise<Answered> {
    const { method, paramsText, token, signal } = asking;
    if (!this.usable) return Promise.resolve({ is: 'not-sent', cause: 'the process has ended' });
    if (signal?.aborted) return Promise.resolve({ is: 'not-sent', cause: 'nobody waits for it any more' });
    if (this.#waiting.size >= this.#options.inFlightMax)
      return Promise.resolve({ is: 'not-sent', cause: 'too many requests are in flight' });
    if (this.#outboxLength + paramsText.length > this.#options.queueBytesMax)
      return Promise.resolve({ is: 'not-sent', cause: 'the server does not read what is sent to it' });
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const maxMs = asking.open === true ? foreverMs : this.#options.answerWithinMs;
      const patience = new Patience(timeoutMs, maxMs, () => this.#expire(id));
      if (asking.open === true) patience.hold();
      const cancel = () => this.#cancel(id);
      const settle = (reply: Answered) => {
        patience.end();
        signal?.removeEventListener('abort', cancel);
        this.#waiting.delete(id);
        resolve(reply);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const { hear, open = false } = asking;
      this.#waiting.set(id, { sent: false, token, patience, hear, open, settle });
      this.#send({ text: requestText(id, method, oneLine(paramsText)), id });
    });
  }

  tell(method: string, paramsText?: string): void {
    if (!this.usable || this.#outboxLength > this.#options.queueBytesMax) return;
    this.#send({ text: oneLine(notificationText(method, paramsText)) });
  }

  /** Asks the process to end, then makes it. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.#exitedWithin(this.#options.graceMs)) return;
      this.#kill(signal);
    }
    await this.#exited;
  }

  #listen(child: ChildProcess): Promise<void> {
    child.stdin?.on('drain', () => this.#pump());
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.on('error', () => {});
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!this.#gone && !this.#lines.push(chunk)) this.#break('line-too-long');
    });
    child.stderr?.on('data', (chunk: Buffer) => this.#drain(chunk));
    child.on('spawn', () => {
      this.#spawned = true;
      this.#pump();
    });
    child.on('close', () => this.#end('the process ended'));
    return new Promise((resolve) => {
      child.on('error', () => {
        // Also emitted when a signal cannot be sent; only a process that never was has no number.
        if (child.pid !== undefined) return;
        this.#end('the process could not be started');
        resolve();
      });
      child.on('exit', () => {
        resolve();
        // Answers may still lie in the pipe. A grandchild can keep it open for ever, hence the bound.
        setTimeout(() => this.#end('the process ended'), this.#options.graceMs).unref();
      });
    });
  }

  #send(message: { readonly text: string; readonly id?: number }): void {
    this.#outbox.push(message);
    this.#outboxLength += message.text.length;
    this.#pump();
  }

  /**
   * INVARIANT: a request is marked as sent before its first byte is handed over, so one that may have been
   * read by the server never counts as not sent.
   */
  #pump(): void {
    const stdin = this.#child.stdin;
    if (!this.#spawned || stdin === null) return;
    while (this.#outbox.length > 0 && this.usable && stdin.writable && !stdin.writableNeedDrain) {
      const { text, id } = this.#outbox.shift() as { text: string; id?: number };
      this.#outboxLength -= text.length;
      const waiting = id === undefined ? undefined : this.#waiting.get(id);
      // It timed out while it waited here, and was answered as not sent.
      if (id !== undefined && waiting === undefined) continue;
      if (waiting !== undefined) waiting.sent = true;
      stdin.write(`${text}\n`);
    }
  }

  /** Nobody waits for it any more. What left may still be answered, and then that is the answer. */
  #cancel(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    if (waiting.sent) {
      this.tell('notifications/cancelled', JSON.stringify({ requestId: id }));
      if (waiting.open) this.#expire(id);
    } else waiting.settle({ is: 'not-sent', cause: 'nobody waits for it any more' });
  }

  #expire(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting?.sent && this.#expired.size < expiredMax) this.#expired.add(id);
    waiting?.settle(unanswered(waiting, 'no answer in time'));
  }

  #read(line: Buffer): void {
    if (this.#gone) return;
    const { depthMax, lineBytesMax: bytesMax } = this.#options;
    let message: Message;
    try {
      message = parseMessage(line, { depthMax, bytesMax });
    } catch {
      this.#events.onNonsense('not-a-message');
      const waiting = this.#waiting.get(looseId(line));
      // It answered, but in a way that two readers could read differently: what it did is not known.
      waiting?.settle({ is: 'lost', cause: 'the answer cannot be read' });
      return;
    }
    if (message.is === 'notification' || message.is === 'request') return this.#heard(message);
    const id = typeof message.id === 'number' ? message.id : Number.NaN;
    const waiting = this.#waiting.get(id);
    // An id we never sent, or a second answer to one: never matched to anything.
    if (waiting === undefined || !waiting.sent) {
      if (!this.#expired.delete(id)) this.#events.onNonsense('unknown-id');
      return;
    }
    const { id: _, ...reply } = message;
    waiting.settle(reply);
  }

  #heard(said: Said): void {
    if (said.is === 'request') {
      const own = ownAnswer(said, this.#options.canBeAsked);
      return own === undefined ? this.#asked(said) : this.#reply(own);
    }
    const token = said.method === 'notifications/progress' ? said.params.progressToken : undefined;
    for (const waiting of this.#waiting.values())
      if (token !== undefined && waiting.token === token) {
        waiting.patience.touch();
        return waiting.hear?.(said, nothing);
      }
    this.#events.onSaid(said, nothing, this.#newest()?.hear);
  }

  /** A server does not say what it speaks of: it is taken for what it was asked last. */
  #newest(): Waiting | undefined {
    return [...this.#waiting.values()].findLast(({ open }) => !open);
  }

  /** While the client thinks about it, nothing that the server is doing is late: it may be waiting for this. */
  #asked(request: Request): void {
    const release = [...this.#waiting.values()].map(({ patience }) => patience.hold());
    const answer: AnswerServer = (is, text) => {
      for (const each of release.splice(0)) each();
      this.#reply(is === 'result' ? resultText(request.idText, text) : errorText(request.idText, text));
    };
    this.#events.onSaid(request, answer, this.#newest()?.hear);
  }

  #reply(text: string): void {
    // A server that asks and never reads would fill our memory.
    if (this.#outboxLength > repliesLengthMax) return this.#events.onNonsense('flood');
    this.#send({ text: oneLine(text) });
  }

  #drain(chunk: Buffer): void {
    const rest = this.#options.stderrBytesMax - this.#stderrBytes;
    this.#stderrBytes += chunk.length;
    if (rest > 0) this.#events.onStderr(chunk.subarray(0, rest).toString('utf8'));
  }

  #break(kind: NonsenseKind): void {
    this.#events.onNonsense(kind);
    this.#end('the answers cannot be told apart');
    this.#kill('SIGKILL');
  }

  #end(cause: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#outbox.length = 0;
    this.#outboxLength = 0;
    for (const waiting of [...this.#waiting.values()]) waiting.settle(unanswered(waiting, cause));
    this.#events.onGone();
  }

  /** The whole group; only while the process lives, since its number may be somebody else's afterwards. */
  #kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, signal);
    } catch {
      this.#child.kill(signal);
    }
  }

  #exitedWithin(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      void this.#exited.then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}

const nothing = (): void => {};

const unanswered = ({ sent }: Pick<Waiting, 'sent'>, cause: string): Answered =>
  sent ? { is: 'lost', cause } : { is: 'not-sent', cause };

/** In strict JSON a raw line break is white space between tokens: a client's pretty printing, never a value. */
const oneLine = (paramsText: string): string => paramsText.replace(/[\r\n]/g, ' ');

/** The id of a line that is not strict: only to fail the right request early, never to match an answer. */
function looseId(line: Buffer): number {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isMembers(value) && typeof value.id === 'number' ? value.id : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
