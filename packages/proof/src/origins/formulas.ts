// What may be computed from values that have an origin: a closed list of expressions of the rule language. A free one
// could hold any constant, and so give anything. Numbers, days and minutes are counted in ten-thousandths, so that
// decimals are exact; `s0`, `s1`, ... are the sources in their order.

import { evaluate, parseRule, RuleError } from '../language/index.ts';
import {
  dateKey,
  dateOfDay,
  dayNumber,
  type Leaf,
  type Normaliser,
  numberKey,
  timeKey,
} from '../normalisers/index.ts';

/** What an expression may take: how many of a unit is part of what the unit is. */
type Kind = 'number' | 'percent' | 'date' | 'time' | 'days' | 'minutes';

interface Formula {
  readonly takes: readonly Kind[];
  readonly gives: 'number' | 'date' | 'time' | 'text' | 'moment';
}

const numbers = (count: number): Formula => ({
  takes: Array.from({ length: count }, () => 'number' as const),
  gives: 'number',
});
const percentage: Formula = { takes: ['number', 'percent'], gives: 'number' };
const moment: Formula = { takes: ['date', 'time'], gives: 'text' };
/** When something ends that begins on a day, at a time. */
const later: Formula = { takes: ['date', 'time', 'minutes'], gives: 'moment' };

/** By their text, exactly. */
const formulas: ReadonlyMap<string, readonly Formula[]> = new Map([
  [
    's0 + s1',
    [
      numbers(2),
      { takes: ['date', 'days'], gives: 'date' },
      { takes: ['time', 'minutes'], gives: 'time' },
    ] satisfies Formula[],
  ],
  ['s0 + s1 + s2', [numbers(3)]],
  ['s0 + s1 + s2 + s3', [numbers(4)]],
  [
    's0 - s1',
    [
      numbers(2),
      { takes: ['date', 'days'], gives: 'date' },
      { takes: ['time', 'minutes'], gives: 'time' },
    ] satisfies Formula[],
  ],
  ['s0 * s1 / 1000000', [percentage]],
  ['s0 + s0 * s1 / 1000000', [percentage]],
  ['s0 - s0 * s1 / 1000000', [percentage]],
  // Units: a price in major units, an amount in minor ones.
  ['s0 * 100', [numbers(1)]],
  ['s0 / 100', [numbers(1)]],
  ["s0 + ' ' + s1", [moment]],
  ["s0 + 'T' + s1", [moment]],
  ["s0 + ' ' + s1 + ':00'", [moment]],
  ["s0 + 'T' + s1 + ':00'", [moment]],
  ['s0 * 1440 + s1 + s2', [later]],
]);

const names = ['s0', 's1', 's2', 's3'];
const parsed = new Map([...formulas.keys()].map((each) => [each, parseRule(each, names)] as const));

/** For whoever searches: every formula there is. */
export const everyFormula: readonly (readonly [string, Formula])[] = [...formulas].flatMap(
  ([expression, ways]) => ways.map((way) => [expression, way] as const),
);

/** A value with what it counts. */
export interface Operand {
  readonly as: Normaliser;
  readonly key: string;
}

export function kindOf({ as, key }: Operand): Kind | undefined {
  if (as === 'number' || as === 'money') return 'number';
  if (as === 'percent' || as === 'date' || as === 'time') return as;
  if (as !== 'duration') return undefined;
  return key.startsWith('days:') ? 'days' : 'minutes';
}

/** Of a decimal, in ten-thousandths; undefined if it has more decimals than that. */
function scaled(key: string): bigint | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)([0-9]{1,14})(?:\.([0-9]{1,4}))?$/.exec(key) ?? [];
  return whole === '' ? undefined : BigInt(`${sign}${whole}${fraction.padEnd(4, '0')}`);
}

function given(kind: Kind, gives: Formula['gives'], key: string): bigint | string | undefined {
  if (gives === 'text') return key;
  if (kind === 'date') return scaled(String(dayNumber(key)));
  if (kind === 'time') return scaled(String(minutesOf(key)));
  return scaled(key.replace(/^(?:days|minutes):/, ''));
}

const minutesOf = (time: string): number => {
  const [hours = '', minutes = ''] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
};

/** Whether the expression gives this argument from these values. False for any expression that is not on the list. */
export function gives(expression: string, operands: readonly Operand[], leaf: Leaf): boolean {
  const ways = formulas.get(expression) ?? [];
  const kinds = operands.map(kindOf);
  const rule = parsed.get(expression);
  const way = ways.find(
    ({ takes }) => takes.length === kinds.length && takes.every((kind, at) => kind === kinds[at]),
  );
  if (way === undefined || rule === undefined) return false;
  const scope: Record<string, unknown> = {};
  for (const [at, { key }] of operands.entries()) {
    const value = given(way.takes[at] as Kind, way.gives, key);
    if (value === undefined) return false;
    scope[`s${at}`] = value;
  }
  try {
    return isSame(evaluate(rule, scope), way.gives, leaf);
  } catch (error) {
    // Sums that leave 64 bits.
    if (error instanceof RuleError) return false;
    throw error;
  }
}

function isSame(result: unknown, kind: Formula['gives'], leaf: Leaf): boolean {
  if (kind === 'text') return result === leaf;
  if (typeof result !== 'bigint') return false;
  if (kind === 'number') {
    const value = scaled(numberKey(leaf) ?? '');
    return value !== undefined && (result === value || toHundredths(result) === value);
  }
  if (typeof leaf !== 'string' || result % 10_000n !== 0n) return false;
  const whole = Number(result / 10_000n);
  if (kind === 'moment') return momentOf(leaf) === whole;
  if (kind === 'date') return dateKey(leaf) === leaf && dateOfDay(whole) === leaf;
  const [hours, minutes] = [Math.floor(whole / 60), whole % 60];
  const clock = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
  return whole >= 0 && timeKey(leaf) === clock;
}

/** Minutes of a day and a time that stand together, as a call holds them. */
function momentOf(text: string): number | undefined {
  const [, day = '', time = ''] = /^([0-9-]{10})[ T]([0-9]{2}:[0-9]{2})(?::00)?$/.exec(text) ?? [];
  return dateKey(day) === undefined || timeKey(time) === undefined
    ? undefined
    : dayNumber(day) * 1_440 + minutesOf(time);
}

/** A share of an amount is paid in hundredths: half of one goes away from zero. */
const toHundredths = (result: bigint): bigint => {
  const half = result < 0n ? -50n : 50n;
  return ((result + half) / 100n) * 100n;
};
