// Settling from the record: an intent whose answer was lost is settled by what the record shows.
// A row settles it only if every `match` column is equal and exactly one row and one intent remain;
// its absence releases what was reserved only after `within`, when a late row can no longer come, and only if
// no such row lies just before the intent either: the record's clock may be behind ours.

import type { OutcomeDeclared } from '@surety/proof/facts';
import { agrees, keyOfCall, keyOfRow, rowMoney } from '@surety/proof/rules';
import type { Book, GovernedCall } from '@surety/proof/verdict';
import type { NewFact } from '../facts/index.ts';
import type { Append, Log, LogReader } from '../ledger/log.ts';
import { settlementOf } from '../logic/settlement.ts';
import { take } from './extract.ts';
import { readBook } from './gather.ts';
import type { RecordSystem } from './record-system.ts';

export interface SettleAnswer {
  /** Calls that the record showed to have taken effect. */
  readonly settled: readonly string[];
  /** Calls that it showed not to have: what they reserved is free again. */
  readonly released: readonly string[];
  /** Calls of which nothing can be said yet. */
  readonly open: readonly string[];
}

/**
 * Looks in the record for every open intent of this outcome's effect, and appends what it finds. Calls
 * `onTheWay` are left to their answers.
 */
export async function settleFromRecord(
  log: Log,
  record: RecordSystem,
  outcome: OutcomeDeclared,
  now: number,
  onTheWay: ReadonlySet<string>,
): Promise<SettleAnswer> {
  const answer = { settled: [] as string[], released: [] as string[], open: [] as string[] };
  const { reconcile } = outcome;
  if (reconcile === undefined) return answer;
  const book = await readBook(log, log.size());
  const unsettled = [...book.calls.values()].filter(
    ({ tool, settlement }) => tool === reconcile.call && settlement === undefined,
  );
  const open = unsettled.filter(({ call }) => !onTheWay.has(call));
  if (open.length === 0) return answer;
  const found = await look(log, record, book, outcome, Math.min(...open.map(({ at }) => at)), now);
  // Recorded once, with the first settlement that stands on it.
  let extracts: Append[] = [{ stream: `extract/${outcome.outcome}`, facts: found.facts }];
  for (const call of open) {
    const shown = shownOf(outcome, found, call, unsettled, now);
    const settled = shown && ({ settlement: shown.how, by: 'record', result: shown.result } as const);
    const appends = settled === undefined ? [] : settlementOf(log, call.intent, settled);
    const appended = shown && (await log.append([...extracts, ...appends]));
    if (shown === undefined || appended === undefined || 'conflict' in appended) answer.open.push(call.call);
    else {
      extracts = [];
      answer[shown.how === 'ok' ? 'settled' : 'released'].push(call.call);
    }
  }
  return answer;
}

type RowRead = Readonly<Record<string, unknown>>;

/** What the record says, without the rows that are the effects of settled calls. */
interface Found {
  readonly facts: readonly NewFact[];
  readonly isReadable: boolean;
  readonly rows: readonly RowRead[];
  /** Rows dated a little before the oldest intent: the record has a clock of its own, it may be behind ours. */
  readonly before: readonly RowRead[];
}

async function look(
  log: LogReader,
  record: RecordSystem,
  book: Book,
  outcome: OutcomeDeclared,
  from: number,
  now: number,
): Promise<Found> {
  const { population = '', withinMs = 0 } = outcome.reconcile ?? {};
  // One more millisecond, so that a row written in this very one is in the half-open span.
  const spans = {
    settlement: { from, to: now + 1 },
    'settlement-before': { from: Math.max(0, from - withinMs), to: from },
  };
  const after = await take(log, record, outcome, 'settlement', population, spans.settlement);
  const before = await take(
    log,
    record,
    outcome,
    'settlement-before',
    population,
    spans['settlement-before'],
  );
  const facts = [after.fact, before.fact];
  return {
    facts,
    isReadable: facts.every((fact) => fact.kind === 'record.extracted' && fact.body.answer === 'ok'),
    rows: after.rows.filter((row) => !claimed(book, outcome, row)),
    before: before.rows.filter((row) => !claimed(book, outcome, row)),
  };
}

/** What the record shows of one call; undefined if it shows nothing certain yet. */
function shownOf(
  outcome: OutcomeDeclared,
  { rows, before, isReadable }: Found,
  call: GovernedCall,
  unsettled: readonly GovernedCall[],
  now: number,
): { readonly how: 'ok' | 'none'; readonly result?: object } | undefined {
  const { key = {}, withinMs = 0 } = outcome.reconcile ?? {};
  const matching = rows.filter((row) => rowIsOf(outcome, row, call));
  const rivals = unsettled.filter((other) => matching.some((row) => rowIsOf(outcome, row, other)));
  const [row] = matching;
  if (row !== undefined && matching.length === 1 && rivals.length === 1)
    return { how: 'ok', result: resultFrom(key, row) };
  const isAbsent = matching.length === 0 && !before.some((each) => rowIsOf(outcome, each, call));
  return isReadable && isAbsent && now >= call.at + withinMs ? { how: 'none' } : undefined;
}

/** True if the row is already the effect of a settled call. */
function claimed(book: Book, { reconcile }: OutcomeDeclared, row: RowRead): boolean {
  if (reconcile === undefined) return false;
  const key = keyOfRow(reconcile, row);
  if (key === undefined) return false;
  return [...book.calls.values()].some(
    (call) =>
      call.tool === reconcile.call && call.settlement?.how === 'ok' && keyOfCall(reconcile, call) === key,
  );
}

function rowIsOf({ reconcile }: OutcomeDeclared, row: RowRead, call: GovernedCall): boolean {
  if (reconcile === undefined || Object.keys(reconcile.match).length === 0) return false;
  const money = rowMoney(reconcile, row);
  return money !== 'unreadable' && agrees(reconcile, row, call, money);
}

/** The result that the lost answer would have had, as far as the record knows it: the key. */
function resultFrom(key: Readonly<Record<string, string>>, row: Readonly<Record<string, unknown>>): object {
  const result: Record<string, unknown> = {};
  for (const [column, path] of Object.entries(key)) {
    const [first, name, ...deeper] = path.split('.');
    if (first === 'result' && name !== undefined && deeper.length === 0) result[name] = row[column];
  }
  return result;
}
