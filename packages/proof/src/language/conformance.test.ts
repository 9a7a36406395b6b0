// The rule language against the conformance vectors of cel-spec itself: each simple test whose expression and
// bindings lie in the profile must give the stated value, or an error where an error is stated. A test outside the
// profile must be refused when it is read, never evaluated to something else. What differs on purpose is listed.

import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';
import { describe, expect, it } from 'vitest';
import { evaluate, parseRule, RuleError } from './index.ts';

/** Every file of the suite that touches the profile; the others are about extensions, protocol buffers and times. */
const files = [
  'basic',
  'comparisons',
  'conversions',
  'dynamic',
  'fields',
  'fp_math',
  'integer_math',
  'lists',
  'logic',
  'macros',
  'parse',
  'plumbing',
  'string',
];

interface Vector {
  readonly name?: string;
  readonly expr: string;
  readonly disableCheck?: boolean;
  readonly bindings?: Readonly<Record<string, { readonly value?: Wire }>>;
  readonly value?: Wire;
  readonly evalError?: unknown;
}
type Wire = Readonly<Record<string, unknown>>;

class Outside extends Error {}

/** A value of the suite (proto3 JSON of `cel.expr.Value`) as this profile returns it. */
function plain(wire: Wire): unknown {
  const [[kind, value] = ['boolValue', true]] = Object.entries(wire);
  if (kind === 'int64Value') return BigInt(value as string);
  if (kind === 'doubleValue') return Number(value);
  if (kind === 'nullValue') return null;
  if (kind === 'stringValue' || kind === 'boolValue') return value;
  if (kind === 'listValue') return ((value as { values?: Wire[] }).values ?? []).map(plain);
  if (kind === 'mapValue')
    return new Map(
      ((value as { entries?: { key: Wire; value: Wire }[] }).entries ?? []).map((entry) => [
        plain(entry.key),
        plain(entry.value),
      ]),
    );
  throw new Outside(kind);
}

/** What comes in must be JSON: an int of the suite as bigint, a map as an object. */
function json(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(json);
  if (!(value instanceof Map)) {
    if (typeof value === 'number' && Number.isInteger(value))
      throw new Outside('a double that JSON makes an int');
    return value;
  }
  if ([...value.keys()].some((key) => typeof key !== 'string')) throw new Outside('keys that are not text');
  return Object.fromEntries([...value].map(([key, item]) => [key, json(item)]));
}

type Suite = (typeof tests)['suites'] extends (infer S)[] | undefined ? S : never;
const vectors = (suite: Suite, path: string): { name: string; vector: Vector }[] => [
  ...(suite.tests ?? []).map(({ original }) => ({
    name: `${path}/${original.name ?? ''}`,
    vector: original as unknown as Vector,
  })),
  ...(suite.suites ?? []).flatMap((each) => vectors(each, `${path}/${each.name}`)),
];

const all = (tests.suites ?? [])
  .filter(({ name }) => files.includes(name))
  .flatMap((suite) => vectors(suite, suite.name));

/** What the profile leaves out: a vector that is refused when it is read must show one of these. */
const leftOut = [
  /\b(google|protobuf|TestAllTypes|NullValue)\b|TestAllTypes/,
  /\b(timestamp|duration|bytes|uint|type|bool)\(|\.matches\(/,
  /\b(0x)?[0-9a-fA-F]+[uU]\b/,
  /\b[rR]?[bB][rR]?["']/,
  // Types are no values here.
  /^(bool|int|uint|double|null_type|string|bytes|list|map|type)$/,
];
/** Names that nothing binds are refused when the rule is read; CEL's unchecked mode finds out at run time. */
const unbound = /\/unbound_is_runtime_error$|^parse\/receiver_function_names\//;
/**
 * The suite asks for what its origin does, which turns an int beyond 2^53 into the nearest double first. The text
 * of the spec (langdef, "Numeric values" on one number line) is exact, and so is this language.
 */
const exactHere = [
  'not_lt_dyn_int_big_lossy_double',
  'not_gt_dyn_big_double_int',
  'lte_dyn_big_double_int',
  'gte_dyn_int_big_lossy_double',
].map((name) => `comparisons/${name.replace(/^not_/, '').split('_')[0]}_literal/${name}`);

type Outcome = 'agrees' | 'left out';

function check(name: string, { expr, bindings = {}, value, evalError }: Vector): Outcome {
  let scope: Record<string, unknown>;
  let wanted: unknown;
  try {
    if (Object.keys(bindings).some((each) => each.includes('.'))) return 'left out';
    scope = Object.fromEntries(
      Object.entries(bindings).map(([key, { value: given = {} }]) => [key, json(plain(given))]),
    );
    wanted = evalError === undefined ? plain(value ?? { boolValue: true }) : undefined;
  } catch (error) {
    if (error instanceof Outside) return 'left out';
    throw error;
  }
  try {
    const found = evaluate(parseRule(expr, Object.keys(scope)), scope);
    expect(evalError, `${name} must be an error`).toBeUndefined();
    if (exactHere.includes(name)) expect(found, name).toBe(!wanted);
    else expect(found, name).toEqual(wanted);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    const isRefused = unbound.test(name) || leftOut.some((sign) => sign.test(expr));
    if (evalError !== undefined) return isRefused ? 'left out' : 'agrees';
    expect(error.code, name).toMatch(/^(syntax|unknown-name)$/);
    expect(isRefused, `${name}: ${error.message}`).toBe(true);
    return 'left out';
  }
  return 'agrees';
}

describe('the conformance suite of cel-spec', () => {
  for (const file of files)
    it(`gives the stated value or error: ${file}`, () => {
      for (const { name, vector } of all.filter((each) => each.name.startsWith(`${file}/`)))
        check(name, vector);
    });

  it('covers most of the vectors of the profile', () => {
    expect(all.filter(({ name, vector }) => check(name, vector) === 'agrees').length).toBeGreaterThan(600);
  });
});
