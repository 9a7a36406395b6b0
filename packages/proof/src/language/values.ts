// The values of a rule: CEL's null, bool, int (64 bits), double, string, list and map. JSON comes in as it is and
// is lifted where it is looked at, so a rule that reads one member of a large record touches nothing else.
// An attacker writes the JSON: members are own members, whatever they are called, and whatever walks a value
// pays for it in work.

import { RuleError } from './error.ts';

export type Value = null | boolean | bigint | number | string | List | Dict;
export type Key = string | boolean | bigint;

export const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
/** Values within values; strict JSON comes with fewer. */
const depthMax = 256;

/** What is left of the work that an evaluation may do. */
export class Work {
  #left: number;
  constructor(max: number) {
    this.#left = max;
  }

  spend(steps: number, offset: number): void {
    this.#left -= steps;
    if (this.#left < 0)
      throw new RuleError('too-much-work', offset, 'the rule takes too much work on these values');
  }

  /** A step for every hundred characters that are looked at or made. */
  read(characters: number, offset: number): void {
    this.spend(Math.ceil(characters / 100), offset);
  }
}

export class List {
  readonly #items: readonly unknown[];
  readonly #lift: (item: unknown, offset: number) => Value;

  constructor(items: readonly unknown[], lift: (item: unknown, offset: number) => Value) {
    this.#items = items;
    this.#lift = lift;
  }

  static of(values: readonly Value[]): List {
    return new List(values, (value) => value as Value);
  }

  get size(): number {
    return this.#items.length;
  }

  at(index: number, offset: number): Value {
    return this.#lift(this.#items[index], offset);
  }
}

export class Dict {
  readonly #entries: ReadonlyMap<Key, Value> | Readonly<Record<string, unknown>>;

  constructor(entries: ReadonlyMap<Key, Value> | Readonly<Record<string, unknown>>) {
    this.#entries = entries;
  }

  keys(): readonly Key[] {
    return this.#entries instanceof Map ? [...this.#entries.keys()] : Object.keys(this.#entries);
  }

  get(key: Key, offset: number): Value | undefined {
    if (this.#entries instanceof Map) return this.#entries.get(key);
    if (typeof key !== 'string' || !Object.hasOwn(this.#entries, key)) return undefined;
    const value = (this.#entries as Readonly<Record<string, unknown>>)[key];
    return value === undefined ? undefined : fromJson(value, offset);
  }
}

/** A JSON number is an int where it is a whole number that a double holds exactly, else a double. */
export function fromJson(value: unknown, offset: number): Value {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value))
    return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === 'bigint' && fits(value)) return value;
  if (Array.isArray(value)) return new List(value, fromJson);
  const prototype = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (prototype === null || prototype === Object.prototype)
    return new Dict(value as Readonly<Record<string, unknown>>);
  throw new RuleError('type', offset, `a ${typeof value} that is no JSON value cannot be used in a rule`);
}

/** Lists go out as arrays, maps as `Map`, ints as bigint. */
export function toPlain(value: Value, work: Work, depth = 0): unknown {
  work.spend(depth > depthMax ? Number.POSITIVE_INFINITY : 1, 0);
  if (value instanceof List)
    return Array.from({ length: value.size }, (_, index) => toPlain(value.at(index, 0), work, depth + 1));
  if (!(value instanceof Dict)) return value;
  const plain = (key: Key) => [key, toPlain(value.get(key, 0) ?? null, work, depth + 1)] as const;
  return new Map(value.keys().map(plain));
}

export const fits = (value: bigint): boolean => value >= int64.min && value <= int64.max;

export const typeOf = (value: Value): string => {
  if (value === null) return 'null';
  if (value instanceof List) return 'list';
  if (value instanceof Dict) return 'map';
  return { bigint: 'int', number: 'double', boolean: 'bool' }[typeof value as string] ?? 'string';
};

const isNumeric = (value: Value): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number';

/** Values of different types are not equal, but an int and a double are where they are the same number. */
export function equal(a: Value, b: Value, work: Work, offset: number, depth = 0): boolean {
  work.spend(depth > depthMax ? Number.POSITIVE_INFINITY : 1, offset);
  // JavaScript compares a bigint with a number exactly; NaN is below, above and equal to nothing.
  if (isNumeric(a) && isNumeric(b)) return a <= b && a >= b;
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length === b.length) work.read(a.length, offset);
    return a === b;
  }
  if (a instanceof List && b instanceof List) {
    if (a.size !== b.size) return false;
    for (let index = 0; index < a.size; index += 1)
      if (!equal(a.at(index, offset), b.at(index, offset), work, offset, depth + 1)) return false;
    return true;
  }
  if (!(a instanceof Dict && b instanceof Dict)) return a === b;
  const keys = a.keys();
  work.spend(keys.length, offset);
  if (keys.length !== b.keys().length) return false;
  return keys.every((key) => {
    const [left, right] = [a.get(key, offset), b.get(key, offset)];
    return left !== undefined && right !== undefined && equal(left, right, work, offset, depth + 1);
  });
}

/** Below zero if `a` comes first, above if `b` does, NaN if neither does nor are they equal. */
export function compare(a: Value, b: Value, work: Work, offset: number): number {
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : a <= b ? 0 : Number.NaN;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (typeof a === 'string' && typeof b === 'string') {
    work.read(Math.min(a.length, b.length), offset);
    return compareText(a, b);
  }
  throw new RuleError('type', offset, `a ${typeOf(a)} and a ${typeOf(b)} have no order`);
}

/** By code points, as CEL orders text: JavaScript's own order puts U+FF5E behind U+1F600. */
function compareText(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  const rank = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
  if (at === a.length || at === b.length) return a.length - b.length;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

/** The key of a map that a value names; a double that is a whole number names an int. */
export function keyOf(value: Value): Key | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint'
    ? value
    : undefined;
}
