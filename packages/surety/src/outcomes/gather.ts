// Gathers what a verdict stands on: reads the record for the window, folds the log, opens the rows.

import { type OutcomeDeclared, parseFact } from '@surety/proof/facts';
import { byDigest, digestOf, parseDisclosure } from '@surety/proof/records';
import { type Book, type Evidence, foldBook, type Row, type Window } from '@surety/proof/verdict';
import type { NewFact } from '../facts/index.ts';
import { sha256 } from '../ledger/hash.ts';
import type { Kept, Log, LogReader } from '../ledger/log.ts';
import { take } from './extract.ts';
import type { RecordSystem } from './record-system.ts';

/** Raised for what a person asked wrongly: an outcome that does not exist, a window that has not begun. */
export class OutcomeError extends Error {
  readonly code: 'unknown-outcome' | 'bad-window' | 'no-head';
  constructor(code: OutcomeError['code'], message: string) {
    super(message);
    this.name = 'OutcomeError';
    this.code = code;
  }
}

/** Folds the whole log up to `size`. Disclosures are looked up by digest, one fact at a time. */
export async function readBook(reader: LogReader, size: number): Promise<Book> {
  const known = new Map<string, string>();
  return foldBook(factsOf(reader, size, known), {
    ...{ sha256, find: (digest) => known.get(digest) },
    sourceAt: (position) => recordedAt(reader, position),
  });
}

/** One fact of before, with what is disclosed of it. */
function recordedAt(reader: LogReader, position: number) {
  const [entry] = reader.read(position, 1);
  if (entry === undefined) return undefined;
  const shown = byDigest(
    reader.disclosures(position, position + 1).map(([, disclosure]) => disclosure),
    sha256,
  );
  return { fact: parseFact(entry.bytes, position), find: (digest: string) => shown.get(digest) };
}

const pageSize = 1_000;

function* factsOf(reader: LogReader, size: number, known: Map<string, string>) {
  for (let from = 0; from < size; from += pageSize) {
    const to = Math.min(size, from + pageSize);
    // Only this page's disclosures are held: a fact's commitments are opened when the fact is folded.
    known.clear();
    for (const [, disclosure] of reader.disclosures(from, to))
      known.set(digestOf(disclosure, sha256), disclosure);
    for (const { bytes, position } of reader.read(from, to - from)) yield parseFact(bytes, position);
  }
}

export function outcomeIn(book: Book, outcome: string): OutcomeDeclared {
  const found = book.outcomes.get(outcome);
  if (found !== undefined) return found.body;
  const known = [...book.outcomes.keys()].join(', ');
  throw new OutcomeError('unknown-outcome', `no outcome \`${outcome}\`: declared are ${known || 'none'}`);
}

/** Reads the record for a window and appends what it says: population, late rows, invariants. */
export async function readRecord(
  log: Log,
  record: RecordSystem,
  outcome: OutcomeDeclared,
  window: Window,
): Promise<void> {
  const { reconcile, invariants } = outcome;
  if (reconcile === undefined) return;
  const late = { from: window.to, to: window.to + reconcile.withinMs };
  const wanted = [
    { extract: 'population', query: reconcile.population, span: window },
    { extract: 'late', query: reconcile.population, span: late },
    ...invariants.map(({ id, extract }) => ({ extract: id, query: extract, span: window })),
  ];
  const facts: NewFact[] = [];
  for (const { extract, query, span } of wanted)
    facts.push((await take(log, record, outcome, extract, query, span)).fact);
  await log.append([{ stream: `extract/${outcome.outcome}`, facts }]);
}

/**
 * The rows of an extract in the order read, of erased ones the digests. Undefined if they are not all there, as in a store
 * that was put back from before an erasure: then nothing leads to their root, and none of them is evidence.
 */
export function rowsKept(reader: LogReader, position: number): readonly Kept[] | undefined {
  const [entry] = reader.read(position, 1);
  const fact = entry && parseFact(entry.bytes, position);
  if (fact?.kind !== 'record.extracted') return undefined;
  const kept = reader.kept(position);
  const last = kept.at(-1);
  // The totals were stored behind the rows.
  const rows = last !== undefined && isTotal(last, fact.body.totals) ? kept.slice(0, -1) : kept;
  return rows.length === fact.body.count ? rows : undefined;
}

const isTotal = (each: Kept, totals: readonly string[]): boolean =>
  totals.includes('disclosure' in each ? digestOf(each.disclosure, sha256) : each.digest);

export function evidenceFrom(
  reader: LogReader,
  book: Book,
  outcome: OutcomeDeclared,
  window: Window,
  asOf: number,
  head: Evidence['head'],
): Evidence {
  const rows = (position: number): readonly Row[] =>
    (rowsKept(reader, position) ?? []).map((each) =>
      'disclosure' in each ? (parseDisclosure(each.disclosure).value as Row) : undefined,
    );
  return { book, outcome, window, asOf, rows, head };
}
