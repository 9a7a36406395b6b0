// Creates the accounts payable database as it stands before the first day: `node erp/seed.ts <path>`.
// Orders placed, goods received, the letters of all three days captured as open invoices, nothing paid.

import type { DatabaseSync } from 'node:sqlite';
import { fromMinorUnits, minorUnits } from './amount.ts';
import { currency, days, invoices, type Order, orders, vendors } from './books.ts';
import { createDatabase, inTransaction } from './database.ts';

/** Throws if there are books at `path` already. */
export function seed(path: string): void {
  const db = createDatabase(path);
  try {
    inTransaction(db, () => write(db));
  } finally {
    db.close();
  }
}

function write(db: DatabaseSync): void {
  const vendorRow = db.prepare('INSERT INTO vendors VALUES (?, ?, ?, ?)');
  for (const { id, name, domain, iban } of vendors) vendorRow.run(id, name, `accounts@${domain}`, iban);
  for (const order of orders) writeOrder(db, order);
  const invoiceRow = db.prepare("INSERT INTO invoices VALUES (?, ?, ?, ?, ?, 'open', ?)");
  for (const { id, day, vendor, po, amount } of invoices)
    invoiceRow.run(id, vendor, po ?? null, amount, currency, `${days[day]}T07:30:00.000Z`);
}

function writeOrder(db: DatabaseSync, order: Order): void {
  const { po, vendor, lines } = order;
  const minor = lines.reduce((sum, [, quantity, price]) => sum + BigInt(quantity) * minorUnits(price), 0n);
  const orderRow = db.prepare('INSERT INTO purchase_orders VALUES (?, ?, ?, ?, ?)');
  orderRow.run(po, vendor, fromMinorUnits(minor), currency, `${order.orderedOn}T10:00:00.000Z`);
  const receipt = po.replace('PO-', 'GR-');
  const receiptRow = db.prepare('INSERT INTO receipts VALUES (?, ?, ?, ?)');
  receiptRow.run(receipt, po, order.receivedBy, `${order.receivedOn}T14:00:00.000Z`);
  const orderLine = db.prepare('INSERT INTO purchase_order_lines VALUES (?, ?, ?, ?, ?)');
  const receiptLine = db.prepare('INSERT INTO receipt_lines VALUES (?, ?, ?)');
  for (const [index, [item, quantity, price]] of lines.entries()) {
    orderLine.run(po, index + 1, item, quantity, price);
    receiptLine.run(receipt, index + 1, quantity);
  }
}

if (import.meta.main) {
  const path = process.argv[2];
  if (path === undefined) {
    process.stderr.write('usage: node erp/seed.ts <path>\n');
    process.exitCode = 64;
  } else {
    seed(path);
  }
}
