import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rule } from '../facts.ts';
import { judgeCheckpoint, onceValues } from './checkpoints.ts';
import { compileRule } from './clauses.ts';
import { History, type SettledCall } from './history.ts';
import type { PendingCall } from './pending.ts';

const hash = 'A'.repeat(43);
const base: Rule = { outcome: 'o', rule: 'r', hash, before: 's.pay', once: [], mode: 'deny' };

const pending = (args: object, at = 1_000, more: Partial<PendingCall> = {}): PendingCall => ({
  tool: 's.pay',
  args,
  money: undefined,
  currency: 'USD',
  agent: 'clerk',
  user: undefined,
  case: 'k1',
  agentOwner: undefined,
  action: 'a',
  at,
  withheld: false,
  ...more,
});

const settled = (
  position: number,
  args: object,
  result: object,
  more: Partial<SettledCall> = {},
): SettledCall => ({
  position,
  tool: 's.match',
  args,
  result,
  agent: 'clerk',
  user: undefined,
  case: 'k1',
  settledAt: position,
  withheld: false,
  ...more,
});

function judge(rule: Partial<Rule>, call: PendingCall, calls: readonly SettledCall[]) {
  const compiled = compileRule({ ...base, ...rule });
  const history = new History();
  history.watch([compiled]);
  for (const each of calls) history.add(each);
  return judgeCheckpoint(compiled, call, { history, offers: [] });
}

const require = {
  call: 's.match',
  where: "prior.args.id == args.id && prior.result.status == 'matched'",
  same: [],
};

describe('a checkpoint that requires an earlier call', () => {
  it('passes with the newest call that matches, and names it', () => {
    const calls = [
      settled(1, { id: 'a' }, { status: 'matched' }),
      settled(2, { id: 'a' }, { status: 'matched' }),
    ];
    expect(judge({ require }, pending({ id: 'a' }), calls)).toEqual({
      answer: 'passed',
      evidence: [2],
      approvals: [],
      spent: [],
    });
  });

  it.each([
    ['another invoice', settled(1, { id: 'b' }, { status: 'matched' })],
    ['another status', settled(1, { id: 'a' }, { status: 'mismatched' })],
    ['another tool', settled(1, { id: 'a' }, { status: 'matched' }, { tool: 's.other' })],
    ['a result without the member', settled(1, { id: 'a' }, {})],
    ['an inherited member only', settled(1, { id: 'a' }, Object.create({ status: 'matched' }))],
  ])('fails with %s', (_, call) => {
    expect(judge({ require }, pending({ id: 'a' }), [call])).toMatchObject({
      answer: 'failed',
      lacks: 'evidence',
    });
  });

  it('counts `within` inclusively, from settlement to intent, and never backwards in time', () => {
    const call = [settled(100, { id: 'a' }, { status: 'matched' })];
    const within = { require, withinMs: 50 };
    expect(judge(within, pending({ id: 'a' }, 150), call).answer).toBe('passed');
    expect(judge(within, pending({ id: 'a' }, 151), call).answer).toBe('failed');
    expect(judge(within, pending({ id: 'a' }, 99), call).answer).toBe('failed');
  });

  it('narrows by `same`', () => {
    const call = [settled(1, { id: 'a' }, { status: 'matched' }, { case: 'k2' })];
    const same = { require: { ...require, same: ['case' as const] } };
    expect(judge({ require }, pending({ id: 'a' }), call).answer).toBe('passed');
    expect(judge(same, pending({ id: 'a' }), call).answer).toBe('failed');
  });

  it('says `withheld` rather than `failed` where the evidence may lie in what is withheld', () => {
    const call = [settled(1, { id: 'a' }, {}, { withheld: true })];
    expect(judge({ require }, pending({ id: 'a' }), call).answer).toBe('withheld');
  });

  it('agrees with a search through all calls, whatever the index does', () => {
    const call = fc.record({
      id: fc.constantFrom('a', 'b', 1, null),
      status: fc.constantFrom('matched', 'no'),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 30 }), fc.constantFrom('a', 'b', 1, null), (calls, id) => {
        const history = calls.map((each, at) => settled(at, { id: each.id }, { status: each.status }));
        const newest = history.findLast(
          ({ args, result }) =>
            (args as { id: unknown }).id === id && (result as { status: string }).status === 'matched',
        );
        const answer = judge({ require }, pending({ id }), history);
        expect(answer.answer === 'passed' ? answer.evidence[0] : undefined).toBe(newest?.position);
      }),
    );
  });
});

describe('a checkpoint with a condition', () => {
  const when = { when: 'money > 1000000', approve: { function: 'finance', count: 1, not: [] } };
  const usd = (amountMinor: number) => pending({}, 1, { money: { amountMinor, currency: 'USD' } });

  it('asks for nothing where the condition is false', () => {
    expect(judge(when, usd(1_000_000), [])).toEqual({ answer: 'not-needed' });
  });
  it('lacks the approval where it is true', () => {
    expect(judge(when, usd(1_000_001), [])).toMatchObject({ answer: 'failed', lacks: 'approval' });
  });
  it('is an error, never a pass, where it cannot be evaluated', () => {
    expect(judge(when, pending({}), [])).toMatchObject({ answer: 'error' });
  });
  it('is an error where the call is in another currency', () => {
    const euros = pending({}, 1, { money: { amountMinor: 1, currency: 'EUR' } });
    expect(judge(when, euros, [])).toMatchObject({ answer: 'error' });
  });
});

describe('once', () => {
  const compiled = compileRule({ ...base, once: ['args.id'] });
  it('gives the values that make the evidence single-use', () => {
    expect(onceValues(compiled, { id: 7 })).toEqual([7]);
  });
  it('throws where a value is absent: what cannot be used once cannot be used', () => {
    expect(() => onceValues(compiled, {})).toThrow('absent');
  });
});
