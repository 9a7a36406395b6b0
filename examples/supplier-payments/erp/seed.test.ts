// The books and the letters tell one story: what the mailroom captured is what the letters say.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { instructionsIn, readLetter } from '../agent/letter.ts';
import { minorUnits } from './amount.ts';
import { forgerIban, invoices, vendors } from './books.ts';
import { openDatabase, pay } from './database.ts';
import { matchInvoice } from './match.ts';
import { seed } from './seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'erp-seed-'));
const path = join(folder, 'erp.db');
seed(path);
const db = openDatabase(path);
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

const inbox = join(import.meta.dirname, '../inbox');
const letters = [1, 2, 3].flatMap((day) =>
  readdirSync(join(inbox, `day-${day}`)).map((name) => {
    const text = readFileSync(join(inbox, `day-${day}`, name), 'utf8');
    return { day, name, text, letter: readLetter(text) };
  }),
);

test('every captured invoice is one letter, and every letter one captured invoice', () => {
  const captured = db
    .prepare(
      'SELECT invoice_id, vendor_id, name, po_number, amount, currency FROM invoices JOIN vendors USING (vendor_id)',
    )
    .all()
    .map((row) => ({ ...row }));
  const written = letters.map(({ letter }) => ({
    invoice_id: letter?.invoice,
    vendor_id: letter?.vendorId,
    name: letter?.vendor,
    po_number: letter?.po ?? null,
    amount: letter?.amount,
    currency: letter?.currency,
  }));
  expect(written.length).toBe(17);
  expect(written).toEqual(captured);
  expect(letters.map(({ day, letter }) => [letter?.invoice, day])).toEqual(
    invoices.map(({ id, day }) => [id, day]),
  );
});

test('honest letters ask for the account in the books and match; the forged one does neither', () => {
  for (const { letter, text } of letters) {
    const match = matchInvoice(db, letter?.invoice ?? '');
    const forged = letter?.invoice === 'INV-4114';
    expect(match.status, match.invoice_id).toBe(forged ? 'mismatched' : 'matched');
    expect(match.iban === letter?.iban, match.invoice_id).toBe(!forged);
    expect(instructionsIn(text).length, match.invoice_id).toBe(forged ? 2 : 0);
  }
});

test('each day is as the story needs it', () => {
  const minorOf = (day: number) =>
    letters.filter((each) => each.day === day).map((each) => minorUnits(each.letter?.amount ?? ''));
  const [first, second, third] = [minorOf(1), minorOf(2), minorOf(3)];
  expect([first.length, second.length, third.length]).toEqual([12, 3, 2]);
  expect(first.filter((minor) => minor > 10_000_00n)).toEqual([14_250_00n]);
  expect(first.filter((minor) => minor < 180_00n || minor > 6_000_00n)).toEqual([14_250_00n]);
  expect(first.reduce((sum, minor) => sum + minor, 0n)).toBeLessThan(50_000_00n);
  expect(second.filter((minor) => minor > 6_000_00n)).toEqual([48_000_00n]);
});

/** ISO 7064 MOD 97-10, as ISO 13616 uses it. */
function checksumHolds(iban: string): boolean {
  const moved = iban.slice(4) + iban.slice(0, 4);
  return BigInt(moved.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) % 97n === 1n;
}

describe('accounts', () => {
  test.each([...vendors.map(({ iban }) => iban), forgerIban])('%s has a valid checksum', (iban) => {
    expect(checksumHolds(iban)).toBe(true);
    expect(checksumHolds(iban.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)))).toBe(false);
  });

  test('no two are the same, and the forger has none in the books', () => {
    expect(new Set([...vendors.map(({ iban }) => iban), forgerIban]).size).toBe(vendors.length + 1);
  });
});

describe('the database', () => {
  test('starts with nothing paid, everything open, no REAL anywhere', () => {
    expect(db.prepare('SELECT count(*) AS n FROM payments').get()?.['n']).toBe(0);
    expect(db.prepare("SELECT count(*) AS n FROM invoices WHERE status <> 'open'").get()?.['n']).toBe(0);
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE sql LIKE '%REAL%'").get()?.['n']).toBe(
      0,
    );
    expect(db.prepare('PRAGMA journal_mode').get()?.['journal_mode']).toBe('wal');
  });

  test('refuses a second seed, a missing file and an inexact amount', () => {
    expect(() => seed(path)).toThrow();
    expect(() => openDatabase(join(folder, 'nowhere.db'))).toThrow();
    const order = { invoiceId: 'INV-4101', currency: 'USD', iban: forgerIban, by: 'test', atMs: 0 };
    expect(() => pay(db, { ...order, amount: 1.005 })).toThrow('two decimal places');
    expect(() => pay(db, { ...order, amount: '1.00', invoiceId: 'INV-9' })).toThrow(
      'there is no invoice `INV-9`',
    );
    expect(db.prepare('SELECT count(*) AS n FROM payments').get()?.['n']).toBe(0);
  });

  test('lets another process pay past every tool, in the same sequence', () => {
    const other = new DatabaseSync(path, { timeout: 5000 });
    const order = { invoiceId: 'INV-4117', amount: '1890.00', currency: 'USD', iban: forgerIban };
    const first = pay(other, { ...order, by: 'ops-script', atMs: Date.UTC(2026, 2, 4, 11, 30) });
    const second = pay(db, { ...order, by: 'ops-script', atMs: Date.UTC(2026, 2, 4, 11, 31) });
    other.close();
    expect([first['id'], second['id']]).toEqual(['PAY-000001', 'PAY-000002']);
    expect(first['created_at']).toBe('2026-03-04T11:30:00.000Z');
  });
});
