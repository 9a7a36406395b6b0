// Cedar's evaluator against Cedar itself: each policy is put into its JSON form by the engine, decided here, and
// decided by the engine from its text. Decision, determining policies and failing policies must be the same.

import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiled, entities, request, uid } from './cedar.fixture.ts';
import { decideCedar } from './cedar.ts';

interface Decided {
  readonly decision: string;
  readonly determining: readonly string[];
  readonly errors: readonly string[];
}

function here(texts: readonly string[], asked = request): Decided {
  const policies = texts.map((text, index) => ({ id: `p${index}`, policy: compiled(text) }));
  return decideCedar(policies, asked, entities);
}

function there(texts: readonly string[], asked = request): Decided {
  const staticPolicies = Object.fromEntries(texts.map((text, index) => [`p${index}`, text]));
  const answer = isAuthorized({
    ...asked,
    context: asked.context as Parameters<typeof isAuthorized>[0]['context'],
    policies: { staticPolicies },
    entities,
  });
  if (answer.type === 'failure') throw new Error(answer.errors.map(({ message }) => message).join());
  const { decision, diagnostics } = answer.response;
  return {
    decision,
    determining: [...diagnostics.reason].sort(),
    errors: diagnostics.errors.map(({ policyId }) => policyId).sort(),
  };
}

/** Each stands alone as the condition of a permit; true, false or failing is the engine's to say. */
const conditions = [
  'true',
  'false',
  '1',
  '"true"',
  '!true',
  '!1',
  'context.amount == 4800000',
  'context.amount == "4800000"',
  'context.amount < 4800001',
  'context.amount <= 4800000',
  'context.amount > 4800000',
  'context.amount >= 4800000',
  '"a" < "b"',
  'true < false',
  '1 + 2 * 3 == 7',
  '-context.amount == -4800000',
  '1 - 2 < 0',
  '"a" + "b" == "ab"',
  '-"a" == 1',
  'context.amount * 9007199254740991 * 1000000 > 0',
  '9007199254740991 * 1024 + 1023 + 1 > 0',
  '-(0 - 9007199254740991) > 0',
  'false && 1',
  '1 && false',
  'true && 1',
  'true || 1',
  'false || 1',
  'context.absent || true',
  'true || context.absent',
  'if context.urgent then context.absent else true',
  'if 1 then true else false',
  'context.absent == 1',
  'context has absent',
  'context has amount',
  'context has "odd name"',
  'context["odd name"] == 1',
  'context has vendor.address.city',
  'context has vendor.address.street',
  'context has vendor.name.first',
  'context has absent.more',
  'context.vendor.address.city == "Bern"',
  'context.amount has x',
  'context.amount.x == 1',
  'context has "__proto__"',
  'context["constructor"] == 1',
  'principal has "toString"',
  'context.vendor has "hasOwnProperty"',
  'principal.limit > context.amount',
  'principal has limit',
  'principal has absent',
  'principal.absent == 1',
  'User::"nobody" has x',
  'User::"nobody".x == 1',
  'resource.owner == context.user',
  'resource.owner.limits.day == 10',
  'context.user has limits.day',
  'context.user has limits.week',
  'resource has owner.limits.day',
  'principal in Team::"payables"',
  'principal in Team::"finance"',
  'principal in Team::"other"',
  'principal in principal',
  'User::"nobody" in User::"nobody"',
  'principal in [Team::"other", Team::"finance"]',
  'principal in []',
  'principal in [Team::"finance", 1]',
  'principal in 1',
  '1 in Team::"finance"',
  'action in Action::"erp.pay_invoice"',
  'principal is Agent',
  'principal is User',
  'principal is Agent in Team::"finance"',
  'principal is User in 1',
  'principal is Agent in [Team::"x"]',
  '1 is Agent',
  'resource in Server::"erp"',
  'context.vendor.name like "Ötz*"',
  'context.vendor.name like "*Söhne*"',
  'context.vendor.name like "*\\*AG\\*"',
  'context.vendor.name like "*"',
  'context.vendor.name like ""',
  '"" like "*"',
  '"" like ""',
  '"aa" like "a*a"',
  '"a" like "a*a"',
  '"abcabc" like "*abc"',
  '"aXbXc" like "a*b*c"',
  '"aXbXc" like "a**c"',
  '"abab" like "*ab*ab*"',
  '"aba" like "*ab*ba*"',
  '1 like "*"',
  '"a*b" like "a\\*b"',
  '"axb" like "a\\*b"',
  '[1, 2].contains(2)',
  '[1, 2].contains("2")',
  '[[1, 2]].contains([2, 1])',
  '[{"a": 1}].contains({"a": 1})',
  'context.tags.contains("eu")',
  'context.amount.contains(1)',
  'context.tags.containsAll(["eu"])',
  'context.tags.containsAll(["eu", "us"])',
  'context.tags.containsAll([])',
  'context.tags.containsAny(["us", "eu"])',
  'context.tags.containsAny([])',
  'context.tags.containsAll("eu")',
  '"eu".containsAll([])',
  '"eu".containsAny([])',
  'context.empty.isEmpty()',
  'context.tags.isEmpty()',
  'context.isEmpty()',
  '[1, 1, 2] == [2, 1]',
  '[1] == [true]',
  '{"a": 1, "b": 2} == {"b": 2, "a": 1}',
  '{"a": 1} == {}',
  '{"a": [1]}.a.contains(1)',
  '{"a": 1}.b == 1',
  'principal == Agent::"clerk"',
  'principal != Agent::"clerk"',
  'principal == "clerk"',
  'User::"anna" == Agent::"anna"',
  'context.user == User::"anna"',
  'context == {}',
  '[context.absent].contains(1)',
  '{"a": context.absent} has a',
  'User::"a" == User::"a\\"b"',
];

