// The SQLite record against real databases: it reads exactly, it changes nothing, and whatever is wrong with the
// record or the query is a RecordError with its code.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordSystem } from '../outcomes/record-system.ts';
import { sqliteRecord } from './sqlite-record.ts';

const folder = mkdtempSync(join(tmpdir(), 'surety-record-'));
const path = join(folder, 'books.db');
const span = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z' };
let record: RecordSystem;

beforeAll(() => {
  const books = new DatabaseSync(path);
  books.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE rows (id INTEGER, amount TEXT, real REAL, at TEXT, bytes BLOB);
    INSERT INTO rows VALUES (1, '10.00', 0.5, '2026-03-02T00:00:00.000Z', NULL);
    INSERT INTO rows VALUES (9007199254740993, '0.10', 1.0, '2026-03-02T23:59:59.999Z', NULL);
    INSERT INTO rows VALUES (3, NULL, NULL, '2026-03-03T00:00:00.000Z', x'00ff');
  `);
  books.close();
  record = sqliteRecord({ id: 'books', path, moneyColumn: 'real', rowsMax: 1_000 });
});
afterAll(async () => {
  await record.close();
  rmSync(folder, { recursive: true });
});

const inWindow = 'WHERE at >= :from AND at < :to ORDER BY at';

describe('reading', () => {
  test('rows of a half-open span, in the order read, with exact integers and text', async () => {
    const { columns, rows } = await record.extract(`SELECT id, amount FROM rows ${inWindow}`, span);
    expect(columns).toEqual(['id', 'amount']);
    expect(rows).toEqual([
      { id: 1, amount: '10.00' },
      { id: '9007199254740993', amount: '0.10' },
    ]);
  });

  test('a query that names none of the parameters, and nulls', async () => {
    const { rows } = await record.extract('SELECT amount FROM rows WHERE id = 3', span);
    expect(rows).toEqual([{ amount: null }]);
  });

  test('the state changes with the schema, and tells nothing of the rows', async () => {
    const query = 'SELECT count(*) AS n FROM rows';
    const { state } = await record.extract(query, span);
    const books = new DatabaseSync(path);
    books.exec("INSERT INTO rows VALUES (4, '1.00', NULL, '2026-03-05T00:00:00.000Z', NULL)");
    expect((await record.extract(query, span)).state).toBe(state);
    books.exec('CREATE TABLE others (id INTEGER)');
    books.close();
    expect((await record.extract(query, span)).state).not.toBe(state);
  });

  test('while another process writes', async () => {
    const books = new DatabaseSync(path);
    books.exec("BEGIN IMMEDIATE; UPDATE rows SET amount = '99.00'");
    const { rows } = await record.extract('SELECT amount FROM rows WHERE id = 1', span);
    expect(rows).toEqual([{ amount: '10.00' }]);
    books.exec('ROLLBACK');
    books.close();
  });
});

describe('refusing', () => {
  test.each([
    ['writing', 'INSERT INTO rows (id) VALUES (7) RETURNING id', 'query'],
    ['deleting', 'DELETE FROM rows', 'query'],
    ['another database', `ATTACH '${join(folder, 'other.db')}' AS other`, 'query'],
    ['a pragma', 'PRAGMA journal_mode', 'query'],
    ['a table that is not there', 'SELECT * FROM nothing', 'query'],
    ['a column that is not there', 'SELECT nothing FROM rows', 'query'],
    ['what is no SQL', 'SELEC 1', 'query'],
    ['bytes', 'SELECT bytes FROM rows WHERE id = 3', 'query'],
    ['floating point money', 'SELECT real FROM rows WHERE id = 1', 'money'],
    [
      'more rows than may be',
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n LIMIT 1001',
      'too-large',
    ],
  ])('%s', async (_, query, code) => {
    await expect(record.extract(query, span)).rejects.toMatchObject({ name: 'RecordError', code });
  });

  test('a query that never ends, within its time', async () => {
    const impatient = sqliteRecord({ id: 'books', path, timeoutMs: 300 });
    const forever = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
    await expect(impatient.extract(forever, span)).rejects.toMatchObject({ code: 'away' });
    await impatient.close();
  });

  test('a record that is away, or is no database; and nothing is made in its place', async () => {
    const missing = sqliteRecord({ id: 'missing', path: join(folder, 'missing.db') });
    await expect(missing.extract('SELECT 1', span)).rejects.toMatchObject({ code: 'away' });
    await expect(missing.extract('SELECT 1', span)).rejects.toMatchObject({ code: 'away' });
    writeFileSync(join(folder, 'text.db'), 'this is no database, it only has its name'.repeat(50));
    const text = sqliteRecord({ id: 'text', path: join(folder, 'text.db') });
    await expect(text.extract('SELECT * FROM rows', span)).rejects.toMatchObject({ code: 'away' });
  });

  test('what was refused left the record as it was', async () => {
    const { rows } = await record.extract('SELECT count(*) AS n FROM rows', span);
    expect(rows).toEqual([{ n: 4 }]);
  });
});
