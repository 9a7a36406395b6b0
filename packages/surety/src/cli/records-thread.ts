// A second thread for the verification of a large proof: it takes the parts that the verifier hands it, and says what
// a `Soundness` in this thread would have said.

import { Worker } from 'node:worker_threads';
import { type Part, ProofError } from '@surety/proof/bundle';
import type { Records, RecordsAsked, Sound, Told } from '@surety/proof/verify';
import type { FromRecords, ToRecords } from './records-worker.ts';

/** Below this a thread takes longer to start than it saves. */
const worthwhileBytes = 8 * 1024 * 1024;

type WithRecords = { readonly records?: (asked: RecordsAsked) => Records };

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
  #broken: Error | undefined;

  constructor(asked: RecordsAsked) {
    this.#worker.on('message', (answer: FromRecords) => this.#waiting.shift()?.resolve(answer));
    // A thread that dies answers nobody any more.
    const onEnd = (error: Error) => {
      this.#broken = error;
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    };
    this.#worker.on('error', onEnd);
    this.#worker.on('exit', () => onEnd(new Error('the second thread of the verification ended')));
    this.#post({ begin: asked }, []);
  }

  async take(part: Part): Promise<Told> {
    // A copy, which then changes hands: the part itself is a piece of what was read.
    const bytes = part.bytes.slice();
    const sent: Part = part.is === 'bundle' ? { ...part, bytes } : { is: 'lines', bytes, text: '' };
    const answer = await this.#ask({ part: sent }, [bytes.buffer]);
    return 'told' in answer ? answer.told : {};
  }

  async end(): Promise<Sound> {
    const answer = await this.#ask({ end: true }, []);
    if (!('sound' in answer)) throw new Error('the second thread of the verification gave no answer');
    return answer.sound;
  }

  async close(): Promise<void> {
    this.#worker.removeAllListeners('exit');
    await this.#worker.terminate();
  }

  async #ask(asked: ToRecords, moved: readonly ArrayBuffer[]): Promise<FromRecords> {
    if (this.#broken !== undefined) throw this.#broken;
    const waiter = Promise.withResolvers<FromRecords>();
    this.#waiting.push(waiter);
    this.#post(asked, moved);
    const answer = await waiter.promise;
    if ('failed' in answer) throw errorOf(answer.failed);
    return answer;
  }

  #post(asked: ToRecords, moved: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(asked, moved);
  }
}

/** An error loses its class on the way between threads. */
function errorOf({ code, message }: Extract<FromRecords, { failed: unknown }>['failed']): Error {
  return code === 'facts' || code === 'layout' ? new ProofError(code, message) : new Error(message);
}
