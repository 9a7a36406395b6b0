// What the gate remembers of calls, for the checkpoints that look back on them: only of tools that some rule asks
// about, and only so many. What was dropped never counts as evidence; where it might be what is forbidden or limited,
// the call is refused and told so.

import { type Body, type Fact, isKind, type Money, type UnknownFact } from '@surety/proof/facts';
import { keyed, openCommitments } from '@surety/proof/records';
import {
  type CompiledRule,
  evidenceClauses,
  History,
  labelOf,
  MoneyError,
  moneyIn,
  type Passage,
  type PendingCall,
  passageClauses,
} from '@surety/proof/rules';
import { sha256 } from '../ledger/hash.ts';
import type { Append } from '../ledger/log.ts';

export type Find = (digest: string) => string | undefined;

/** Calls in all, and of those that share what one condition looks them up by. */
const callsMax = 500_000;
const perKeyMax = 20_000;

type Opened = ReturnType<typeof openCommitments>;

interface Awaited {
  readonly args: Opened;
  readonly approvers: readonly string[];
  readonly owner: string | undefined;
}

export class Memory {
  readonly history: History;
  readonly #logSalt: Uint8Array;
  #evidence: ReadonlySet<string> = new Set();
  #counted: ReadonlySet<string> = new Set();
  readonly #labels = new Map<string, Body<'tool.labelled'>>();
  readonly #owners = new Map<string, string>();
  /** By the position of an approval, its person. */
  readonly #approvers = new Map<number, string>();
  /** Arguments of intents that wait for their settlement: evidence needs both; and on whose approval they rest. */
  readonly #awaited = new Map<string, Awaited>();
  readonly #passages = new Map<string, Passage>();
  readonly #versions = new Map<string, number>();

  constructor(logSalt: Uint8Array, bounds = { callsMax, perKeyMax }) {
    this.#logSalt = logSalt;
    this.history = new History(bounds);
  }

  /** From this position on these rules are in force. */
  watch(rules: readonly CompiledRule[], position: number): void {
    this.history.watch(rules, position);
    const toolsOf = (clauses: typeof evidenceClauses) =>
      new Set(rules.flatMap(clauses).map(({ call }) => call));
    this.#evidence = toolsOf(evidenceClauses);
    this.#counted = toolsOf(passageClauses);
  }

  apply(fact: Fact | UnknownFact, find: Find): void {
    if (isKind(fact, 'call.intended')) this.#intend(fact, find);
    else if (isKind(fact, 'call.settled')) this.#settle(fact, find);
    else if (isKind(fact, 'tool.labelled')) this.#labels.set(fact.body.tool, fact.body);
    else if (isKind(fact, 'identity.enrolled')) this.#owners.set(fact.body.identity, fact.body.owner);
    else if (isKind(fact, 'approval.given')) this.#approvers.set(fact.position, fact.body.person);
    else if (isKind(fact, 'declaration.withdrawn')) this.#withdraw(fact.body.stream);
    else if (fact.stream.startsWith('trail/')) this.#versions.set(fact.stream, fact.streamVersion + 1);
  }

