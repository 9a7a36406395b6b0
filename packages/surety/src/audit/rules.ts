// Every condition again, by a public implementation of CEL: `when` and `where` of the checkpoints for each governed
// call, the declared channels for each row that they may account for, and the invariants for each of their rows.
// What a checkpoint asks besides (ages, once-only use, approvals) is arithmetic, and stays the verifier's.

import { isKind } from '@surety/proof/facts';
import { describeRow, type GovernedCall, type Judged } from '@surety/proof/verdict';
import { type Answer, ask, engine } from './cel.ts';
import { type OpenedProof, type Redone, Tally } from './opened.ts';
import { newestExtract } from './readings.ts';

/** An earlier call that settled without error, as `prior` shows it. */
interface Prior {
  readonly position: number;
  readonly at: number;
  readonly tool: string;
  readonly args: unknown;
  readonly result: unknown;
  readonly same: Readonly<Record<'case' | 'agent' | 'user', string | undefined>>;
  readonly withheld: boolean;
}

/** Evaluations spent on looking for evidence that was not found: a violated log may ask for many. */
const searchMax = 1_000_000;

export function redoRules(proof: OpenedProof): Redone {
  const tally = new Tally('cel', engine);
  const priors = priorsOf(proof);
  const byPosition = new Map(priors.map((prior) => [prior.position, prior]));
  const owners = new Map(
    proof.facts.map((fact) => [fact.position, { case: fact.case, agent: fact.agent, user: fact.user }]),
  );
  const search = { left: searchMax };
  for (const call of proof.book.calls.values())
    for (const judged of call.judged)
      redoJudged(proof, call, judged, { priors, byPosition, owners, search }, tally);
  redoChannels(proof, tally);
  redoInvariants(proof, tally);
  return tally.redone;
}

function priorsOf({ facts, book, open }: OpenedProof): readonly Prior[] {
  return facts.flatMap((fact): Prior[] => {
    if (!isKind(fact, 'call.settled') || fact.body.settlement !== 'ok') return [];
    const { body, position, time } = fact;
    const [own, result, call] = [open(body.args ?? []), open(body.result), book.calls.get(body.call)];
    const withheld = own.withheld + result.withheld > 0 || call?.withheld === true;
    return [
      {
        ...{ position, at: time, tool: body.tool, withheld, result: result.value },
        args: call?.args ?? own.value ?? {},
        same: { case: fact.case, agent: fact.agent, user: fact.user },
      },
    ];
  });
}

interface Past {
  readonly priors: readonly Prior[];
  readonly byPosition: ReadonlyMap<number, Prior>;
  /** Who made each call, and in which case. */
  readonly owners: ReadonlyMap<number, Prior['same']>;
  readonly search: { left: number };
}

function redoJudged(proof: OpenedProof, call: GovernedCall, judged: Judged, past: Past, tally: Tally): void {
  const { rule, answer } = judged;
  const { args, agent, user = null, money } = call;
  const currency = proof.book.outcomes.get(rule.outcome)?.body.appetite?.currency;
  // Judged without looking at any condition.
  if (money !== undefined && currency !== undefined && money.currency !== currency) return;
  if (call.withheld) return tally.leave();
  const scope = { args, agent, user, ...(money === undefined ? {} : { money: money.amountMinor }) };
  const differs = (what: string) => () =>
    `${rule.rule} for call ${call.call}: CEL says ${what}, the verifier says ${answer.answer}`;
  if (rule.when !== undefined) {
    const asked = ask(rule.when, scope);
    tally.compare(isWhen(asked, answer.answer), differs(`\`when\` is ${asked}`), [call.intent]);
    if (asked !== true) return;
  }
  // What is counted or must follow is found by looking through everything: that stays the verifier's.
  if ([rule.forbids, rule.limits, rule.afterwards].some((each) => each !== undefined)) tally.leave();
  if (answer.answer === 'passed' && rule.requires !== undefined)
    redoEvidence(rule.requires, answer.evidence, scope, past, (isHeld, position) =>
      tally.compare(isHeld, differs('`where` does not hold of its evidence'), [call.intent, position]),
    );
  const where = rule.require?.where;
  if (where === undefined) return;
  const holds = (prior: Prior) => ask(where, { ...scope, prior: priorScope(prior) }) === true;
  if (answer.answer === 'passed') {
    for (const position of answer.evidence) {
      const prior = past.byPosition.get(position);
      const isHeld = prior !== undefined && holds(prior);
      tally.compare(isHeld, differs('`where` does not hold of its evidence'), [call.intent, position]);
    }
  } else if (answer.answer === 'failed' && answer.lacks === 'evidence') {
    const found = searched(call, judged, past, holds);
    if (found === 'too-many') tally.leave();
    else
      tally.compare(found === undefined, differs('`where` holds of an earlier call'), [
        call.intent,
        found?.position ?? 0,
      ]);
  }
}

