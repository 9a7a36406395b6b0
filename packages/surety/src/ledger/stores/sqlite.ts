// The embedded store: `node:sqlite` in a worker thread, write-ahead log, full sync. What `append` resolves
// to is on disk. This side checks and serialises facts and keeps the queue; `writer.ts` writes, in `worker.ts`.

import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Body } from '@surety/proof/facts';
import type { KeyRole } from '@surety/proof/records';
import type { NewFact, Subject } from '../../facts/index.ts';
import { LedgerError } from '../errors.ts';
import { KeysOfLog } from '../key-history.ts';
import type { Append, AppendAnswer, Entry, Erasure, Kept, Log, Recorded } from '../log.ts';
import { type Keys, logOpened, logSalt, openingOf, predecessorOf } from '../opening.ts';
import { SubjectNames } from '../subject.ts';
import { type Draft, Envelopes } from './envelope.ts';
import { Numbering } from './numbering.ts';
import { type Named, Packing } from './packet.ts';
import { type OpenedReader, openReader } from './reader.ts';
import { namesOf } from './subjects.ts';
import type { Answers, FromWriter, Refusal, ToWriter, WriterData } from './wire.ts';

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
  /** The log takes `origin` and these keys from here on, in place of those that it had. Restoring says so, once. */
  readonly succession?: Omit<Body<'log.succeeded'>, 'origin' | 'logKey' | 'statementKey'>;
}

interface Pending {
  readonly append: readonly Append[];
  /** Its facts, in order. */
  readonly drafts: readonly Draft[];
  readonly sizeBytes: number;
  readonly erases: boolean;
  readonly promise: Promise<AppendAnswer>;
  readonly resolve: (answer: AppendAnswer) => void;
  readonly reject: (cause: LedgerError) => void;
}

const none: readonly string[] = [];

type Listener = (recorded: readonly Recorded[]) => void;

