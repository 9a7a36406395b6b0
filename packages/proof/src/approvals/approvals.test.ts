import { describe, expect, it } from 'vitest';
import type { ApprovalStatement } from '../facts.ts';
import {
  type ApprovalNeed,
  type ApprovalOffer,
  approvalText,
  approverOf,
  enoughApprovals,
  functionFor,
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

  describe('of a call that is handed on', () => {
    const escalate = { afterMs: 50, function: 'heads' };
    const handed = {
      ...need,
      rule: { ...need.rule, approve: { function: 'finance', count: 1, not: [], escalate } },
    } as ApprovalNeed;
    const late = (at?: number, heldAt?: number): ApprovalOffer => ({
      ...offer({ function: 'heads' }, ['heads']),
      ...(at === undefined ? {} : { at }),
      ...(heldAt === undefined ? {} : { heldAt }),
    });

    it('counts from then on, and not a moment before', () => {
      expect(objection(handed, late(60, 10))).toBeUndefined();
      expect(objection(handed, late(59, 10))).toBe('it was given before heads was asked');
      expect(objection(handed, late(60))).toBeTypeOf('string');
      expect(objection(handed, late())).toBeTypeOf('string');
      expect(objection(need, late(60, 10))).toBe('it was not given for finance');
    });

    it('says in which function somebody answers', () => {
      const { approve } = handed.rule;
      if (approve === undefined) throw new Error('it asks for none');
      const head = { person: 'h@acme.example', functions: ['heads'] };
      expect(functionFor(approve, head, { at: 59, heldAt: 10 })).toBeUndefined();
      expect(functionFor(approve, head, { at: 60, heldAt: 10 })).toBe('heads');
      const both = { ...head, functions: ['heads', 'finance'] };
      expect(functionFor(approve, both, { at: 60, heldAt: 10 })).toBe('finance');
    });
  });

  describe('by a deputy', () => {
    const [ines, noor, tove] = ['ines@acme.example', 'noor@acme.example', 'tove@acme.example'];
    const span = { from: 10, until: 20 };
    const person = (name: string, functions: string[] = [], deputies: object[] = []) =>
      ({ person: name, functions, deputies }) as Parameters<typeof approverOf>[1] extends Iterable<infer P>
        ? P
        : never;
    const standing = person(ines, ['finance'], [{ person: noor, ...span }]);
    const by = (
      name: string,
      people: Parameters<typeof approverOf>[1],
      position: number,
      at = 15,
    ): ApprovalOffer => ({
      ...{ position, statement: { ...statement, person: name }, approver: approverOf(name, people), at },
    });

    it('counts in the time that was said, as long as both may', () => {
      const people = [standing, person(noor)];
      expect(objection(need, by(noor, people, 1))).toBeUndefined();
      expect(objection(need, by(noor, people, 1, 20))).toBe('its signer does not act for finance');
      expect(objection(need, by(noor, people, 1, 9))).toBeTypeOf('string');
      expect(
        objection(
          { ...need, user: ines },
          { ...by(noor, people, 1), statement: { ...statement, person: noor, user: ines } },
        ),
      ).toBe('its signer does not act for finance');
      expect(objection({ ...need, agentOwner: noor }, by(noor, people, 1))).toBe(
        'the owner of the agent cannot approve',
      );
      expect(objection({ ...need, excluded: new Set([ines]) }, by(noor, people, 1))).toBeTypeOf('string');
    });

    it('is one pair of eyes with whom they stand in for', () => {
      const other = person(tove, ['finance'], [{ person: noor, ...span }]);
      const people = [standing, other, person(noor)];
      const all = { noor: by(noor, people, 1), ines: by(ines, people, 2), tove: by(tove, people, 3) };
      expect(enoughApprovals(need, [all.noor, all.noor])).toBeUndefined();
      // For Tove, whose own voice is still free.
      expect(enoughApprovals(need, [all.noor, all.ines])).toEqual([2, 1]);
      expect(enoughApprovals(need, [all.noor, all.ines, all.tove])).toEqual([2, 3]);
      const alone = [standing, person(noor)];
      expect(enoughApprovals(need, [by(noor, alone, 1), by(ines, alone, 2)])).toBeUndefined();
    });

    it('counts once where they have the function themselves', () => {
      const people = [standing, person(noor, ['finance'])];
      expect(enoughApprovals(need, [by(noor, people, 1), by(ines, people, 2)])).toEqual([1, 2]);
      expect(enoughApprovals(need, [by(noor, people, 1), by(noor, people, 2)])).toBeUndefined();
    });
  });
});
