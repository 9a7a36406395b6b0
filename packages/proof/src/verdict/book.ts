// The book: a pure fold of facts into what the six questions ask about. Every checkpoint and every
// permission is judged again here, at the position of its intent, from raw facts and disclosures,
// by the same code that ran in the gate.

import {
  type ApprovalStatement,
  type Body,
  type Fact,
  isKind,
  type Money,
  type OutcomeDeclared,
  type Rule,
  type UnknownFact,
} from '../facts.ts';
import { fromBase64url, type Sha256, toBase64url, utf8 } from '../records/bytes.ts';
import { keyed, openCommitments } from '../records/commitment.ts';
import { canonicalJson } from '../records/json.ts';
import {
  type ActivePolicy,
  type ApprovalOffer,
  type CheckpointAnswer,
  type CompiledRule,
  compileRule,
  decidePermission,
  History,
  judgeCheckpoint,
  onceValues,
  parseApproval,
} from '../rules/index.ts';

/** What one rule of one outcome says about one call, recomputed. */
export interface Judged {
  readonly outcome: string;
  readonly rule: Rule;
  readonly answer: CheckpointAnswer | { readonly answer: 'used-twice'; readonly by: string };
  /** People whose approval it rests on. */
  readonly approvers: readonly string[];
}

export interface Settlement {
  readonly position: number;
  readonly how: 'ok' | 'error' | 'none';
  readonly by: 'upstream' | 'record' | 'gateway';
  readonly result: unknown;
  readonly withheld: boolean;
}

/** A consequential call as the log tells it. */
export interface GovernedCall {
  readonly call: string;
  readonly intent: number;
  readonly at: number;
  readonly tool: string;
  readonly args: unknown;
  readonly withheld: boolean;
  readonly money: Money | undefined;
  readonly agent: string;
  readonly user: string | undefined;
  readonly permitted: boolean;
  readonly judged: readonly Judged[];
  settlement?: Settlement;
}

export interface Emitter {
  readonly emitter: string;
  readonly startedAt: number;
  readonly position: number;
  readonly clock: 'system' | 'injected';
  readonly tail: 'none' | 'clean' | 'may-be-lost';
  next: number;
  gapAt?: number;
}

export interface BookInput {
  readonly sha256: Sha256;
  /** The disclosure behind a commitment, or undefined if it is withheld. */
  readonly find: (digest: string) => string | undefined;
  /** Whether this signature over this approval is good (checked beforehand: it needs WebCrypto). */
  readonly signed: (position: number) => boolean;
}

type Declared<T> = Map<string, { readonly body: T; readonly position: number }>;

export class Book {
  readonly outcomes: Declared<OutcomeDeclared> = new Map();
  readonly people: Declared<Body<'person.enrolled'>> = new Map();
  readonly identities: Declared<Body<'identity.enrolled'>> = new Map();
  readonly labels: Declared<Body<'tool.labelled'>> = new Map();
  readonly witnesses: Declared<Body<'witness.declared'>> = new Map();
  readonly calls = new Map<string, GovernedCall>();
  readonly extracts: Fact<'record.extracted'>[] = [];
  readonly emitters = new Map<string, Emitter>();
  readonly approvals: { position: number; person: string; hold: string }[] = [];
  /** Facts that contradict the format or each other: a log that holds one is not sound. */
  readonly contradictions: { readonly position: number; readonly text: string }[] = [];
  size = 0;
  latestTime = 0;

  readonly #input: BookInput;
  readonly #history = new History();
  readonly #streams = new Map<string, number>();
  readonly #rules = new Map<string, CompiledRule>();
  readonly #policies = new Map<string, ActivePolicy>();
  readonly #offers = new Map<string, ApprovalOffer[]>();
  readonly #used = new Map<string, string>();
  readonly #cases = new Set<string>();
  #logSalt: Uint8Array | undefined;

  constructor(input: BookInput) {
    this.#input = input;
  }

