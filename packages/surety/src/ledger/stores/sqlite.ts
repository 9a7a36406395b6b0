// The embedded store: `node:sqlite` in a worker thread, write-ahead log, full sync. What `append` resolves
// to is on disk. This side checks and serialises facts and keeps the queue; `worker.ts` writes.

import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { LedgerError } from '../errors.ts';
import type { Append, AppendAnswer, Entry, Log, Recorded } from '../log.ts';
import { type Keys, logOpened, openingOf, predecessorOf } from '../opening.ts';
import { Envelopes, type PreparedFact } from './envelope.ts';
import { type OpenedReader, openReader } from './reader.ts';
import { batchMax, type FromWriter, type WireAnswer, type WireAppend, type WriterData } from './wire.ts';

export interface LogOptions extends Keys {
  readonly folder: string;
  /** Needed to open a new log; of an existing one it must be the same. */
  readonly origin?: string;
  /** Integer milliseconds since the epoch. May run backwards: time is a claim, position is the order. */
  readonly clock: () => number;
  readonly clockKind: 'system' | 'injected';
  readonly program: 'gateway' | 'command';
  readonly version: string;
  /** Appends that may wait for the disk; beyond it `full`. Default 8,192. */
  readonly queueMax?: number;
}

interface Pending {
  readonly append: readonly Append[];
  readonly prepared: readonly PreparedFact[];
  readonly sizeChars: number;
  readonly promise: Promise<AppendAnswer>;
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (cause: LedgerError) => void;
}

type Listener = (recorded: readonly Recorded[]) => void;

/** Text that may wait for the disk, whatever the number of appends. */
const queueCharsMax = 64 * 1024 * 1024;
/** Facts in one append: what is atomic stays small. */
const appendFactsMax = 1024;

