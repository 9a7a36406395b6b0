// What a value may have been computed from: a few numbers, days and times that the user said or that stand in the
// objects this call is about, in every expression of the closed list.

import {
  everyFormula,
  type Ground,
  gives,
  kindOf,
  type Leaf,
  type Normaliser,
  type Place,
  sourceKeys,
  valueKey,
} from '@surety/proof/origins';
import type { CaseSources } from './case-sources.ts';
import type { Field } from './results.ts';

/** Values that are calculated with, and calculations for one argument. */
const operandsMax = 24;
const triesMax = 2_000;

export interface Operands {
  readonly from: CaseSources;
  /** What ties a field to the call. */
  readonly placesOf: (fact: number, field: Field) => Iterable<Ground>;
}

interface Candidate {
  readonly place: Place;
  readonly as: Normaliser;
  readonly key: string;
}

const calculable: readonly Normaliser[] = ['date', 'time', 'number', 'money', 'percent', 'duration'];

export interface Computed {
  readonly formula: string;
  readonly places: readonly Place[];
}

/** Those that give this value. Whether each of the places counts is not asked here. */
export function* computedFrom(value: Leaf, operands: Operands): Iterable<Computed> {
  const isText = typeof value === 'string' && /[ T]/.test(value);
  const isMeant =
    isText || ['date', 'time', 'number'].some((as) => valueKey(as as Normaliser, value) !== undefined);
  if (!isMeant || String(value).length > 32) return;
  const candidates = candidatesIn(operands);
  let tries = 0;
  for (const [formula, { takes }] of everyFormula)
    for (const chosen of choices(candidates, takes)) {
      tries += 1;
      if (tries > triesMax) return;
      if (gives(formula, chosen, value)) yield { formula, places: chosen.map(({ place }) => place) };
    }
}

function* choices(
  candidates: readonly Candidate[],
  takes: readonly string[],
  chosen: readonly Candidate[] = [],
): Iterable<readonly Candidate[]> {
  const kind = takes[chosen.length];
  if (kind === undefined) {
    yield chosen;
    return;
  }
  for (const each of candidates)
    if (kindOf(each) === kind && !chosen.some(({ place }) => isSamePlace(place, each.place)))
      yield* choices(candidates, takes, [...chosen, each]);
}

const isSamePlace = (a: Place, b: Place): boolean =>
  a.fact === b.fact && a.at === b.at && a.piece?.[0] === b.piece?.[0] && a.piece?.[1] === b.piece?.[1];

function candidatesIn({ from, placesOf }: Operands): readonly Candidate[] {
  const found: Candidate[] = [];
  if (from.words !== undefined) {
    const { fact, words } = from.words;
    for (const [name, pieces] of words.quantities) {
      const [as, key] = [name.slice(0, name.indexOf('|')) as Normaliser, name.slice(name.indexOf('|') + 1)];
      if (!calculable.includes(as)) continue;
      for (const piece of pieces) found.push({ place: { fact, at: '', piece, as }, as, key });
    }
  }
  for (const [fact, result] of [...from.results].reverse())
    for (const field of result.quantities) {
      if (found.length >= operandsMax) return found;
      for (const ground of placesOf(fact, field)) {
        for (const as of calculable)
          for (const key of sourceKeys(as, field.leaf, result.at))
            found.push({ place: { fact, at: field.pointer, as, ground }, as, key });
        break;
      }
    }
  return found.slice(0, operandsMax * 2);
}
