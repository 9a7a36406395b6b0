// A hold as the person sees it who is asked: all of it, from the facts themselves, and what they may do about it.

import { declaredAs } from '@surety/proof/changes';
import {
  type ApprovalStatement,
  type Fact,
  isKind,
  type Money,
  money as moneyShape,
  parseFact,
  type Rule,
} from '@surety/proof/facts';
import { byDigest, openCommitments } from '@surety/proof/records';
import { enoughApprovals } from '@surety/proof/rules';
import { type Label, subjectIn } from '../../catalog/subject.ts';
import { sha256 } from '../../ledger/hash.ts';
import { answersFor, mayAnswer } from '../../logic/approve.ts';
import { actionId, type Hold } from '../../logic/logic.ts';
import type { PagesDesk } from './port.ts';

export type Find = (digest: string) => string | undefined;

export interface Answer {
  readonly person: string;
  readonly position: number;
  readonly at: number;
}

export interface HoldShown {
  readonly hold: string;
  readonly position: number;
  readonly at: number;
  readonly expires: number;
  readonly tool: string;
  readonly effect: string;
  readonly agent: string;
  readonly agentOwner: string | undefined;
  readonly user: string | undefined;
  readonly case: string;
  /** What the user asked for, in their own words; undefined if nobody said any, or they were erased. */
  readonly words: string | undefined;
  /** Undefined if they were erased. */
  readonly args: Readonly<Record<string, unknown>> | undefined;
  readonly money: Money | undefined;
  /** Whom the call is about, as `kind/value`. */
  readonly subject: string | undefined;
  /** Keyed, as in facts. */
  readonly action: string;
  readonly approve: Fact<'call.held'>['body']['approve'];
  /** Undefined if it is not in force any more. */
  readonly rule: Rule | undefined;
  readonly outcome: { readonly name: string; readonly statement: string; readonly owner: string } | undefined;
  /** `planted`: it was answered, and then said to be no agent's. */
  readonly state: 'waiting' | 'approved' | 'used' | 'refused' | 'expired' | 'planted';
  readonly usedBy: string | undefined;
  readonly approvals: readonly Answer[];
  readonly refusal: (Answer & { readonly reason: string | undefined }) | undefined;
}

/** People of this function see every hold, and answer none for it. */
const readingFunction = 'auditor';

/** The tool's own label, else its server's default. */
export function labelIn(desk: Pick<PagesDesk, 'inForce'>, tool: string): Label | undefined {
  const standing = desk.inForce().standing;
  const found = standing.get(`tool/${tool}`) ?? standing.get(`tool/${tool.split('.', 1)}.*`);
  return found?.body as Label | undefined;
}

export function factAt({ log }: Pick<PagesDesk, 'log'>, position: number) {
  const [entry] = log.read(position, 1);
  if (entry === undefined) return undefined;
  const known = byDigest(
    log.disclosures(position, position + 1).map(([, disclosure]) => disclosure),
    sha256,
  );
  return { fact: parseFact(entry.bytes, position), find: ((digest) => known.get(digest)) as Find };
}

/** The hold under this name if it is this person's to see; undefined for whoever has nothing to do with it. */
export function holdFor(desk: PagesDesk, person: string, name: string): HoldShown | undefined {
  const held = desk.logic.hold(name);
  return held !== undefined && maySee(desk, person, name, held) ? shown(desk, name, held) : undefined;
}

/** The holds that this person may see and that wait, the oldest first. */
export function holdsFor(desk: PagesDesk, person: string): readonly HoldShown[] {
  return desk.logic
    .holdsThat(desk.now(), () => true)
    .flatMap((name) => holdFor(desk, person, name) ?? [])
    .toSorted((a, b) => a.position - b.position);
}

function maySee(desk: PagesDesk, person: string, name: string, { rule: hash, agent, user }: Hold): boolean {
  const { functions = [] } = desk.people.approver(person) ?? {};
  const { personOf } = desk.people;
  const rule = desk.logic.ruleOf(hash);
  const outcome = rule && outcomeOf(desk, rule.outcome);
  const stands = [user, desk.ownerOf(agent), outcome?.owner];
  return (
    functions.includes(readingFunction) ||
    answersFor(desk, name, person) !== undefined ||
    stands.some((each) => each !== undefined && personOf(each) === personOf(person))
  );
}

const outcomeOf = (desk: PagesDesk, name: string) =>
  declaredAs(desk.inForce().standing, 'outcome.declared').find(({ outcome }) => outcome === name);

