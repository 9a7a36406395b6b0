import { describe, expect, it } from 'vitest';
import type { ApprovalStatement } from '../facts.ts';
import {
  type ApprovalNeed,
  type ApprovalOffer,
  approvalText,
  enoughApprovals,
  objection,
} from './approvals.ts';

const hash = 'A'.repeat(43);
const action = 'B'.repeat(43);
const need: ApprovalNeed = {
  rule: {
    outcome: 'o',
    rule: 'r',
    hash,
    before: 's.pay',
    once: [],
    mode: 'hold',
    approve: { function: 'finance', count: 2, not: ['requester', 'agent-owner'] },
  },
  action,
  agent: 'clerk',
  user: 'sam@acme.example',
  case: 'k1',
  agentOwner: 'lena@acme.example',
  at: 100,
};
const statement: ApprovalStatement = {
  action,
  agent: 'clerk',
  user: 'sam@acme.example',
  case: 'k1',
  rule: hash,
  hold: 'h1',
  expires: 100,
  function: 'finance',
  person: 'ines@acme.example',
  decision: 'approve',
};
const offer = (changes: Partial<ApprovalStatement> = {}, functions = ['finance']): ApprovalOffer => {
  const changed = { ...statement, ...changes };
  return { position: 1, statement: changed, approver: { person: changed.person, functions } };
};

describe('an approval', () => {
  it('counts when it is of exactly this action, in time, by somebody who may', () => {
    expect(objection(need, offer())).toBeUndefined();
  });

  it.each<[string, Partial<ApprovalStatement>, string[]?]>([
    ['of another action', { action: 'C'.repeat(43) }],
    ['under another rule', { rule: 'C'.repeat(43) }],
    ['for another agent', { agent: 'other' }],
    ['for another case', { case: 'k2' }],
    ['for another user', { user: 'eve@acme.example' }],
    ['that has expired', { expires: 99 }],
    ['that is a refusal', { decision: 'refuse' }],
    ['for another function', { function: 'legal' }],
    ['by somebody without the function', {}, ['legal']],
    ['by the requester', { person: 'sam@acme.example' }],
    ['by the owner of the agent', { person: 'lena@acme.example' }],
  ])('does not count %s', (_, changes, functions) => {
    expect(objection(need, offer(changes, functions))).toBeTypeOf('string');
  });

  it('does not count when nobody knows its signer, or the fact names another', () => {
    expect(objection(need, { ...offer(), approver: undefined })).toBeTypeOf('string');
    const borrowed = { person: 'eve@acme.example', functions: ['finance'] };
    expect(objection(need, { ...offer(), approver: borrowed })).toBeTypeOf('string');
  });

  it('needs as many different people as the rule says', () => {
    const second = { ...offer({ person: 'tove@acme.example' }), position: 2 };
    expect(enoughApprovals(need, [offer(), offer()])).toBeUndefined();
    expect(enoughApprovals(need, [offer(), second])).toEqual([1, 2]);
  });

  it('is signed under a prefix of its own, over canonical JSON', () => {
    expect(approvalText(statement)).toMatch(
      /^surety-approval\/v1\n\{"action":"B+","agent":"clerk","case":"k1"/,
    );
  });
});
