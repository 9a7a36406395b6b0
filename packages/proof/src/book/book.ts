// The book: a pure fold of facts into what the six questions ask about. Every checkpoint and every
// permission is judged again here, at the position of its intent, from raw facts and disclosures,
// by the same code that ran in the gate. What a fact says about itself (its effect, that its evidence
// was used, that an approval is free again) is a claim of the operator, and is computed again.

import { Chain, type ChainFound, type Contradiction } from '../chain/index.ts';
import { Pins } from '../contracts/index.ts';
import {
  type ApprovalStatement,
  type Body,
  type Fact,
  isKind,
  type Kind,
  type Rule,
  type UnknownFact,
} from '../facts.ts';
import { type SourceAt, Tracing } from '../origins/index.ts';
import { eraOf, isTimely, type KeyHistory, type PlacedRotation } from '../records/rotation.ts';
import {
  approverOf,
  type CompiledRule,
  compileRule,
  decidePermission,
  followUpsOf,
  labelOf,
  type Passage,
  type PendingCall,
  parseApproval,
} from '../rules/index.ts';
import { fromBase64url, type Sha256 } from '../values/bytes.ts';
import { canonicalJson } from '../values/canonical.ts';
import { type Disclosed, digestOf, keyed, openCommitments } from '../values/commitment.ts';
import { type Extract, type GovernedCall, type Judged, misstated, moneyOrNone } from './call.ts';
import { Declarations } from './declarations.ts';
import { type Duty, dutiesOf } from './duties.ts';
import { Erasures } from './erasures.ts';
import { Judging } from './judging.ts';

export interface BookInput {
  readonly sha256: Sha256;
  /** The disclosure behind a commitment, or undefined if it is withheld. */
  readonly find: (digest: string) => string | Disclosed | undefined;
  /** True for whoever asks on which evidence each rule was passed; a verdict does not, and a million lists add up. */
  readonly keepsEvidence?: boolean;
  /**
   * A fact of before with what is disclosed of it, where the whole log is at hand; without, what arguments may have come
   * from is kept as it passes.
   */
  readonly sourceAt?: SourceAt;
  /** Whether the signature in this fact is good (checked beforehand: it needs WebCrypto). */
  readonly signed: (position: number) => boolean;
}

const textsMax = 10_000;
const none: readonly never[] = [];

/** Kinds that only the gateway folds: what they claim, the book computes again. */
const unread: ReadonlySet<string> = new Set<Kind>([
  ...(['approval.consumed', 'approval.released', 'evidence.released'] as const),
  ...(['budget.reserved', 'budget.released', 'action.opened', 'action.closed'] as const),
  ...(['call.counted', 'containment.lifted'] as const),
]);

/** False of a fact that changes nothing in a book. */
export const isRead = (fact: Fact | UnknownFact): fact is Fact =>
  fact.kind !== 'unknown' && !unread.has(fact.kind);

export class Book extends Declarations {
  readonly calls = new Map<string, GovernedCall>();
  readonly extracts: Extract[] = [];
  readonly verdicts: Pick<Fact<'verdict.given'>, 'position' | 'time' | 'body'>[] = [];
  /** What Surety contained by itself. */
  readonly contained: Body<'containment.ordered'>[] = [];
  /** Messages about breaches that somebody's mail server or receiver took, or did not. */
  readonly alerts: Body<'notice.sent'>[] = [];
  readonly drills: Pick<Fact<'containment.drilled'>, 'position' | 'time' | 'body'>[] = [];
  readonly approvals: { readonly position: number; readonly person: string }[] = [];
  readonly erasures = new Erasures();
  readonly pins = new Pins();
  /** What the first fact says; only a log without one has none. */
  opening: Body<'log.opened'> | undefined;
  /** Every time a key of the log handed over to the next. */
  readonly rotations: PlacedRotation[] = [];
  /** Each time that the log went on under another name and other keys. */
  readonly successions: { readonly position: number; readonly body: Body<'log.succeeded'> }[] = [];
  /** Streams, processes and times: found beside the book, by whoever reads every fact. */
  chain: ChainFound = new Chain();
  /** Facts that contradict each other: a log that holds one is not sound. */
  readonly contradictions: Contradiction[] = [];

  readonly #input: BookInput;
  readonly #judging: Judging;
  readonly #tracing: Tracing;
  /** Calls that were let through and have not settled, as limits and prohibitions count them. */
  readonly #passages = new Map<string, Passage>();
  readonly #cases = new Map<
    string,
    { readonly agent: string | undefined; readonly user: string | undefined }
  >();
  readonly #texts = new Map<string, string>();
  readonly #compiledOnce = new Map<Rule, CompiledRule>();
  readonly #policyHashes = new Set<string>();