function shown(desk: PagesDesk, name: string, held: Hold): HoldShown | undefined {
  const found = factAt(desk, held.position);
  if (found === undefined || !isKind(found.fact, 'call.held')) return undefined;
  const { fact, find } = found;
  const { body, agent = '', user } = fact;
  const opened = openCommitments(body.args, find);
  const args = opened.withheld > 0 ? undefined : ((opened.value ?? {}) as Record<string, unknown>);
  const amount = body.amount === undefined ? undefined : openCommitments(body.amount, find).value;
  const rule = desk.logic.ruleOf(body.rule);
  const outcome = rule && outcomeOf(desk, rule.outcome);
  const approvals = desk.logic.approvalsIn(name).map(({ position, statement }) => ({
    ...{ person: statement.person, position, at: factAt(desk, position)?.fact.time ?? 0 },
  }));
  return {
    ...{ hold: name, position: fact.position, at: fact.time, expires: body.expires },
    ...{ tool: body.tool, effect: body.effect, action: body.action, approve: body.approve },
    ...{
      agent,
      agentOwner: desk.ownerOf(agent),
      user,
      case: fact.case ?? '',
      words: wordsOf(desk, fact.case),
    },
    args,
    money: amount === undefined ? undefined : moneyShape(amount, '/amount'),
    subject: args && subjectIn(labelIn(desk, body.tool), args),
    rule,
    outcome: outcome && { name: outcome.outcome, statement: outcome.statement, owner: outcome.owner },
    ...{ state: stateOf(desk, name, held), usedBy: held.consumedBy, approvals },
    refusal: held.refused === undefined ? undefined : refusalAt(desk, held.refused),
  };
}

function stateOf(desk: PagesDesk, name: string, held: Hold): HoldShown['state'] {
  const { logic, people, now, ownerOf } = desk;
  const { refused, consumedBy, expires, agent, user, case: of } = held;
  if (held.planted === true) return 'planted';
  if (refused !== undefined) return 'refused';
  if (consumedBy !== undefined) return 'used';
  if (now() > expires) return 'expired';
  const rule = logic.ruleOf(held.rule);
  const offers = logic.approvalsIn(name);
  if (rule === undefined || offers.length === 0) return 'waiting';
  const action = offers[0]?.statement.action ?? '';
  const need = { ...{ rule, action, agent, user, case: of, agentOwner: ownerOf(agent), at: now() } };
  const enough = enoughApprovals({ ...need, personOf: people.personOf }, offers);
  return enough === undefined ? 'waiting' : 'approved';
}

function wordsOf(desk: PagesDesk, name: string | undefined): string | undefined {
  const position = name === undefined ? undefined : desk.precedents.opening(name);
  const found = position === undefined ? undefined : factAt(desk, position);
  if (found === undefined || !isKind(found.fact, 'case.opened')) return undefined;
  const { value } = openCommitments(found.fact.body.words, found.find);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function refusalAt(desk: PagesDesk, position: number): HoldShown['refusal'] {
  const found = factAt(desk, position);
  if (found === undefined) return undefined;
  const { fact, find } = found;
  const { time: at } = fact;
  if (isKind(fact, 'hold.refused')) {
    const { value } = openCommitments(fact.body.cause, find);
    return { person: fact.body.person, position, at, reason: typeof value === 'string' ? value : undefined };
  }
  if (!isKind(fact, 'approval.refused')) return undefined;
  const statement = openCommitments(fact.body.statement, find).value as
    | Partial<ApprovalStatement>
    | undefined;
  return { person: fact.body.person, position, at, reason: statement?.reason };
}

/** What this person would sign to approve; undefined while they may not, or of what was erased. */
export function statementFor(
  desk: PagesDesk,
  shown: HoldShown,
  person: string,
): ApprovalStatement | undefined {
  const { hold, tool, args, agent, user, case: of, rule, expires } = shown;
  const as = answersFor(desk, hold, person);
  if (args === undefined || rule === undefined || as === undefined) return undefined;
  return {
    ...{ action: actionId(tool, args), agent, case: of, rule: rule.hash, hold, expires },
    ...(user === undefined ? {} : { user }),
    ...{ function: as, person, decision: 'approve' },
  };
}

/** Why this person cannot approve it, in words for them; undefined if they can. */
export function against(desk: PagesDesk, person: string, shown: HoldShown): string | undefined {
  const { personOf } = desk.people;
  if (shown.approvals.some((each) => personOf(each.person) === personOf(person)))
    return 'you have approved it already';
  if (shown.args === undefined) return 'its arguments were erased';
  return mayRefuse(desk, person, shown);
}

/** The same of a refusal, which needs less: who has approved may still say no, while nothing was done. */
export function mayRefuse(
  desk: PagesDesk,
  person: string,
  { state, hold, approve }: HoldShown,
): string | undefined {
  if (state !== 'approved' && state !== 'waiting') return 'it does not wait any more';
  if (answersFor(desk, hold, person) === undefined)
    return `it waits for ${approve.function}, which you do not act for`;
  return mayAnswer(desk, hold, person);
}
