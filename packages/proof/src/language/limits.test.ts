// What the rule language refuses, bounds and tells about a rule: error codes and offsets, limits, work on hostile
// values, and the paths that an index is built from.

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalities, evaluate, holds, parseRule, paths, RuleError, type Side } from './index.ts';

const names = ['args', 'prior', 'money'];

function errorOf(ask: () => unknown): RuleError {
  try {
    ask();
  } catch (error) {
    if (error instanceof RuleError) return error;
    throw error;
  }
  throw new Error('no error');
}
const parsing = (rule: string) => errorOf(() => parseRule(rule, names));
const running = (rule: string, scope: Record<string, unknown>) =>
  errorOf(() => evaluate(parseRule(rule, names), scope));

describe('reading', () => {
  it.each<[string, string, number, RegExp]>([
    ["args.iban.matches('^CH')", 'syntax', 10, /`matches`: regular expressions are left out/],
    ["timestamp('2026-01-01T00:00:00Z') > args.at", 'syntax', 0, /`timestamp`: times are left out/],
    ["duration('1h') == args.d", 'syntax', 0, /durations are left out/],
    ["b'abc' == args.x", 'syntax', 0, /bytes are left out/],
    ["rb'abc' == args.x", 'syntax', 0, /bytes are left out/],
    ['args.n == 1u', 'syntax', 10, /unsigned integers are left out/],
    ['type(args.n)', 'syntax', 0, /types as values are left out/],
    ["google.protobuf.Value{string_value: 'x'}", 'unknown-name', 0, /`google` is not known here/],
    ['args.Thing{}', 'syntax', 10, /messages are left out/],
    ['Thing{}', 'syntax', 0, /messages are left out/],
    ['agrs.amount > 1', 'unknown-name', 0, /`agrs` is not known here, only args, prior, money/],
    ['args.lines.all(l, m.x)', 'unknown-name', 18, /`m` is not known/],
    ['args.lines.all(l, true) && l.x', 'unknown-name', 27, /`l` is not known/],
    ['args.amount.round()', 'unknown-name', 12, /no function `round`/],
    ['constructor(1)', 'unknown-name', 0, /no function `constructor`/],
    ['args.valueOf()', 'unknown-name', 5, /no function `valueOf`/],
    ['size(1, 2)', 'syntax', 0, /does not take 2 values/],
    ['args.a.startsWith()', 'syntax', 7, /does not take 1 values/],
    ['args.lines.all(l.x, true)', 'syntax', 16, /expected `,`/],
    ['args.lines.all(l)', 'syntax', 16, /expected `,`/],
    ['args.lines.all(l, true, true)', 'syntax', 11, /takes a name and 1 rules/],
    ['args.lines.all(true, true)', 'syntax', 15, /expected/],
    ["has(args['x'])", 'syntax', 0, /takes one selection/],
    ['args.', 'syntax', 5, /instead of the end/],
    ['args.true', 'syntax', 5, /expected a name/],
    ['1 +', 'syntax', 3, /instead of the end/],
    ['1 2', 'syntax', 2, /instead of `2`/],
    ['', 'syntax', 0, /instead of the end/],
    ['(1', 'syntax', 2, /expected `\)`/],
    ['for == 1', 'syntax', 0, /`for` is a reserved word/],
    ['args.a = 1', 'syntax', 7, /`=` has no place/],
    ["args.a == 'x", 'syntax', 10, /a string is not closed/],
    ["'a\nb'", 'syntax', 0, /not closed/],
    ["'\\ud83d'", 'syntax', 0, /no escape/],
    ['9223372036854775808', 'overflow', 0, /64 bits/],
    ['1e999', 'overflow', 0, /64 bits/],
    ['args.🦊', 'syntax', 5, /`🦊` has no place/],
  ])('%s', (rule, code, offset, message) => {
    const error = parsing(rule);
    expect([error.code, error.offset]).toEqual([code, offset]);
    expect(error.message).toMatch(message);
  });

  it('takes 4,096 characters and no more', () => {
    expect(holds(parseRule(`true${' '.repeat(4_092)}`, names), {})).toBe(true);
    expect(parsing(`true${' '.repeat(4_093)}`).code).toBe('too-long');
  });

  it('takes 32 nested parts and no more', () => {
    const nested = (open: string, close: string, count: number) =>
      `${open.repeat(count)}1${close.repeat(count)}`;
    for (const [open, close] of [
      ['(', ')'],
      ['[', ']'],
      ['size([', '])'],
      ["{'a': ", '}'],
    ] as const) {
      const step = open.length > 5 && open.startsWith('size') ? 2 : 1;
      parseRule(nested(open, close, 32 / step), names);
      expect(parsing(nested(open, close, 32 / step + 1)).code).toBe('too-long');
    }
    expect(parsing(`${'!'.repeat(33)}true`).code).toBe('too-long');
    expect(parsing(`${'- '.repeat(40)}args`).code).toBe('too-long');
    expect(parsing(`${'true ? 1 : '.repeat(40)}1`).code).toBe('too-long');
  });

  it('takes any number of conditions, but not of other operators, in a row', () => {
    expect(holds(parseRule(Array(800).fill('1<2').join('&&'), names), {})).toBe(true);
    expect(evaluate(parseRule(Array(100).fill('1').join('+'), names), {})).toBe(100n);
    expect(parsing(Array(200).fill('1').join('+')).code).toBe('too-long');
    expect(parsing(`args${'.a'.repeat(200)}`).code).toBe('too-long');
    expect(parsing(`args${'[0]'.repeat(200)}`).code).toBe('too-long');
  });

  it('gives a RuleError or an expression for any text', () => {
    const words = [
      'args',
      '.',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '?',
      '!',
      '-',
      '+',
      '==',
      '&&',
      'in',
      "'a'",
      '1',
      '1.5',
      'has',
      'size',
      '.all',
      'x',
      '`a`',
      'null',
      ' ',
      '"',
      '\\',
      'r',
      'b',
      '//',
      '\n',
    ];
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.constantFrom(...words)).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (rule) => {
        try {
          const expression = parseRule(rule, names);
          paths(expression);
          equalities(expression);
          evaluate(expression, { args: { a: [1] } });
        } catch (error) {
          expect(error).toBeInstanceOf(RuleError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('evaluating', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['money > 1', {}, 'missing'],
    ['money > 1', { money: undefined }, 'missing'],
    ['args.a == 1', { args: {} }, 'missing'],
    ['args.a == 1', { args: { a: undefined } }, 'missing'],
    ['args.a.b == 1', { args: { a: 'b' } }, 'type'],
    ["args.toString == 'x'", { args: {} }, 'missing'],
    ['args.list[3]', { args: { list: [1] } }, 'missing'],
    ['args.a + 1', { args: { a: 9007199254740991 } }, 'no error'],
    ['args.a * args.a', { args: { a: 9007199254740991 } }, 'overflow'],
    ['args.a + 1', { args: { a: 9007199254740992 } }, 'type'],
    ['args.a / args.b', { args: { a: 1, b: 0 } }, 'divide-by-zero'],
    ['args.a', { args: { a: new Date(0) } }, 'type'],
    ['args.a', { args: { a: new Map() } }, 'type'],
    ['args.a', { args: { a: () => 1 } }, 'type'],
    ['args.a', { args: { a: Number.NaN } }, 'type'],
    ['args.a', { args: { a: 2n ** 63n } }, 'type'],
  ])('%s', (rule, scope, code) => {
    if (code === 'no error') expect(evaluate(parseRule(rule, names), scope)).toBe(9007199254740992n);
    else expect(running(rule, scope).code).toBe(code);
  });

  it('holds only if the value is true, and refuses what is neither true nor false', () => {
    expect(holds(parseRule('args.ok', names), { args: { ok: true } })).toBe(true);
    expect(holds(parseRule('args.ok', names), { args: { ok: false } })).toBe(false);
    for (const ok of [1, 'true', null, [], {}])
      expect(errorOf(() => holds(parseRule('args.ok', names), { args: { ok } })).code).toBe('type');
  });

  it('looks at own members only, also those named like the prototype’s', () => {
    const inherited: unknown = Object.create({ ok: true });
    expect(running('args.ok', { args: inherited }).code).toBe('type');
    const args: unknown = JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}');
    expect(evaluate(parseRule('args.__proto__.admin && args.constructor == 1', names), { args })).toBe(true);
    expect(running('args.admin', { args }).code).toBe('missing');
    expect(running('args.x', Object.create({ args: { x: 1 } }) as Record<string, unknown>).code).toBe(
      'missing',
    );
  });

  it('gives ints as bigint, lists as arrays and maps as Map, all the way down', () => {
    const args = { a: [1, 1.5, { b: -0 }] };
    expect(evaluate(parseRule('args', names), { args })).toEqual(
      new Map([['a', [1n, 1.5, new Map([['b', 0n]])]]]),
    );
  });

  it('does not change with the order of `&&` and `||`', () => {
    const part = fc.constantFrom('true', 'false', 'args.absent', '1', "args.s == 'x'", '1 / 0 == 1');
    const answer = (rule: string) => {
      try {
        return String(holds(parseRule(rule, names), { args: { s: 'x' } }));
      } catch (error) {
        return error instanceof RuleError ? 'error' : String(error);
      }
    };
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 2, maxLength: 6 }),
        fc.constantFrom('&&', '||'),
        (all, sign) => {
          expect(answer(all.join(sign))).toBe(answer([...all].reverse().join(sign)));
        },
      ),
    );
  });
});

