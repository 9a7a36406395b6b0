// The logic auditor in the path of a call: folds rules, settled calls, approvals, once-keys and open
// actions, and judges a call's checkpoints with the evaluator that the proof uses.
// Bounded by what rules ask for: only calls that some rule may require are remembered.

import { type ApprovalStatement, type Fact, isKind, type Rule, type UnknownFact } from '@surety/proof/facts';
import { canonicalJson, digestOf, keyed, openCommitments } from '@surety/proof/records';
import {
  type ApprovalOffer,
  type CheckpointAnswer,
  type CompiledRule,
  compileRule,
  judgeCheckpoint,
  onceValues,
  type PendingCall,
  parseApproval,
} from '@surety/proof/rules';
import { sha256 } from '../ledger/hash.ts';
import type { Append } from '../ledger/log.ts';
import type { People } from '../people/people.ts';
import { type Find, Memory } from './memory.ts';

export type { Find } from './memory.ts';

/** The canonical action's id: RFC 8785 of `{tool, args}`, hashed. In facts it appears keyed with the log's salt. */
export const actionId = (tool: string, args: unknown): string =>
  digestOf(canonicalJson({ tool, args }), sha256);

/** Keys that are remembered as used. One that was dropped is found used when the intent is written. */
const onceMax = 1_000_000;

export interface Hold {
  version: number;
  readonly action: string;
  readonly tool: string;
  readonly rule: string;
  readonly agent: string;
  readonly user: string | undefined;
  readonly case: string;
  readonly expires: number;
  /** Of its `call.held`, and when that was. */
  readonly position: number;
  readonly at: number;
  consumedBy?: string;
  /** Position of the refusal. */
  refused?: number;
  /** It was planted, and was answered or has ended. */
  planted?: boolean;
}

/** An intent whose outcome nobody has said yet. */
export interface OpenCall {
  readonly tool: string;
  readonly agent: string | undefined;
  readonly user: string | undefined;
  /** Its position. */
  readonly intent: number;
}

export interface Checkpointed {
  readonly rule: string;
  readonly answer: 'passed' | 'not-needed' | 'observed';
  readonly evidence: readonly number[];
  readonly approvals: readonly number[];
}

export type LogicAnswer =
  | {
      readonly answer: 'allow';
      readonly checkpoints: readonly Checkpointed[];
      readonly consumes: readonly Append[];
    }
  | { readonly answer: 'hold'; readonly rule: Rule; readonly text: string }
  | { readonly answer: 'deny' | 'error'; readonly rule: Rule; readonly text: string };

export class Logic {
  readonly #people: People;
  readonly #logSalt: Uint8Array;
  readonly #rules = new Map<string, CompiledRule>();
  readonly #currencies = new Map<string, string>();
  readonly #memory: Memory;
  readonly #offers = new Map<string, (ApprovalOffer & { hold: string })[]>();
  readonly #holds = new Map<string, Hold>();
  readonly #once = new Map<string, { version: number; free: boolean }>();
  readonly #actions = new Map<string, { version: number; open: string | undefined }>();
  readonly #holdsOf = new Map<string, string[]>();
  readonly #open = new Map<string, OpenCall>();

  constructor(people: People, logSalt: Uint8Array) {
    this.#people = people;
    this.#logSalt = logSalt;
    this.#memory = new Memory(logSalt);
  }

  apply(fact: Fact | UnknownFact, find: Find): void {
    this.#memory.apply(fact, find);
    if (isKind(fact, 'rule.activated')) this.#activate(fact.body, fact.position);
    else if (isKind(fact, 'outcome.declared') && fact.body.appetite !== undefined)
      this.#currencies.set(fact.body.outcome, fact.body.appetite.currency);
    else if (isKind(fact, 'declaration.withdrawn')) this.#withdraw(fact.body.stream, fact.position);
    else if (isKind(fact, 'call.intended')) {
      const { call, tool } = fact.body;
      this.#open.set(call, { tool, agent: fact.agent, user: fact.user, intent: fact.position });
    } else if (isKind(fact, 'call.settled')) this.#open.delete(fact.body.call);
    else if (fact.stream.startsWith('approval/')) this.#approval(fact, find);
    else if (fact.stream.startsWith('once/')) this.#use(fact);
    else if (fact.stream.startsWith('action/')) this.#action(fact);
  }

