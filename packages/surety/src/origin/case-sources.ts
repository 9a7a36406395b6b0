// What a case has to offer as the origin of a value: the user's words, and the results that were read in it. Bounded: the
// oldest results give way, and what has given way is no origin any more.

import type { Field } from '@surety/proof/origins';
import type { Result } from './results.ts';
import { Words } from './words.ts';

export interface CaseBounds {
  readonly resultsMax: number;
  readonly sizeBytesMax: number;
}

/** Places of one meaning that are looked at, the newest. */
const perKeyMax = 32;

interface Standing {
  readonly fact: number;
  readonly field: Field;
}

export class CaseSources {
  words: { readonly fact: number; readonly words: Words } | undefined;
  readonly results = new Map<number, Result>();
  /** Results that had to give way. */
  evicted = 0;
  sizeBytes = 0;
  readonly #bounds: CaseBounds;
  readonly #fields = new Map<string, Standing[]>();

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
    // The newest first: what was read last is what is meant.
    for (const field of result.fields)
      for (const [as, key] of field.means) this.#stand(`${as}|${key}`, { fact, field });
    while (this.results.size > resultsMax || (this.sizeBytes > sizeBytesMax && this.results.size > 0)) {
      const [oldest] = this.results.keys();
      this.remove(oldest as number);
      this.evicted += 1;
    }
  }

  /** Vouched-for fields that mean this, the newest first. */
  fields(key: string): readonly Standing[] {
    return this.#fields.get(key)?.toReversed() ?? [];
  }

  #stand(key: string, standing: Standing): void {
    const known = this.#fields.get(key);
    if (known === undefined) this.#fields.set(key, [standing]);
    else if (known.push(standing) > 2 * perKeyMax) known.splice(0, perKeyMax);
  }

  /** Of what was erased nothing is left to come from. */
  remove(fact: number): void {
    const result = this.results.get(fact);
    if (result !== undefined) {
      this.sizeBytes -= result.sizeBytes;
      for (const { means } of result.fields)
        for (const [as, key] of means) this.#forget(`${as}|${key}`, fact);
    }
    this.results.delete(fact);
    if (this.words?.fact === fact) this.words = undefined;
  }

  #forget(key: string, fact: number): void {
    const left = this.#fields.get(key)?.filter((each) => each.fact !== fact) ?? [];
    if (left.length === 0) this.#fields.delete(key);
    else this.#fields.set(key, left);
  }
}
