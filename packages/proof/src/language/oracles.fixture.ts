// Two independent implementations of CEL beside this one, asked in the same way: a rule and JSON values go in, a plain
// value or `error` comes out.

import { celEnv, isCelError, isCelList, isCelMap, isCelUint, parse, plan } from '@bufbuild/cel';
import { Environment } from '@marcbachmann/cel-js';
import { evaluate, parseRule, RuleError } from './index.ts';

export const error = Symbol('an error');
export type Scope = Readonly<Record<string, unknown>>;

export const names = ['args', 'prior', 'money', 'user'];
export const scope: Scope = {
  args: {
    invoice_id: 'INV-7',
    amount: 48000,
    rate: 0.25,
    iban: 'CH93 0076 2011 6238 5295 7',
    urgent: false,
    note: null,
    lines: [
      { sku: 'a', count: 2, price: 10 },
      { sku: 'b', count: 1, price: 28 },
    ],
    tags: ['new', 'eu'],
    counts: [1, 2, 3],
    empty: [],
    nested: { deep: { value: 1.5 } },
    'content-type': 'text',
    name: 'Zoë 😀',
  },
  prior: { args: { invoice_id: 'INV-7' }, result: { status: 'matched', total: 48000 } },
  money: 4800000,
};

export const ours = (source: string, over: Scope = scope): unknown => {
  try {
    return evaluate(parseRule(source, names), over);
  } catch (thrown) {
    if (thrown instanceof RuleError) return error;
    throw thrown;
  }
};

/** JSON as both implementations take it: whole numbers are ints. */
const lifted = (value: unknown): unknown => {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(lifted);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, lifted(item)]));
};
const bindings = (over: Scope) =>
  Object.fromEntries(Object.entries(over).map(([key, item]) => [key, lifted(item)]));

const lowered = (value: unknown): unknown => {
  if (isCelUint(value)) return `uint ${value.value}`;
  if (isCelList(value) || Array.isArray(value)) return [...(value as Iterable<unknown>)].map(lowered);
  if (isCelMap(value) || value instanceof Map)
    return new Map([...(value as Iterable<[unknown, unknown]>)].map(([key, item]) => [key, lowered(item)]));
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, lowered(item)]));
};

const env = celEnv();
export const buf = (source: string, over: Scope = scope): unknown => {
  try {
    const found = plan(env, parse(source))(bindings(over) as Parameters<ReturnType<typeof plan>>[0]);
    return isCelError(found) ? error : lowered(found);
  } catch {
    return error;
  }
};

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
export const js = (source: string, over: Scope = scope): unknown => {
  try {
    return lowered(environment.evaluate(source, bindings(over)));
  } catch {
    return error;
  }
};
