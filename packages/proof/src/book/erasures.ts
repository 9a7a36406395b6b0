// What was erased, as the log says: which facts lost values, and by which order. It is the operator's word, so it never
// makes an answer better; it only tells what nobody can show any more from what somebody does not show.

import type { Fact } from '../facts.ts';

export interface Erasure {
  readonly position: number;
  readonly at: number;
  /** The legal basis, as the organisation names it. */
  readonly basis: string;
}

interface Known {
  readonly erasure: Erasure;
  /** Of the facts that it erased something of: first and last of each run, ascending. */
  readonly runs: readonly number[];
}

/** Whoever makes a proof chooses how many erasures and how many withheld values there are. */
const lookedAtMax = 20_000_000;

export class Erasures {
  /** By their positions, ascending. */
  readonly #all = new Map<number, Known>();
  #lookedAt = 0;

  /** `runs` is what it says of their positions, as far as that is shown: what is none of it names nothing. */
  add({ position, time: at, body }: Fact<'disclosure.erased'>, runs: unknown): void {
    const named = Array.isArray(runs) ? runsIn(runs, body.first, Math.min(body.last, position - 1)) : [];
    this.#all.set(position, { erasure: { position, at, basis: body.basis }, runs: named });
  }

  /** The positions of the erasures that took values of this fact. */
  of(fact: number): readonly number[] {
    this.#lookedAt += this.#all.size;
    if (this.#lookedAt > lookedAtMax) return [];
    return [...this.#all].flatMap(([position, { runs }]) => (isIn(runs, fact) ? [position] : []));
  }

  at(position: number): Erasure | undefined {
    return this.#all.get(position)?.erasure;
  }
}

function runsIn(all: readonly unknown[], least: number, most: number): readonly number[] {
  const runs: number[] = [];
  for (const each of all) {
    const [first, last, more] = Array.isArray(each) ? (each as unknown[]) : [];
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last) || more !== undefined) continue;
    const [from, to] = [first as number, last as number];
    if (from <= to && from >= least && to <= most && from > (runs.at(-1) ?? -1)) runs.push(from, to);
  }
  return runs;
}

/** By halving: an erasure may name tens of thousands of runs. */
function isIn(runs: readonly number[], fact: number): boolean {
  let [low, high] = [0, runs.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[2 * middle + 1] as number) < fact) low = middle + 1;
    else high = middle;
  }
  return low < runs.length / 2 && (runs[2 * low] as number) <= fact;
}
