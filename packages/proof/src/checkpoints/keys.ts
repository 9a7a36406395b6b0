// Keys: the values by which calls are looked up, as text that is equal for values that the rule language calls equal.

import { evaluate, RuleError, type Side } from '../language/index.ts';

/** `none`: a value that nothing equals. `error`: it cannot be computed. */
export type SideValue = { readonly text: string } | 'none' | 'error';

export function sideValue(
  { path, ...expression }: Side,
  scope: Readonly<Record<string, unknown>>,
): SideValue {
  try {
    const value = path === undefined ? evaluate(expression, scope) : select(scope, path);
    if (value === undefined) return 'error';
    const text = textOf(value);
    return text === undefined ? 'none' : { text };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return 'error';
  }
}

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