describe('work', () => {
  const list = (length: number) => Array.from({ length }, (_, index) => index);
  const long = 'a'.repeat(1_000_000);
  let deep: unknown = 1;
  for (let depth = 0; depth < 5_000; depth += 1) deep = [deep];

  it.each<[string, string, unknown]>([
    ['nested macros', 'args.all(a, args.all(b, args.all(c, a + b + c >= 0)))', list(200)],
    ['a long list', 'args.exists(a, a == 0)', list(20_000)],
    ['a search in a long list', '-1 in args', list(20_000)],
    ['equality of long lists', 'args == args', list(20_000)],
    ['a long list as the value', 'args', list(20_000)],
    ['equality of deep lists', 'args == args', deep],
    ['a deep list as the value', 'args', deep],
    ['a text searched for another', 'args.contains(args + args)', long],
    ['doubling a text', '[1,2,3,4].map(a, args + args + args + args).size() > 0', long],
    ['counting a long text', '[1,2,3,4].all(a, size(args) > 0)', long],
    ['joining lists', '[1,2,3,4,5,6,7,8].map(a, args + args + args).size() > 0', list(1_000)],
    [
      'the keys of a large record',
      'size(args) > 0',
      Object.fromEntries(list(20_000).map((key) => [`k${key}`, 1])),
    ],
  ])('ends: %s', (_, rule, args) => {
    expect(running(rule, { args }).code).toBe('too-much-work');
  });

  it('is not absorbed by the other side', () => {
    expect(running('args.all(a, args.all(b, a + b >= 0)) || true', { args: list(200) }).code).toBe(
      'too-much-work',
    );
  });

  it('is enough for an ordinary rule on large values, and untouched members cost nothing', () => {
    const args = { status: 'matched', lines: list(100_000), note: long };
    expect(holds(parseRule("args.status == 'matched' && args.lines[99999] == 99999", names), { args })).toBe(
      true,
    );
    expect(holds(parseRule("args.note.contains('b')", names), { args: { note: 'a'.repeat(10_000) } })).toBe(
      false,
    );
    expect(holds(parseRule('args.all(a, a >= 0)', names), { args: list(1_500) })).toBe(true);
  });

  it('can be given less', () => {
    expect(evaluate(parseRule('1 + 1', names), {}, 10)).toBe(2n);
    expect(errorOf(() => evaluate(parseRule('1 + 1', names), {}, 2)).code).toBe('too-much-work');
  });
});

