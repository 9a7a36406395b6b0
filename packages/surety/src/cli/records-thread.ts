// A second thread for the verification of a large proof: it takes the parts that the verifier hands it, and says what
// a `Soundness` in this thread would have said. What it has parsed strictly is read here once more, by the platform's
// own parser: of a text that the strict one took, no two parsers read different things.
//
// INVARIANT: with and without the thread a proof gets the same answer.

import { Worker } from 'node:worker_threads';
import { linesIn, ProofError, withheldMark } from '@surety/proof/bundle';
import type { Fact } from '@surety/proof/facts';
import { type Disclosed, decodeEntries, textFromBase64url } from '@surety/proof/records';
import type { Records, RecordsAsked, Sound, Taken, Told } from '@surety/proof/verify';
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

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Read when it is looked at: what waits for its turn is not in memory in a second form. */
function toldOf(part: Taken, { isRead = new Uint8Array(), places }: Sent): Told {
  if (part.is === 'lines')
    return {
      get disclosed() {
        return linesIn(part.text).map(disclosedIn);
      },
      ...(places && { places }),
    };
  return {
    get facts() {
      const entries = decodeEntries(part.bytes, part.width);
      return entries.map((entry, at) => (isRead[at] === 1 ? factIn(entry, part.from + at) : undefined));
    },
  };
}

function disclosedIn(line: string): Disclosed {
  if (line.startsWith(withheldMark)) return { pointer: withheldMark, value: null };
  const [, pointer, value] = JSON.parse(textFromBase64url(line)) as [string, string, unknown];
  return { pointer, value };
}

/** The envelope has no `position` of its own: it was refused if it had. */
function factIn(entry: Uint8Array, position: number): Fact {
  const fact = JSON.parse(decoder.decode(entry)) as { position: number };
  fact.position = position;
  return fact as Fact;
}

/** An error loses its class on the way between threads. */
function errorOf({ code, message }: Extract<FromRecords, { failed: unknown }>['failed']): Error {
  return code === 'facts' || code === 'layout' ? new ProofError(code, message) : new Error(message);
}
