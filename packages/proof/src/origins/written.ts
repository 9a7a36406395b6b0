// No laundering: what a call wrote from nowhere, or from an outsider, is not vouched for when it is read back, in whatever
// case and by whichever agent, until somebody writes the same with an origin. Values are told apart by what they mean,
// and named keyed with the log's salt: so the rule outlives the values, and holds where they are withheld.

import type { Body } from '../facts.ts';
import {
  entitiesIn,
  folded,
  isLeaf,
  type Leaf,
  type Normaliser,
  sourceReadings,
  valueReadings,
} from '../normalisers/index.ts';
import type { Sha256 } from '../values/bytes.ts';
import { keyed } from '../values/commitment.ts';
import type { Certificate } from './certificate.ts';
import { eachLeaf } from './labels.ts';

type Written = NonNullable<Body<'call.intended'>['written']>;

/** A value that a call writes, and all that it may mean. */
export interface WrittenPart extends Pick<Certificate, 'argument' | 'part'> {
  readonly keys: readonly string[];
}

/** More in one call cannot be kept track of. */
export const writtenMax = 800;

/** What a value is kept track of by; undefined where too many values are the same. */
function writtenKey(as: Normaliser, key: string): string | undefined {
  if (as === 'date' || as === 'time' || as === 'duration') return undefined;
  // An amount is a number, however it is spelled.
  if (as === 'number' || as === 'money' || as === 'percent')
    return key.replace(/[-.]/g, '').length >= 3 ? `number|${key}` : undefined;
  if (as !== 'id' && as !== 'name') return `${as}|${key}`;
  // A server may keep it in other letters.
  const name = folded(key.replace(/^(?:fold|same):/, ''));
  return [...name].length >= 6 ? `${as}|${name}` : undefined;
}

/** A server may keep it as it was written, or as it was meant. */
function keysOf(leaf: Leaf): readonly string[] {
  const found = [...valueReadings(leaf), ...sourceReadings(leaf, 0)].flatMap(
    ([as, key]) => writtenKey(as, key) ?? [],
  );
  return [...new Set(found)];
}

/** Everything that a call with these arguments writes; undefined if it is too much. */
export function writtenIn(args: unknown): readonly WrittenPart[] | undefined {
  const parts: WrittenPart[] = [];
  let count = 0;
  const add = (part: WrittenPart): void => {
    count += part.keys.length;
    if (part.keys.length > 0) parts.push(part);
  };
  eachLeaf(args, (leaf, argument) => {
    add({ argument, keys: keysOf(leaf) });
    if (typeof leaf === 'string' && isLeaf(leaf))
      for (const part of entitiesIn(leaf))
        if (part[0] > 0 || part[1] < leaf.length)
          add({ argument, part: [...part], keys: keysOf(leaf.slice(...part)) });
    return count <= writtenMax;
  });
  return count > writtenMax ? undefined : parts;
}

/** Values that nobody vouches for, by their names. */
export class Writes {
  readonly #sha256: Sha256;
  readonly #names = new Set<string>();
  readonly #max: number;
  #isFull = false;

  constructor(sha256: Sha256, max = 500_000) {
    this.#sha256 = sha256;
    this.#max = max;
  }

  apply({ unvouched, vouched }: Written): void {
    for (const name of unvouched) this.#names.add(name);
    for (const name of vouched) this.#names.delete(name);
    // What was forgotten would be vouched for again: beyond this, nothing is.
    this.#isFull ||= this.#names.size > this.#max;
  }

  nameOf(logSalt: Uint8Array, key: string): string {
    return keyed(logSalt, 'written', key, this.#sha256);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Whether a value that a record holds was last written with less than a record's word. */
  isRaised(logSalt: Uint8Array, as: Normaliser, key: string): boolean {
    if (this.#isFull) return true;
    const kept = this.#names.size === 0 ? undefined : writtenKey(as, key);
    return kept !== undefined && this.#names.has(this.nameOf(logSalt, kept));
  }
}
