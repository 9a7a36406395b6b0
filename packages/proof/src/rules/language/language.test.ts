// The rule language against two independent implementations of CEL, over a table written by hand and over generated
// rules. Where an implementation differs from the spec, the table says so and the spec is followed.

import { celEnv, isCelError, isCelList, isCelMap, isCelUint, parse, plan } from '@bufbuild/cel';
import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, parseRule, RuleError } from './index.ts';

const error = Symbol('an error');
type Scope = Readonly<Record<string, unknown>>;

const names = ['args', 'prior', 'money', 'user'];
const scope: Scope = {
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

const ours = (source: string, over: Scope = scope): unknown => {
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
const buf = (source: string, over: Scope = scope): unknown => {
  try {
    const found = plan(env, parse(source))(bindings(over) as Parameters<ReturnType<typeof plan>>[0]);
    return isCelError(found) ? error : lowered(found);
  } catch {
    return error;
  }
};

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
const js = (source: string, over: Scope = scope): unknown => {
  try {
    return lowered(environment.evaluate(source, bindings(over)));
  } catch {
    return error;
  }
};

/** Rule, value, and which implementation differs from the spec there, and how. */
type Row = readonly [rule: string, value: unknown, differs?: { buf?: string; js?: string }];
const table: readonly Row[] = [
  // Numbers.
  ['1 + 2 * 3', 7n],
  ['(1 + 2) * 3', 9n],
  ['7 / 2', 3n],
  ['-7 / 2', -3n],
  ['-7 % 3', -1n],
  ['7 % -3', 1n],
  ['7.0 / 2.0', 3.5],
  ['1.0 / 0.0', Number.POSITIVE_INFINITY],
  ['1 / 0', error],
  ['1 % 0', error],
  ['5.5 % 2.0', error],
  ['1 + 1.0', error],
  ['2 * 0.5', error],
  ['args.amount * args.rate', error],
  ['double(args.amount) * args.rate', 12000],
  ['9223372036854775807 + 1', error],
  ['-9223372036854775808 - 1', error],
  ['-9223372036854775808', -9223372036854775808n],
  ['9223372036854775808', error, { buf: 'does not check literals', js: 'does not check literals' }],
  ['-(-9223372036854775808)', error, { js: 'does not check negation' }],
  ['-9223372036854775808 / -1', error, { js: 'does not check division' }],
  ['4611686018427387904 * 2', error],
  ['0xff', 255n],
  ['-0x10', -16n],
  ['1e3', 1000],
  ['.5', 0.5, { js: 'wants a digit first' }],
  ['1.5e-3', 0.0015],
  ['1 == 1.0', true, { js: 'refuses different types before it runs' }],
  ['args.nested.deep.value == 1.5', true],
  ['1 < 1.5', true],
  ['2.0 >= 2', true],
  ['args.amount > 47999.99', true],
  ['9007199254740993 > 9007199254740992.0', true, { buf: 'rounds the int first' }],
  ['--1', 1n],
  ['- 1', -1n],
  // Truth.
  ['!true', false],
  ['!!true', true],
  ['!-1', error],
  ['true && false', false],
  ['false && (1 / 0 > 0)', false],
  ['(1 / 0 > 0) && false', false],
  ['(1 / 0 > 0) && true', error],
  ['(1 / 0 > 0) || true', true],
  ['true || args.absent', true],
  ['args.absent || true', true],
  ['args.absent || false', error],
  ["'a' && false", false, { js: 'refuses different types before it runs' }],
  ["'a' || false", error],
  ['1 && true', error],
  ['true ? 1 : 2', 1n],
  ['false ? 1 / 0 : 2', 2n],
  ['1 ? 2 : 3', error],
  ["args.urgent ? 'now' : args.amount > 1 ? 'big' : 'small'", 'big'],
  ['true == true', true],
  ['false < true', true],
  // Text.
  ['\'a\' + "b"', 'ab'],
  ["'a' + 1", error],
  ["args.iban.startsWith('CH')", true],
  ["args.iban.endsWith('7')", true],
  ["args.iban.contains('0076')", true],
  ["args.iban.contains('')", true],
  ["args.amount.startsWith('4')", error],
  ['size(args.name)', 5n],
  ['args.name.size()', 5n],
  ["'a' < 'b'", true],
  ["'a' < 'B'", false],
  ["'\\uff5e' < '\\U0001f600'", true, { buf: 'compares UTF-16 units', js: 'compares UTF-16 units' }],
  ["'\\x41\\101\\u0041\\U00000041\\n'", 'AAAA\n'],
  ["r'\\n'", '\\n'],
  ["'''a'b''c'''", "a'b''c"],
  ['"""line\nbreak"""', 'line\nbreak'],
  ["'\\ud800'", error],
  ["'\\q'", error, { buf: 'keeps unknown escapes' }],
  ["'open", error],
  ["'a' < 1", error],
  // Equality.
  ['null == null', true],
  ['args.note == null', true],
  ["args.note == ''", false],
  ["args.invoice_id == prior.args.invoice_id && prior.result.status == 'matched'", true],
  ["args.amount == '48000'", false],
  ['[1, 2] == [1, 2]', true],
  ['[1, 2] == [1.0, 2.0]', true, { js: 'refuses different types before it runs' }],
  ['[1, 2] == [2, 1]', false],
  ["{'a': 1, 'b': 2} == {'b': 2.0, 'a': 1.0}", true, { js: 'refuses different types before it runs' }],
  ["{'a': 1} == {'a': 1, 'b': 2}", false],
  ["args.tags == ['new', 'eu']", true],
  ['args.lines[0] != args.lines[1]', true],
  // Members.
  ['args.lines[1].sku', 'b'],
  ["args['invoice_id']", 'INV-7'],
  [
    "args['content-type'] == args.`content-type`",
    true,
    { buf: 'has no quoted names', js: 'has no quoted names' },
  ],
  ['args.absent', error],
  ["args['absent']", error],
  ['args.lines[2]', error],
  ['args.lines[-1]', error],
  ["args.lines['0']", error],
  ['[7, 8][dyn(1.0)]', 8n],
  ['args.invoice_id.length', error],
  ['args.tags.length', error],
  ['args.note.x', error],
  ['args.constructor', error],
  ["args['__proto__']", error],
  ['args.__proto__', error],
  ['has(args.__proto__)', false],
  ['has(args.toString)', false],
  ['has(args.note)', true, { buf: 'takes null for absent' }],
  ['has(args.absent)', false],
  ['has(args.absent.more)', error],
  [
    'has(args.invoice_id.more)',
    error,
    { buf: 'no error for what has no members', js: 'no error for what has no members' },
  ],
  ['has(args)', error],
  ["{'a': 1}.a", 1n],
  ["{1: 'one'}[1]", 'one'],
  ["{true: 'yes'}[true]", 'yes'],
  ["{'a': 1, 'a': 2}", error, { js: 'keeps the last' }],
  ["{1.5: 'x'}", error, { js: 'takes doubles as keys' }],
  // Lists.
  ['2 in args.counts', true],
  ['2.0 in args.counts', true],
  ["'eu' in args.tags", true],
  ["'invoice_id' in args", true],
  ["'toString' in args", false],
  ["'a' in 'abc'", error],
  ['size(args.lines) + args.empty.size()', 2n],
  ['size(args.nested)', 1n],
  ['size(1)', error],
  ['[1] + [2, 3]', [1n, 2n, 3n]],
  ['[1, 2, ]', [1n, 2n]],
  ["[1, 'a', null]", [1n, 'a', null]],
  ["{'a': [1]}", new Map([['a', [1n]]])],
  ['[]', []],
  // Macros.
  ['args.lines.all(l, l.count > 0)', true],
  ['args.lines.exists(l, l.price == 28)', true],
  ["args.lines.exists_one(l, l.sku == 'a')", true],
  ['args.counts.exists_one(n, n > 1)', false],
  ['args.counts.filter(n, n % 2 == 1)', [1n, 3n]],
  ['args.counts.map(n, n * n)', [1n, 4n, 9n]],
  ['args.counts.map(n, n > 1, n * 10)', [20n, 30n]],
  ['args.empty.all(n, n / 0 == 1)', true],
  ['args.empty.exists(n, true)', false],
  ['[1, 0].exists(n, 1 / n == 1)', true],
  ['[0, 1].exists(n, 1 / n == 1)', true],
  ['[0, 2].exists(n, 1 / n == 1)', error],
  ['[0, 2].all(n, 1 / n == 1)', false],
  ['[0, 1].exists_one(n, 1 / n == 1)', error],
  ["{'a': 1, 'b': 2}.all(k, k != 'c')", true],
  ["{'a': 1, 'b': 2}.exists(k, k == 'b')", true],
  ['args.lines.map(l, args.counts.filter(n, n == l.count))', [[2n], [1n]]],
  ['[1].map(args, args + 1)', [2n]],
  ['1.exists(n, true)', error],
  ["'abc'.all(c, true)", error],
  ['args.counts.filter(n, n)', error],
  // Conversions.
  ["int('42')", 42n],
  ["int('-42')", -42n],
  ["int('4.2')", error],
  ["int('0x1')", error, { buf: 'reads what JavaScript reads' }],
  ['int(4.9)', 4n],
  ['int(-4.9)', -4n],
  ['int(1e19)', error, { js: 'does not check the range' }],
  ["int('9223372036854775808')", error],
  ['int(true)', error],
  ['double(3)', 3],
  ["double('1.5e2')", 150],
  ["double('x')", error, { buf: 'gives NaN' }],
  ['string(42)', '42'],
  ['string(1.5)', '1.5'],
  ['string(true)', 'true'],
  ['string(null)', error],
  ["string('s')", 's'],
  ['dyn(1) == 1', true],
];

describe('the table', () => {
  it.each(table.map((row) => ({ rule: row[0], row })))('$rule', ({ row: [rule, value, differs = {}] }) => {
    expect(ours(rule)).toEqual(value);
    if (differs.buf === undefined) expect(buf(rule), 'bufbuild').toEqual(value);
    else expect(buf(rule), 'bufbuild no longer differs').not.toEqual(value);
    if (differs.js === undefined) expect(js(rule), 'cel-js').toEqual(value);
    else expect(js(rule), 'cel-js no longer differs').not.toEqual(value);
  });
});

// Generated rules: mostly well typed, so that most have a value; now and then a part of another type.
type Kind = 'int' | 'double' | 'text' | 'bool' | 'ints' | 'record';
const kinds: readonly Kind[] = ['int', 'double', 'text', 'bool', 'ints', 'record'];
const leaves: Readonly<Record<Kind, readonly string[]>> = {
  int: ['0', '1', '-3', '42', 'args.n', 'args.m', 'args.absent', "args['n']", 'args.record.x'],
  double: ['0.0', '1.5', '-2.25', '3.0', 'args.d', '1e3'],
  text: ["''", "'a'", "'ab'", 'args.s', "'é😀'", "r'a\\b'", '"x\'y"'],
  bool: ['true', 'false', 'args.b', 'has(args.s)', 'has(args.absent)'],
  ints: ['[]', '[1]', '[3, 1, 2]', 'args.list', '[args.n, 0]'],
  record: ['{}', "{'x': 1}", "{'x': 2, 'y': 3}", 'args.record', 'args'],
};
const forms: Readonly<Record<Kind, readonly string[]>> = {
  int: [
    '(<int> + <int>)',
    '(<int> - <int>)',
    '(<int> * <int>)',
    '(<int> / <int>)',
    '(<int> % <int>)',
    '(-(<int> + 0))',
    'size(<text>)',
    '<ints>.size()',
    'size(<record>)',
    '<ints>[<int> + 0]',
    '(<bool> ? <int> : <int>)',
    'int(string(<int> + 0))',
    'int(<double> + 0.0)',
    "<record>['x']",
    '<record>.x',
    '(<int> * 9223372036854775807)',
  ],
  double: [
    '(<double> + <double>)',
    '(<double> - <double>)',
    '(<double> * <double>)',
    '(<double> / <double>)',
    'double(<int> + 0)',
    '(<bool> ? <double> : <double>)',
    '(-(<double> + 0.0))',
  ],
  text: ['(<text> + <text>)', 'string(<int> + 0)', 'string(<bool> || false)', '(<bool> ? <text> : <text>)'],
  bool: [
    '(<bool> && <bool>)',
    '(<bool> || <bool>)',
    '(!<bool>)',
    '(<int> < <int>)',
    '(<int> <= <int>)',
    '(<double> > <double>)',
    '(<double> >= <double>)',
    '(<text> < <text>)',
    '(<int> == <int>)',
    '(<text> != <text>)',
    '(<ints> == <ints>)',
    '(<record> == <record>)',
    '(<int> + 0 in <ints>)',
    "('' + <text> in <record>)",
    '<text>.contains(<text>)',
    '<text>.startsWith(<text>)',
    '<text>.endsWith(<text>)',
    '<ints>.all(v, v > <int>)',
    '<ints>.exists(v, <int> / v == v)',
    '<ints>.exists_one(v, v == <int>)',
    '<record>.all(k, k == <text>)',
    '(<bool> == <bool>)',
    '(<bool> && <bool> || <bool>)',
    '(<bool> ? <bool> : <bool>)',
    '(<int> == <double>)',
    '(<double> < <int>)',
  ],
  ints: [
    '(<ints> + <ints>)',
    '[<int>, <int>]',
    '<ints>.filter(v, v < <int>)',
    '<ints>.map(v, v * <int>)',
    '<ints>.map(v, v != <int>, v + 1)',
    '(<bool> ? <ints> : <ints>)',
  ],
  record: ["{'x': <int>, 'z': <int>}", "{'' + <text>: <int>}", '(<bool> ? <record> : <record>)'],
};

/** Chooses by the numbers that fast-check shrinks: each one picks a leaf or a form, until depth is used up. */
function ruleFrom(choices: readonly number[], kind: Kind): string {
  let at = 0;
  const pick = () => choices[at++ % choices.length] ?? 0;
  const build = (wanted: Kind, depth: number): string => {
    const actual = pick() % 24 === 0 ? (kinds[pick() % kinds.length] ?? wanted) : wanted;
    const from = depth === 0 || pick() % 5 === 0 ? leaves[actual] : forms[actual];
    const form = from[pick() % from.length] ?? '';
    if (from === leaves[actual]) return form;
    return form.replace(/<([a-z]+)>/g, (_, part: Kind) => build(part, depth - 1));
  };
  return build(kind, 3);
}

const generated = fc.record({
  choices: fc.array(fc.nat(10_000), { minLength: 12, maxLength: 60 }),
  kind: fc.constantFrom(...kinds),
  args: fc.record({
    n: fc.integer({ min: -5, max: 5 }),
    m: fc.maxSafeInteger(),
    d: fc.constantFrom(0.5, -1.25, 1e-9, 2.5),
    s: fc.constantFrom('', 'a', 'ab', '7', '-12', 'é😀'),
    b: fc.boolean(),
    list: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 4 }),
    record: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 3 })),
  }),
});