/**
 * Opens the log in `folder`, making it if there is none, and says `process.started`.
 * Throws `LedgerError`: `held` names the process that writes it, `wrong-log` says that it is another one.
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const log = new SqliteLog(options);
  try {
    await log.open();
    return log;
  } catch (cause) {
    await log.abandon();
    throw cause;
  }
}

class SqliteLog implements Log {
  readonly #options: LogOptions;
  readonly #worker: Worker;
  readonly #opened = Promise.withResolvers<number>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #emitter = randomBytes(16).toString('base64url');
  readonly #listeners = new Set<Listener>();
  /** In the order made; answered in that order. */
  #pending: Pending[] = [];
  #outbox: WireAppend[] = [];
  #pendingChars = 0;
  #size = 0;
  #envelopes: Envelopes | undefined;
  #reader: OpenedReader | undefined;
  #origin = '';
  #closed: LedgerError | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LogOptions) {
    this.#options = options;
    const workerData: WriterData = { folder: options.folder, program: options.program };
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData, name: 'ledger' });
    this.#worker.on('message', (message: FromWriter) => this.#hear(message));
    this.#worker.on('error', (cause) => this.#end(`the writer failed: ${cause.message}`));
    this.#worker.on('exit', () => this.#end('the log is closed'));
  }

  get origin(): string {
    return this.#origin;
  }

  async open(): Promise<void> {
    this.#size = await this.#opened.promise;
    const opening = this.#size === 0 ? this.#first() : this.#again();
    const answer = await this.append(opening);
    if ('conflict' in answer)
      throw new LedgerError('corrupt', `stream \`${answer.conflict}\` exists before its process`);
    this.#reader ??= openReader(this.#options.folder);
  }

  #first(): Append[] {
    const { origin } = this.#options;
    if (origin === undefined)
      throw new LedgerError('missing', `there is no log in \`${this.#options.folder}\``);
    this.#origin = origin;
    return [
      { stream: 'log', expected: 0, facts: [logOpened(origin, this.#options)] },
      this.#started({ tail: 'none' }),
    ];
  }

  #again(): Append[] {
    const { folder, origin, logKey, statementKey } = this.#options;
    this.#reader = openReader(folder);
    this.#origin = this.#reader.origin;
    const opening = openingOf(this.#reader);
    if (origin !== undefined && origin !== opening.origin)
      throw new LedgerError(
        'wrong-log',
        `the log in \`${folder}\` is \`${opening.origin}\`, not \`${origin}\``,
      );
    if (logKey !== opening.logKey || statementKey !== opening.statementKey)
      throw new LedgerError('wrong-log', `the log in \`${folder}\` was opened with other keys than these`);
    return [this.#started(predecessorOf(this.#reader))];
  }

  #started(before: ReturnType<typeof predecessorOf>): Append {
    const { program, version, clockKind } = this.#options;
    const body = { program, version, clock: clockKind, ...before };
    return { stream: this.#process, expected: 0, facts: [{ kind: 'process.started', body }] };
  }

  get #process(): string {
    return `process/${this.#emitter}`;
  }

  append(appends: readonly Append[]): Promise<AppendAnswer> {
    try {
      if (this.#closing !== undefined) throw new LedgerError('closed', 'the log is closed');
      return this.#enqueue(appends);
    } catch (cause) {
      return Promise.reject(cause);
    }
  }

  #enqueue(appends: readonly Append[]): Promise<AppendAnswer> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#pending.length >= (this.#options.queueMax ?? 8192) || this.#pendingChars > queueCharsMax)
      throw new LedgerError('full', 'the queue is full');
    this.#envelopes ??= new Envelopes(this.#origin, this.#emitter);
    const { prepared, wire, sizeChars } = prepareAppend(appends, this.#envelopes, this.#now());
    const { promise, resolve, reject } = Promise.withResolvers<AppendAnswer>();
    this.#pending.push({ append: appends, prepared, sizeChars, promise, resolve, reject });
    this.#pendingChars += sizeChars;
    // What is appended in one turn of the event loop crosses to the writer in one message.
    if (this.#outbox.push(wire) === 1) queueMicrotask(() => this.#post());
    return promise;
  }

  #now(): number {
    const time = this.#options.clock();
    if (!Number.isSafeInteger(time) || time < 0)
      throw new LedgerError('invalid', `the clock says ${time}, which is no time`);
    return time;
  }

  #post(): void {
    for (let at = 0; at < this.#outbox.length; at += batchMax)
      this.#worker.postMessage({ appends: this.#outbox.slice(at, at + batchMax) });
    this.#outbox = [];
  }

  #hear(message: FromWriter): void {
    if ('opened' in message) this.#opened.resolve(message.opened);
    else if ('failed' in message) this.#end(message.message, message.failed);
    else if ('answers' in message) this.#settle(message.answers);
    else this.#end('the log is closed');
  }

  /** One durable batch: first the listeners, so that whoever awaited an append finds it folded. */
  #settle(answers: readonly WireAnswer[]): void {
    const settled = this.#pending.splice(0, answers.length);
    const recorded: Recorded[] = [];
    for (const [index, { append, prepared, sizeChars }] of settled.entries()) {
      const answer = answers[index] as WireAnswer;
      this.#pendingChars -= sizeChars;
      if (!('position' in answer)) continue;
      this.#size = answer.position + prepared.length;
      if (this.#listeners.size > 0) gather(append, prepared, answer, recorded);
    }
    if (recorded.length > 0) for (const listener of this.#listeners) tell(listener, recorded);
    for (const [index, { prepared, resolve, reject }] of settled.entries()) {
      const answer = answers[index] as WireAnswer;
      if ('position' in answer) resolve({ positions: prepared.map((_, at) => answer.position + at) });
      else if ('conflict' in answer) resolve({ conflict: answer.conflict });
      else reject(new LedgerError(answer.code, answer.message));
    }
  }

  size(): number {
    return this.#size;
  }

  read(from: number, limit: number): readonly Entry[] {
    return this.#open().read(from, limit);
  }

  disclosures(from: number, to: number): readonly (readonly [number, string])[] {
    return this.#open().disclosures(from, to);
  }

  async version(stream: string): Promise<number> {
    return this.#open().version(stream);
  }

  #open(): OpenedReader {
    if (this.#reader === undefined) throw new LedgerError('closed', 'the log is closed');
    return this.#reader;
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  flushed(): Promise<void> {
    const last = this.#pending.at(-1);
    if (last === undefined)
      return this.#closed === undefined ? Promise.resolve() : Promise.reject(this.#closed);
    // Appends are answered in order, so the last one's answer, even a refusal, is an answer for all before it.
    return last.promise.then(
      () => undefined,
      (cause: unknown) => {
        if (this.#closed !== undefined) throw cause;
      },
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    if (this.#closed === undefined)
      // If even this cannot be recorded, the next process says that the tail may be lost, as it should.
      await this.#enqueue([{ stream: this.#process, facts: [{ kind: 'process.stopped', body: {} }] }]).catch(
        () => undefined,
      );
    await this.abandon();
  }

  /** Closes without saying so. */
  async abandon(): Promise<void> {
    this.#worker.postMessage({ close: true });
    await this.#ended.promise;
    this.#reader?.close();
    this.#reader = undefined;
  }

  #end(message: string, code: LedgerError['code'] = 'closed'): void {
    this.#closed ??= new LedgerError(code, message);
    this.#opened.reject(this.#closed);
    for (const { reject } of this.#pending.splice(0)) reject(this.#closed);
    this.#ended.resolve();
  }
}

function prepareAppend(appends: readonly Append[], envelopes: Envelopes, time: number) {
  const prepared: PreparedFact[] = [];
  const streams: [string, number, number][] = [];
  const disclosures: [number, string][] = [];
  const pieces: string[] = [];
  let sizeChars = 0;
  for (const { stream, expected, facts } of appends) {
    if (appends.length > 1 && streams.some(([other]) => other === stream))
      throw new LedgerError('invalid', `stream \`${stream}\` is named twice in one append`);
    if (expected !== undefined && (!Number.isSafeInteger(expected) || expected < 0))
      throw new LedgerError('invalid', `\`${expected}\` is no version of stream \`${stream}\``);
    streams.push([stream, expected ?? -1, facts.length]);
    sizeChars += stream.length;
    for (const fact of facts) {
      const made = envelopes.prepare(stream, fact, time);
      if (fact.disclosures !== undefined && fact.disclosures.length > 0)
        disclosures.push([prepared.length, joined(fact.disclosures)]);
      for (const disclosure of fact.disclosures ?? []) sizeChars += disclosure.length;
      for (const piece of made.pieces) {
        pieces.push(piece);
        sizeChars += piece.length;
      }
      prepared.push(made);
    }
  }
  if (prepared.length > appendFactsMax || streams.length > appendFactsMax)
    throw new LedgerError('too-large', `an append has more than ${appendFactsMax} facts or streams`);
  const wire: WireAppend = { streams, pieces, disclosures };
  return { prepared, wire, sizeChars };
}

/** A disclosure is base64url: one with a line break would come back as two, so it is refused. */
function joined(disclosures: readonly string[]): string {
  const texts = disclosures.join('\n');
  let breaks = 0;
  for (let at = texts.indexOf('\n'); at !== -1; at = texts.indexOf('\n', at + 1)) breaks += 1;
  if (breaks !== disclosures.length - 1) throw new LedgerError('invalid', 'a disclosure holds a line break');
  return texts;
}

function gather(
  appends: readonly Append[],
  prepared: readonly PreparedFact[],
  answer: { position: number; emitterSeq: number; versions: readonly number[] },
  recorded: Recorded[],
): void {
  let at = 0;
  for (const [index, { facts }] of appends.entries()) {
    for (const [nth, { disclosures }] of facts.entries()) {
      const version = (answer.versions[index] as number) + nth;
      const { written } = prepared[at] as PreparedFact;
      recorded.push({
        fact: written(answer.position + at, version, answer.emitterSeq + at),
        disclosures: disclosures ?? [],
      });
      at++;
    }
  }
}

/** A listener that throws is a defect of that listener: it ends the process, never the recording. */
function tell(listener: Listener, recorded: readonly Recorded[]): void {
  try {
    listener(recorded);
  } catch (cause) {
    setImmediate(() => {
      throw cause;
    });
  }
}
