// Rules and traces at random, for the tests that hold gate, proof and definition to one answer.

import fc from 'fast-check';
import type { Rule } from '../facts.ts';

/** What happens next: a call begins, or one that has begun settles. */
export type Step =
  | {
      readonly is: 'call';
      readonly tool: string;
      readonly args: object;
      readonly case: string;
      readonly agent: string;
      readonly user: string | undefined;
      readonly afterMs: number;
    }
  /** Which of the open ones, counted from the oldest. */
  | {
      readonly is: 'settle';
      readonly which: number;
      readonly how: 'ok' | 'error' | 'none';
      readonly result: object;
      readonly afterMs: number;
    };

export const guarded = 's.pay';
const tools = [guarded, 's.a', 's.b'];
const keys = ['x', 'y', 1, null];
export const owners: Readonly<Record<string, string>> = { clerk: 'lena@a.b', other: 'paul@a.b' };
export const accounts: Readonly<Record<string, string>> = { 'sam2@a.b': 'sam@a.b' };
const users = ['sam@a.b', 'sam2@a.b', 'ines@a.b', 'lena@a.b', undefined];

const afterMs = fc.constantFrom(0, 1, 5, 10, 10, -3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    is: fc.constant('call' as const),
    tool: fc.constantFrom(...tools),
    args: fc.record({ k: fc.constantFrom(...keys), n: fc.integer({ min: 0, max: 2 }) }),
    case: fc.constantFrom('k1', 'k1', 'k2'),
    agent: fc.constantFrom(...Object.keys(owners)),
    user: fc.constantFrom(...users),
    afterMs,
  }),
  fc.record({
    is: fc.constant('settle' as const),
    which: fc.integer({ min: 0, max: 3 }),
    how: fc.constantFrom('ok' as const, 'ok' as const, 'ok' as const, 'error' as const, 'none' as const),
    result: fc.record({ n: fc.integer({ min: 0, max: 2 }) }),
    afterMs,
  }),
);
export const trace = fc.array(step, { minLength: 5, maxLength: 40 });

const span = fc.option(fc.constantFrom(0, 5, 10, 20), { nil: undefined });
const same = fc.subarray(['case', 'agent', 'user'] as const, { maxLength: 2 });
const whereCounted = [
  'prior.args.k == args.k',
  'prior.args.k == args.k && prior.args.n >= 1',
  "string(prior.args.n) + '!' == string(args.n) + '!'",
  'prior.args.n + 1 == args.n || prior.args.k == null',
  'prior.args.k > 0',
  'prior.args.missing == args.k',
];
const whereEvidence = [
  ...whereCounted,
  'prior.args.k == args.k && prior.result.n == 1',
  'prior.result.n >= args.n',
];

const given = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  (fc.record(model) as fc.Arbitrary<T>).map(given);
const maybe = <T>(each: fc.Arbitrary<T>) => fc.option(each, { nil: undefined });

const sought = (where: readonly string[], more: readonly string[] = []) => ({
  call: fc.constantFrom(...tools),
  where: maybe(fc.constantFrom(...where, ...more)),
  same,
});
const requirement = (as: string | undefined, names: readonly string[]) =>
  record<NonNullable<Rule['requires']>[number]>({
    as: fc.constant(as as string),
    any: fc.array(
      record({
        ...sought(
          whereEvidence,
          names.map((name) => `prior.args.k == ${name}.args.k`),
        ),
        withinMs: span as fc.Arbitrary<number>,
        afterMs: maybe(fc.constantFrom(0, 5)) as fc.Arbitrary<number>,
      }),
      { minLength: 1, maxLength: 2 },
    ) as never,
    count: (as === undefined ? maybe(fc.constantFrom(1, 2)) : fc.constant(undefined)) as fc.Arbitrary<number>,
    follows: (names.length === 0
      ? fc.constant(undefined)
      : maybe(fc.constantFrom(...names))) as fc.Arbitrary<string>,
    once: maybe(fc.constant(true as const)) as fc.Arbitrary<true>,
  });
const forbid = record<NonNullable<Rule['forbids']>[number]>({
  ...sought(whereCounted),
  withinMs: span,
  since: maybe(fc.constant('one')),
  until: maybe(fc.array(record(sought(whereEvidence) as never), { minLength: 1, maxLength: 2 })),
} as never);
const limit = record<NonNullable<Rule['limits']>[number]>({
  ...sought(whereCounted),
  withinMs: span,
  sum: maybe(fc.constantFrom('prior.args.n', 'prior.args.k')),
  most: fc.integer({ min: 0, max: 3 }),
} as never);
const roles = ['this', 'this.user', 'this.owner', 'one', 'one.user', 'two.owner'];

/** A rule that asks for up to two calls, called `one` and `two`, and for some other things. */
export const anyRule: fc.Arbitrary<Omit<Rule, 'hash'>> = fc
  .record({
    when: maybe(fc.constantFrom('args.n > 0', 'args.k != null')),
    requires: fc.tuple(
      requirement('one', []),
      requirement('two', ['one']),
      requirement(undefined, ['one', 'two']),
    ),
    many: fc.constantFrom(1, 2, 2, 3),
    forbids: fc.array(forbid, { maxLength: 2 }),
    limits: fc.array(limit, { maxLength: 1 }),
    apart: fc.array(fc.subarray(roles, { minLength: 2, maxLength: 2 }), { maxLength: 1 }),
    which: fc.subarray(['requires', 'forbids', 'limits', 'apart'], { minLength: 1 }),
  })
  .map(({ when, requires, many, forbids, limits, apart, which }) => {
    const has = (name: string) => which.includes(name);
    const isRequired = has('requires');
    const kept = has('requires') ? requires.slice(0, many) : [];
    const names = isRequired ? kept.flatMap(({ as }) => as ?? []) : [];
    const isKnown = (name: string | undefined) =>
      name === undefined || names.includes(name.split('.')[0] ?? '');
    return given({
      ...{ outcome: 'o', rule: 'r', before: guarded, once: [], mode: 'deny' as const, when },
      requires: isRequired ? kept : undefined,
      forbids: has('forbids') ? forbids.filter(({ since }) => isKnown(since)) : undefined,
      limits: has('limits') ? limits : undefined,
      apart: has('apart')
        ? apart.filter((group) => group.every((role) => role.startsWith('this') || isKnown(role)))
        : undefined,
    }) as Omit<Rule, 'hash'>;
  });
