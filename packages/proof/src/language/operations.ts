// The operators and functions of a rule on values: CEL's standard definitions (cel-spec, doc/langdef.md, "List of
// Standard Definitions") for the types of this profile. Ints that leave 64 bits are an error, never wrapped; an int
// and a double compare but do not calculate with each other.

import { RuleError } from './error.ts';
import { compare, Dict, equal, fits, int64, keyOf, List, typeOf, type Value, type Work } from './values.ts';

/** Of one operand or two; the second of a single one is null and not looked at. */
type Operation = (a: Value, b: Value, work: Work, offset: number) => Value;

/** Applies an operator or function to operands that are all evaluated. Throws `RuleError`. */
export function apply(
  name: string,
  [a = null, b = null]: readonly Value[],
  work: Work,
  offset: number,
): Value {
  const operation = operations.get(name);
  return operation === undefined ? calculate(name, a, b, work, offset) : operation(a, b, work, offset);
}

const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['==', equal],
  ['!=', (a, b, work, offset) => !equal(a, b, work, offset)],
  ['<', (a, b, work, offset) => compare(a, b, work, offset) < 0],
  ['<=', (a, b, work, offset) => compare(a, b, work, offset) <= 0],
  ['>', (a, b, work, offset) => compare(a, b, work, offset) > 0],
  ['>=', (a, b, work, offset) => compare(a, b, work, offset) >= 0],
  ['in', isIn],
  ['[]', element],
  ['!', (a, _b, _work, offset) => (typeof a === 'boolean' ? !a : mismatch('!', [a], offset))],
  ['negate', negated],
  ['dyn', (a) => a],
  ['int', toInt],
  ['double', toDouble],
  ['string', toText],
  ['size', (a, _b, work, offset) => BigInt(sizeOf(a, work, offset))],
  ['startsWith', search('startsWith', (text, part) => text.startsWith(part))],
  ['endsWith', search('endsWith', (text, part) => text.endsWith(part))],
  ['contains', search('contains', (text, part) => text.includes(part))],
]);

/** The member of a map; `undefined` where there is none. */
export function member(of: Value, name: string, offset: number): Value | undefined {
  if (of instanceof Dict) return of.get(name, offset);
  throw new RuleError('type', offset, `\`${name}\` cannot be selected from a ${typeOf(of)}`);
}

export const absent = (what: string, offset: number) =>
  new RuleError('missing', offset, `there is no ${what}`);

function calculate(name: string, a: Value, b: Value, work: Work, offset: number): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return ofInts(name, a, b, offset);
  if (typeof a === 'number' && typeof b === 'number') {
    if (name === '+') return a + b;
    if (name === '-') return a - b;
    if (name === '*') return a * b;
    if (name === '/') return a / b;
  }
  if (name === '+' && typeof a === 'string' && typeof b === 'string') {
    work.read(a.length + b.length, offset);
    return a + b;
  }
  if (name === '+' && a instanceof List && b instanceof List) {
    work.spend(a.size + b.size, offset);
    return List.of([...elements(a, offset), ...elements(b, offset)]);
  }
  return mismatch(name, [a, b], offset);
}

function negated(of: Value, _: Value, _work: Work, offset: number): Value {
  if (typeof of === 'number') return -of;
  return typeof of === 'bigint' ? whole(-of, offset) : mismatch('-', [of], offset);
}

function ofInts(name: string, a: bigint, b: bigint, offset: number): bigint {
  if (name === '+') return whole(a + b, offset);
  if (name === '-') return whole(a - b, offset);
  if (name === '*') return whole(a * b, offset);
  if (b === 0n) throw new RuleError('divide-by-zero', offset, `\`${name}\` by zero`);
  // The one quotient that does not fit; CEL refuses its remainder too.
  whole(a / b, offset);
  return name === '/' ? a / b : a % b;
}

function isIn(item: Value, of: Value, work: Work, offset: number): boolean {
  if (of instanceof List) {
    for (let index = 0; index < of.size; index += 1)
      if (equal(item, of.at(index, offset), work, offset)) return true;
    return false;
  }
  const key = keyOf(item);
  if (!(of instanceof Dict) || (key === undefined && typeof item !== 'number'))
    return mismatch('in', [item, of], offset);
  return key !== undefined && of.get(key, offset) !== undefined;
}

function element(of: Value, index: Value, _work: Work, offset: number): Value {
  const key = keyOf(index);
  if (of instanceof Dict && key !== undefined) {
    const found = of.get(key, offset);
    if (found === undefined) throw absent('such member', offset);
    return found;
  }
  if (!(of instanceof List) || typeof key !== 'bigint') return mismatch('[]', [of, index], offset);
  if (key < 0n || key >= BigInt(of.size)) throw absent(`element ${key}`, offset);
  return of.at(Number(key), offset);
}

/** A string counts its code points. */
function sizeOf(of: Value, work: Work, offset: number): number {
  if (of instanceof List) return of.size;
  if (of instanceof Dict) {
    const { length } = of.keys();
    work.spend(length, offset);
    return length;
  }
  if (typeof of !== 'string') return mismatch('size', [of], offset);
  work.read(of.length, offset);
  let size = 0;
  for (const _ of of) size += 1;
  return size;
}

function search(name: string, found: (text: string, part: string) => boolean): Operation {
  return (text, part, work, offset) => {
    if (typeof text !== 'string' || typeof part !== 'string') return mismatch(name, [text, part], offset);
    work.read(part.length, offset);
    // An attacker may choose both texts so that each character of one is compared with each of the other.
    if (name === 'contains') work.read(text.length + (text.length * part.length) / 100, offset);
    return found(text, part);
  };
}

function toInt(of: Value, _: Value, work: Work, offset: number): bigint {
  if (typeof of === 'bigint') return of;
  if (typeof of === 'number') {
    // As CEL's own implementation: the ends of the range are not told apart from what lies beyond them.
    if (of > -(2 ** 63) && of < 2 ** 63) return BigInt(Math.trunc(of));
    throw new RuleError('overflow', offset, 'the double does not fit an int');
  }
  if (typeof of !== 'string') return mismatch('int', [of], offset);
  work.read(of.length, offset);
  if (!/^[+-]?[0-9]{1,64}$/.test(of)) throw new RuleError('type', offset, 'the string is no int');
  return whole(BigInt(of.replace('+', '')), offset);
}

function toText(of: Value, _: Value, _work: Work, offset: number): string {
  if (of === null || of instanceof List || of instanceof Dict) return mismatch('string', [of], offset);
  return String(of);
}

function toDouble(of: Value, _: Value, work: Work, offset: number): number {
  if (typeof of === 'number') return of;
  if (typeof of === 'bigint') return Number(of);
  if (typeof of !== 'string') return mismatch('double', [of], offset);
  work.read(of.length, offset);
  const value = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(of) ? Number(of) : Number.NaN;
  if (!Number.isFinite(value)) throw new RuleError('type', offset, 'the string is no double');
  return value;
}

function* elements(list: List, offset: number): Iterable<Value> {
  for (let index = 0; index < list.size; index += 1) yield list.at(index, offset);
}

function whole(value: bigint, offset: number): bigint {
  if (fits(value)) return value;
  const end = value < int64.min ? 'least' : 'greatest';
  throw new RuleError('overflow', offset, `the number is beyond the ${end} int of 64 bits`);
}

function mismatch(name: string, operands: readonly Value[], offset: number): never {
  throw new RuleError('type', offset, `\`${name}\` does not take ${operands.map(typeOf).join(' and ')}`);
}
