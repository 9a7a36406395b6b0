// One result of a case, indexed by what its vouched-for fields mean; and what outsiders wrote in it, as text to look in.

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
const perKeyMax = 8;
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
  readonly #fields = new Map<string, Field[]>();
  readonly #byOwner = new Map<string, Field[]>();
  /** Vouched-for fields that can be calculated with. */
  readonly quantities: Field[] = [];
  /** Text of outsiders. */
  readonly #outside: Field[] = [];

  constructor(value: unknown, labels: ResultLabels, at: number) {
    this.value = value;
    this.labels = labels;
    this.at = at;
    let left = leavesMax;
    let sizeBytes = 64;
    eachLeaf(value, (leaf, pointer, names) => {
      left -= 1;
      sizeBytes += 32 + String(leaf).length * 2;
      if (left >= 0) this.#add(leaf, pointer, names);
      return true;
    });
    this.sizeBytes = sizeBytes;
  }

  #add(leaf: Leaf, pointer: string, names: readonly string[]): void {
    const is = labelAt(this.labels, names)?.is;
    const owner = locate(this.value, pointer)?.owner ?? '';
    const field = { pointer, leaf, owner };
    if (is !== 'record' && is !== 'directory') {
      this.#outside.push(field);
      return;
    }
    push(this.#byOwner, owner, field, 64);
    if (this.quantities.length < quantitiesMax && /^[0-9:.,-]{1,20}$/.test(String(leaf)))
      this.quantities.push(field);
    for (const as of normalisers)
      for (const key of sourceKeys(as, leaf, this.at)) push(this.#fields, `${as}|${key}`, field, perKeyMax);
  }

  /** Vouched-for fields that mean this. */
  fields(as: string, key: string): readonly Field[] {
    return this.#fields.get(`${as}|${key}`) ?? [];
  }

  /** The other vouched-for fields of the same object. */
  beside({ owner, pointer }: Field): readonly Field[] {
    return (this.#byOwner.get(owner) ?? []).filter((each) => each.pointer !== pointer);
  }

  /** Where an outsider's field holds this, as it is written. */
  *outside(
    written: Leaf,
  ): Iterable<{ readonly pointer: string; readonly piece?: readonly [number, number] }> {
    const text = folded(String(written));
    for (const { pointer, leaf } of this.#outside) {
      if (leaf === written) yield { pointer };
      if (typeof leaf !== 'string' || typeof written !== 'string' || leaf.length < text.length) continue;
      const from = leaf.toLowerCase().indexOf(text);
      if (from !== -1) yield { pointer, piece: [from, from + text.length] };
    }
  }
}