describe('paths', () => {
  it.each<[string, string[]]>([
    ['prior.args.invoice_id == args.invoice_id', ['prior.args.invoice_id', 'args.invoice_id']],
    ["args['a'].b > 1 && has(args.c)", ['args.a.b', 'args.c']],
    ['args.lines[0].price + args.lines[0].price', ['args.lines']],
    ['args.lines.all(l, l.price < money)', ['args.lines', 'money']],
    ['args.lines.map(args, args.x)', ['args.lines']],
    ["{'a': args.k}[args.i]", ['args.k', 'args.i']],
    ['1 == 1', []],
  ])('of %s', (rule, wanted) => {
    expect(paths(parseRule(rule, names)).map((path) => path.join('.'))).toEqual(wanted);
  });
});

describe('equalities', () => {
  it.each<[string, string[]]>([
    [
      "prior.args.id == args.id && prior.result.status == 'matched'",
      ['prior.args.id=args.id', 'prior.result.status=?'],
    ],
    ['args.id == prior.args.id', ['args.id=prior.args.id']],
    ['(args.a == prior.a && args.b == prior.b) && money > 1', ['args.a=prior.a', 'args.b=prior.b']],
    ["args['a'] == prior.a", ['args.a=prior.a']],
    ['args.a == prior.a || true', []],
    ['!(args.a == prior.a)', []],
    ['args.a != prior.a', []],
    ['has(args.a) == has(prior.a)', ['?=?']],
    ['args.a[0] == prior.a', ['?=prior.a']],
    ['(args.a == prior.a) == args.ok', ['?=args.ok']],
    ['true ? args.a == prior.a : false', []],
    ['args.list.all(args, args.a == prior.a)', []],
  ])('of %s', (rule, wanted) => {
    const found = equalities(parseRule(rule, names));
    const said = ({ path }: Side) => path?.join('.') ?? '?';
    expect(found.map(({ left, right }) => `${said(left)}=${said(right)}`)).toEqual(wanted);
  });

  it('say which names each side looks at, and not those that a macro binds', () => {
    const [found] = equalities(parseRule('args.list.exists(l, l == money) == (prior.a + args.b > 1)', names));
    expect([...(found?.left.reads ?? [])].sort()).toEqual(['args', 'money']);
    expect([...(found?.right.reads ?? [])].sort()).toEqual(['args', 'prior']);
  });
});

describe('docs/rule-language.md', () => {
  const page = readFileSync(new URL('../../../../docs/rule-language.md', import.meta.url), 'utf8');
  const block = (kind: string) =>
    new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';
  const scope = JSON.parse(block('json')) as Record<string, unknown>;
  const rows = [...block('cel').matchAll(/^(.*?) +\/\/ (.*)$/gm)].map(([, rule = '', value = '']) => ({
    rule,
    value,
  }));

  it('has examples', () => expect(rows.length).toBeGreaterThan(10));

  it.each(rows)('$rule', ({ rule, value }) => {
    if (value.startsWith('error: ')) expect(running(rule, scope).code).toBe(value.slice('error: '.length));
    else expect(evaluate(parseRule(rule, names), scope)).toEqual(JSON.parse(value));
  });
});
