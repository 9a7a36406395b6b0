// One result of a case: what its vouched-for fields mean, and what outsiders wrote in it, as text to look in.

import {
  eachLeaf,
  folded,
  type Leaf,
  labelAt,
  locate,
  normalisers,
  type ResultLabels,
  sourceKeys,
} from '@surety/proof/origins';
import { push } from './words.ts';

/** Fields of one result that are looked at. */
const leavesMax = 4_000;
const quantitiesMax = 256;

export interface Field {
  readonly pointer: string;
  readonly leaf: Leaf;
  readonly owner: string;
}

export class Result {
  readonly value: unknown;
  readonly labels: ResultLabels;
  readonly at: number;
  /** What it takes to keep, roughly. */
  readonly sizeBytes: number;
  /** Vouched-for fields by what they mean. */
  readonly fields = new Map<string, Field[]>();
  /** Those that can be calculated with. */
  readonly quantities: Field[] = [];
  readonly #byOwner = new Map<string, Field[]>();
  /** Text of outsiders. */
  readonly #outside: Omit<Field, 'owner'>[] = [];

  constructor(value: unknown, labels: ResultLabels, at: number) {
    this.value = value;
    this.labels = labels;
    this.at = at;
    let left = leavesMax;
    let sizeBytes = 64;
    eachLeaf(value, (leaf, pointer, names) => {
      left -= 1;
      sizeBytes += 64 + String(leaf).length * 2;
      if (left >= 0) sizeBytes += this.#add(leaf, pointer, names);
      return true;
    });
    this.sizeBytes = sizeBytes;
  }

  /** Gives what it takes to keep. */
  #add(leaf: Leaf, pointer: string, names: readonly string[]): number {
    const is = labelAt(this.labels, names)?.is;
    if (is !== 'record' && is !== 'directory') {
      this.#outside.push({ pointer, leaf });
      return 64;
    }
    const field = { pointer, leaf, owner: locate(this.value, pointer)?.owner ?? '' };
    push(this.#byOwner, field.owner, field, 64);
    if (this.quantities.length < quantitiesMax && /^[0-9:.,-]{1,20}$/.test(String(leaf)))
      this.quantities.push(field);
    let sizeBytes = 128;
    for (const as of normalisers)
      for (const key of sourceKeys(as, leaf, this.at)) {
        push(this.fields, `${as}|${key}`, field, perKeyMax);
        sizeBytes += 128 + key.length * 2;
      }
    return sizeBytes;
  }

  /** The other vouched-for fields of the same object. */
  beside({ owner, pointer }: Field): readonly Field[] {
    return (this.#byOwner.get(owner) ?? []).filter((each) => each.pointer !== pointer);
  }

  /** Where an outsider's field holds this, as it is written; in so many characters. */
  *outside(
    written: Leaf,
    left: { characters: number },
  ): Iterable<{ readonly pointer: string; readonly piece?: readonly [number, number] }> {
    const text = folded(String(written));
    for (const { pointer, leaf } of this.#outside) {
      if (leaf === written) yield { pointer };
      if (typeof leaf !== 'string' || typeof written !== 'string' || leaf.length < text.length) continue;
      left.characters -= leaf.length;
      if (left.characters < 0) return;
      const from = leaf.toLowerCase().indexOf(text);
      if (from !== -1) yield { pointer, piece: [from, from + text.length] };
    }
  }
}

/** Fields of one meaning in one result. */
const perKeyMax = 8;