  #withdraw(stream: string): void {
    if (stream.startsWith('tool/')) this.#labels.delete(stream.slice('tool/'.length));
    if (stream.startsWith('identity/')) this.#owners.delete(stream.slice('identity/'.length));
  }

  #intend(fact: Fact<'call.intended'>, find: Find): void {
    const { body } = fact;
    const isEvidence = this.#evidence.has(body.tool);
    if (!isEvidence && !this.#counted.has(body.tool)) return;
    const args = openCommitments(body.args, find);
    const positions = body.checkpoints.flatMap(({ approvals }) => approvals);
    const approvers = positions.flatMap((position) => this.#approvers.get(position) ?? []);
    const owner = this.#owners.get(fact.agent ?? '');
    if (isEvidence) this.#awaited.set(body.call, { args, approvers, owner });
    this.#pass(fact, args);
  }

  #pass(
    { body, agent, user, case: of, position, time }: Fact<'call.intended'> | Fact<'call.settled'>,
    args: Opened,
  ): void {
    if (!this.#counted.has(body.tool)) return;
    const own = { tool: body.tool, agent, user, case: of, position, at: time, args: args.value ?? {} };
    const passage = { ...own, money: this.#moneyIn(body.tool, own.args), withheld: args.withheld > 0 };
    this.history.passages.add(passage);
    this.#passages.set(body.call, passage);
  }

  /** As the verdict reads it: one that does not hold its amount exactly is one without money. */
  #moneyIn(tool: string, args: unknown): Money | undefined {
    const label = labelOf(this.#labels, tool);
    try {
      return label && moneyIn(label, args);
    } catch (error) {
      if (error instanceof MoneyError) return undefined;
      throw error;
    }
  }

  #settle(fact: Fact<'call.settled'>, find: Find): void {
    const { body, position } = fact;
    const awaited = this.#awaited.get(body.call);
    this.#awaited.delete(body.call);
    const isEvidence = this.#evidence.has(body.tool) && body.settlement === 'ok';
    if (!isEvidence && !this.#counted.has(body.tool)) return;
    const args = awaited?.args ?? openCommitments(body.args ?? [], find);
    if (body.intent === undefined) this.#pass(fact, args);
    const passage = this.#passages.get(body.call);
    if (passage !== undefined)
      Object.assign(passage, { settled: position, isVoid: body.settlement === 'none' });
    this.#passages.delete(body.call);
    if (!isEvidence) return;
    const result = openCommitments(body.result, find);
    // What was erased is no evidence any more, whatever it was.
    if (args.withheld > 0 || result.withheld > 0) return;
    this.history.add({
      ...{ position, intent: body.intent, tool: body.tool },
      ...{ args: args.value ?? {}, result: result.value, withheld: false },
      ...{ agent: fact.agent, user: fact.user, case: fact.case, settledAt: fact.time },
      owner: awaited === undefined ? this.#owners.get(fact.agent ?? '') : awaited.owner,
      approvers: awaited?.approvers,
    });
  }

  /** Holds nothing any more of what these facts disclosed. */
  forget(positions: ReadonlySet<number>): void {
    this.history.forget(positions);
  }

  /**
   * What the intent must append so that no other call is counted at the same time without knowing of this one: the
   * versions of all that `judged` rules counted, and that this call counts from now on, by whatever rule asks for it.
   */
  countings(
    rules: readonly CompiledRule[],
    judged: readonly CompiledRule[],
    call: Omit<PendingCall, 'currency' | 'withheld'>,
    callId: string,
  ): readonly Append[] {
    const appends = new Map<string, Append>();
    const assert = (stream: string, facts: Append['facts'] = []) => {
      const before = appends.get(stream)?.facts ?? [];
      appends.set(stream, {
        stream,
        expected: this.#versions.get(stream) ?? 0,
        facts: [...before, ...facts],
      });
    };
    const { args, money } = call;
    const scope = { args, agent: call.agent ?? null, user: call.user ?? null };
    const whole = { ...scope, ...(money === undefined ? {} : { money: money.amountMinor }) };
    for (const compiled of judged)
      for (const clause of passageClauses(compiled))
        for (const key of this.history.passages.keysFor(clause, { same: call, scope: whole }))
          assert(this.#streamOf(compiled, clause.id, key));
    const passage: Passage = { ...call, position: Number.MAX_SAFE_INTEGER, withheld: false };
    for (const compiled of rules)
      for (const clause of passageClauses(compiled)) {
        const key = clause.call === call.tool ? this.history.passages.keyOf(clause, passage) : undefined;
        const counted = { kind: 'call.counted', body: { rule: compiled.rule.hash, call: callId } } as const;
        if (key !== undefined) assert(this.#streamOf(compiled, clause.id, key), [counted]);
      }
    return [...appends.values()];
  }

  #streamOf({ rule: { outcome, rule } }: CompiledRule, clause: string, key: string): string {
    return `trail/${outcome}/${rule}/${keyed(this.#logSalt, 'trail', [clause, key], sha256)}`;
  }
}
