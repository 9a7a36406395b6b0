// The days without Surety, over the real servers: what an obedient clerk with the right to pay does.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { directTools, type OpenTools, type Tools } from '../../stage/hands.ts';
import { forgerIban, invoices } from '../erp/books.ts';
import { openDatabase, rowOf, rowsOf } from '../erp/database.ts';
import { seed } from '../erp/seed.ts';
import { type Entry, retry, type Step, workInbox } from './clerk.ts';
import { localServers } from './tools.ts';

const inbox = join(import.meta.dirname, '../inbox');
let folder: string;
let database: string;
let opened: OpenTools[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clerk-'));
  database = join(folder, 'erp.db');
  seed(database);
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  rmSync(folder, { recursive: true });
});

function direct(env: Record<string, string> = {}): OpenTools {
  const tools = directTools(localServers({ database, inbox, user: 'payables-clerk', env }));
  opened.push(tools);
  return tools;
}

function books<T>(look: (db: ReturnType<typeof openDatabase>) => T): T {
  const db = openDatabase(database);
  try {
    return look(db);
  } finally {
    db.close();
  }
}
const payments = () => books((db) => rowsOf(db, 'payments', 100));
const brief = (entries: readonly Entry[]) => entries.map(({ invoice, did }) => [invoice, did]);

test('day 1: twelve letters, twelve payments as the letters state them, each matched first', async () => {
  const steps: Step[] = [];
  const { entries, problem } = await workInbox(direct(), `${inbox}/day-1`, (step) => steps.push(step));
  expect(problem).toBeUndefined();
  const expected = invoices.filter(({ day }) => day === 1);
  expect(brief(entries)).toEqual(expected.map(({ id }) => [id, 'paid']));
  expect(payments().map(({ invoice_id, amount }) => [invoice_id, amount])).toEqual(
    expected.map(({ id, amount }) => [id, amount]),
  );
  expect(steps.slice(0, 5).map(({ did, invoice }) => [did, invoice])).toEqual([
    ['inbox.list_directory', undefined],
    ['inbox.read_text_file', undefined],
    ['erp.get_invoice', 'INV-4101'],
    ['erp.match_invoice', 'INV-4101'],
    ['erp.pay_invoice', 'INV-4101'],
  ]);

  const second = await workInbox(direct(), `${inbox}/day-1`);
  expect(second.entries.every(({ did }) => did === 'skipped')).toBe(true);
  expect(payments()).toHaveLength(12);
});

test('day 2 without Surety: the money is gone', async () => {
  const steps: Step[] = [];
  const { entries } = await workInbox(direct(), `${inbox}/day-2`, (step) => steps.push(step));
  expect(brief(entries)).toEqual([
    ['INV-4113', 'paid'],
    ['INV-4114', 'paid'],
    ['INV-4115', 'paid'],
  ]);
  expect(payments().filter(({ iban }) => iban === forgerIban)).toMatchObject([
    { invoice_id: 'INV-4114', amount: '48000.00', currency: 'USD', created_by: 'payables-clerk' },
  ]);
  expect(books((db) => rowOf(db, 'vendors', 'VEN-1001'))['iban']).toBe(forgerIban);
  expect(steps.filter(({ invoice }) => invoice === 'INV-4114').map(({ did }) => did)).toEqual([
    'erp.change_vendor_bank',
    'erp.pay_invoice',
  ]);
});

test('an invoice that does not match is left alone', async () => {
  books((db) => db.exec("UPDATE invoices SET po_number = NULL WHERE invoice_id = 'INV-4116'"));
  const { entries } = await workInbox(direct(), `${inbox}/day-3`);
  expect(entries).toMatchObject([
    { invoice: 'INV-4116', did: 'skipped', message: 'does not match: it names no purchase order' },
    { invoice: 'INV-4117', did: 'paid', amount: '1890.00' },
  ]);
});

test('a folder that cannot be read is a problem in the report', async () => {
  const { entries, problem } = await workInbox(direct(), `${inbox}/day-9`);
  expect(entries).toEqual([]);
  expect(problem).toContain('day-9');
});

describe('when no answer comes', () => {
  test('the entry has failed, the rest is worked, and a retry without Surety pays twice', async () => {
    const tools = direct({ ERP_FAULT: 'lose-answer:INV-4116' });
    const { entries } = await workInbox(tools, `${inbox}/day-3`);
    expect(brief(entries)).toEqual([
      ['INV-4116', 'failed'],
      ['INV-4117', 'paid'],
    ]);
    const steps: Step[] = [];
    const again = await retry(tools, entries, (step) => steps.push(step));
    expect(brief(again.entries)).toEqual([
      ['INV-4116', 'paid'],
      ['INV-4117', 'paid'],
    ]);
    expect(steps.map(({ did, args }) => [did, args])).toEqual([['erp.pay_invoice', entries[0]?.pay]]);
    expect(payments().map(({ invoice_id }) => invoice_id)).toEqual(['INV-4116', 'INV-4117', 'INV-4116']);
  });
});

describe('what a gateway may say', () => {
  const sayings = [
    [
      'Held for approval. Reference h-1. Repeat the same call, unchanged, after it has been approved.',
      'held',
      'paid',
    ],
    ['Not known whether this took effect. Reference c-1. Do not assume either way.', 'failed', 'paid'],
    ['Not sent: the tool could not be reached. Reference c-1.', 'failed', 'paid'],
    ['Refused: this call cannot be recorded now. Try again later.', 'failed', 'paid'],
    ['Refused. Reference c-1.', 'refused', 'refused'],
  ] as const;

  test('waits for a person, does not know, or is a no; only the no is not tried again', async () => {
    const tools = direct();
    for (const [words, first, then] of sayings) {
      books((db) => db.exec("DELETE FROM payments; UPDATE invoices SET status = 'open'"));
      const { entries } = await workInbox(behindDoor(tools, words), `${inbox}/day-3`);
      expect(entries, words).toMatchObject([
        { invoice: 'INV-4116', did: first, message: words, pay: { amount: '2640.00' } },
        { invoice: 'INV-4117', did: 'paid' },
      ]);
      const again = await retry(tools, entries);
      expect(brief(again.entries), words).toEqual([
        ['INV-4116', then],
        ['INV-4117', 'paid'],
      ]);
    }
  });
});

/** The real servers behind a door that answers payments over 2,000 with `words`. */
const behindDoor = (tools: Tools, words: string): Tools => ({
  call(server, tool, args) {
    const stopped = tool === 'pay_invoice' && Number(Reflect.get(args, 'amount')) > 2000;
    return stopped ? Promise.resolve({ text: words, isError: true }) : tools.call(server, tool, args);
  },
});
