// The vouched-for fields of one result, with what each may mean: made once for a result, since every certificate that
// names it asks whether other fields say the same.

import {
  folded,
  type Leaf,
  type Normaliser,
  type Reading,
  sourceReadings,
  valueReadings,
} from '../normalisers/index.ts';
import { eachLeaf, labelAt, type ResultLabels } from './labels.ts';

/** A field that somebody vouches for. */
export interface Field {
  readonly leaf: Leaf;
  readonly pointer: string;
  /** JSON pointer of its object. */
  readonly owner: string;
  /** Its own name. */
  readonly name: string;
  /** The path by which it is labelled. */
  readonly path: string;
  readonly means: readonly Reading[];
}

interface Labelled {
  readonly value: unknown;
  readonly labels: ResultLabels;
  readonly at: number;
}

export class Fields {
  readonly all: readonly Field[];
  readonly #byMeaning = new Map<string, Field[]>();
  readonly #byPath = new Map<string, Field[]>();
  readonly #values = new Map<Field, { readonly readings: readonly Reading[]; readonly folded: string }>();

  constructor({ value, labels, at }: Labelled) {
    const all: Field[] = [];
    const known = new Map<string, ReturnType<typeof labelAt>>();
    eachLeaf(value, (leaf, pointer, names, owner) => {
      const joined = names.join('\0');
      if (!known.has(joined)) known.set(joined, labelAt(labels, names));
      const label = known.get(joined);
      if (label?.is === 'record' || label?.is === 'directory') {
        const means = sourceReadings(leaf, at);
        all.push({ leaf, pointer, owner, name: names.at(-1) ?? '', path: label.path, means });
      }
      return true;
    });
    for (const field of all) {
      push(this.#byPath, field.path, field);
      for (const [as, key] of field.means) push(this.#byMeaning, `${as}|${key}`, field);
    }
    this.all = all;
  }

  /** Those that say this value, each by the first normaliser that reads both. */
  saying(leaf: Leaf): readonly (readonly [Field, Reading])[] {
    const found = new Map<Field, Reading>();
    for (const reading of valueReadings(leaf))
      for (const field of this.#byMeaning.get(reading.join('|')) ?? [])
        if (!found.has(field)) found.set(field, reading);
    return [...found];
  }

  under(path: string): readonly Field[] {
    return this.#byPath.get(path) ?? [];
  }

  /** The first way in which a piece that somebody said means this field. */
  saidBy(field: Field, piece: ReadonlySet<string>): Reading | undefined {
    return this.#valueOf(field).readings.find(([as, key]) => piece.has(`${as}|${key}`));
  }

  foldedOf(field: Field): string {
    return this.#valueOf(field).folded;
  }

  #valueOf(field: Field) {
    const known = this.#values.get(field);
    if (known !== undefined) return known;
    const made = { readings: valueReadings(field.leaf), folded: folded(String(field.leaf)) };
    this.#values.set(field, made);
    return made;
  }
}

export const meaningsOf = (piece: Leaf, at: number): ReadonlySet<string> =>
  new Set(sourceReadings(piece, at).map(([as, key]: readonly [Normaliser, string]) => `${as}|${key}`));

function push<T>(into: Map<string, T[]>, key: string, item: T): void {
  const items = into.get(key);
  if (items === undefined) into.set(key, [item]);
  else items.push(item);
}

const made = new WeakMap<object, { readonly labels: ResultLabels; readonly fields: Fields }>();

export function fieldsOf(source: Labelled): Fields {
  const { value, labels } = source;
  if (typeof value !== 'object' || value === null) return new Fields(source);
  const known = made.get(value);
  if (known?.labels === labels) return known.fields;
  const fields = new Fields(source);
  made.set(value, { labels, fields });
  return fields;
}
