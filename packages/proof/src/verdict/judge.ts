// The verdict on one outcome over one window: six answers, and one word for the whole.
// Pure: the same evidence gives the same judgement in the product, in Node and in a browser.

import { majorText } from '../rules/index.ts';
import { bounded } from './bounded.ts';
import { callsOf, type Evidence, isOpen, tookEffect, type Window } from './evidence.ts';
import { guarded } from './guarded.ts';
import { owned, tested } from './owned.ts';
import { type Answer, type Grade, overall, type Verdict, weakest } from './reasons.ts';
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
  /** SHA-256 of the outcome as it was declared. */
  readonly hash: string;
  readonly window: Window;
  readonly asOf: number;
  /** `holding` while the window is open and nothing is violated. */
  readonly verdict: Verdict | 'holding';
  readonly grade: Grade;
  readonly rung: Rung;
  readonly questions: readonly Answer[];
  readonly assumptions: readonly Assumption[];
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

export function judge(evidence: Evidence): Judgement {
  const { outcome, window, asOf, head } = evidence;
  const reconciliation = reconciled(evidence);
  const recording = recorded(evidence, reconciliation.answer);
  const questions = [
    reconciliation.answer,
    guarded(evidence),
    bounded(evidence),
    owned(evidence),
    tested(evidence),
    recording.answer,
  ];
  const whole = overall(questions);
  const { rows } = reconciliation.population;
  const count = (is: string) => rows.filter((row) => row.is === is).length;
  const calls = callsOf(evidence);
  return {
    outcome: outcome.outcome,
    statement: outcome.statement,
    owner: outcome.owner,
    hash: outcome.hash,
    window,
    asOf,
    verdict: isOpen(evidence) && whole !== 'violated' ? 'holding' : whole,
    grade: weakest(questions.map(({ grade }) => grade)),
    rung: recording.rung,
    questions,
    assumptions: assumptions(evidence, reconciliation.population),
    population: reconciliation.population,
    figures: {
      calls: calls.length,
      effects: calls.filter(tookEffect).length,
      rows: rows.length,
      governed: count('governed'),
      elsewhere: count('elsewhere'),
      orphans: count('orphan'),
    },
    head,
  };
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
    const totals = [...sums].map(([currency, sum]) => `${majorText(sum, currency)} ${currency}`).join(' and ');
    const text = `${rows.length} rows${totals === '' ? '' : ` over ${totals}`} came through a declared channel that Surety does not see`;
    assumed.push({ text, who: owner });
  }
  const injected = [...book.emitters.values()].some(
    ({ clock, startedAt }) => clock === 'injected' && startedAt < window.to,
  );
  if (injected) assumed.push({ text: 'the times are those of an injected clock', who: 'operator' });
  assumed.push({ text: 'no content was screened: nothing here speaks about what texts said', who: 'operator' });
  return assumed;
}
