// The record read again from the auditor's own copy, by the queries that the proof names, and compared row by row with
// the rows that the proof commits to. The queries come from the proof, so from the operator: they run as any other,
// read-only, in a worker, bounded in time and rows.

import { canonicalJson } from '@surety/proof/records';
import type { Row } from '@surety/proof/verdict';
import type { RecordSystem } from '../outcomes/index.ts';
import type { OpenedProof } from './opened.ts';
import { newestExtract, type Reading, readingsOf } from './readings.ts';

type Cells = Readonly<Record<string, unknown>>;

export interface Difference {
  /**
   * `missing` the proof has it, the copy does not; `added` the copy has it, the proof does not; `changed` both have a
   * row of this key, and they differ; `late` one dates it in the window, the other just after.
   */
  readonly is: 'missing' | 'added' | 'changed' | 'late';
  readonly proof?: Cells;
  readonly copy?: Cells;
}

/**
 * `record-differs` speaks against the proof; the others do not. `late` all that differs is dated in the window by one
 * side and just after it by the other. `grown` the query has no end, and the copy has rows more. `withheld`, `not-read`
 * the proof has no rows to compare with.
 */
export type CompareResult =
  | 'same'
  | 'reordered'
  | 'late'
  | 'grown'
  | 'record-differs'
  | 'withheld'
  | 'not-read';

export interface Compared {
  readonly extract: string;
  /** Position of the fact that commits to the rows; absent if the proof has no such reading. */
  readonly fact?: number;
  readonly query: string;
  readonly result: CompareResult;
  /** Rows in the proof, in the copy, and the same in both. */
  readonly rows: { readonly proof: number; readonly copy: number; readonly same: number };
  readonly differences: readonly Difference[];
}

/** Throws `RecordError` if the copy cannot be read. */
export async function compareRecord(proof: OpenedProof, record: RecordSystem): Promise<readonly Compared[]> {
  const read = new Map<string, readonly Cells[]>();
  const readings = readingsOf(proof);
  for (const { extract, query, from, to } of readings)
    read.set(extract, (await record.extract(query, { from: instant(from), to: instant(to) })).rows);
  const elsewhere = (name: string) => ({
    proof: shownRows(proof, name) ?? [],
    copy: read.get(name) ?? [],
  });
  return readings.map((reading) => {
    // A row moves between the window and the time behind it; nowhere else.
    const other = { population: 'late', late: 'population' }[reading.extract];
    const around = other === undefined ? { proof: [], copy: [] } : elsewhere(other);
    return compareOne(proof, reading, read.get(reading.extract) ?? [], around);
  });
}

const instant = (at: number): string => new Date(at).toISOString();

/** All of them, or undefined: a part of them says nothing about what is missing. */
function shownRows(proof: OpenedProof, name: string): readonly Cells[] | undefined {
  const extract = newestExtract(proof, name);
  if (extract === undefined) return undefined;
  const rows = proof.rows(extract.position);
  return rows.length === extract.body.count && rows.every((row: Row): row is Cells => row !== undefined)
    ? (rows as readonly Cells[])
    : undefined;
}

function compareOne(
  proof: OpenedProof,
  { extract, query, key }: Reading,
  copy: readonly Cells[],
  around: { readonly proof: readonly Cells[]; readonly copy: readonly Cells[] },
): Compared {
  const fact = newestExtract(proof, extract)?.position;
  const shown = shownRows(proof, extract);
  const about = { extract, query, ...(fact === undefined ? {} : { fact }) };
  const counts = (same: number) => ({ proof: shown?.length ?? 0, copy: copy.length, same });
  if (shown === undefined)
    return {
      ...about,
      result: fact === undefined ? 'not-read' : 'withheld',
      rows: counts(0),
      differences: [],
    };
  const { gone, come, same } = difference(shown, copy);
  const differences = explained(gone, come, key, around);
  const isInOrder = shown.every((row, at) => canonicalJson(row) === canonicalJson(copy[at] ?? null));
  const result = differences.length > 0 ? meaningOf(differences, query) : isInOrder ? 'same' : 'reordered';
  return { ...about, result, rows: counts(same), differences };
}

function meaningOf(differences: readonly Difference[], query: string): CompareResult {
  if (differences.every(({ is }) => is === 'late')) return 'late';
  // Rows that came after the window show in a query that does not end with it.
  const isEndless = !/:to\b/.test(query);
  return isEndless && differences.every(({ is }) => is === 'added') ? 'grown' : 'record-differs';
}

/** Rows of one side only, each as often as it stands there more. */
function difference(proof: readonly Cells[], copy: readonly Cells[]) {
  const left = new Map<string, Cells[]>();
  for (const row of copy) {
    const text = canonicalJson(row);
    const alike = left.get(text);
    if (alike === undefined) left.set(text, [row]);
    else alike.push(row);
  }
  const gone = proof.filter((row) => left.get(canonicalJson(row))?.pop() === undefined);
  return { gone, come: [...left.values()].flat(), same: proof.length - gone.length };
}

function explained(
  gone: readonly Cells[],
  come: readonly Cells[],
  key: readonly string[],
  around: { readonly proof: readonly Cells[]; readonly copy: readonly Cells[] },
): Difference[] {
  const [now, later, before] = [come, around.copy, around.proof].map((rows) => byKey(rows, key));
  const paired = new Set<Cells>();
  const differences = gone.map((row): Difference => {
    const name = keyOf(row, key) ?? '';
    const changed = now?.get(name)?.pop();
    if (changed !== undefined) {
      paired.add(changed);
      return { is: 'changed', proof: row, copy: changed };
    }
    const moved = later?.get(name)?.at(-1);
    return moved === undefined ? { is: 'missing', proof: row } : { is: 'late', proof: row, copy: moved };
  });
  const added = come.filter((row) => !paired.has(row));
  return [
    ...differences,
    ...added.map((row): Difference => {
      const moved = before?.get(keyOf(row, key) ?? '')?.at(-1);
      return moved === undefined ? { is: 'added', copy: row } : { is: 'late', proof: moved, copy: row };
    }),
  ];
}

/** What names a row; undefined if nothing does. */
const keyOf = (row: Cells, key: readonly string[]): string | undefined =>
  key.length === 0 || key.some((column) => (row[column] ?? null) === null)
    ? undefined
    : canonicalJson(key.map((column) => String(row[column])));

function byKey(rows: readonly Cells[], key: readonly string[]): Map<string, Cells[]> {
  const found = new Map<string, Cells[]>();
  for (const row of rows) {
    const name = keyOf(row, key);
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), row]);
  }
  return found;
}
