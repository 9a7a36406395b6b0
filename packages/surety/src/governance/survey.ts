// What is kept about a subject, and what stands against erasing it: looked up the same way for whoever only asks and
// for the order itself.

import { type Fact, isKind, parseFact, type UnknownFact } from '@surety/proof/facts';
import { parseDisclosure } from '@surety/proof/records';
import type { Log } from '../ledger/log.ts';
import type { LegalHold, Orders } from './orders.ts';

/** What a legal hold on everything is about. */
export const everything = 'all';

export interface Survey {
  /** Positions of the facts whose disclosures are about it, ascending. */
  readonly positions: readonly number[];
  readonly disclosures: number;
  /** How many facts of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** From when to when, by the times of these facts. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Names of the subjects that go with it: the totals of the extracts that have a row about it. */
  readonly totals: readonly string[];
  /** Legal holds that forbid its erasure. */
  readonly holds: readonly LegalHold[];
  /** Calls that are not settled yet, and are settled by what is disclosed of them. */
  readonly open: readonly string[];
}

export interface SurveyParts {
  readonly log: Log;
  readonly orders: Orders;
  /** Calls whose outcome nobody has said yet. */
  readonly open: ReadonlySet<string>;
}

/** What is about the subject of this name. */
export function surveyOf({ log, orders, open }: SurveyParts, name: string): Survey {
  const kept = log.about(name);
  const positions = [...new Set(kept.map(([position]) => position))].sort((a, b) => a - b);
  const kinds: Record<string, number> = {};
  const names = new Set([name, log.subjectName(everything)]);
  const totals: string[] = [];
  const unsettled = new Set<string>();
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const position of positions) {
    const fact = factAt(log, position);
    kinds[fact.kind] = (kinds[fact.kind] ?? 0) + 1;
    [from, to] = [Math.min(from, fact.time), Math.max(to, fact.time)];
    // A hold on a case, or on its user, covers whatever its calls are about.
    if (fact.case !== undefined) names.add(log.subjectName(`case/${fact.case}`));
    if (fact.user !== undefined) names.add(log.subjectName(`person/${fact.user}`));
    if (isKind(fact, 'record.extracted')) totals.push(...totalsAt(log, position));
    if (isKind(fact, 'call.intended') && open.has(fact.body.call)) unsettled.add(fact.body.call);
  }
  return {
    positions,
    disclosures: kept.length,
    kinds,
    from: positions.length === 0 ? undefined : from,
    to: positions.length === 0 ? undefined : to,
    totals: totals.filter((each) => each !== name),
    holds: orders.holds.filter(({ subject }) => names.has(subject)),
    open: [...unsettled],
  };
}

function factAt(log: Log, position: number): Fact | UnknownFact {
  const [entry] = log.read(position, 1);
  if (entry === undefined) throw new Error(`fact ${position} is not there`);
  return parseFact(entry.bytes, position);
}

const totalsAt = (log: Log, position: number): readonly string[] =>
  log
    .kept(position)
    .flatMap((each) =>
      'disclosure' in each && parseDisclosure(each.disclosure).pointer !== 'row' ? [each.subject] : [],
    );
