// The verdict on one outcome over one window: six answers, and one word for the whole.
// Pure: the same evidence gives the same judgement in the product, in Node and in a browser.

import { type ErasedEvidence, erasedEvidence, erasuresOf } from '../book/index.ts';
import type { OutcomeDeclared, Rule } from '../facts.ts';
import {
  type Answer,
  answerOf,
  callsOf,
  type Evidence,
  type Grade,
  isOpen,
  listed,
  overall,
  Reasons,
  serverOf,
  tookEffect,
  toolsOf,
  type Verdict,
  type Window,
  weakest,
} from '../reasons/index.ts';
import { majorText } from '../rules/index.ts';
import { bounded } from './bounded.ts';
import { guarded } from './guarded.ts';
import { owned, tested } from './owned.ts';
import { type Population, reconciled } from './reconciled.ts';
import { type Rung, recorded } from './recorded.ts';

/** Something the verdict takes for granted, and who answers for it. */
export interface Assumption {
  readonly text: string;
  readonly who: string;
}

export interface Judgement {
  readonly outcome: string;
  readonly statement: string;
  readonly owner: string;
  /** SHA-256 of the outcome's file, by the operator's word. */
  readonly hash: string;
  /** What was judged, as it ran. */
  readonly declared: OutcomeDeclared;
  readonly rules: readonly Rule[];
  readonly window: Window;
  readonly asOf: number;
  /** `holding` while the window is open and nothing is violated. */
  readonly verdict: Verdict | 'holding';
  readonly grade: Grade;
  readonly rung: Rung;
  readonly questions: readonly Answer[];
  readonly assumptions: readonly Assumption[];
  /** There if values that this verdict reads were erased. */
  readonly erased?: ErasedEvidence;
  readonly population: Population;
  readonly figures: {
    readonly calls: number;
    readonly effects: number;
    readonly rows: number;
    readonly governed: number;
    readonly elsewhere: number;
    readonly orphans: number;
  };
  readonly head: { readonly size: number; readonly root: string; readonly cosigned: readonly string[] };
}

export function judge(given: Evidence): Judgement {
  const { outcome, window, asOf, head } = given;
  const taken = new Set<number>();
  const evidence: Evidence = { ...given, erasedBy: (fact) => erasuresOf(given.book, fact, taken) };
  const reconciliation = reconciled(evidence);
  const { population, rowed } = reconciliation;
  const recording = recorded(evidence, reconciliation);
  const answers = [
    reconciliation.answer,
    guarded(evidence, reconciliation),
    bounded(evidence, rowed),
    owned(evidence),
    tested(evidence),
    recording.answer,
  ];
  const questions = overall(answers) === 'violated' ? answers : unforgotten(evidence, answers);
  const whole = overall(questions);
  const erased = erasedEvidence(given.book, { outcome: outcome.outcome, ...window }, taken);
  const count = (is: string) => population.rows.filter((row) => row.is === is).length;
  const calls = callsOf(evidence, rowed);
  return {
    outcome: outcome.outcome,
    statement: outcome.statement,
    owner: outcome.owner,
    hash: outcome.hash,
    declared: outcome,
    rules: evidence.book.rules.filter((rule) => rule.outcome === outcome.outcome),
    window,
    asOf,
    verdict: isOpen(evidence) && whole !== 'violated' ? 'holding' : whole,
    grade: weakest(questions.map(({ grade }) => grade)),
    rung: recording.rung,
    questions,
    assumptions: assumptions(evidence, population),
    ...(erased && { erased }),
    population,
    figures: {
      calls: calls.length,
      effects: calls.filter((call) => tookEffect(call, rowed)).length,
      rows: population.rows.length,
      governed: count('governed'),
      elsewhere: count('elsewhere'),
      orphans: count('orphan'),
    },
    head,
  };
}

