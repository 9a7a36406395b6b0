// One result of a case: its vouched-for fields, and what outsiders wrote in it, as text to look in.

import { eachLeaf, type Field, fieldsOf, type Leaf, type ResultLabels } from '@surety/proof/origins';
import { push } from './words.ts';

/** Fields of one result that are looked at. */
const fieldsMax = 4_000;
const quantitiesMax = 256;

export class Result {
  readonly value: unknown;
  readonly labels: ResultLabels;
  readonly at: number;
  /** What it takes to keep, roughly. */
  readonly sizeBytes: number;
  readonly fields: readonly Field[];
  /** Those that can be calculated with. */
  readonly quantities: readonly Field[];
  readonly #byOwner = new Map<string, Field[]>();
  /** Text of outsiders. */
  readonly #outside: { readonly pointer: string; readonly leaf: Leaf; small?: string }[] = [];

  constructor(value: unknown, labels: ResultLabels, at: number) {
    this.value = value;
    this.labels = labels;
    this.at = at;
    this.fields = fieldsOf({ value, labels, at }).all.slice(0, fieldsMax);
    this.quantities = this.fields
      .filter(({ leaf }) => /^[0-9:.,-]{1,20}$/.test(String(leaf)))
      .slice(0, quantitiesMax);
    for (const field of this.fields) push(this.#byOwner, field.owner, field, 64);
    let sizeBytes = 64 + 512 * this.fields.length;
    const vouched = new Set(this.fields.map(({ pointer }) => pointer));
    eachLeaf(value, (leaf, pointer) => {
      sizeBytes += 64 + String(leaf).length * 2;
      if (!vouched.has(pointer)) this.#outside.push({ pointer, leaf });
      return this.#outside.length < fieldsMax;
    });
    this.sizeBytes = sizeBytes;
  }

  /** The other vouched-for fields of the same object. */
  beside({ owner, pointer }: Field): readonly Field[] {
    return (this.#byOwner.get(owner) ?? []).filter((each) => each.pointer !== pointer);
  }

  /** Where an outsider's field holds this, as it is written, in small letters too; in so many characters. */
  *outside(
    written: Leaf,
    text: string,
    left: { characters: number },
  ): Iterable<{ readonly pointer: string; readonly piece?: readonly [number, number] }> {
    for (const field of this.#outside) {
      const { pointer, leaf } = field;
      if (leaf === written) yield { pointer };
      if (typeof leaf !== 'string' || typeof written !== 'string' || leaf.length < text.length) continue;
      left.characters -= leaf.length;
      if (left.characters < 0) return;
      field.small ??= leaf.toLowerCase();
      const from = field.small.indexOf(text);
      if (from !== -1) yield { pointer, piece: [from, from + text.length] };
    }
  }
}