  #use(fact: Fact | UnknownFact): void {
    this.#once.delete(fact.stream);
    this.#once.set(fact.stream, {
      version: fact.streamVersion + 1,
      free: isKind(fact, 'evidence.released'),
    });
    const [oldest] = this.#once.size > onceMax ? this.#once.keys() : [];
    if (oldest !== undefined) this.#once.delete(oldest);
  }

  #action(fact: Fact | UnknownFact): void {
    const opened = isKind(fact, 'action.opened');
    this.#actions.set(fact.stream, {
      version: fact.streamVersion + 1,
      open: opened ? fact.body.call : undefined,
    });
  }

  /** Holds nothing any more of what these facts disclosed: what was erased is as if it had never been opened here. */
  forget(positions: ReadonlySet<number>): void {
    this.#memory.forget(positions);
    for (const [action, offers] of this.#offers) {
      const left = offers.filter(({ position }) => !positions.has(position));
      if (left.length === 0) this.#offers.delete(action);
      else this.#offers.set(action, left);
    }
  }

  /** Calls without a settlement. */
  get open(): ReadonlyMap<string, OpenCall> {
    return this.#open;
  }

  /** The stream of an open canonical action, its version, and the call that still holds it open. */
  action(action: string): {
    readonly stream: string;
    readonly version: number;
    readonly open: string | undefined;
  } {
    const stream = `action/${keyed(this.#logSalt, 'action', action, sha256)}`;
    return { stream, ...(this.#actions.get(stream) ?? { version: 0, open: undefined }) };
  }

  /** A hold that an identical call under the same rule already waits in. */
  waiting(action: string, rule: string, agent: string, caseId: string, at: number): string | undefined {
    return this.#holdsOf.get(action)?.find((hold) => {
      const held = this.#holds.get(hold);
      return (
        held?.rule === rule &&
        held.agent === agent &&
        held.case === caseId &&
        held.consumedBy === undefined &&
        held.planted !== true &&
        at <= held.expires
      );
    });
  }

  hold(hold: string): Hold | undefined {
    return this.#holds.get(hold);
  }

  /** Approvals given in a hold whose signatures are good. */
  approvalsIn(hold: string): readonly ApprovalOffer[] {
    return [...this.#offers.values()].flat().filter((each) => each.hold === hold);
  }

  /** For how long people may still answer it; 0 once it was used or refused, or is over. */
  waitsMs(name: string, at: number): number {
    const hold = this.#holds.get(name);
    return hold === undefined || isAnswered(hold) ? 0 : Math.max(0, hold.expires - at);
  }

  /** How many holds wait for people. */
  waitingHolds(at: number): number {
    return this.holdsThat(at, () => true).length;
  }

  /** The holds that wait for people and about which this is true. */
  holdsThat(at: number, isAbout: (hold: Hold) => boolean): readonly string[] {
    return [...this.#holds].flatMap(([name, hold]) => {
      const waits = !isAnswered(hold) && at <= hold.expires;
      return waits && isAbout(hold) ? [name] : [];
    });
  }

  /** The rule in force that has this hash. */
  ruleOf(hash: string): Rule | undefined {
    return [...this.#rules.values()].find(({ rule }) => rule.hash === hash)?.rule;
  }

  /** Judges every rule before this tool; the first that does not pass decides. */
  judge(call: Omit<PendingCall, 'currency' | 'withheld'>, callId: string): LogicAnswer {
    const checkpoints: Checkpointed[] = [];
    const consumes: Append[] = [];
    const judged: CompiledRule[] = [];
    const rules = [...this.#rules.values()];
    for (const compiled of rules.filter(({ rule }) => rule.before === call.tool)) {
      const { rule } = compiled;
      const offers = (this.#offers.get(call.action) ?? []).filter(({ hold }) => this.#isUsable(hold));
      const pending = { ...call, currency: this.#currencies.get(rule.outcome), withheld: false };
      const answer = judgeCheckpoint(compiled, pending, {
        ...{ history: this.#memory.history, offers, personOf: this.#people.personOf },
        isUsed: (position) => !this.#key(rule, 'evidence', position).free,
      });
      const keys = answer.answer === 'passed' ? this.#keysOf(compiled, call.args, answer.spent) : [];
      const failure = keys.some(({ free }) => !free) ? 'its evidence was used before' : failureOf(answer);
      if (failure !== undefined && rule.mode !== 'observe') {
        if (answer.answer === 'error') return { answer: 'error', rule, text: failure };
        const asks = answer.answer === 'failed' && answer.lacks === 'approval' && rule.mode === 'hold';
        const refused = asks && this.#refused(call, rule.hash);
        const text = refused ? 'a person has refused it' : failure;
        return { answer: asks && !refused ? 'hold' : 'deny', rule, text };
      }
      if (answer.answer !== 'not-needed') judged.push(compiled);
      const passed = answer.answer === 'passed' && failure === undefined ? answer : undefined;
      checkpoints.push({
        rule: rule.hash,
        answer: failure !== undefined ? 'observed' : passed === undefined ? 'not-needed' : 'passed',
        evidence: answer.answer === 'passed' ? answer.evidence : [],
        approvals: answer.answer === 'passed' ? answer.approvals : [],
      });
      if (passed === undefined) continue;
      for (const { stream, version: expected } of keys)
        consumes.push({
          stream,
          expected,
          facts: [{ kind: 'evidence.consumed', body: { rule: rule.hash, call: callId } }],
        });
      // Several people may have approved in one hold: it is used up once.
      const used = offers.filter(({ position }) => passed.approvals.includes(position));
      for (const hold of new Set(used.map((offer) => offer.hold)))
        consumes.push({
          stream: `approval/${hold}`,
          expected: this.#holds.get(hold)?.version ?? 0,
          facts: [{ kind: 'approval.consumed', body: { hold, call: callId } }],
        });
    }
    consumes.push(...this.#memory.countings(rules, judged, call, callId));
    return { answer: 'allow', checkpoints, consumes };
  }

  /** One person's no outweighs every yes in the same hold. */
  #isUsable(hold: string): boolean {
    const held = this.#holds.get(hold);
    // INVARIANT: what is given for a planted hold is used by no call.
    if (held === undefined || held.planted === true) return false;
    return held.consumedBy === undefined && held.refused === undefined;
  }

  /** A person has looked at this very call and said no: it does not go back into the queue. */
  #refused(call: Omit<PendingCall, 'currency' | 'withheld'>, rule: string): boolean {
    const action = keyed(this.#logSalt, 'action', call.action, sha256);
    const hold = this.waiting(action, rule, call.agent ?? '', call.case, call.at);
    return hold !== undefined && this.#holds.get(hold)?.refused !== undefined;
  }

  /** What a passing call uses up. Throws where a value that may serve only once is absent. */
  #keysOf(compiled: CompiledRule, args: unknown, spent: readonly number[]) {
    const values = onceValues(compiled, args);
    return [
      ...(values === undefined ? [] : [this.#key(compiled.rule, 'once', values)]),
      ...spent.map((position) => this.#key(compiled.rule, 'evidence', position)),
    ];
  }

  #key({ outcome, rule }: Rule, purpose: 'once' | 'evidence', value: unknown) {
    const stream = `once/${outcome}/${rule}/${keyed(this.#logSalt, purpose, value, sha256)}`;
    return { stream, ...(this.#once.get(stream) ?? { version: 0, free: true }) };
  }

  #activate(rule: Rule, position: number): void {
    this.#rules.set(`${rule.outcome}/${rule.rule}`, compileRule(rule));
    this.#memory.watch([...this.#rules.values()], position);
  }

  #withdraw(stream: string, position: number): void {
    if (stream.startsWith('rule/') && this.#rules.delete(stream.slice('rule/'.length)))
      this.#memory.watch([...this.#rules.values()], position);
  }

  #approval(fact: Fact | UnknownFact, find: Find): void {
    const version = fact.streamVersion + 1;
    if (isKind(fact, 'call.held')) {
      const { hold, action, tool, rule, expires } = fact.body;
      const held = { action, tool, rule, agent: fact.agent ?? '', user: fact.user, case: fact.case ?? '' };
      this.#holds.set(hold, { ...held, expires, version, position: fact.position, at: fact.time });
      this.#holdsOf.set(action, [...(this.#holdsOf.get(action) ?? []), hold]);
    }
    const name = fact.stream.slice('approval/'.length);
    const hold = this.#holds.get(name);
    if (hold === undefined) return;
    hold.version = version;
    if (isKind(fact, 'approval.consumed')) hold.consumedBy = fact.body.call;
    else if (isKind(fact, 'approval.released')) delete hold.consumedBy;
    else if (isKind(fact, 'approval.refused') || isKind(fact, 'hold.refused')) hold.refused ??= fact.position;
    else if (isKind(fact, 'seed.answered')) hold.planted = true;
    else if (isKind(fact, 'approval.given')) this.#offer(fact, name, find);
  }

  /** The signature is checked again here: the store may have been edited since it was first checked. */
  #offer(fact: Fact<'approval.given'>, hold: string, find: Find): void {
    const { value, withheld } = openCommitments(fact.body.statement, find);
    // Its disclosure was erased: nobody can check it any more, so it approves nothing more.
    if (withheld > 0) return;
    const statement: ApprovalStatement = parseApproval(value);
    if (statement.hold !== hold || !this.#people.signed(statement, fact.body)) return;
    const offers = this.#offers.get(statement.action) ?? [];
    const approver = this.#people.approver(statement.person);
    const heldAt = this.#holds.get(hold)?.at;
    const times = { at: fact.time, ...(heldAt === undefined ? {} : { heldAt }) };
    offers.push({ position: fact.position, statement, approver, hold, ...times });
    this.#offers.set(statement.action, offers);
  }
}

/** Why it did not pass and what would let it, for people. */
function failureOf(answer: CheckpointAnswer): string | undefined {
  if (answer.answer === 'passed' || answer.answer === 'not-needed') return undefined;
  return answer.answer === 'failed' ? `${answer.text}; ${answer.remedy}` : answer.text;
}

/** Nobody can answer it any more, however long it would still wait. */
const isAnswered = ({ consumedBy, refused, planted }: Hold): boolean =>
  consumedBy !== undefined || refused !== undefined || planted === true;
