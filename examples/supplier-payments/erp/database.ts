// Acme's accounts payable: a real SQLite database, the system of record of this example.
// Amounts are exact decimal text beside a currency; times are RFC 3339 UTC text. It is naive on purpose:
// `pay` pays whatever it is told to pay, as most systems of its kind do for whoever holds the right to pay.

import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { timestamp } from '../../stage/clock.ts';
import { exactAmount } from './amount.ts';

const schema = `
CREATE TABLE vendors (
  vendor_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  iban TEXT NOT NULL
) STRICT;
CREATE TABLE purchase_orders (
  po_number TEXT PRIMARY KEY,
  vendor_id TEXT NOT NULL REFERENCES vendors (vendor_id),
  amount TEXT NOT NULL CHECK (amount GLOB '[0-9]*.[0-9][0-9]'),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  ordered_at TEXT NOT NULL
) STRICT;
CREATE TABLE purchase_order_lines (
  po_number TEXT NOT NULL REFERENCES purchase_orders (po_number),
  line INTEGER NOT NULL,
  item TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  unit_price TEXT NOT NULL CHECK (unit_price GLOB '[0-9]*.[0-9][0-9]'),
  PRIMARY KEY (po_number, line)
) STRICT;
CREATE TABLE receipts (
  receipt_id TEXT PRIMARY KEY,
  po_number TEXT NOT NULL REFERENCES purchase_orders (po_number),
  received_by TEXT NOT NULL,
  received_at TEXT NOT NULL
) STRICT;
CREATE TABLE receipt_lines (
  receipt_id TEXT NOT NULL REFERENCES receipts (receipt_id),
  line INTEGER NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (receipt_id, line)
) STRICT;
CREATE TABLE invoices (
  invoice_id TEXT PRIMARY KEY,
  vendor_id TEXT NOT NULL REFERENCES vendors (vendor_id),
  po_number TEXT REFERENCES purchase_orders (po_number),
  amount TEXT NOT NULL CHECK (amount GLOB '[0-9]*.[0-9][0-9]'),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  status TEXT NOT NULL CHECK (status IN ('open', 'matched', 'paid')),
  captured_at TEXT NOT NULL
) STRICT;
CREATE TABLE payments (
  id TEXT PRIMARY KEY,
  invoice_id TEXT REFERENCES invoices (invoice_id), -- none for what is not an invoice, such as payroll
  vendor_id TEXT REFERENCES vendors (vendor_id),
  iban TEXT NOT NULL,
  amount TEXT NOT NULL CHECK (amount GLOB '[0-9]*.[0-9][0-9]'),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  created_by TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX payments_created_at ON payments (created_at);
CREATE INDEX payments_invoice_id ON payments (invoice_id);
CREATE TABLE faults (fault TEXT PRIMARY KEY) STRICT;
`;

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** What the books do not know, or cannot write. The message is shown to whoever asked. */
export class BooksError extends Error {
  override readonly name = 'BooksError';
}

/** Throws if there is no such file: a misspelt path must not become an empty ledger of payments. */
export function openDatabase(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', 'rw'); // Only a URL can say "do not create".
  const db = new DatabaseSync(url, { timeout: 5000, enableForeignKeyConstraints: true });
  db.exec('PRAGMA synchronous = FULL');
  return db;
}

/** An empty set of books; throws if the file has one already. WAL, so that an auditor may read while it pays. */
export function createDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec(schema);
  return db;
}

/** All that was done, or nothing. Takes the write lock first: two processes may be paying. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const keys = {
  vendors: ['vendor_id', 'vendor'],
  purchase_orders: ['po_number', 'purchase order'],
  receipts: ['receipt_id', 'receipt'],
  invoices: ['invoice_id', 'invoice'],
  payments: ['id', 'payment'],
} as const;
export type Table = keyof typeof keys;

/** At most `limit` rows in the order of their ids. The table's name is one of ours, never a caller's text. */
export function rowsOf(db: DatabaseSync, table: Table, limit: number): Row[] {
  return db.prepare(`SELECT * FROM ${table} ORDER BY ${keys[table][0]} LIMIT ?`).all(limit);
}

export function rowOf(db: DatabaseSync, table: Table, id: string): Row {
  const [key, noun] = keys[table];
  const row = db.prepare(`SELECT * FROM ${table} WHERE ${key} = ?`).get(id);
  if (row === undefined) throw new BooksError(`there is no ${noun} \`${id}\``);
  return row;
}

export const orderLines = (db: DatabaseSync, poNumber: string): Row[] =>
  db
    .prepare(
      'SELECT line, item, quantity, unit_price FROM purchase_order_lines WHERE po_number = ? ORDER BY line',
    )
    .all(poNumber);

export const receiptLines = (db: DatabaseSync, receiptId: string): Row[] =>
  db.prepare('SELECT line, quantity FROM receipt_lines WHERE receipt_id = ? ORDER BY line').all(receiptId);

export interface PaymentOrder {
  readonly invoiceId: string;
  /** Major units, exact. */
  readonly amount: number | string;
  readonly currency: string;
  readonly iban: string;
  /** The database user that pays. */
  readonly by: string;
  readonly atMs: number;
}

/** Pays what it is told: no match is asked for, nor whose account it is, nor whether it was paid before. */
export function pay(db: DatabaseSync, { invoiceId, amount, currency, iban, by, atMs }: PaymentOrder): Row {
  return inTransaction(db, () => {
    const { vendor_id } = rowOf(db, 'invoices', invoiceId);
    const last = db.prepare('SELECT max(id) AS id FROM payments').get()?.['id'];
    const next = Number(String(last ?? 'PAY-000000').slice(4)) + 1;
    const id = `PAY-${String(next).padStart(6, '0')}`;
    db.prepare('INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      id,
      invoiceId,
      vendor_id ?? null,
      iban,
      exactAmount(amount),
      currency,
      by,
      timestamp(atMs),
    );
    db.prepare("UPDATE invoices SET status = 'paid' WHERE invoice_id = ?").run(invoiceId);
    return rowOf(db, 'payments', id);
  });
}

export function changeVendorBank(db: DatabaseSync, vendorId: string, iban: string): Row {
  rowOf(db, 'vendors', vendorId);
  db.prepare('UPDATE vendors SET iban = ? WHERE vendor_id = ?').run(iban, vendorId);
  return { vendor_id: vendorId, iban };
}

/** True the first time a fault is asked for, remembered in the database: the process will be gone. */
export const firstTime = (db: DatabaseSync, fault: string): boolean =>
  db.prepare('INSERT OR IGNORE INTO faults VALUES (?)').run(fault).changes === 1;
