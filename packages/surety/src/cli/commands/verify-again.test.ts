// `surety verify --full --extract`, as an auditor types it: what is printed, the exit code, and that neither option can
// make a verdict better.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, type Day, honestDay } from '../../../../proof/src/verify.fixture.ts';
import type { CompareResult } from '../../audit/index.ts';
import { sqliteRecord } from '../../connectors/sqlite-record.ts';
import { capture } from '../capture.fixture.ts';
import { verifyProof } from './verify.ts';
import { type Again, againLines, recordPath, verdictAfter } from './verify-again.ts';

const folder = mkdtempSync(join(tmpdir(), 'surety-again-'));
const proof = join(folder, 'day.proof.zip');
const books = join(folder, 'books.db');
let day: Day;
const openRecord = async (path: string) => sqliteRecord({ id: 'copy', path });

beforeAll(async () => {
  day = honestDay().close();
  writeFileSync(proof, await day.proof());
  writeFileSync(join(folder, 'trust.txt'), day.trustText);
  const copy = new DatabaseSync(books);
  copy.exec('CREATE TABLE payments (id, invoice_id, iban, amount, currency, created_by, created_at)');
  const insert = copy.prepare('INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?)');
  for (const row of day.rows as Record<string, string | null>[])
    insert.run(
      ...['id', 'invoice_id', 'iban', 'amount', 'currency', 'created_by'].map((name) => row[name] ?? null),
      new Date(at(10)).toISOString(),
    );
  copy.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(asked: object) {
  const terminal = capture();
  const code = await verifyProof(terminal, openRecord, proof, { trust: join(folder, 'trust.txt'), ...asked });
  return { code, out: terminal.stdout(), notes: terminal.stderr() };
}

describe('what an auditor sees', () => {
  test('each engine with its name, how often it was asked and what it said; then the copy', async () => {
    const { code, out } = await run({ full: true, extract: books });
    expect(code).toBe(11);
    expect(out).toContain('✓ cedar: 5 done again, 5 agreed, 0 disagreed (@cedar-policy/cedar-wasm');
    expect(out).toMatch(/✓ cel: \d+ done again, \d+ agreed, 0 disagreed/);
    expect(out).toMatch(/✓ sql: 5 done again/);
    expect(out).toMatch(/✓ calendar: 3 done again/);
    expect(out).toContain(
      '✓ population: 5 rows in the proof, 5 in your copy, 5 the same in both: no difference',
    );
  });

  test('one document of JSON, with both', async () => {
    const { out } = await run({ full: true, extract: books, json: true });
    const said = JSON.parse(out);
    expect(said.full.map(({ check }: { check: string }) => check)).toEqual([
      'cedar',
      'cel',
      'sql',
      'calendar',
    ]);
    expect(said.extract[0]).toMatchObject({ extract: 'population', result: 'same', differences: [] });
    expect(said.verdict).toBe('unproven');
  });

  test('nothing of it unless it is asked for', async () => {
    const { out } = await run({});
    expect(out).not.toContain('engines');
    expect(JSON.parse((await run({ json: true })).out)).not.toHaveProperty('full');
  });

  test('the difference by name, with both rows', async () => {
    const copy = new DatabaseSync(books);
    copy.exec("UPDATE payments SET amount = '1.00' WHERE id = 'P1'");
    const { code, out } = await run({ extract: books });
    copy.exec("UPDATE payments SET amount = '480.50' WHERE id = 'P1'");
    copy.close();
    expect(code).toBe(11);
    expect(out).toContain('✕ population: record-differs: 5 rows in the proof, 5 in your copy, 4 the same');
    expect(out).toMatch(/changed {2}in the proof: amount 480\.50, .*; in your copy: .*amount 1\.00/);
  });

  test('a copy that cannot be read as an error of its own, which says nothing about the proof', async () => {
    await expect(run({ extract: join(folder, 'none.db') })).rejects.toMatchObject({ exit: 1 });
    await expect(run({ extract: 'postgres://books' })).rejects.toMatchObject({ exit: 64 });
  });

  test('no engine asked about a file that is not sound', async () => {
    const other = join(folder, 'forged.zip');
    const bytes = await day.proof();
    bytes[5_000] = (bytes[5_000] as number) ^ 1;
    writeFileSync(other, bytes);
    const terminal = capture();
    expect(await verifyProof(terminal, openRecord, other, { full: true, extract: books })).toBe(12);
    expect(terminal.stdout()).not.toContain('engines');
  });
});

test.each([
  ['books.db', 'books.db'],
  ['/a/books.db', '/a/books.db'],
  ['sqlite:books.db', 'books.db'],
  ['sqlite:///a/books.db', '/a/books.db'],
  ['file:/a/books.db', '/a/books.db'],
])('%s is a record at %s', (text, path) => expect(recordPath(text)).toBe(path));

test.each(['postgres://host/db', 'mysql:x', 'sqlite:', 'sqlite://host/x', 'http://x'])(
  '%s is none',
  (text) => {
    expect(() => recordPath(text)).toThrow('no connector');
  },
);

describe('a verdict', () => {
  const redone = (disagreed: number): Again => ({
    full: [
      {
        ...{ check: 'cel', engine: 'e', agreed: 1, left: 0 },
        disagreed: Array.from({ length: disagreed }, (_, index) => ({ text: `d${index}`, facts: [index] })),
      },
    ],
  });
  const read = (result: CompareResult): Again => ({
    extract: [
      { extract: 'population', query: '', result, rows: { proof: 1, copy: 1, same: 0 }, differences: [] },
    ],
  });

  test('is unsound where an engine disagrees', () => {
    for (const verdict of ['proven', 'unproven', 'violated', 'holding'] as const) {
      expect(verdictAfter(verdict, redone(1))).toBe('unsound');
      expect(verdictAfter(verdict, redone(0))).toBe(verdict);
    }
    const lines = againLines(redone(30), capture());
    expect(lines).toContain('✕ cel: 31 done again, 1 agreed, 30 disagreed (e)');
    expect(lines).toContain('      engine-disagrees: d0 (facts 0)');
    expect(lines.at(-1)).toBe('      and 10 more');
  });

  test('is not proven where the record differs, and never better for any comparison', () => {
    expect(verdictAfter('proven', read('record-differs'))).toBe('unproven');
    expect(verdictAfter('holding', read('record-differs'))).toBe('unproven');
    expect(verdictAfter('violated', read('record-differs'))).toBe('violated');
    for (const result of ['same', 'reordered', 'late', 'grown', 'withheld', 'not-read'] as const)
      for (const verdict of ['proven', 'unproven', 'violated', 'holding', 'unsound'] as const)
        expect(verdictAfter(verdict, read(result))).toBe(verdict);
  });
});
