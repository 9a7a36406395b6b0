// INVARIANT: what the structural rule says to narrow, or to be the same, lets nothing through that was stopped before, by
// the evaluators that the gate uses.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permit } from '../declared.fixture.ts';
import type { Rule } from '../facts.ts';
import { makeKey } from '../log.fixture.ts';
import { NOTE_COSIGNATURE } from '../records/note.ts';
import { isReached, parsePolicy } from '../records/policy.ts';
import { compileRule, decidePermission, History, judgeCheckpoint } from '../rules/index.ts';
import { utf8 } from '../values/bytes.ts';
import { relationOf } from './compare.ts';
import type { Relation } from './relation.ts';
import type { Content, Standing } from './standing.ts';

type Body = Readonly<Record<string, unknown>>;
const none: Standing = new Map();
const content = (kind: string, body: Body | undefined): Content | undefined =>
  body === undefined ? undefined : { kind, body: defined(body) };
const defined = (body: Body): Body =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));

const compare = (kind: string, before?: Body, after?: Body, standing = none, stream = 'x/y'): Relation =>
  relationOf({ stream, before: content(kind, before), after: content(kind, after) }, standing);

describe('whatever is said to narrow or to be the same', () => {
  const expectations = { numRuns: 3_000 };

  it('lets no call pass a checkpoint that did not pass before', () => {
    const optional = <T>(each: fc.Arbitrary<T>) => fc.option(each, { nil: undefined });
    const anyRule = fc.record({
      when: optional(fc.constantFrom('money > 5', 'money > 7', 'money >= 5', 'args.n > 1')),
      require: optional(
        fc.record({
          where: optional(fc.constantFrom('prior.args.n == args.n', 'true')),
          same: fc.subarray(['case', 'agent'] as const),
        }),
      ),
      withinMs: optional(fc.constantFrom(1, 5, 50)),
      once: fc.subarray(['args.n', 'args.m']),
      approve: optional(
        fc.record({
          function: fc.constantFrom('a', 'b'),
          count: fc.nat(2),
          not: fc.subarray(['requester'] as const),
          escalate: optional(
            fc.record({ afterMs: fc.constantFrom(10, 20), function: fc.constantFrom('a', 'b', 'c') }),
          ),
        }),
      ),
      mode: fc.constantFrom('hold' as const, 'deny' as const),
    });
    const made = ({ require: asked, ...rest }: Body) =>
      defined({
        ...{ outcome: 'o', rule: 'r', hash: 'H', before: 's.pay', ...rest },
        require: asked === undefined ? undefined : defined({ call: 's.match', ...(asked as Body) }),
        approve: rest['approve'] === undefined ? undefined : defined(rest['approve'] as Body),
      });
    const anyCall = fc.record({ n: fc.nat(3), money: fc.nat(10), case: fc.constantFrom('k', 'l') });
    const anyPrior = fc.record({ n: fc.nat(3), case: fc.constantFrom('k', 'l'), at: fc.nat(100) });
    const anyOffer = fc.record({
      person: fc.constantFrom('x', 'y', 'u'),
      as: fc.constantFrom('a', 'b', 'c'),
      at: fc.constantFrom(5, 15, 25),
    });
    const passes = (
      body: Body,
      call: { n: number; money: number; case: string },
      priors: readonly { n: number; case: string; at: number }[],
      offers: readonly { person: string; as: string; at: number }[],
    ) => {
      const compiled = compileRule(body as unknown as Rule);
      const history = new History();
      history.watch([compiled]);
      for (const [position, { n, case: of, at }] of priors.entries())
        history.add({
          position,
          tool: 's.match',
          args: { n },
          result: {},
          agent: 'g',
          user: 'u',
          case: of,
          settledAt: at,
          withheld: false,
        });
      const pending = {
        tool: 's.pay',
        args: { n: call.n, m: 1 },
        money: { amountMinor: call.money, currency: 'USD' },
      };
      const about = {
        currency: 'USD',
        agent: 'g',
        user: 'u',
        case: call.case,
        agentOwner: 'z',
        action: 'A',
        at: 100,
        withheld: false,
      };
      const given = offers.map(({ person: by, as, at }, position) => ({
        ...{ at, heldAt: 0 },
        position,
        statement: {
          action: 'A',
          agent: 'g',
          user: 'u',
          case: call.case,
          rule: 'H',
          hold: `h${position}`,
          expires: 200,
          function: as,
          person: by,
          decision: 'approve' as const,
        },
        approver: { person: by, functions: ['a', 'b', 'c'] },
      }));
      return ['passed', 'not-needed'].includes(
        judgeCheckpoint(compiled, { ...pending, ...about }, { history, offers: given }).answer,
      );
    };
    let shown = 0;
    fc.assert(
      fc.property(
        anyRule,
        anyRule,
        anyCall,
        fc.array(anyPrior, { maxLength: 4 }),
        fc.array(anyOffer, { maxLength: 3 }),
        (first, second, call, priors, offers) => {
          // Half of the pairs differ in one member, so that many are comparable.
          const names = Object.keys(first) as (keyof typeof first)[];
          const name = names[call.money % names.length] ?? 'mode';
          const [before, after] = [made(first), made({ ...first, [name]: second[name] })];
          if (compare('rule.activated', before, after) === 'weakens') return;
          shown += 1;
          if (passes(after, call, priors, offers)) expect(passes(before, call, priors, offers)).toBe(true);
        },
      ),
      expectations,
    );
    expect(shown).toBeGreaterThan(500);
  });

  it('lets no call through that no policy permitted before', () => {
    const entity = (type: string, id: string) => ({ entity: { type, id } });
    const anyPolicy = fc.record({
      effect: fc.constantFrom('permit', 'forbid'),
      principal: fc.constantFrom<object>(
        { op: 'All' },
        { op: '==', ...entity('Agent', 'a') },
        { op: '==', ...entity('Agent', 'b') },
        { op: 'is', entity_type: 'Agent' },
      ),
      action: fc.constantFrom<object>(
        { op: 'All' },
        { op: '==', ...entity('Action', 's.x') },
        {
          op: 'in',
          entities: [
            { type: 'Action', id: 's.x' },
            { type: 'Action', id: 's.y' },
          ],
        },
      ),
      resource: fc.constantFrom<object>(
        { op: 'All' },
        { op: '==', ...entity('Tool', 's.x') },
        { op: 'in', ...entity('Server', 's') },
        { op: 'in', ...entity('Tool', 's.x') },
      ),
      conditions: fc.subarray([
        {
          kind: 'when',
          body: {
            '<': {
              left: {
                '.': { left: { '.': { left: { Var: 'context' }, attr: 'money' } }, attr: 'amountMinor' },
              },
              right: { Value: 5 },
            },
          },
        },
        {
          kind: 'unless',
          body: {
            '==': { left: { '.': { left: { Var: 'context' }, attr: 'user' } }, right: { Value: 'u' } },
          },
        },
      ]),
    });
    const anyCall = fc.record({
      agent: fc.constantFrom('a', 'b'),
      tool: fc.constantFrom('s.x', 's.y', 't.x'),
      money: fc.option(fc.record({ amountMinor: fc.nat(9), currency: fc.constant('USD') }), {
        nil: undefined,
      }),
      user: fc.option(fc.constantFrom('u', 'v'), { nil: undefined }),
    });
    const allowed = (policies: readonly unknown[], call: Parameters<typeof decidePermission>[1]) =>
      decidePermission(
        policies.map((policy, at) => ({ id: `p${at}`, hash: '', policy })),
        call,
      ).decision === 'allow';
    let shown = 0;
    fc.assert(
      fc.property(
        fc.option(anyPolicy, { nil: undefined }),
        fc.option(anyPolicy, { nil: undefined }),
        fc.array(anyPolicy, { maxLength: 3 }),
        fc.array(anyCall, { minLength: 5, maxLength: 10 }),
        (before, after, others, calls) => {
          const standing: Standing = new Map(
            others.map((cedar, at) => [`policy/o${at}`, { kind: 'policy.activated', body: { cedar } }]),
          );
          const body = (cedar: unknown) => (cedar === undefined ? undefined : { cedar });
          if (compare('policy.activated', body(before), body(after), standing, 'policy/p') === 'weakens')
            return;
          shown += 1;
          const of = (cedar: unknown) => [...others, ...(cedar === undefined ? [] : [cedar])];
          for (const call of calls)
            if (allowed(of(after), call)) expect(allowed(of(before), call)).toBe(true);
        },
      ),
      expectations,
    );
    expect(shown).toBeGreaterThan(500);
  });

  it('asks for no other witnesses, whichever have cosigned', () => {
    const keys = ['a', 'b', 'c'].map((name) => makeKey(name, NOTE_COSIGNATURE).verifier);
    const anyQuorum = fc.record({
      members: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
      least: fc.integer({ min: 1, max: 3 }),
    });
    const policyOf = ({ members, least }: { members: string[]; least: number }) =>
      [
        ...keys.map((key, at) => `witness ${'abc'[at]} ${key}`),
        `group g ${Math.min(least, members.length)} ${members.join(' ')}`,
        'quorum g',
        '',
      ].join('\n');
    fc.assert(
      fc.property(anyQuorum, anyQuorum, fc.subarray(keys), (first, second, cosigned) => {
        const [before, after] = [policyOf(first), policyOf(second)];
        if (compare('quorum.declared', { policy: before }, { policy: after }) === 'weakens') return;
        const reached = (text: string) => isReached(parsePolicy(utf8(text)), cosigned);
        if (reached(after)) expect(reached(before)).toBe(true);
      }),
    );
    const [any, all] = [
      policyOf({ members: ['a', 'b'], least: 1 }),
      policyOf({ members: ['a', 'b'], least: 2 }),
    ];
    expect(compare('quorum.declared', { policy: any }, { policy: all })).toBe('narrows');
    expect(compare('quorum.declared', { policy: all }, { policy: any })).toBe('weakens');
  });

  it('says so of permits by what they reach', () => {
    const policy = (cedar: object) => ({ cedar });
    const narrower = { ...permit, action: { op: '==', entity: { type: 'Action', id: 'erp.pay' } } };
    expect(compare('policy.activated', policy(permit), policy(narrower))).toBe('narrows');
    expect(compare('policy.activated', policy(narrower), policy(permit))).toBe('weakens');
    expect(compare('policy.activated', policy(permit), policy({ ...permit, annotations: { id: 'x' } }))).toBe(
      'same',
    );
    expect(compare('policy.activated', policy(permit), policy({ ...permit, effect: 'forbid' }))).toBe(
      'narrows',
    );
    expect(compare('policy.activated', policy({ ...permit, effect: 'forbid' }), policy(permit))).toBe(
      'weakens',
    );
  });
});
