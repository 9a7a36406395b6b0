// What Cedar's evaluator refuses: a policy when it is loaded, a request when it is asked, never in silence.

import { describe, expect, it } from 'vitest';
import { compiled, entities, request, uid } from './cedar.fixture.ts';
import { CedarError, checkCedar, decideCedar } from './cedar.ts';

const permit = compiled('permit(principal, action, resource);');
const when = (body: unknown) => ({ ...permit, conditions: [{ kind: 'when', body }] });

describe('what is not evaluated is refused when it is loaded', () => {
  const refused = (policy: unknown, code: string) => {
    const error: unknown = (() => {
      try {
        checkCedar(policy);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(CedarError);
    expect((error as CedarError).code).toBe(code);
    expect(() => decideCedar([{ id: 'p', policy }], request, entities)).toThrow(CedarError);
  };

  it.each([
    'ip("10.0.0.1").isLoopback()',
    'decimal("1.0").lessThan(decimal("2.0"))',
    'principal.hasTag("a")',
    'principal.getTag("a") == 1',
    // Behind something that is never reached.
    'false && datetime("2026-01-01") == datetime("2026-01-01")',
  ])('%s', (text) =>
    refused(compiled(`forbid(principal, action, resource) when { ${text} };`), 'unsupported'),
  );

  it.each<[string, unknown]>([
    ['a template', { ...permit, principal: { op: '==', slot: '?principal' } }],
    ['a slot', when({ Slot: '?principal' })],
    ['an extension value', when({ Value: { __extn: { fn: 'ip', arg: '10.0.0.1' } } })],
    ['an operator of the prototype', when({ constructor: { left: { Value: 1 }, right: { Value: 1 } } })],
  ])('%s', (_, policy) => refused(policy, 'unsupported'));

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'permit(principal, action, resource);'],
    ['another effect', { ...permit, effect: 'allow' }],
    [
      'no conditions',
      { effect: 'permit', principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } },
    ],
    ['an unknown member', { ...permit, priority: 1 }],
    ['an unknown constraint', { ...permit, principal: { op: 'like' } }],
    ['a constraint with too much', { ...permit, principal: { op: 'All', entity: uid('Agent', 'a') } }],
    ['a list of principals', { ...permit, principal: { op: 'in', entities: [uid('Agent', 'a')] } }],
    ['an action by type', { ...permit, action: { op: 'is', entity_type: 'Action' } }],
    ['another kind of condition', { ...permit, conditions: [{ kind: 'if', body: { Value: true } }] }],
    ['two operators', when({ Value: true, Var: 'principal' })],
    ['another variable', when({ Var: 'world' })],
    ['a number that is not exact', when({ Value: 9007199254740993 })],
    ['a fraction', when({ Value: 0.5 })],
    ['null', when({ Value: null })],
    ['a missing side', when({ '==': { left: { Value: 1 } } })],
    ['a bad pattern', when({ like: { left: { Value: 'a' }, pattern: ['Any'] } })],
  ])('%s', (_, policy) => refused(policy, 'malformed'));

  it('a condition too deep to walk', () => {
    let body: unknown = { Value: true };
    for (let depth = 0; depth < 100_000; depth += 1) body = { '!': { arg: body } };
    refused(when(body), 'unsupported');
  });
});

describe('what cannot be read', () => {
  const forbid = compiled('forbid(principal, action, resource) when { context.n == 1 };');
  const decide = (context: object) =>
    decideCedar(
      [
        { id: 'a', policy: permit },
        { id: 'b', policy: forbid },
      ],
      { ...request, context },
      entities,
    );

  it('is an error of the whole request, so that no prohibition is skipped over it', () => {
    expect(decide({ n: 2 }).decision).toBe('allow');
    for (const n of [0.5, null, 2 ** 53, { __extn: { fn: 'ip', arg: '1' } }, { __entity: { type: 'A' } }])
      expect(() => decide({ n })).toThrow(CedarError);
  });

  it('includes a context that is too large, and an entity given twice', () => {
    expect(() => decide({ n: Array.from({ length: 10_001 }, (_, index) => index) })).toThrow(CedarError);
    const twice = [...entities, { uid: uid('Agent', 'clerk'), attrs: {}, parents: [] }];
    expect(() => decideCedar([], request, twice)).toThrow(CedarError);
  });

  it('looks at own members only', () => {
    const policy = compiled(
      'permit(principal, action, resource) when { context has "__proto__" && context has n };',
    );
    const ask = (context: object) =>
      decideCedar([{ id: 'p', policy }], { ...request, context }, entities).decision;
    expect(ask(JSON.parse('{"n": 1}'))).toBe('deny');
    expect(ask(JSON.parse('{"n": 1, "__proto__": {}}'))).toBe('allow');
    expect(ask(Object.create({ n: 1, __proto__: 1 }))).toBe('deny');
  });

  it('ends where parents go in a circle', () => {
    const circle = [
      { uid: uid('Agent', 'clerk'), attrs: {}, parents: [uid('Team', 'a')] },
      { uid: uid('Team', 'a'), attrs: {}, parents: [uid('Team', 'a'), uid('Agent', 'clerk')] },
    ];
    const policy = compiled('permit(principal in Team::"b", action, resource);');
    expect(decideCedar([{ id: 'p', policy }], request, circle).decision).toBe('deny');
  });
});
