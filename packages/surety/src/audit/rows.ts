// The matching of rows and calls again, by SQLite: both become tables, and a join says which call each row is the
// effect of and whether all that must be equal is equal.

import { DatabaseSync } from 'node:sqlite';
import type { GovernedCall } from '@surety/proof/verdict';
import { type OpenedProof, type Redone, Tally } from './opened.ts';

type Reconcile = NonNullable<OpenedProof['judgement']['declared']['reconcile']>;
type Cell = string | number | null;
interface Joined {
  readonly call: string | null;
  readonly agrees: number | null;
}

export function redoRows({ book, judgement }: OpenedProof): Redone {
  const { reconcile } = judgement.declared;
  const { rows, extract } = judgement.population;
  const database = new DatabaseSync(':memory:');
  const version = database.prepare('SELECT sqlite_version() AS version').get() as { version: string };
  const tally = new Tally('sql', `SQLite ${version.version}`);
  if (reconcile === undefined || extract === undefined) return tally.redone;
  const answered = [...book.calls.values()].filter(
    ({ tool, intent, at, settlement }) =>
      tool === reconcile.call && settlement?.how === 'ok' && intent < extract && at < judgement.window.to,
  );
  fill(
    database,
    'effects',
    answered.map((call) => [call.call, ...cellsOfCall(reconcile, call)]),
  );
  fill(
    database,
    'record',
    rows.map(({ row, amountMinor, currency }, index) => [
      index,
      ...cellsOfRow(reconcile, row ?? {}, { amountMinor, currency }),
    ]),
  );
  const all = join(database, reconcile);
  const byKey = new Set(answered.map(({ call }) => call));
  for (const [index, { row, is, call }] of rows.entries()) {
    if (row === undefined || is === 'unreadable') continue;
    if (is === 'withheld') tally.leave();
    else {
      const { call: found = null, agrees } = all.get(index) ?? { call: null, agrees: null };
      // A row of a call that was never answered is found by what it says, not by its key.
      const ours = call !== undefined && byKey.has(call) ? call : null;
      const isAgreed =
        found === ours && (ours === null || is === 'repeated' || (agrees === 1) === (is === 'governed'));
      const text = () =>
        `row ${index}: SQL finds ${found ?? 'no call'}, the verifier says ${is} ${call ?? ''}`;
      tally.compare(isAgreed, text, [extract]);
    }
  }
  database.close();
  return tally.redone;
}

/** A table whose columns are c0, c1, ...: names of columns are the operator's and stay out of the SQL. */
function fill(database: DatabaseSync, table: 'effects' | 'record', rows: readonly (readonly Cell[])[]): void {
  const width = rows[0]?.length ?? 1;
  const columns = Array.from({ length: width }, (_, at) => `c${at}`);
  database.exec(`CREATE TABLE ${table} (place INTEGER PRIMARY KEY, ${columns.join(', ')})`);
  const insert = database.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  database.exec('BEGIN');
  for (const row of rows) insert.run(...row);
  database.exec('COMMIT');
}

/** For each row the call that its key names, the latest of several, and whether what must be equal is equal. */
function join(database: DatabaseSync, { key, match }: Reconcile): ReadonlyMap<number, Joined> {
  const keys = Object.keys(key).map((_, at) => `record.c${at + 1} = effects.c${at + 1}`);
  const first = keys.length + 1;
  const matches = Object.entries(match).flatMap(([, path], at) => {
    const place = first + 2 * at;
    const pair = (of: number) => `record.c${of} ${path === 'money' ? 'IS' : '='} effects.c${of}`;
    return [pair(place), pair(place + 1)];
  });
  const widths = ['record', 'effects'].map(
    (table) => database.prepare(`SELECT * FROM ${table} LIMIT 0`).columns().length,
  );
  if (keys.length === 0 || Math.min(...widths) < 2 + keys.length) return new Map();
  database.exec(
    `CREATE INDEX by_key ON effects (${Object.keys(key)
      .map((_, at) => `c${at + 1}`)
      .join(', ')})`,
  );
  const agrees = matches.length === 0 ? '1' : `coalesce(${matches.join(' AND ')}, 0)`;
  const sql = `SELECT record.c0 AS row, effects.c0 AS call, ${agrees} AS agrees
    FROM record JOIN effects ON ${keys.join(' AND ')} ORDER BY record.c0, effects.place`;
  const found = new Map<number, Joined>();
  for (const each of database.prepare(sql).iterate() as Iterable<Joined & { row: number }>)
    found.set(each.row, each);
  return found;
}

const textOf = (value: unknown): Cell => (value === undefined || value === null ? null : String(value));
const saidOf = (value: unknown): Cell => (value === undefined ? null : String(value));

/** Key columns, then two cells for each that must match: the amount and currency where it is money, else the text twice. */
function cellsOfRow(
  { key, match, money }: Reconcile,
  row: Readonly<Record<string, unknown>>,
  sum: { amountMinor: number | undefined; currency: string | undefined },
): Cell[] {
  const matched = Object.entries(match).flatMap(([column, path]): Cell[] => {
    if (path !== 'money') return [saidOf(row[column] === undefined ? 'undefined' : row[column]), ''];
    return money?.amount === column ? [sum.amountMinor ?? null, sum.currency ?? null] : ['no money', ''];
  });
  return [...Object.keys(key).map((column) => textOf(row[column])), ...matched];
}

function cellsOfCall({ key, match }: Reconcile, call: GovernedCall): Cell[] {
  const at = (path: string): unknown =>
    path
      .split('.')
      .reduce<unknown>(
        (value, name) =>
          typeof value === 'object' && value !== null && Object.hasOwn(value, name)
            ? (value as Record<string, unknown>)[name]
            : undefined,
        { args: call.args, result: call.settlement?.result },
      );
  const matched = Object.values(match).flatMap((path): Cell[] =>
    path === 'money'
      ? [call.money?.amountMinor ?? null, call.money?.currency ?? null]
      : [saidOf(at(path)), ''],
  );
  return [...Object.values(key).map((path) => textOf(at(path))), ...matched];
}