/** What may wait for the disk, whatever the number of appends. */
const queueBytesMax = 64 * 1024 * 1024;
/** What crosses to the writer before the turn ends, so that both threads work at a large batch. */
const packetBytes = 48 * 1024;
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
  readonly #packing = new Packing();
  /** Whether this turn of the event loop has a post coming. */
  #posting = false;
  #pendingBytes = 0;
  #size = 0;
  #envelopes: Envelopes | undefined;
  #reader: OpenedReader | undefined;
  #names: SubjectNames | undefined;
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

  get succeededAt(): number | undefined {
    return this.#reader?.succeededAt;
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
    const opened = logOpened(origin, this.#options);
    this.#names = new SubjectNames(opened.logSalt);
    return [{ stream: 'log', expected: 0, facts: [opened.fact] }, this.#started({ tail: 'none' })];
  }

  #again(): Append[] {
    const { folder, origin, logKey, statementKey, succession } = this.#options;
    this.#reader = openReader(folder);
    this.#names = new SubjectNames(logSalt(this.#reader));
    if (succession !== undefined && origin !== undefined) {
      this.#origin = origin;
      const body = { ...succession, origin, logKey, statementKey };
      const expected = this.#reader.version('log');
      return [
        { stream: 'log', expected, facts: [{ kind: 'log.succeeded', body }] },
        this.#started({ tail: 'none' }),
      ];
    }
    this.#origin = this.#reader.origin;
    const opening = openingOf(this.#reader);
    if (origin !== undefined && origin !== opening.origin)
      throw new LedgerError(
        'wrong-log',
        `the log in \`${folder}\` is \`${opening.origin}\`, not \`${origin}\``,
      );
    const { eras, rotations } = new KeysOfLog(this.#reader, folder).history();
    const isOf = (role: KeyRole, key: string) =>
      eras.some((each) => each[role] === key) ||
      rotations.some((each) => each.role === role && each.to === key);
    // Any that the log has had: which is in force is for whoever signs, and may change while this runs.
    if (!isOf('log', logKey) || !isOf('statement', statementKey))
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

  append(appends: readonly Append[], erases?: Erasure): Promise<AppendAnswer> {
    try {
      if (this.#closing !== undefined) throw new LedgerError('closed', 'the log is closed');
      return this.#enqueue(appends, erases);
    } catch (cause) {
      return Promise.reject(cause);
    }
  }

  #enqueue(appends: readonly Append[], erases?: Erasure): Promise<AppendAnswer> {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#pending.length >= (this.#options.queueMax ?? 8192) || this.#pendingBytes > queueBytesMax)
      throw new LedgerError('full', 'the queue is full');
    mustBeAppend(appends);
    this.#envelopes ??= new Envelopes(this.#origin, this.#emitter);
    const drafts: Draft[] = [];
    const sizeBytes = this.#pack(appends, erases, this.#envelopes, drafts);
    const { promise, resolve, reject } = Promise.withResolvers<AppendAnswer>();
    const isErasing = erases !== undefined;
    this.#pending.push({ append: appends, drafts, sizeBytes, erases: isErasing, promise, resolve, reject });
    this.#pendingBytes += sizeBytes;
    if (this.#packing.sizeBytes >= packetBytes) this.#post(true);
    if (!this.#posting) queueMicrotask(() => this.#endTurn());
    this.#posting = true;
    return promise;
  }

  /** Packs what was checked; gives its bytes and, in `drafts`, its facts. Throws `LedgerError`. */
  #pack(
    appends: readonly Append[],
    erases: Erasure | undefined,
    envelopes: Envelopes,
    drafts: Draft[],
  ): number {
    const time = this.#now();
    const packing = this.#packing;
    const facts = (): void => {
      for (const { stream, facts: its } of appends)
        for (const fact of its) {
          const { pieces, draft } = envelopes.prepare(stream, fact, time);
          packing.fact(pieces, fact.disclosures ?? none, this.#about(fact));
          drafts.push(draft);
        }
    };
    return packing.append(appends, facts, erases);
  }

  #about(fact: NewFact): Named {
    if ((fact.disclosures ?? none).length === 0) return '';
    if (this.#names === undefined) throw new LedgerError('closed', 'the log is not open');
    return namesOf(fact, this.#names, (position) => this.subjectsOf(position));
  }

  #now(): number {
    const time = this.#options.clock();
    if (!Number.isSafeInteger(time) || time < 0)
      throw new LedgerError('invalid', `the clock says ${time}, which is no time`);
    return time;
  }

  /** What is appended in one turn of the event loop is for one transaction, as far as it may grow. */
  #endTurn(): void {
    this.#posting = false;
    this.#post(false);
  }

  #post(more: boolean): void {
    const packet = this.#packing.take();
    this.#worker.postMessage({ packet, more } satisfies ToWriter, [packet.bytes.buffer]);
  }

  #hear(message: FromWriter): void {
    if ('answers' in message) {
      for (const buffer of message.spent) this.#packing.reuse(buffer);
      this.#settle(message.answers);
    } else if ('opened' in message) this.#opened.resolve(message.opened);
    else if ('failed' in message) this.#end(message.message, message.failed);
    else this.#end('the log is closed');
  }

  /** One durable batch: first the listeners, so that whoever awaited an append finds it folded. */
  #settle(answers: Answers): void {
    const settled = this.#pending.splice(0, answers.appends);
    if (settled.some(({ erases }) => erases)) {
      this.#reader?.forget();
      this.#names?.forget();
    }
    const refused = new Map<number, Refusal>(answers.refused);
    const recorded: Recorded[] = [];
    const numbering = new Numbering(answers);
    for (const [index, { append, drafts, sizeBytes }] of settled.entries()) {
      this.#pendingBytes -= sizeBytes;
      if (!refused.has(index)) numbering.number(append, drafts, recorded);
    }
    this.#size = Math.max(this.#size, numbering.position);
    if (recorded.length > 0) for (const listener of this.#listeners) tell(listener, recorded);
    for (const [index, { drafts, resolve, reject }] of settled.entries()) {
      const refusal = refused.get(index);
      if (refusal === undefined) resolve({ positions: drafts.map(({ position }) => position) });
      else if ('conflict' in refusal) resolve(refusal);
      else reject(new LedgerError(refusal.code, refusal.message));
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

  kept(position: number): readonly Kept[] {
    return this.#open().kept(position);
  }

  about(name: string): readonly (readonly [number, string])[] {
    return this.#open().about(name);
  }

  subjectsOf(position: number): readonly string[] {
    return this.#open().subjectsOf(position);
  }

  subjectName(subject: Subject): string {
    if (this.#names === undefined) throw new LedgerError('closed', 'the log is closed');
    return this.#names.name(subject);
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
    this.#worker.postMessage({ close: true } satisfies ToWriter);
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

/** Throws `LedgerError` `invalid` or `too-large`. */
function mustBeAppend(appends: readonly Append[]): void {
  let facts = 0;
  for (const [index, { stream, expected, facts: its }] of appends.entries()) {
    for (let other = 0; other < index; other++)
      if (appends[other]?.stream === stream)
        throw new LedgerError('invalid', `stream \`${stream}\` is named twice in one append`);
    if (expected !== undefined && (!Number.isSafeInteger(expected) || expected < 0))
      throw new LedgerError('invalid', `\`${expected}\` is no version of stream \`${stream}\``);
    facts += its.length;
  }
  if (facts > appendFactsMax || appends.length > appendFactsMax)
    throw new LedgerError('too-large', `an append has more than ${appendFactsMax} facts or streams`);
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
