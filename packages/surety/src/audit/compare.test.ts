// The record read again, from a real database that an auditor holds: the same, or differing in every way that a record
// can. Whatever the proof's query tries, the copy stays as it is.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bytesSource, verify } from '@surety/proof/verify';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { at, type Day, dayEnd, honestDay } from '../../../proof/src/verify.fixture.ts';
import { sqliteRecord } from '../connectors/sqlite-record.ts';
import { sha256 } from '../ledger/hash.ts';
import { type Compared, compareRecord, openAgain } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'surety-copy-'));
afterAll(() => rmSync(folder, { recursive: true }));
let path: string;
let count = 0;
beforeEach(() => {
  count += 1;
  path = join(folder, `copy-${count}.db`);
});

const iso = (time: number) => new Date(time).toISOString();

/** The auditor's copy: the rows of the day, as the record system holds them. */
function copyOf(day: Day): DatabaseSync {
  const copy = new DatabaseSync(path);
  copy.exec('CREATE TABLE payments (id, invoice_id, iban, amount, currency, created_by, created_at)');
  const insert = copy.prepare('INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?)');
  const add = (row: Record<string, unknown>, time: number) =>
    insert.run(
      ...['id', 'invoice_id', 'iban', 'amount', 'currency', 'created_by'].map(
        (name) => (row[name] ?? null) as string,
      ),
      iso(time),
    );
  for (const [index, row] of day.rows.entries()) add(row, at(10, index));
  for (const row of day.lateRows) add(row, dayEnd + 60_000);
  return copy;
}

async function compared(day: Day, query?: string): Promise<Record<string, Compared>> {
  const proof = await day.proof();
  const { judgement } = await verify(proof, { sha256, trust: day.trust });
  if (judgement === undefined) throw new Error('not sound');
  const opened = await openAgain(bytesSource(proof), judgement);
  const { declared } = judgement;
  const asked =
    query === undefined || declared.reconcile === undefined
      ? opened
      : {
          ...opened,
          judgement: {
            ...judgement,
            declared: { ...declared, reconcile: { ...declared.reconcile, population: query } },
          },
        };
  const record = sqliteRecord({ id: 'copy', path, moneyColumn: 'amount' });
  try {
    return Object.fromEntries((await compareRecord(asked, record)).map((each) => [each.extract, each]));
  } finally {
    await record.close();
  }
}

const results = (all: Record<string, Compared>) =>
  Object.fromEntries(Object.entries(all).map(([name, { result }]) => [name, result]));
const kinds = (all: Record<string, Compared>) => all['population']?.differences.map(({ is }) => is);
const run = (sql: string) => {
  const copy = new DatabaseSync(path);
  copy.exec(sql);
  copy.close();
};

describe('a copy of the record', () => {
  const withLate = () => {
    const day = honestDay();
    day.pay('4107', '10.00', { at: at(23, 59), row: false });
    day.lateRows.push({
      ...{ id: 'P5', invoice_id: '4107', iban: 'IBAN-4107' },
      amount: '10.00',
      currency: 'USD',
      created_by: 'gateway',
    });
    return day;
  };

  it('that is the record has the same rows, late ones too', async () => {
    const day = withLate();
    copyOf(day).close();
    const all = await compared(day.close());
    // The invariant's query ends nowhere, so it shows the group of rows without an invoice, and the late row.
    expect(results(all)).toEqual({ population: 'same', late: 'same', 'paid-once': 'grown' });
    expect(all['population']).toMatchObject({ rows: { proof: 5, copy: 5, same: 5 }, differences: [] });
  });

  it.each([
    ['an amount', "UPDATE payments SET amount = '1.00' WHERE id = 'P1'", ['changed']],
    ['a row that is gone', "DELETE FROM payments WHERE id = 'P1'", ['missing']],
    [
      'a row that the proof hides',
      `INSERT INTO payments VALUES ('X9', NULL, 'X', '9.00', 'USD', 'm.keller', '${iso(at(11))}')`,
      ['added'],
    ],
    ['another key', "UPDATE payments SET id = 'P9' WHERE id = 'P1'", ['missing', 'added']],
    ['one row twice', `INSERT INTO payments SELECT * FROM payments WHERE id = 'P1'`, ['added']],
    ['an empty table', 'DELETE FROM payments', ['missing', 'missing', 'missing', 'missing', 'missing']],
  ])('differs in %s', async (_, sql, differences) => {
    const day = honestDay();
    copyOf(day).close();
    run(sql);
    const all = await compared(day.close());
    expect(results(all)['population']).toBe('record-differs');
    expect(kinds(all)).toEqual(differences);
  });

  it('that dates a row just after the window, or in it, differs by late rows only', async () => {
    const day = honestDay();
    copyOf(day).close();
    run(`UPDATE payments SET created_at = '${iso(dayEnd + 1)}' WHERE id = 'P1'`);
    expect(results(await compared(day.close()))).toMatchObject({ population: 'late', late: 'late' });
    count += 1;
    path = join(folder, `copy-${count}.db`);
    const other = withLate();
    copyOf(other).close();
    run(`UPDATE payments SET created_at = '${iso(at(23))}' WHERE id = 'P5'`);
    expect(results(await compared(other.close()))).toMatchObject({ population: 'late', late: 'late' });
  });

  it('in another order holds the same rows', async () => {
    const day = honestDay();
    copyOf(day).close();
    day.rows.reverse();
    expect(results(await compared(day.close()))['population']).toBe('reordered');
  });

  it('cannot be compared with rows that are withheld, nor with a record that was not read', async () => {
    const day = honestDay();
    copyOf(day).close();
    const open = honestDay();
    expect(results(await compared(open))).toMatchObject({ population: 'not-read', late: 'not-read' });
    day.close().log.rows.clear();
    expect(results(await compared(day))).toMatchObject({ population: 'withheld', late: 'same' });
  });

  it('has nothing to say where no record was named', async () => {
    const day = honestDay({ outcome: { reconcile: undefined } }).close();
    expect(await compared(day)).toEqual({});
  });

  it.each([
    ['writes', 'DELETE FROM payments WHERE :to > :from RETURNING *'],
    ['reaches for another database', `ATTACH '${join(folder, 'other.db')}' AS other`],
    ['changes how it works', 'PRAGMA journal_mode = DELETE'],
    ['asks for a table that is not there', 'SELECT * FROM nothing'],
  ])('is not touched by a query that %s', async (_, query) => {
    const day = honestDay();
    copyOf(day).close();
    await expect(compared(day.close(), query)).rejects.toMatchObject({ name: 'RecordError', code: 'query' });
    const copy = new DatabaseSync(path);
    expect(copy.prepare('SELECT count(*) AS n FROM payments').get()).toEqual({ n: 5 });
    copy.close();
  });
});