/** A window that was found violated stays so, whatever was declared or read since. */
function unforgotten({ book, outcome, window }: Evidence, answers: readonly Answer[]): readonly Answer[] {
  const before = book.verdicts.filter(
    ({ body }) =>
      body.outcome === outcome.outcome &&
      body.from === window.from &&
      body.to === window.to &&
      body.verdict === 'violated',
  );
  const [first, ...others] = answers;
  if (before.length === 0 || first === undefined) return answers;
  const reasons = new Reasons(outcome.owner);
  const facts = before.map(({ position }) => position);
  reasons.say('violated-before', 'this window was found violated before', facts);
  const all = [...reasons.all, ...first.reasons];
  return [answerOf(first.question, first.grade, { all }), ...others];
}

/** What is labelled `read` on a server: all of it but what has another label, or the tools one by one. */
function labelledRead({ labels }: Evidence['book'], server: string): readonly string[] {
  const own = [...labels.values()].map(({ body }) => body).filter(({ tool }) => serverOf(tool) === server);
  const read = own.filter(({ effect }) => effect === 'read').map(({ tool }) => tool);
  const other = own.filter(({ effect }) => effect !== 'read').map(({ tool }) => tool);
  if (!read.includes(`${server}.*`)) return read;
  return [other.length === 0 ? `${server}.*` : `${server}.* except ${other.join(' and ')}`];
}

function assumptions({ book, outcome, window }: Evidence, population: Population): Assumption[] {
  const assumed: Assumption[] = [];
  if (outcome.reconcile !== undefined)
    assumed.push({
      text: `the record ${outcome.reconcile.record} holds every effect that matters, and its extract is what it holds`,
      who: outcome.owner,
    });
  for (const { owner } of outcome.reconcile?.elsewhere ?? []) {
    const rows = population.rows.filter(({ channel }) => channel === owner);
    const sums = new Map<string, number>();
    for (const { amountMinor, currency } of rows)
      if (amountMinor !== undefined && currency !== undefined)
        sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
    const totals = [...sums]
      .map(([currency, sum]) => `${majorText(sum, currency)} ${currency}`)
      .join(' and ');
    const text = `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${totals === '' ? '' : ` over ${totals}`} came through a declared channel that Surety does not see`;
    assumed.push({ text, who: owner });
  }
  const reads = new Set([...toolsOf({ book, outcome })].map(serverOf));
  const labelled = [...reads].flatMap((server) => labelledRead(book, server));
  if (labelled.length > 0)
    assumed.push({
      text: `these tools change nothing, as they are labelled: ${listed(labelled)}`,
      who: 'operator',
    });
  if (Object.keys(outcome.arguments).length > 0) {
    assumed.push({
      text: 'the words of a case are what its user said, as the application sent them',
      who: 'operator',
    });
    const vouched = [...book.labels.values()].flatMap(({ body: { tool, results = {} } }) =>
      Object.values(results).some(({ is }) => is === 'record' || is === 'directory') ? [tool] : [],
    );
    if (vouched.length > 0)
      assumed.push({
        text: `the record vouches for these results field by field, as they are labelled: ${listed(vouched)}`,
        who: outcome.owner,
      });
  }
  if (book.approvals.length > 0)
    assumed.push({
      text: 'the keys enrolled for people are theirs, and each person is one',
      who: 'operator',
    });
  for (const { text, position, since } of book.chain.gaps)
    if (since < window.to)
      assumed.push({
        text: `${text} (fact ${position} says so): what was used, spent or left open in them counts as if it had not been`,
        who: 'operator',
      });
  assumed.push({
    text: 'the gateway recorded what was asked and answered, when it was; only the order is proven',
    who: 'operator',
  });
  const injected = [...book.chain.emitters.values()].some(
    ({ clock, startedAt }) => clock === 'injected' && startedAt < window.to,
  );
  if (injected) assumed.push({ text: 'the times are those of an injected clock', who: 'operator' });
  assumed.push({
    text: 'no content was screened: nothing here speaks about what texts said',
    who: 'operator',
  });
  return assumed;
}
