// What a checkpoint answers to a made-up day: the evaluator of the gate and of every proof, with nothing else around it.
// Nobody signs here; whose signature it would be is said in the test.

import type { Money } from '@surety/proof/facts';
import { canonicalJson } from '@surety/proof/records';
import {
  type ApprovalOffer,
  type CheckpointAnswer,
  type CompiledRule,
  compileRule,
  followUpsOf,
  History,
  judgeCheckpoint,
  onceValues,
  type PendingCall,
} from '@surety/proof/rules';
import { ruleDeclaration, words } from '../config/index.ts';
import type { Checkpoint, Given, Test } from './pack.ts';

/** An arbitrary moment: only what lies between things counts. */
const nowMs = Date.UTC(2026, 0, 15, 12);
const nobody = { agent: 'agent', case: 'case', user: undefined, owner: undefined } as const;
const approvalLasts = '1d';

type Answer = Test['answer'];
export interface Tried {
  readonly answer: Answer;
  /** What it lacks, as people are told. */
  readonly text: string;
}

const beforeNow = (ago: string): number => nowMs - words.durationMs(ago);
const moneyOf = (amountMinor: number | undefined, currency: string): Money | undefined =>
  amountMinor === undefined ? undefined : { amountMinor, currency };

/** The checkpoint's answer to the test's call, after what the test says has happened. */
export function tryCheckpoint(checkpoint: Checkpoint, test: Test, currency: string): Tried {
  const compiled = compileRule(ruleDeclaration('pack', checkpoint).body);
  const history = new History();
  history.watch([compiled]);
  let position = 1;
  const next = (): number => position++;
  for (const each of test.given ?? []) remember(history, each, beforeNow(each.ago), currency, next);
  const { args, money, user, owner, agent = nobody.agent, case: of = nobody.case } = test.call;
  const pending: PendingCall = {
    ...{ tool: checkpoint.before, args, money: moneyOf(money, currency), currency },
    ...{ agent, user, case: of, agentOwner: owner, action: 'this', at: nowMs, withheld: false },
  };
  const offers = (test.approvals ?? []).map((each) => offerOf(each, compiled, pending, next()));
  const used = new Set<number>();
  const spent = new Set<string>();
  const judge = (call: PendingCall): Tried => {
    const answer = judgeCheckpoint(compiled, call, {
      ...{ history, offers, isUsed: (at) => used.has(at) },
    });
    const values = answer.answer === 'passed' ? onceValues(compiled, call.args) : undefined;
    const key = values === undefined ? undefined : canonicalJson(values);
    if (key !== undefined && spent.has(key)) return { answer: 'deny', text: 'its evidence was used before' };
    if (key !== undefined) spent.add(key);
    if (answer.answer === 'passed') for (const each of answer.spent) used.add(each);
    return saidBy(answer, checkpoint);
  };
  let tried = judge(pending);
  if (test.again === true) {
    if (tried.answer !== 'allow') return { ...tried, text: `the first time already: ${tried.text}` };
    passedAt(history, pending, next(), next());
    // An approval serves one call; for the second one there is none.
    offers.length = 0;
    tried = judge({ ...pending, at: nowMs + 1 });
  }
  if (tried.answer !== 'allow' || compiled.afterwards.length === 0) return tried;
  return followed(compiled, pending, test, history, currency, next);
}

function passedAt(history: History, call: PendingCall, position: number, settled: number): void {
  history.passages.add({ ...call, position, settled });
  history.add({ ...call, owner: call.agentOwner, position: settled, settledAt: call.at, result: {} });
}

function remember(
  history: History,
  given: Omit<Given, 'ago'>,
  at: number,
  currency: string,
  next: () => number,
): void {
  const { call: tool, args = {}, result = {}, money, settled = 'ok', approvers = [] } = given;
  const { agent = nobody.agent, case: of = nobody.case, user, owner } = given;
  const call = { tool, args, agent, user, case: of, withheld: false };
  const intent = next();
  const passage = { ...call, position: intent, at, money: moneyOf(money, currency) };
  if (settled === 'open') return history.passages.add(passage);
  const position = next();
  history.passages.add({ ...passage, settled: position, isVoid: settled === 'none' });
  if (settled === 'ok') history.add({ ...call, position, intent, settledAt: at, result, owner, approvers });
}

function offerOf(
  {
    person,
    function: wanted,
    ago = '1m',
    lasts = approvalLasts,
    of = 'this',
    decision = 'approve',
  }: NonNullable<Test['approvals']>[number],
  { rule }: CompiledRule,
  call: PendingCall,
  position: number,
): ApprovalOffer {
  const acting = wanted ?? rule.approve?.function ?? '';
  const statement = {
    ...{ action: of === 'this' ? call.action : 'another', agent: call.agent ?? '', case: call.case },
    ...{ rule: rule.hash, hold: 'hold', expires: beforeNow(ago) + words.durationMs(lasts) },
    ...{ function: acting, person, decision },
    ...(call.user === undefined ? {} : { user: call.user }),
  };
  return { position, statement, approver: { person, functions: [acting] } };
}

/** As the gate answers: held if only people are missing, and they are asked for. */
function saidBy(answer: CheckpointAnswer, { mode, approve }: Checkpoint): Tried {
  if (answer.answer === 'passed' || answer.answer === 'not-needed')
    return { answer: 'allow', text: answer.answer === 'passed' ? 'it passes' : 'it does not apply' };
  if (mode === 'observe') return { answer: 'allow', text: `it only observes: ${answer.text}` };
  const asks = answer.answer === 'failed' && answer.lacks === 'approval' && approve !== undefined;
  return { answer: asks && mode !== 'deny' ? 'hold' : 'deny', text: answer.text };
}

function followed(
  compiled: CompiledRule,
  call: PendingCall,
  { followed: calls = [], result = {} }: Test,
  history: History,
  currency: string,
  next: () => number,
): Tried {
  const position = next();
  const settled = next();
  for (const each of calls) remember(history, each, nowMs + words.durationMs(each.later), currency, next);
  const returned = { position: settled, result, withheld: false };
  const late = Number.MAX_SAFE_INTEGER;
  const duties = followUpsOf(compiled, { ...call, position }, returned, history, late);
  const missed = duties.filter(({ is }) => is !== 'fulfilled').map((duty) => duty.call);
  if (missed.length === 0) return { answer: 'allow', text: 'it passes, and what must follow followed' };
  return { answer: 'missed', text: `not followed in time by ${missed.join(', ')}` };
}
