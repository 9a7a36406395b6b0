// Keys: the values by which calls are looked up, as text that is equal for values that the rule language calls equal.

import { evaluate, RuleError, type Side } from '../language/index.ts';

/** No text: a value that nothing equals, or one that cannot be computed. */
export const nothingEquals: unique symbol = Symbol('nothing equals it');
export const noValue: unique symbol = Symbol('no value');
export type SideValue = string | typeof nothingEquals | typeof noValue;

export function sideValue(side: Side, scope: Readonly<Record<string, unknown>>): SideValue {
  if (side.path !== undefined) return keyOf(select(scope, side.path));
  try {
    return keyOf(evaluate(side, scope));
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return noValue;
  }
}

const keyOf = (value: unknown): SideValue =>
  value === undefined ? noValue : (textOf(value) ?? nothingEquals);

/** Selects own members of maps only: an attacker names the members, so `constructor` must find nothing. */
function select(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, name))
      return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** An int and a double are equal where they are the same number; nothing is equal to NaN, or to what holds one. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return undefined;
    return Number.isInteger(value) ? String(BigInt(value)) : String(value);
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return joined('[', value.map(textOf), ']');
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const members = entries.map(([name, each]) => {
    const text = textOf(each);
    return text === undefined ? undefined : `${textOf(name)}:${text}`;
  });
  return joined('{', members.sort(), '}');
}

const joined = (open: string, parts: readonly (string | undefined)[], close: string): string | undefined =>
  parts.includes(undefined) ? undefined : `${open}${parts.join()}${close}`;