const heads = [
  'permit(principal, action, resource)',
  'forbid(principal, action, resource)',
  'permit(principal == Agent::"clerk", action, resource)',
  'permit(principal == Agent::"other", action, resource)',
  'permit(principal in Team::"finance", action, resource)',
  'forbid(principal in Team::"other", action, resource)',
  'permit(principal is Agent, action, resource)',
  'permit(principal is User, action, resource)',
  'permit(principal is Agent in Team::"payables", action, resource)',
  'forbid(principal is Agent in Team::"x", action, resource)',
  'permit(principal, action == Action::"erp.pay_invoice", resource)',
  'forbid(principal, action == Action::"x", resource)',
  'permit(principal, action in Action::"erp.pay_invoice", resource)',
  'permit(principal, action in [Action::"x", Action::"erp.pay_invoice"], resource)',
  'permit(principal, action in [], resource)',
  'permit(principal, action, resource == Tool::"erp.pay_invoice")',
  'permit(principal, action, resource in Server::"erp")',
  'forbid(principal, action, resource is Tool in Server::"bank")',
  'permit(principal, action, resource is Tool)',
];

const same = (texts: readonly string[], asked = request) => {
  const { decision, determining, errors } = here(texts, asked);
  expect({ decision, determining: [...determining].sort(), errors: [...errors].sort() }).toEqual(
    there(texts, asked),
  );
};

describe('Cedar decides the same', () => {
  it.each(conditions)('when %s', (text) => {
    same([`permit(principal, action, resource) when { ${text} };`]);
    same(['permit(principal, action, resource);', `forbid(principal, action, resource) unless { ${text} };`]);
  });

  it.each(heads)('%s', (head) => same([`${head};`]));

  it('without policies', () => {
    same([]);
    expect(here([]).decision).toBe('deny');
  });

  it('of an entity that is only mentioned', () =>
    same(
      [
        ...heads.map((head) => `${head};`),
        'permit(principal, action, resource) when { principal has limit };',
      ],
      {
        ...request,
        principal: uid('Agent', '__proto__'),
      },
    ));

  it('for any set of policies and any request', () => {
    const condition = fc.constantFrom(...conditions);
    const joined = fc.letrec<{ text: string }>((tie) => ({
      text: fc.oneof(
        { weight: 3, arbitrary: condition },
        fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a}) && (${b})`),
        fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a}) || (${b})`),
        fc
          .tuple(tie('text'), tie('text'), tie('text'))
          .map(([a, b, c]) => `if (${a}) then (${b}) else (${c})`),
        tie('text').map((a) => `!(${a})`),
        fc.tuple(tie('text'), tie('text')).map(([a, b]) => `[${a}].contains(${b})`),
      ),
    })).text;
    const policy = fc
      .tuple(
        fc.constantFrom(...heads),
        fc.array(fc.tuple(fc.constantFrom('when', 'unless'), joined), { maxLength: 2 }),
      )
      .map(([head, tests]) => `${head} ${tests.map(([kind, text]) => `${kind} { ${text} }`).join(' ')};`);
    const asked = fc.record({
      principal: fc.constantFrom(
        uid('Agent', 'clerk'),
        uid('User', 'anna'),
        uid('Team', 'payables'),
        uid('Agent', 'x'),
      ),
      action: fc.constantFrom(uid('Action', 'erp.pay_invoice'), uid('Action', 'x')),
      resource: fc.constantFrom(uid('Tool', 'erp.pay_invoice'), uid('Tool', 'crm.read')),
      context: fc.constantFrom(
        request.context,
        {},
        { amount: 1, tags: [], vendor: { name: '' }, user: 'anna' },
      ),
    });
    const decisions = new Set<string>();
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 5 }), asked, (texts, one) => {
        same(texts, one);
        decisions.add(here(texts, one).decision);
      }),
      { numRuns: 300 },
    );
    expect(decisions.size).toBe(2);
  });
});