/** Whether each call that a list of requirements was passed on fits, by the names of those before it. */
function redoEvidence(
  requires: NonNullable<Judged['rule']['requires']>,
  evidence: readonly number[],
  scope: Readonly<Record<string, unknown>>,
  past: Past,
  say: (isHeld: boolean, position: number) => void,
): void {
  const named: Record<string, unknown> = {};
  let next = 0;
  for (const { as, any, count = 1 } of requires) {
    for (const position of evidence.slice(next, next + count)) {
      const prior = past.byPosition.get(position);
      const values = prior === undefined ? {} : { ...scope, ...named, prior: priorScope(prior) };
      const isHeld = any.some(
        ({ call, where }) => call === prior?.tool && (where === undefined || ask(where, values) === true),
      );
      say(isHeld, position);
      if (as !== undefined && prior !== undefined) named[as] = priorScope(prior);
    }
    next += count;
  }
}

/** A condition that is false asks for nothing; one that cannot be evaluated is an error, whatever else there is. */
function isWhen(asked: Answer, answer: Judged['answer']['answer']): boolean {
  if (asked === false) return answer === 'not-needed';
  return asked === 'error' ? answer === 'error' : answer !== 'not-needed';
}

/** What a call had, as far as it had anything: absent members are absent for the engine too. */
const priorScope = ({ args, result }: Prior) => (result === undefined ? { args } : { args, result });

function searched(
  call: GovernedCall,
  { rule }: Judged,
  { priors, search, owners }: Past,
  holds: (prior: Prior) => boolean,
): Prior | 'too-many' | undefined {
  const own = owners.get(call.intent);
  const reach = rule.require?.same ?? [];
  for (const prior of priors) {
    if (prior.position >= call.intent) break;
    const ageMs = call.at - prior.at;
    const inTime = rule.withinMs === undefined || (ageMs >= 0 && ageMs <= rule.withinMs);
    if (prior.tool !== rule.require?.call || prior.withheld || !inTime) continue;
    if (reach.some((same) => prior.same[same] !== own?.[same])) continue;
    if (search.left === 0) return 'too-many';
    search.left -= 1;
    if (holds(prior)) return prior;
  }
  return undefined;
}

/** Rows that a declared channel accounts for, and rows that none does. */
function redoChannels({ judgement }: OpenedProof, tally: Tally): void {
  const { population, declared } = judgement;
  for (const { row, is, channel } of population.rows) {
    if (row === undefined || (is !== 'elsewhere' && is !== 'orphan')) continue;
    const first = declared.reconcile?.elsewhere.find(({ rows }) => ask(rows, { row }) === true);
    tally.compare(
      first?.owner === channel,
      () =>
        `CEL gives ${first?.owner ?? 'nobody'} the row that the verifier gives ${channel ?? 'nobody'}: ${describeRow(row)}`,
      [population.extract ?? 0],
    );
  }
}

function redoInvariants(proof: OpenedProof, tally: Tally): void {
  const { judgement } = proof;
  const reasons = judgement.questions.flatMap((answer) => answer.reasons);
  const broken = new Set(reasons.filter(({ code }) => code === 'invariant-broken').map(({ text }) => text));
  const isCut = [...broken].some((text) => /^and \d+ more of the kind/.test(text));
  for (const { id, each } of judgement.declared.invariants) {
    const extract = newestExtract(proof, id);
    for (const row of extract === undefined ? [] : proof.rows(extract.position)) {
      if (row === undefined) continue;
      const [asked, text] = [ask(each, { row }), `${id} does not hold: ${describeRow(row)}`];
      const agrees = asked === false ? broken.has(text) || isCut : !broken.has(text);
      tally.compare(agrees, () => `CEL says ${asked} of ${id}: ${describeRow(row)}`, [
        extract?.position ?? 0,
      ]);
    }
  }
}
