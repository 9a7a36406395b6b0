// What a value may have been computed from: a few numbers, days and times that the user said or that stand in the
// objects this call is about, in every expression of the closed list.

import {
  everyFormula,
  type Field,
  type Ground,
  gives,
  kindOf,
  type Leaf,
  type Normaliser,
  type Place,
  valueKey,
} from '@surety/proof/origins';
import type { CaseSources } from './case-sources.ts';

/** Values that are calculated with; what is chosen of them for one call, and what of that is calculated exactly. */
const operandsMax = 24;
export const triesMax = 20_000;
const exactMax = 200;

export interface Operands {
  readonly from: CaseSources;
  /** What is left of the choices that may be tried for one call: whoever calls chooses how many arguments there are. */
  readonly left: { tries: number };
  /** Fields that may be tied to the call, the likeliest first. */
  readonly tied: () => Iterable<{ readonly fact: number; readonly field: Field }>;
  /** What ties a field to the call. */
  readonly groundOf: (fact: number, field: Field) => Ground | undefined;
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
  const meant = meaningsOf(value);
  if (meant.length === 0 || String(value).length > 32) return;
  const candidates = candidatesIn(operands);
  let exact = 0;
  for (const [formula, { takes, gives: kind }] of simplestFirst) {
    if (!meant.includes(kind)) continue;
    const estimate = estimates[formula];
    for (const chosen of choices(candidates, takes, formula.startsWith('s0 + s1'))) {
      operands.left.tries -= 1;
      if (operands.left.tries < 0 || exact > exactMax) return;
      if (kind === 'number' && estimate !== undefined && isFar(estimate(chosen.map(sizeOf)), Number(value)))
        continue;
      exact += 1;
      if (gives(formula, chosen, value)) yield { formula, places: chosen.map(({ place }) => place) };
    }
  }
}

/** What an expression may give that is this value. */
function meaningsOf(value: Leaf): readonly string[] {
  const is = (as: Normaliser): boolean => valueKey(as, value) !== undefined;
  return [
    ...(['number', 'date', 'time'] as const).filter(is),
    ...(typeof value === 'string' && /^[0-9-]{10}[ T][0-9:]{5,8}$/.test(value) ? ['text', 'moment'] : []),
  ];
}

/** Sums of many have most choices, and come last. */
const simplestFirst = everyFormula.toSorted(([, a], [, b]) => a.takes.length - b.takes.length);

/** About what an expression gives, so that most choices are never calculated exactly. One that is missing always is. */
const estimates: Readonly<Record<string, (of: readonly number[]) => number>> = {
  's0 + s1': sum,
  's0 + s1 + s2': sum,
  's0 + s1 + s2 + s3': sum,
  's0 - s1': ([a = 0, b = 0]) => a - b,
  's0 * s1 / 1000000': ([a = 0, b = 0]) => (a * b) / 100,
  's0 + s0 * s1 / 1000000': ([a = 0, b = 0]) => a + (a * b) / 100,
  's0 - s0 * s1 / 1000000': ([a = 0, b = 0]) => a - (a * b) / 100,
};
function sum(of: readonly number[]): number {
  return of.reduce((all, each) => all + each, 0);
}
const sizeOf = ({ key }: Candidate): number => Number(key);
/** A share may be rounded to hundredths. */
const isFar = (a: number, b: number): boolean => Math.abs(a - b) > 0.01 + Math.abs(b) * 1e-9;

/** Of each kind that is taken, one; of a sum of one kind, each choice once. */
function* choices(
  candidates: readonly Candidate[],
  takes: readonly string[],
  isSum: boolean,
  chosen: readonly Candidate[] = [],
  from = 0,
): Iterable<readonly Candidate[]> {
  const kind = takes[chosen.length];
  if (kind === undefined) {
    yield chosen;
    return;
  }
  for (const [index, each] of candidates.entries()) {
    if (index < from || kindOf(each) !== kind) continue;
    if (chosen.some(({ place }) => isSamePlace(place, each.place))) continue;
    const isOrdered = isSum && takes[chosen.length + 1] === kind;
    yield* choices(candidates, takes, isSum, [...chosen, each], isOrdered ? index + 1 : 0);
  }
}

const isSamePlace = (a: Place, b: Place): boolean =>
  a.fact === b.fact && a.at === b.at && a.piece?.[0] === b.piece?.[0] && a.piece?.[1] === b.piece?.[1];

/** The same for all arguments of a call. */
const candidatesOf = new WeakMap<Operands, readonly Candidate[]>();

function candidatesIn(operands: Operands): readonly Candidate[] {
  const known = candidatesOf.get(operands) ?? gathered(operands);
  candidatesOf.set(operands, known);
  return known;
}

function gathered({ from, tied, groundOf }: Operands): readonly Candidate[] {
  const found: Candidate[] = [];
  if (from.words !== undefined) {
    const { fact, words } = from.words;
    for (const [name, pieces] of words.quantities) {
      const [as, key] = [name.slice(0, name.indexOf('|')) as Normaliser, name.slice(name.indexOf('|') + 1)];
      if (!calculable.includes(as)) continue;
      for (const piece of pieces) found.push({ place: { fact, at: '', piece, as }, as, key });
    }
  }
  const seen = new Set<Field>();
  for (const { fact, field } of tied()) {
    const means = field.means.filter(([as]) => calculable.includes(as));
    if (found.length >= operandsMax) break;
    if (seen.has(field) || means.length === 0) continue;
    seen.add(field);
    const ground = groundOf(fact, field);
    if (ground === undefined) continue;
    for (const [as, key] of means) found.push({ place: { fact, at: field.pointer, as, ground }, as, key });
  }
  return found.slice(0, operandsMax * 2);
}
