// What a case has to offer as the origin of a value: the user's words, and the results that were read in it. Bounded: the
// oldest results give way, and what has given way is no origin any more.

import type { Result } from './results.ts';
import { Words } from './words.ts';

export interface CaseBounds {
  readonly resultsMax: number;
  readonly sizeBytesMax: number;
}

export class CaseSources {
  words: { readonly fact: number; readonly words: Words } | undefined;
  readonly results = new Map<number, Result>();
  /** Results that had to give way. */
  evicted = 0;
  sizeBytes = 0;
  readonly #bounds: CaseBounds;

  constructor(bounds: CaseBounds) {
    this.#bounds = bounds;
  }

  open(fact: number, text: string, at: number): void {
    this.words = { fact, words: new Words(text, at) };
    this.sizeBytes += text.length * 8;
  }

  add(fact: number, result: Result): void {
    const { resultsMax, sizeBytesMax } = this.#bounds;
    this.results.set(fact, result);
    this.sizeBytes += result.sizeBytes;
    while (this.results.size > resultsMax || (this.sizeBytes > sizeBytesMax && this.results.size > 0)) {
      const [oldest] = this.results.keys();
      this.remove(oldest as number);
      this.evicted += 1;
    }
  }

  /** Of what was erased nothing is left to come from. */
  remove(fact: number): void {
    const result = this.results.get(fact);
    if (result !== undefined) this.sizeBytes -= result.sizeBytes;
    this.results.delete(fact);
    if (this.words?.fact === fact) this.words = undefined;
  }
}
