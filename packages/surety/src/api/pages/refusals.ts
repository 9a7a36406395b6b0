// Who did not get in, as facts: at once, and then at most once a minute for each reason, with how often it happened. A
// stranger who tries all day writes no more than that into the ledger.

import type { NewFact } from '../../facts/index.ts';

type By = 'passkey' | 'provider';
type Fact = Extract<NewFact, { readonly kind: 'session.refused' }>;

const everyMs = 60_000;

export class Refusals {
  readonly #record: (fact: Fact) => Promise<unknown>;
  readonly #everyMs: number;
  readonly #waiting = new Map<
    string,
    { readonly by: By; readonly code: string; count: number; timer: NodeJS.Timeout }
  >();

  constructor(record: (fact: Fact) => Promise<unknown>, ms: number = everyMs) {
    this.#record = record;
    this.#everyMs = ms;
  }

  add(by: By, code: string): void {
    const name = `${by} ${code}`;
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined) {
      waiting.count += 1;
      return;
    }
    const timer = setTimeout(() => this.#say(name), this.#everyMs).unref();
    this.#waiting.set(name, { by, code, count: 0, timer });
    this.#write(by, code, 1);
  }

  /** Says what is not said yet. */
  close(): void {
    for (const [name, { timer }] of this.#waiting) {
      clearTimeout(timer);
      this.#say(name);
    }
  }

  #say(name: string): void {
    const waiting = this.#waiting.get(name);
    this.#waiting.delete(name);
    if (waiting === undefined || waiting.count === 0) return;
    this.#write(waiting.by, waiting.code, waiting.count);
  }

  #write(by: By, code: string, count: number): void {
    // The ledger says itself, elsewhere, when it cannot record.
    this.#record({ kind: 'session.refused', body: { by, code, count } }).catch(() => undefined);
  }
}
