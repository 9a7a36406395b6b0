// A second thread for the verification of a large proof: it takes the parts that the verifier hands it, and says what
// a `Soundness` in this thread would have said. What it has parsed strictly is read here once more, by the platform's
// own parser: of a text that the strict one took, no two parsers read different things.
//
// INVARIANT: with and without the thread a proof gets the same answer.

import { Worker } from 'node:worker_threads';
import { linesIn, ProofError, withheldMark } from '@surety/proof/bundle';
import type { Fact } from '@surety/proof/facts';
import { type Disclosed, decodeEntries } from '@surety/proof/records';
import {
  nowhere,
  type Records,
  type RecordsAsked,
  type Sound,
  type Taken,
  type Told,
} from '@surety/proof/verify';
import type { FromRecords, Sent, ToRecords } from './records-worker.ts';

/** Below this a thread takes longer to start than it saves. */
const worthwhileBytes = 8 * 1024 * 1024;
const partsOfMessage = 4;

interface WithRecords {
  readonly records?: (asked: RecordsAsked) => Records;
}

/** Gives `work` the option that starts the thread, if the proof is large enough; ends it afterwards. */
export async function withRecords<T>(
  sizeBytes: number,
  work: (options: WithRecords) => Promise<T>,
): Promise<T> {
  if (sizeBytes < worthwhileBytes) return work({});
  let thread: RecordsThread | undefined;
  try {
    return await work({
      records: (asked) => {
        thread = new RecordsThread(asked);
        return thread;
      },
    });
  } finally {
    await thread?.close();
  }
}

class RecordsThread implements Records {
  readonly #worker = new Worker(new URL('./records-worker.ts', import.meta.url));
  /** Whoever waits for an answer, in the order of the parts. */
  readonly #waiting: PromiseWithResolvers<FromRecords>[] = [];
  #unsent: ToRecords[] = [];
  #moved: ArrayBuffer[] = [];
  #broken: Error | undefined;

  constructor(asked: RecordsAsked) {
    this.#worker.on('message', (answers: readonly FromRecords[]) => {
      for (const answer of answers) this.#waiting.shift()?.resolve(answer);
    });
    // A thread that dies answers nobody any more.
    const onEnd = (error: Error) => {
      this.#broken = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#worker.on('error', onEnd);
    this.#worker.on('exit', () => onEnd(new Error('the second thread of the verification ended')));
    this.#post({ begin: asked });
  }

  async take(part: Taken): Promise<Told> {
    const answer = await this.#ask(...handed(part));
    return 'told' in answer ? toldOf(part, answer.told) : {};
  }

  async end(): Promise<Sound> {
    const answer = await this.#ask({ end: true });
    if (!('sound' in answer)) throw new Error('the second thread of the verification gave no answer');
    return answer.sound;
  }

  async close(): Promise<void> {
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
  }

  async #ask(asked: ToRecords, moved: readonly ArrayBuffer[] = []): Promise<FromRecords> {
    if (this.#broken !== undefined) throw this.#broken;
    const waiter = Promise.withResolvers<FromRecords>();
    this.#waiting.push(waiter);
    this.#post(asked, moved);
    const answer = await waiter.promise;
    if ('failed' in answer) throw errorOf(answer.failed);
    return answer;
  }

  /** A message wakes a thread, which costs more than what it holds: several parts go together. */
  #post(asked: ToRecords, moved: readonly ArrayBuffer[] = []): void {
    this.#moved.push(...moved);
    if (this.#unsent.push(asked) >= partsOfMessage) this.#send();
    else if (this.#unsent.length === 1) setImmediate(() => this.#send());
  }

  #send(): void {
    if (this.#unsent.length === 0) return;
    this.#worker.postMessage(this.#unsent, this.#moved);
    this.#unsent = [];
    this.#moved = [];
  }
}

/** A copy that changes hands: the bytes themselves are a piece of what was read, and are read here too. */
function handed(part: Taken): [asked: ToRecords, moved: readonly ArrayBuffer[]] {
  if (part.is === 'lines') return [{ part }, []];
  const bytes = part.bytes.slice();
  return [{ part: { ...part, bytes } }, [bytes.buffer]];
}

/** Read when it is looked at: what waits for its turn is not in memory in a second form. */
function toldOf(part: Taken, { isRead = new Uint8Array(), places }: Sent): Told {
  if (part.is === 'lines')
    return {
      get disclosed() {
        return disclosedIn(linesIn(part.text), places);
      },
      ...(places && { places }),
    };
  return {
    get facts() {
      const entries = decodeEntries(part.bytes, part.width);
      return factsIn(entries, part.from, isRead);
    },
  };
}

// Scratch space of one part at a time: values of a JSON list, read by one call, since many small ones cost more.
let scratch = Buffer.allocUnsafe(1024 * 1024);
const [comma, open, close, nothing] = Buffer.from(',[]0') as unknown as [number, number, number, number];

/** The values that `write` puts one after the other at the offsets that it is told, in at most so many bytes. */
function readAtOnce(
  count: number,
  bytesMax: number,
  write: (index: number, offset: number) => number,
): unknown[] {
  if (count === 0) return [];
  const most = bytesMax + 2 * count + 1;
  if (scratch.length < most) scratch = Buffer.allocUnsafe(most);
  let at = 0;
  for (let index = 0; index < count; index++) {
    scratch[at++] = index === 0 ? open : comma;
    const written = write(index, at);
    if (written === 0) scratch[at++] = nothing;
    else at += written;
  }
  scratch[at++] = close;
  return JSON.parse(scratch.toString('utf8', 0, at)) as unknown[];
}

/** What belongs to a fact that the book does not read is not read either. */
function disclosedIn(lines: readonly string[], places: Uint16Array | undefined): readonly Disclosed[] {
  const isRead = (line: string, at: number) => !line.startsWith(withheldMark) && places?.[2 * at] !== nowhere;
  const bytesMax = lines.reduce((bytes, { length }) => bytes + length, 0);
  const read = readAtOnce(lines.length, bytesMax, (at, offset) => {
    const line = lines[at] as string;
    return isRead(line, at) ? scratch.write(line, offset, 'base64url') : 0;
  });
  return read.map((each) => {
    if (!Array.isArray(each)) return unread;
    const [, pointer, value] = each as [string, string, unknown];
    return { pointer, value };
  });
}

/** In place of a row that is withheld, and of what nobody asks for. */
const unread: Disclosed = { pointer: withheldMark, value: null };

/** The envelope has no `position` of its own: it was refused if it had. */
function factsIn(
  entries: readonly Uint8Array[],
  from: number,
  isRead: Uint8Array,
): readonly (Fact | undefined)[] {
  const bytesMax = entries.reduce((bytes, { length }) => bytes + length, 0);
  const read = readAtOnce(entries.length, bytesMax, (at, offset) => {
    if (isRead[at] !== 1) return 0;
    const entry = entries[at] as Uint8Array;
    scratch.set(entry, offset);
    return entry.length;
  });
  return read.map((fact, at) =>
    isRead[at] === 1 ? (Object.assign(fact as object, { position: from + at }) as Fact) : undefined,
  );
}

/** An error loses its class on the way between threads. */
function errorOf({ code, message }: Extract<FromRecords, { failed: unknown }>['failed']): Error {
  return code === 'facts' || code === 'layout' ? new ProofError(code, message) : new Error(message);
}
