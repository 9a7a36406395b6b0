// The rule language against two independent implementations of CEL, over generated rules: mostly well typed, so that
// most have a value; now and then a part of another type.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buf, error, js, ours } from './oracles.fixture.ts';

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