  get rules(): readonly Rule[] {
    return [...this.#rules.values()].map(({ rule }) => rule);
  }

  get policies(): readonly ActivePolicy[] {
    return [...this.#policies.values()];
  }

  /** True if the application opened this case: only then did a user say anything in it. */
  opened(caseId: string): boolean {
    return this.#cases.has(caseId);
  }

  /** Folds one fact. Facts come in the order of their positions, from 0, without a hole. */
  add(fact: Fact | UnknownFact): void {
    if (fact.position !== this.size) throw new Error(`fact ${fact.position} follows ${this.size - 1}`);
    this.size += 1;
    this.latestTime = Math.max(this.latestTime, fact.time);
    this.#sequence(fact);
    if (fact.kind === 'unknown') return;
    this.#declare(fact);
    if (isKind(fact, 'call.intended')) this.#intend(fact);
    else if (isKind(fact, 'call.settled')) this.#settle(fact);
    else if (isKind(fact, 'approval.given')) this.#approve(fact);
    else if (isKind(fact, 'approval.consumed')) this.#used.set(`approval ${fact.body.hold}`, fact.body.call);
    else if (isKind(fact, 'approval.released')) this.#used.delete(`approval ${fact.body.hold}`);
    else if (isKind(fact, 'record.extracted')) this.extracts.push(fact);
    else if (isKind(fact, 'case.opened') && fact.case !== undefined) this.#cases.add(fact.case);
    else if (isKind(fact, 'process.started')) this.#start(fact);
  }

  /** The approval behind a fact, if its statement is disclosed and says what the fact says. */
  statementOf(fact: Fact<'approval.given'> | Fact<'approval.refused'>): ApprovalStatement | undefined {
    const opened = openCommitments(fact.body.statement, this.#input.find);
    if (opened.withheld > 0) return undefined;
    const statement = parseApproval(opened.value);
    const { hold, person, function: as } = fact.body;
    return statement.hold === hold && statement.person === person && statement.function === as
      ? statement
      : undefined;
  }

  #contradict(position: number, text: string): void {
    this.contradictions.push({ position, text });
  }

  #sequence(fact: Fact | UnknownFact): void {
    const version = this.#streams.get(fact.stream) ?? 0;
    if (fact.streamVersion !== version)
      this.#contradict(fact.position, `stream ${fact.stream} goes from ${version} to ${fact.streamVersion}`);
    this.#streams.set(fact.stream, fact.streamVersion + 1);
    const emitter = this.emitters.get(fact.emitter) ?? {
      emitter: fact.emitter,
      startedAt: fact.time,
      position: fact.position,
      clock: 'system',
      tail: 'none',
      next: 0,
    };
    if (fact.emitterSeq !== emitter.next && emitter.gapAt === undefined) emitter.gapAt = fact.position;
    emitter.next = fact.emitterSeq + 1;
    this.emitters.set(fact.emitter, emitter);
  }

  #start(fact: Fact<'process.started'>): void {
    const { clock, tail } = fact.body;
    const emitter = this.emitters.get(fact.emitter);
    if (emitter !== undefined) this.emitters.set(fact.emitter, { ...emitter, clock, tail });
  }

