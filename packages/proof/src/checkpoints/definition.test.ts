// INVARIANT: what the index finds is what the definition says, whatever the rule and whatever happened.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rule } from '../facts.ts';
import { judgeCheckpoint } from './checkpoints.ts';
import { compileRule } from './clauses.ts';
import { define, type TracedCall } from './definition.fixture.ts';
import { History, type Passage } from './history.ts';
import { accounts, anyRule, guarded, owners, type Step, trace } from './traces.fixture.ts';

const personOf = (account: string): string => accounts[account] ?? account;
const hash = 'A'.repeat(43);

/** Runs the trace through history and definition at once; gives both answers for each guarded call. */
function answersOf(written: Omit<Rule, 'hash'>, steps: readonly Step[]) {
  const rule: Rule = { ...written, hash };
  const compiled = compileRule(rule);
  const history = new History();
  history.watch([compiled]);
  const all: TracedCall[] = [];
  const passages = new Map<TracedCall, Passage>();
  const uses: { readonly by: TracedCall; readonly positions: readonly number[] }[] = [];
  const open: TracedCall[] = [];
  const answers: [unknown, unknown][] = [];
  let at = 1_000;
  for (const [position, step] of steps.entries()) {
    at += step.afterMs;
    if (step.is === 'settle') {
      const [call] = open.splice(step.which % Math.max(1, open.length), 1);
      if (call === undefined) continue;
      Object.assign(call, { settled: position, settledAt: at, how: step.how, result: step.result });
      const passage = passages.get(call);
      if (passage !== undefined) Object.assign(passage, { settled: position, isVoid: step.how === 'none' });
      if (step.how === 'ok')
        history.add({ ...call, position, settledAt: at, result: step.result, withheld: false });
      continue;
    }
    const { tool, args, case: of, agent, user } = step;
    const owner = owners[agent];
    const call: TracedCall = { tool, args, case: of, agent, user, owner, begun: position, begunAt: at };
    if (tool === guarded) {
      const used = new Set(uses.filter(({ by }) => by.how !== 'none').flatMap(({ positions }) => positions));
      const pending = {
        ...{ tool, args, money: undefined, currency: undefined, agent, user, case: of, agentOwner: owner },
        ...{ action: '', at, withheld: false },
      };
      const found = judgeCheckpoint(compiled, pending, {
        ...{ history, offers: [], personOf },
        isUsed: (each) => used.has(each),
      });
      const wanted = define({ rule, since: 0, personOf, used }, all, call);
      if (found.answer === 'passed') uses.push({ by: call, positions: found.spent });
      const { answer } = found;
      const short =
        found.answer === 'passed' ? { answer, evidence: found.evidence, spent: found.spent } : { answer };
      answers.push([short, wanted]);
    }
    all.push(call);
    const passage: Passage = { ...call, position, at, money: undefined, withheld: false };
    passages.set(call, passage);
    history.passages.add(passage);
    open.push(call);
  }
  return answers;
}

describe('every checkpoint on every trace', () => {
  it('is answered as it is defined', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(anyRule, trace, (rule, steps) => {
        for (const [found, wanted] of answersOf(rule, steps)) {
          expect(found).toEqual(wanted);
          const { answer } = found as { answer: string };
          seen.set(answer, (seen.get(answer) ?? 0) + 1);
        }
      }),
      { numRuns: 3_000 },
    );
    // A generator that only ever gave one answer would show nothing.
    for (const answer of ['passed', 'failed', 'error', 'not-needed'])
      expect(seen.get(answer) ?? 0).toBeGreaterThan(100);
  });
});