  constructor(input: BookInput) {
    super(input.sha256);
    this.#input = input;
    this.#tracing = new Tracing(this, input, () => this.logSalt);
    this.#judging = new Judging({
      ...{ sha256: input.sha256, keepsEvidence: input.keepsEvidence === true },
      isVoid: (call) => this.calls.get(call)?.settlement?.how === 'none',
      intentOf: (call) => this.calls.get(call)?.intent,
    });
  }

  /** One text for many equal ones: a million calls name few tools, agents and people. */
  #same<T extends string | undefined>(text: T): T {
    if (text === undefined) return text;
    const known = this.#texts.get(text);
    if (known !== undefined) return known as T;
    if (this.#texts.size < textsMax) this.#texts.set(text, text);
    return text;
  }

  /** Undefined where it is withheld. */
  get logSalt(): Uint8Array | undefined {
    return this.#judging.logSalt;
  }

  #contradict(position: number, text: string): void {
    if (this.contradictions.length === 0) this.contradictions.push({ position, text });
  }

  /** The keys of this log, as its facts say; empty names in a log that does not say. */
  get keys(): KeyHistory {
    const { origin = '', logKey = '', statementKey = '' } = this.opening ?? {};
    const later = this.successions.map(({ position, body }) => eraOf(position, body));
    return { eras: [eraOf(0, { origin, logKey, statementKey }), ...later], rotations: this.rotations };
  }

  /** SHA-256 of a text in base64url, as facts name queries and rules. */
  digest(text: string): string {
    return digestOf(text, this.#input.sha256);
  }

  /** Folds one fact. Facts come in the order of their positions; what is not read may be left out. */
  add(fact: Fact | UnknownFact): void {
    if (!isRead(fact)) return;
    const { position, time } = fact;
    this.activate(fact, this.#input.signed(position));
    this.pins.apply(fact, this.inForce.standing, this.#input.signed(position));
    this.#tracing.add(fact);
    if (isKind(fact, 'log.opened')) this.#openLog(fact);
    else if (isKind(fact, 'log.succeeded')) this.successions.push({ position, body: fact.body });
    else if (isKind(fact, 'key.rotated')) this.#rotate({ ...fact.body, position });
    else if (isKind(fact, 'rule.activated')) this.#checkHash(fact);
    else if (isKind(fact, 'policy.activated')) this.#checkPolicy(fact);
    if (isKind(fact, 'rule.activated') || isKind(fact, 'declaration.withdrawn'))
      this.#judging.history.watch(this.compiled, position);
    if (isKind(fact, 'call.intended')) this.#consider(fact, true);
    else if (isKind(fact, 'call.settled')) this.#settle(fact);
    else if (isKind(fact, 'approval.given')) this.#approve(fact);
    else if (isKind(fact, 'call.held')) this.#judging.hold(fact);
    else if (isKind(fact, 'seed.answered') && this.#judging.spoil(fact.body.hold))
      this.#contradict(position, `the hold ${fact.body.hold} was planted, and a call used it`);
    else if (isKind(fact, 'evidence.consumed')) this.#claim(fact);
    else if (isKind(fact, 'record.extracted')) {
      const declared = this.outcomes.get(fact.body.outcome)?.body;
      this.extracts.push({ position, time, body: fact.body, declared });
    } else if (isKind(fact, 'verdict.given')) this.verdicts.push({ position, time, body: fact.body });
    else if (isKind(fact, 'containment.ordered') && fact.body.by === 'surety') this.contained.push(fact.body);
    else if (isKind(fact, 'notice.sent') && fact.body.about === 'breach') this.alerts.push(fact.body);
    else if (isKind(fact, 'containment.drilled')) this.drills.push({ position, time, body: fact.body });
    else if (isKind(fact, 'disclosure.erased'))
      this.erasures.add(fact, openCommitments(fact.body.positions, this.#input.find).value);
    else if (isKind(fact, 'case.opened') && fact.case !== undefined)
      this.#cases.set(fact.case, { agent: fact.agent, user: fact.user });
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

  /** People approve under this hash, and auditors compare it: it must be that of the rule that runs. */
  #checkHash({ body: { hash, ...written }, position }: Fact<'rule.activated'>): void {
    if (this.digest(canonicalJson(written)) !== hash)
      this.#contradict(position, `rule ${written.rule} has another hash than its text`);
  }

  /** Calls name the policies that let them through by these hashes. */
  #checkPolicy({ body: { policy, hash, cedar }, position }: Fact<'policy.activated'>): void {
    if (this.digest(canonicalJson(cedar)) !== hash)
      this.#contradict(position, `policy ${policy} has another hash than its text`);
    this.#policyHashes.add(hash);
  }

  #openLog(fact: Fact<'log.opened'>): void {
    if (fact.position === 0) this.opening = fact.body;
    if (fact.body.origin !== fact.log)
      this.#contradict(fact.position, `the log ${fact.log} is opened as ${fact.body.origin}`);
    const { value } = openCommitments(fact.body.salt, this.#input.find);
    if (typeof value === 'string') this.#judging.logSalt = fromBase64url(value);
  }

  #rotate(rotation: PlacedRotation): void {
    if (isTimely(rotation)) this.rotations.push(rotation);
  }

  #approve(fact: Fact<'approval.given'>): void {
    this.approvals.push({ position: fact.position, person: fact.body.person });
    const statement = this.#input.signed(fact.position) ? this.statementOf(fact) : undefined;
    if (statement === undefined) {
      // An approval that nobody can look at: whoever rests on it cannot be judged.
      if (openCommitments(fact.body.statement, this.#input.find).withheld > 0)
        this.#judging.keepUnseen(fact.body.hold, fact.position);
      return;
    }
    const people = [...this.people.values()].map(({ body }) => body);
    this.#judging.offer({
      ...{ position: fact.position, statement, at: fact.time },
      approver: approverOf(fact.body.person, people, this.personOf),
    });
  }

  /** What else a call used is computed from its values; where they are withheld, the log's word counts against it. */
  #claim({ stream, body }: Fact<'evidence.consumed'>): void {
    if (this.calls.get(body.call)?.withheld === true) this.#judging.claim(stream, body);
  }

  /** The canonical action's id (docs/formats.md); empty if an argument is withheld. */
  #actionOf(fact: Fact<'call.intended'> | Fact<'call.settled'>, args: unknown, withheld: boolean): string {
    if (withheld) return '';
    const { sha256 } = this.#input;
    const action = this.digest(canonicalJson({ tool: fact.body.tool, args }));
    const { logSalt } = this.#judging;
    if (logSalt !== undefined && keyed(logSalt, 'action', action, sha256) !== fact.body.action)
      this.#contradict(fact.position, `call ${fact.body.call} names another action than its arguments make`);
    return action;
  }

  #consider(fact: Fact<'call.intended'> | Fact<'call.settled'>, intended: boolean): GovernedCall {
    const { body, agent = '', user, position, time: at } = fact;
    const opened = openCommitments(body.args ?? [], this.#input.find);
    const args = opened.value ?? {};
    const withheld = opened.withheld > 0;
    const action = this.#actionOf(fact, args, withheld);
    const label = labelOf(this.labels, body.tool)?.body;
    const money = label && moneyOrNone(label, args);
    const amountWithheld = withheld && label?.money !== undefined && money === undefined;
    const identity = this.identities.get(agent)?.body;
    const pending = {
      ...{ tool: body.tool, args, money, agent, user, action, at, withheld },
      ...{ case: fact.case ?? '', agentOwner: identity?.owner },
    };
    const claimed = isKind(fact, 'call.intended') ? fact.body.checkpoints : [];
    const judged = this.compiled
      .filter(({ rule }) => rule.before === body.tool)
      .map((compiled): Judged => {
        const currency = this.outcomes.get(compiled.rule.outcome)?.body.appetite?.currency;
        const judging = { ...pending, currency };
        const named = { call: body.call, action: body.action, checkpoints: claimed };
        return this.#judging.judge(compiled, named, judging, this.personOf);
      });
    this.#pass(fact, { args, money, withheld });
    const permission = decidePermission(this.policies, { agent, tool: body.tool, money, user });
    if (this.calls.has(body.call))
      this.#contradict(position, `call ${body.call} is intended or settled twice`);
    const named = isKind(fact, 'call.intended') ? fact.body.policies : [];
    if (named.some((hash) => !this.#policyHashes.has(hash)))
      this.#contradict(position, `call ${body.call} names a policy that was never in force`);
    const opening = this.#cases.get(fact.case ?? '');
    const call: GovernedCall = {
      call: body.call,
      intent: position,
      intended,
      at,
      tool: this.#same(body.tool),
      args,
      money,
      withheld,
      amountWithheld,
      agent: this.#same(agent),
      user: this.#same(user),
      case: this.#same(fact.case),
      identity,
      judged,
      traced: isKind(fact, 'call.intended') ? this.#tracing.judge(fact, args, withheld) : none,
      permitted: permission.decision === 'allow',
      misstated: misstated(fact, label?.effect),
      pinned: this.pins.judge(body.tool, body.contract, this.inForce.standing),
      borrowed: opening?.user !== user || (opening !== undefined && opening.agent !== fact.agent),
    };
    this.calls.set(body.call, call);
    return call;
  }

  /** From here on limits and prohibitions count it. */
  #pass(
    { body, agent, user, case: of, position, time }: Fact<'call.intended'> | Fact<'call.settled'>,
    { args, money, withheld }: Pick<GovernedCall, 'args' | 'money' | 'withheld'>,
  ): void {
    if (!this.countedTools.has(body.tool)) return;
    const passage: Passage = {
      ...{
        tool: this.#same(body.tool),
        agent: this.#same(agent),
        user: this.#same(user),
        case: this.#same(of),
      },
      ...{ position, at: time, args, money, withheld },
    };
    this.#judging.history.passages.add(passage);
    this.#passages.set(body.call, passage);
  }

  /** What had to follow a call that took effect, as far as it is not known to be done until `asOf`. */
  duties(call: GovernedCall, outcome: string, asOf: number): readonly Duty[] {
    return dutiesOf(call, outcome, ({ rule }) => {
      if ((rule.afterwards ?? []).length === 0) return none;
      const compiled = this.#compiledOnce.get(rule) ?? compileRule(rule);
      this.#compiledOnce.set(rule, compiled);
      const currency = this.outcomes.get(rule.outcome)?.body.appetite?.currency;
      const pending: PendingCall & { readonly position: number } = {
        ...{ tool: call.tool, args: call.args, money: call.money, currency, at: call.at },
        ...{ agent: call.agent, user: call.user, case: call.case ?? '', agentOwner: call.identity?.owner },
        ...{ action: '', withheld: call.withheld, position: call.intent },
      };
      return followUpsOf(compiled, pending, call.settlement, this.#judging.history, asOf);
    });
  }

  /** A read settles without an intent; checkpoints before it are judged where it settles. */
  #unintended(fact: Fact<'call.settled'>): GovernedCall | undefined {
    const { tool } = fact.body;
    const isRead = labelOf(this.labels, tool)?.body.effect === 'read' && !this.#isEffect(tool);
    const isGuarded = this.rules.some(({ before }) => before === tool);
    return isRead && !isGuarded ? undefined : this.#consider(fact, isRead);
  }

  #isEffect(tool: string): boolean {
    for (const { body } of this.outcomes.values()) if (body.reconcile?.call === tool) return true;
    return false;
  }

  #settle(fact: Fact<'call.settled'>): void {
    const { body, position } = fact;
    const known = this.calls.get(body.call);
    if (known !== undefined || body.intent !== undefined) {
      if (known === undefined || body.intent !== known.intent || known.tool !== body.tool)
        this.#contradict(position, `call ${body.call} is settled for an intent that it does not have`);
      if (known?.settlement !== undefined) this.#contradict(position, `call ${body.call} is settled twice`);
    }
    const call = known ?? this.#unintended(fact);
    const result = openCommitments(body.result, this.#input.find);
    if (call !== undefined)
      call.settlement ??= {
        position,
        how: body.settlement,
        by: body.by,
        result: result.value,
        withheld: result.withheld > 0,
      };
    const own = openCommitments(body.args ?? [], this.#input.find);
    const args = call?.args ?? own.value ?? {};
    const withheld = own.withheld > 0 || call?.withheld === true;
    const label = call === undefined ? labelOf(this.labels, body.tool)?.body : undefined;
    if (call === undefined) this.#pass(fact, { args, money: label && moneyOrNone(label, args), withheld });
    const passage = this.#passages.get(body.call);
    if (passage !== undefined)
      Object.assign(passage, { settled: position, isVoid: body.settlement === 'none' });
    this.#passages.delete(body.call);
    if (body.settlement !== 'ok') return;
    const missing = [
      ...(call?.withheld === true && call.intent !== position ? [call.intent] : []),
      ...(result.withheld + own.withheld > 0 ? [position] : []),
    ];
    const approvers = call?.judged.flatMap((each) => each.approvers) ?? none;
    this.#judging.history.add({
      position,
      tool: this.#same(body.tool),
      agent: this.#same(fact.agent),
      user: this.#same(fact.user),
      case: this.#same(fact.case),
      owner: (call?.identity ?? this.identities.get(fact.agent ?? '')?.body)?.owner,
      ...(approvers.length === 0 ? {} : { approvers }),
      args,
      result: result.value,
      settledAt: fact.time,
      withheld: missing.length > 0,
      ...(missing.length > 0 && { missing }),
    });
  }
}