  #declare(fact: Fact): void {
    const declared = { position: fact.position };
    if (isKind(fact, 'log.opened')) this.#openLog(fact);
    else if (isKind(fact, 'outcome.declared'))
      this.outcomes.set(fact.body.outcome, { ...declared, body: fact.body });
    else if (isKind(fact, 'person.enrolled'))
      this.people.set(fact.body.person, { ...declared, body: fact.body });
    else if (isKind(fact, 'identity.enrolled'))
      this.identities.set(fact.body.identity, { ...declared, body: fact.body });
    else if (isKind(fact, 'tool.labelled')) this.labels.set(fact.body.tool, { ...declared, body: fact.body });
    else if (isKind(fact, 'witness.declared'))
      this.witnesses.set(fact.body.witness, { ...declared, body: fact.body });
    else if (isKind(fact, 'policy.activated'))
      this.#policies.set(fact.body.policy, {
        id: fact.body.policy,
        hash: fact.body.hash,
        policy: fact.body.cedar,
      });
    else if (isKind(fact, 'rule.activated')) {
      this.#rules.set(`${fact.body.outcome}/${fact.body.rule}`, compileRule(fact.body));
      this.#history.watch([...this.#rules.values()]);
    } else if (isKind(fact, 'declaration.withdrawn')) this.#withdraw(fact.body.stream);
  }

  #openLog(fact: Fact<'log.opened'>): void {
    if (fact.position !== 0) this.#contradict(fact.position, 'the log is opened twice');
    const { value } = openCommitments(fact.body.salt, this.#input.find);
    if (typeof value === 'string') this.#logSalt = fromBase64url(value);
  }

  #withdraw(stream: string): void {
    const name = stream.slice(stream.indexOf('/') + 1);
    const kinds: Record<string, Map<string, unknown>> = {
      outcome: this.outcomes,
      person: this.people,
      identity: this.identities,
      tool: this.labels,
      witness: this.witnesses,
      policy: this.#policies,
      rule: this.#rules,
    };
    kinds[stream.slice(0, stream.indexOf('/'))]?.delete(name);
    if (stream.startsWith('rule/')) this.#history.watch([...this.#rules.values()]);
  }

  #approve(fact: Fact<'approval.given'>): void {
    this.approvals.push({ position: fact.position, person: fact.body.person, hold: fact.body.hold });
    const statement = this.#input.signed(fact.position) ? this.statementOf(fact) : undefined;
    const person = this.people.get(fact.body.person)?.body;
    if (statement === undefined) return;
    const offers = this.#offers.get(statement.action) ?? [];
    offers.push({
      position: fact.position,
      statement,
      approver: person && { person: person.person, functions: person.functions },
    });
    this.#offers.set(statement.action, offers);
  }

  /** The canonical action's id (docs/formats.md); undefined if an argument is withheld. */
  #actionOf(fact: Fact<'call.intended'>, args: unknown, withheld: boolean): string {
    if (withheld) return '';
    const { sha256 } = this.#input;
    const action = toBase64url(sha256(utf8(canonicalJson({ tool: fact.body.tool, args }))));
    if (this.#logSalt !== undefined && keyed(this.#logSalt, 'action', action, sha256) !== fact.body.action)
      this.#contradict(fact.position, `call ${fact.body.call} names another action than its arguments make`);
    return action;
  }

  #intend(fact: Fact<'call.intended'>): void {
    const { body, agent = '', user, position } = fact;
    const opened = openCommitments(body.args, this.#input.find);
    const args = opened.value ?? {};
    const withheld = opened.withheld > 0;
    const action = this.#actionOf(fact, args, withheld);
    const pending = {
      tool: body.tool,
      args,
      money: body.money,
      currency: undefined,
      agent,
      user,
      case: fact.case ?? '',
      agentOwner: this.identities.get(agent)?.body.owner,
      action,
      at: fact.time,
      withheld,
    };
    const offers = (this.#offers.get(action) ?? []).filter(({ statement }) => {
      const usedBy = this.#used.get(`approval ${statement.hold}`);
      return usedBy === undefined || usedBy === body.call;
    });
    const judged = [...this.#rules.values()]
      .filter(({ rule }) => rule.before === body.tool)
      .map((compiled) => this.#judge(compiled, body.call, pending, offers));
    const decision = decidePermission(this.policies, { agent, tool: body.tool, money: body.money, user });
    const permitted = decision.decision === 'allow';
    if (this.calls.has(body.call)) this.#contradict(position, `call ${body.call} is intended twice`);
    this.calls.set(body.call, {
      call: body.call,
      intent: position,
      at: fact.time,
      tool: body.tool,
      args,
      withheld,
      money: body.money,
      agent,
      user,
      permitted,
      judged,
    });
  }

  #judge(
    compiled: CompiledRule,
    call: string,
    pending: Parameters<typeof judgeCheckpoint>[1],
    offers: readonly ApprovalOffer[],
  ): Judged {
    const { rule } = compiled;
    const currency = this.outcomes.get(rule.outcome)?.body.appetite?.currency;
    const answer = judgeCheckpoint(compiled, { ...pending, currency }, this.#history, offers);
    const approvals = answer.answer === 'passed' ? answer.approvals : [];
    const approvers = offers
      .filter(({ position }) => approvals.includes(position))
      .map(({ statement }) => statement.person);
    const judged = { outcome: rule.outcome, rule, answer, approvers };
    if (answer.answer !== 'passed' || rule.once.length === 0) return judged;
    const key = `once ${rule.outcome}/${rule.rule} ${canonicalJson(onceValues(compiled, pending.args))}`;
    const by = this.#used.get(key);
    if (by !== undefined && this.calls.get(by)?.settlement?.how !== 'none')
      return { ...judged, answer: { answer: 'used-twice', by } };
    this.#used.set(key, call);
    return judged;
  }

  #settle(fact: Fact<'call.settled'>): void {
    const { body, position } = fact;
    const result = openCommitments(body.result, this.#input.find);
    const settlement: Settlement = {
      position,
      how: body.settlement,
      by: body.by,
      result: result.value,
      withheld: result.withheld > 0,
    };
    const call = this.calls.get(body.call);
    if (body.intent !== undefined && call?.intent !== body.intent)
      this.#contradict(position, `call ${body.call} is settled for an intent that it does not have`);
    if (call?.settlement !== undefined) this.#contradict(position, `call ${body.call} is settled twice`);
    if (call !== undefined) call.settlement ??= settlement;
    if (settlement.how !== 'ok') return;
    const args = call === undefined ? openCommitments(body.args ?? [], this.#input.find) : undefined;
    this.#history.add({
      position,
      tool: body.tool,
      args: call?.args ?? args?.value ?? {},
      result: settlement.result,
      agent: fact.agent,
      user: fact.user,
      case: fact.case,
      settledAt: fact.time,
      withheld: settlement.withheld || call?.withheld === true || (args?.withheld ?? 0) > 0,
    });
  }
}