/**
 * Both implementations have defects that only show once in some ten thousand rules, each looked at by hand. A fixed
 * seed keeps them from failing a test of ours; change it to search for more.
 */
const seed = 20_261_123;

describe('generated rules', () => {
  it('have the same value as with @bufbuild/cel, or are an error in both', () => {
    let valued = 0;
    let total = 0;
    fc.assert(
      fc.property(generated, ({ choices, kind, args }) => {
        const rule = ruleFrom(choices, kind);
        const value = ours(rule, { args });
        total += 1;
        if (value !== error) valued += 1;
        expect(buf(rule, { args }), rule).toEqual(value);
      }),
      { numRuns: 4_000, seed },
    );
    // Two errors agree about little: most rules must have a value.
    expect(valued / total).toBeGreaterThan(0.5);
  });

  it('have the value that @marcbachmann/cel-js gives, which also checks types before it runs', () => {
    fc.assert(
      fc.property(generated, ({ choices, kind, args }) => {
        // It does not check the range of a negated int.
        const rule = ruleFrom(choices, kind).replaceAll('9223372036854775807', '77');
        const value = js(rule, { args });
        if (value !== error) expect(ours(rule, { args }), rule).toEqual(value);
      }),
      { numRuns: 4_000, seed },
    );
  });
});
