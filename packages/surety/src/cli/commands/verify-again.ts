// `surety verify --full` and `--extract`: beyond the small verifier. Only on a proof that it found sound. Neither makes a
// verdict better: an engine that disagrees makes the proof unsound, a record that differs takes `proven` away.

import type { Judgement } from '@surety/proof/verdict';
import type { Source, Verification } from '@surety/proof/verify';
import type { Compared, CompareResult, Difference, Redone } from '../../audit/index.ts';
import type { RecordSystem } from '../../outcomes/index.ts';
import { CommandError, exit, printable, type Terminal } from '../terminal.ts';

export type OpenRecord = (path: string, moneyColumn: string | undefined) => Promise<RecordSystem>;

export interface AskedAgain {
  readonly full?: boolean;
  readonly extract?: string;
}

export interface Again {
  readonly full?: readonly Redone[];
  readonly extract?: readonly Compared[];
}

export async function verifyAgain(
  proof: Source,
  judgement: Judgement,
  { full, extract }: AskedAgain,
  terminal: Terminal,
  openRecord: OpenRecord,
): Promise<Again | undefined> {
  if (full !== true && extract === undefined) return undefined;
  const path = extract === undefined ? undefined : recordPath(extract);
  const { openAgain, redoAll, compareRecord } = await import('../../audit/index.ts');
  const opened = await openAgain(proof, judgement);
  if (full === true) terminal.note('doing it again with other engines ...');
  const redone = full === true ? await redoAll(opened) : undefined;
  if (path === undefined) return { ...(redone && { full: redone }) };
  const record = await openRecord(path, judgement.declared.reconcile?.money?.amount);
  terminal.note('reading your copy of the record, by the queries that the proof names ...');
  try {
    return { ...(redone && { full: redone }), extract: await compareRecord(opened, record) };
  } catch (cause) {
    const { name, message } = cause as Error;
    if (name !== 'RecordError') throw cause;
    throw new CommandError(
      `your copy of the record at \`${extract ?? ''}\` cannot be read: ${message}`,
      'nothing was found about the proof: verify it without --extract, or give another copy',
    );
  } finally {
    await record.close();
  }
}

/** A path, or an address of the one kind of record that this version reads. */
export function recordPath(text: string): string {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/i.exec(text) ?? [];
  if (scheme === undefined) return text;
  const path = rest.replace(/^\/\/(?=\/)/, '');
  if (/^(sqlite|sqlite3|file)$/i.test(scheme) && path !== '' && !path.startsWith('//')) return path;
  throw new CommandError(
    `there is no connector for \`${text.slice(0, 60)}\``,
    'this version reads SQLite: a file, or `sqlite:FILE`',
    exit.usage,
  );
}

/** What is left of a verdict: never more than it was. */
export function verdictAfter(
  verdict: Verification['verdict'],
  again: Again | undefined,
): Verification['verdict'] {
  if (again?.full?.some(({ disagreed }) => disagreed.length > 0) === true) return 'unsound';
  const differs = again?.extract?.some(({ result }) => result === 'record-differs') === true;
  return differs && (verdict === 'proven' || verdict === 'holding') ? 'unproven' : verdict;
}

export function againLines(again: Again | undefined, { paint }: Pick<Terminal, 'paint'>): string[] {
  const lines: string[] = [];
  if (again?.full !== undefined) lines.push('', paint('bold', 'Done again, by engines that are not ours'));
  for (const redone of again?.full ?? []) lines.push(...redoneLines(redone, paint));
  if (again?.extract !== undefined) lines.push('', paint('bold', 'Compared with your copy of the record'));
  for (const compared of again?.extract ?? []) lines.push(...comparedLines(compared, paint));
  return lines;
}

const shownMax = 20;
const listed = <T>(all: readonly T[], line: (each: T) => string): string[] => [
  ...all.slice(0, shownMax).map(line),
  ...(all.length > shownMax ? [`      and ${all.length - shownMax} more`] : []),
];

function redoneLines({ check, engine, agreed, disagreed, left }: Redone, paint: Terminal['paint']): string[] {
  const mark =
    disagreed.length > 0 ? paint('red', '✕') : agreed > 0 ? paint('green', '✓') : paint('dim', '·');
  const total = agreed + disagreed.length;
  const agrees =
    total === 0
      ? 'nothing to do again'
      : `${total} done again, ${agreed} agreed, ${disagreed.length} disagreed`;
  const withheld = left === 0 ? '' : `, ${left} left out as values are withheld`;
  return [
    `${mark} ${check}: ${agrees}${withheld} ${paint('dim', `(${engine})`)}`,
    ...listed(disagreed, ({ text, facts }) =>
      paint(
        'red',
        `      engine-disagrees: ${printable(text)}${facts.length === 0 ? '' : ` (facts ${facts.join(', ')})`}`,
      ),
    ),
  ];
}

const meanings: Readonly<Record<CompareResult, string>> = {
  same: 'no difference',
  reordered: 'the same, in another order',
  late: 'the same, but for late rows: dated in the window by one, just after it by the other',
  grown: 'the same, and rows that came since: the query has no end',
  'record-differs': 'they differ',
  withheld: 'the proof does not show its rows: nothing to compare',
  'not-read': 'the proof has no such reading: nothing to compare',
};

function comparedLines({ extract, result, rows, differences }: Compared, paint: Terminal['paint']): string[] {
  const isOpen = result === 'withheld' || result === 'not-read';
  const mark =
    result === 'record-differs' ? paint('red', '✕') : isOpen ? paint('dim', '·') : paint('green', '✓');
  const name = result === 'record-differs' ? `${result}: ` : '';
  return [
    `${mark} ${printable(extract)}: ${name}${rows.proof} rows in the proof, ${rows.copy} in your copy, ${rows.same} the same in both: ${meanings[result]}`,
    ...listed(differences, (each) => `      ${differenceText(each)}`),
  ];
}

function differenceText({ is, proof, copy }: Difference): string {
  const text = (row: Difference['proof']): string =>
    printable(
      Object.entries(row ?? {})
        .map(([column, value]) => `${column} ${String(value)}`)
        .join(', '),
    );
  if (is === 'added') return `added    only in your copy: ${text(copy)}`;
  if (is === 'missing') return `missing  only in the proof: ${text(proof)}`;
  return `${is.padEnd(8)} in the proof: ${text(proof)}; in your copy: ${text(copy)}`;
}
