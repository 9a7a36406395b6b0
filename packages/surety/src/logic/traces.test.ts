// INVARIANT: what the gate answers in the path of a call, the proof answers from the facts that were left, and both answer
// what docs/checkpoints.md defines: on rules and histories at random.

import { type Body, parseFact } from '@surety/proof/facts';
import { canonicalJson, digestOf, utf8 } from '@surety/proof/records';
import { foldBook } from '@surety/proof/verdict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Called, intend, settle } from '../../../proof/src/call.fixture.ts';
import { define, type TracedCall } from '../../../proof/src/checkpoints/definition.fixture.ts';
import {
  accounts,
  anyRule,
  guarded,
  owners,
  type Step,
  trace,
} from '../../../proof/src/checkpoints/traces.fixture.ts';
import { hashOf, LogMaker, sha256 } from '../../../proof/src/log.fixture.ts';
import { People } from '../people/people.ts';
import { actionId, Logic, type LogicAnswer } from './logic.ts';

const start = 1_000_000;
const personOf = (account: string): string => accounts[account] ?? account;

/** The gate beside a log that it did not write alone: everything is folded as it is appended. */
class Gate {
  readonly log = new LogMaker();
  readonly people = new People();
  readonly logic = new Logic(this.people, this.log.logSalt);
  readonly #known = new Map<string, string>();
  #folded = 0;

  constructor(rule: object) {
    this.log.open(start);
    for (const [identity, owner] of Object.entries(owners))
      this.declare('identity.enrolled', `identity/${identity}`, {
        identity,
        is: 'agent',
        owner,
        timeZone: 'UTC',
      });
    const [[account = '', person = ''] = []] = Object.entries(accounts);
    const sam = { person, name: [], functions: [], keys: [], simulated: false, accounts: [account] };
    this.declare('person.enrolled', `person/${person}`, sam);
    this.declare('rule.activated', 'rule/o/r', { ...rule, hash: hashOf(canonicalJson(rule)) });
  }

  declare(
    kind: 'identity.enrolled' | 'person.enrolled' | 'rule.activated',
    stream: string,
    body: object,
  ): void {
    this.log.write({ kind, stream, time: start, body: { ...body } });
  }

  get find() {
    for (const each of this.log.disclosures) {
      const digest = digestOf(each, sha256);
      this.#known.set(digest, each);
    }
    return (digest: string) => this.#known.get(digest);
  }

  get facts() {
    return this.log.drafts.map((draft, position) => parseFact(utf8(JSON.stringify(draft)), position));
  }

  fold(): void {
    const { find } = this;
    for (const fact of this.facts.slice(this.#folded)) {
      this.people.apply(fact);
      this.logic.apply(fact, find);
      this.#folded = fact.position + 1;
    }
  }

  judge(called: Called, owner: string | undefined): LogicAnswer {
    this.fold();
    const { tool, args, at, case: of = '', agent, user } = called;
    const pending = { tool, args, money: undefined, agent, user, case: of, agentOwner: owner, at };
    return this.logic.judge({ ...pending, action: actionId(tool, args) }, called.call);
  }

  /** What the intent uses up, at the versions that the gate has asserted. */
  consume(answer: LogicAnswer, time: number): readonly { readonly stream: string; readonly body: object }[] {
    if (answer.answer !== 'allow') return [];
    return answer.consumes.flatMap(({ stream, expected, facts }) => {
      const version = this.log.drafts.filter((draft) => draft.stream === stream).length;
      expect([stream, expected]).toEqual([stream, version]);
      for (const { kind, body } of facts) this.log.write({ kind, stream, time, body: { ...body } });
      return facts.filter(({ kind }) => kind === 'evidence.consumed').map(({ body }) => ({ stream, body }));
    });
  }
}

const said = (answer: LogicAnswer) => {
  if (answer.answer !== 'allow') return { answer: answer.answer === 'error' ? 'error' : 'failed' };
  const [checkpoint] = answer.checkpoints;
  return checkpoint?.answer === 'passed'
    ? { answer: 'passed', evidence: checkpoint.evidence }
    : { answer: checkpoint?.answer };
};

async function answersOf(rule: object, steps: readonly Step[]) {
  const gate = new Gate(rule);
  const activated = gate.log.drafts.length - 1;
  const declared = { ...rule, hash: hashOf(canonicalJson(rule)) } as Body<'rule.activated'>;
  const all: TracedCall[] = [];
  const open: {
    call: TracedCall;
    called: Called;
    intent: number;
    used: readonly { stream: string; body: object }[];
  }[] = [];
  const uses: { readonly by: TracedCall; readonly positions: readonly number[] }[] = [];
  const answers = new Map<string, { gate: object; defined: object }>();
  let at = start;
  for (const [index, step] of steps.entries()) {
    at += step.afterMs;
    if (step.is === 'settle') {
      const [ended] = open.splice(step.which % Math.max(1, open.length), 1);
      if (ended === undefined) continue;
      const { how, result } = step;
      const settled = settle(gate.log, { ...ended.called, settledAt: at, how, result }, ended.intent);
      Object.assign(ended.call, { settled, settledAt: at, how, result });
      for (const { stream, body } of how === 'none' ? ended.used : [])
        gate.log.write({ kind: 'evidence.released', stream, time: at, body: { ...body } });
      continue;
    }
    const { tool, args, case: of, agent, user } = step;
    const called: Called = { call: `c-${index}`, tool, args, at, case: of, agent, user };
    const answer = gate.judge(called, owners[agent]);
    const checkpoints = answer.answer === 'allow' ? answer.checkpoints : [];
    const begun = intend(gate.log, { ...called, checkpoints });
    const call: TracedCall = { tool, args, case: of, agent, user, owner: owners[agent], begun, begunAt: at };
    if (tool === guarded) {
      const used = new Set(uses.filter(({ by }) => by.how !== 'none').flatMap(({ positions }) => positions));
      const wanted = define({ rule: declared, since: activated, personOf, used }, all, call);
      if (wanted.answer === 'passed') uses.push({ by: call, positions: wanted.spent });
      const { answer: short } = wanted;
      const defined =
        wanted.answer === 'passed' ? { answer: short, evidence: wanted.evidence } : { answer: short };
      answers.set(called.call, { gate: said(answer), defined });
    }
    open.push({ call, called, intent: begun, used: gate.consume(answer, at) });
    all.push(call);
  }
  const { find } = gate;
  const book = await foldBook(gate.facts, { sha256, find, keepsEvidence: true });
  expect(book.contradictions).toEqual([]);
  return [...answers].map(([call, both]) => {
    const proven = book.calls.get(call)?.judged[0]?.answer;
    const proof =
      proven?.answer === 'passed'
        ? { answer: proven.answer, evidence: proven.evidence }
        : { answer: proven?.answer };
    return { ...both, proof };
  });
}

describe('gate, proof and definition', () => {
  it('give one answer', async () => {
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(anyRule, trace, async (rule, steps) => {
        for (const { gate, proof, defined } of await answersOf(rule, steps)) {
          expect(gate).toEqual(defined);
          expect(proof).toEqual(defined);
          const { answer } = defined as { answer: string };
          seen.set(answer, (seen.get(answer) ?? 0) + 1);
        }
      }),
      { numRuns: 300 },
    );
    for (const answer of ['passed', 'failed', 'error', 'not-needed'])
      expect(seen.get(answer) ?? 0).toBeGreaterThan(0);
  });
});
