// One process of an upstream server: JSON-RPC over its standard streams, one message a line (MCP 2025-11-25,
// transports, stdio). The server writes what it likes: lines are bounded, nonsense is counted, and a stream
// that cannot be a sequence of lines any more ends the process. A request that left and has no answer is `lost`.

import { type ChildProcess, spawn } from 'node:child_process';
import { Lines } from './lines.ts';
import type { UpstreamReply } from './port.ts';
import {
  errorObject,
  errorText,
  isMembers,
  type Message,
  parseMessage,
  requestText,
  resultText,
  rpc,
} from './wire.ts';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly lineBytesMax: number;
  readonly depthMax: number;
  readonly inFlightMax: number;
  /** What waits for a server that does not read. */
  readonly queueBytesMax: number;
  /** Of standard error, over the life of the process; the rest is read and dropped. */
  readonly stderrBytesMax: number;
  readonly graceMs: number;
}

export interface ProcessEvents {
  readonly onNotification: (method: string) => void;
  readonly onNonsense: (kind: NonsenseKind) => void;
  readonly onStderr: (text: string) => void;
  /** No further request will be answered. */
  readonly onGone: () => void;
}

export type NonsenseKind = 'not-a-message' | 'unknown-id' | 'line-too-long' | 'flood';

interface Waiting {
  sent: boolean;
  readonly settle: (reply: UpstreamReply) => void;
}

const expiredMax = 1_024;
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

  request(method: string, paramsText: string, timeoutMs: number): Promise<UpstreamReply> {
    if (!this.usable) return Promise.resolve({ is: 'not-sent', cause: 'the process has ended' });
    if (this.#waiting.size >= this.#options.inFlightMax)
      return Promise.resolve({ is: 'not-sent', cause: 'too many requests are in flight' });
    if (this.#outboxLength + paramsText.length > this.#options.queueBytesMax)
      return Promise.resolve({ is: 'not-sent', cause: 'the server does not read what is sent to it' });
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#expire(id), timeoutMs);
      const settle = (reply: UpstreamReply) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(reply);
      };
      this.#waiting.set(id, { sent: false, settle });
      this.#send({ text: requestText(id, method, oneLine(paramsText)), id });
    });
  }

  notify(method: string): void {
    this.#send({ text: `{"jsonrpc":"2.0","method":${JSON.stringify(method)}}` });
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
    if (message.is === 'notification') return this.#events.onNotification(message.method);
    if (message.is === 'request') return this.#answer(message.idText, message.method);
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

  /** We offered no capability, so a server may ask nothing of us but whether we live. */
  #answer(idText: string, method: string): void {
    // A server that asks and never reads would fill our memory.
    if (this.#outboxLength > repliesLengthMax) return this.#events.onNonsense('flood');
    const refusal = errorObject(rpc.methodNotFound, 'this client offers nothing');
    this.#send({ text: method === 'ping' ? resultText(idText, '{}') : errorText(idText, refusal) });
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

const unanswered = ({ sent }: Waiting, cause: string): UpstreamReply =>
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
