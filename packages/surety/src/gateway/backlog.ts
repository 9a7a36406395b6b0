// The backlog: facts about what has been answered already, on their way into the log. Nobody waits for one of
// them, but what comes after does: a consequential call for all, a read once the oldest has waited too long.
// INVARIANT: what was answered is recorded. What the ledger could not take is kept, and while it is owed
// nothing further is answered.

import { LedgerError } from '../ledger/errors.ts';
import type { Append, Log } from '../ledger/log.ts';

/** Facts may wait this long for their batch; then further reads wait for it. */
const waitMsMax = 20;

export class Backlog {
  readonly #log: Log;
  readonly #onProblem: (problem: string) => void;
  /** In the order made; the log answers in that order. */
  readonly #queued = new Set<{ readonly sinceMs: number }>();
  /** What the ledger refused, in order. Bounded by the calls that were on their way when it began to. */
  readonly #owed: (readonly Append[])[] = [];
  #newest: Promise<void> = Promise.resolve();
  #paying: Promise<void> | undefined;

  constructor(log: Log, onProblem: (problem: string) => void) {
    this.#log = log;
    this.#onProblem = onProblem;
  }

  add(appends: readonly Append[]): void {
    const queued = { sinceMs: performance.now() };
    this.#queued.add(queued);
    // Never rejects: what is refused is owed.
    this.#newest = this.#log.append(appends).then(
      () => void this.#queued.delete(queued),
      (error: Error) => {
        this.#queued.delete(queued);
        this.#owed.push(appends);
        this.#onProblem(`what was answered could not be recorded yet: ${error.message}`);
      },
    );
  }

  /** Appends that are not durable yet. */
  get length(): number {
    return this.#queued.size + this.#owed.length;
  }

  /** Resolves when everything answered so far is durable; rejects while the ledger cannot record. */
  async caughtUp(): Promise<void> {
    await this.#newest;
    if (this.#owed.length === 0) return;
    this.#paying ??= this.#pay().finally(() => {
      this.#paying = undefined;
    });
    await this.#paying;
  }

  /** Resolves at once unless an earlier answer has waited too long for its fact. */
  async notBehind(): Promise<void> {
    const [oldest] = this.#queued;
    const waitedMs = oldest === undefined ? 0 : performance.now() - oldest.sinceMs;
    if (waitedMs > waitMsMax || this.#owed.length > 0) await this.caughtUp();
  }

  async #pay(): Promise<void> {
    for (let next = this.#owed[0]; next !== undefined; next = this.#owed[0]) {
      try {
        await this.#log.append(next);
      } catch (error) {
        if (!(error instanceof LedgerError) || (error.code !== 'invalid' && error.code !== 'too-large'))
          throw error;
        // It will never be a fact: waiting for it would stop everything for ever.
        this.#onProblem(`what was answered can never be recorded: ${error.code}`);
      }
      this.#owed.shift();
    }
    this.#onProblem('the ledger records again');
  }
}
