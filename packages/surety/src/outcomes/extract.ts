// Extracts: rows of a record system, read once, committed row by row, and put into the log as one fact.
// Matching, totals and conditions are recomputed from these rows by `@surety/proof/verdict`.

import { createHash } from 'node:crypto';
import type { Body, OutcomeDeclared } from '@surety/proof/facts';
import { commitScalar, fromBase64url, keyed, leafHash, toBase64url, treeRoot } from '@surety/proof/records';
import { MoneyError, minorUnits } from '@surety/proof/rules';
import { subjectOf } from '../catalog/subject.ts';
import type { NewFact, Subject } from '../facts/index.ts';
import { salt, sha256 } from '../ledger/hash.ts';
import type { LogReader } from '../ledger/log.ts';
import { logSalt } from '../ledger/opening.ts';
import { totalsSubject } from '../ledger/subject.ts';
import { RecordError, type RecordSystem } from './record-system.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Taken {
  readonly fact: NewFact;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Reads one extract. A record that cannot be read gives a fact that says so: the verdict then is `source-stale`.
 * The snapshot names what was read without its values: over the salted root of the rows, and keyed with the log's salt,
 * since a plain hash of rows can be guessed, and would outlive their erasure.
 */
export async function take(
  log: LogReader,
  record: RecordSystem,
  outcome: OutcomeDeclared,
  extract: string,
  query: string,
  { from, to }: Span,
): Promise<Taken> {
  const fixed = {
    outcome: outcome.outcome,
    extract,
    record: record.id,
    query: createHash('sha256').update(query).digest('base64url'),
    from,
    to,
  };
  const snapshotOf = (read: unknown) => keyed(logSalt(log), 'snapshot', read, sha256);
  try {
    const read = await record.extract(query, { from: instant(from), to: instant(to) });
    const rows = read.rows.map((row) => commitScalar(row, 'row', salt, sha256));
    const leaves = rows.map(({ digest }) => leafHash(fromBase64url(digest), sha256));
    const totals = commitScalar(totalsOf(outcome, read.rows), '', salt, sha256);
    const rowRoot = toBase64url(treeRoot(leaves, sha256));
    const body: Body<'record.extracted'> = {
      ...fixed,
      snapshot: snapshotOf([read.state, rowRoot]),
      columns: read.columns,
      count: rows.length,
      totals: [totals.digest],
      rowRoot,
      answer: 'ok',
    };
    const disclosures = [...rows, totals].map(({ disclosure }) => disclosure);
    const about = [...read.rows.map((row) => rowSubject(record, outcome, row, from)), totalsSubject()];
    return { fact: { kind: 'record.extracted', body, disclosures, about }, rows: read.rows };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const nothing = { columns: [], count: 0, totals: [], rowRoot: toBase64url(treeRoot([], sha256)) };
    const snapshot = snapshotOf([error.code]);
    return {
      fact: { kind: 'record.extracted', body: { ...fixed, ...nothing, snapshot, answer: 'away' } },
      rows: [],
    };
  }
}

/** Whom a row is about; the rows that name nobody are erased a day at a time. */
const rowSubject = (
  { subject }: RecordSystem,
  { outcome }: OutcomeDeclared,
  row: Readonly<Record<string, unknown>>,
  from: number,
): Subject =>
  (subject && subjectOf(subject.kind, row[subject.column])) ??
  `extract/${outcome}/${instant(from).slice(0, 10)}`;

/** Sums of the money column in minor units by currency; rows whose money is not exact are left out and found later. */
function totalsOf(outcome: OutcomeDeclared, rows: readonly Readonly<Record<string, unknown>>[]) {
  const totals: Record<string, number> = {};
  const money = outcome.reconcile?.money;
  if (money === undefined) return totals;
  for (const row of rows) {
    try {
      const currency = String(row[money.currency]);
      totals[currency] = (totals[currency] ?? 0) + minorUnits(row[money.amount], money.unit, currency);
    } catch (error) {
      if (!(error instanceof MoneyError)) throw error;
    }
  }
  return totals;
}

/** RFC 3339 in UTC with milliseconds. */
export const instant = (at: number): string => new Date(at).toISOString();
