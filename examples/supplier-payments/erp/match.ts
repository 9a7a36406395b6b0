// The three-way match: an invoice against its order and the goods received. A pure read, for people and agents to
// act upon; nothing in this system makes a payment wait for it.

import type { DatabaseSync } from 'node:sqlite';
import { fromMinorUnits, minorUnits } from './amount.ts';
import { orderLines, type Row, rowOf } from './database.ts';

export interface Match {
  readonly invoice_id: string;
  readonly status: 'matched' | 'mismatched';
  readonly reasons: string[];
  readonly vendor_id: string;
  /** The vendor's account as the books know it, whatever a letter says. */
  readonly iban: string;
  readonly amount: string;
  readonly currency: string;
}

export function matchInvoice(db: DatabaseSync, invoiceId: string): Match {
  const invoice = rowOf(db, 'invoices', invoiceId);
  const vendor = rowOf(db, 'vendors', text(invoice, 'vendor_id'));
  const reasons = invoice['po_number'] === null ? ['it names no purchase order'] : differences(db, invoice);
  return {
    invoice_id: invoiceId,
    status: reasons.length === 0 ? 'matched' : 'mismatched',
    reasons,
    vendor_id: text(vendor, 'vendor_id'),
    iban: text(vendor, 'iban'),
    amount: text(invoice, 'amount'),
    currency: text(invoice, 'currency'),
  };
}

function differences(db: DatabaseSync, invoice: Row): string[] {
  const poNumber = text(invoice, 'po_number');
  const order = rowOf(db, 'purchase_orders', poNumber);
  const [invoiced, ordered, received] = [
    text(invoice, 'amount'),
    text(order, 'amount'),
    receivedAmount(db, poNumber),
  ];
  const reasons: string[] = [];
  if (invoice['vendor_id'] !== order['vendor_id']) reasons.push(`order ${poNumber} is another vendor's`);
  if (invoice['currency'] !== order['currency'])
    reasons.push(`invoiced in ${invoice['currency']}, ordered in ${order['currency']}`);
  if (invoiced !== ordered) reasons.push(`invoiced ${invoiced}, ordered ${ordered}`);
  if (invoiced !== received) reasons.push(`invoiced ${invoiced}, goods received for ${received}`);
  return reasons;
}

/** What arrived, at the order's prices. */
function receivedAmount(db: DatabaseSync, poNumber: string): string {
  const arrived = db.prepare(
    `SELECT coalesce(sum(quantity), 0) AS quantity FROM receipt_lines JOIN receipts USING (receipt_id)
     WHERE po_number = ? AND line = ?`,
  );
  let minor = 0n;
  for (const { line, unit_price } of orderLines(db, poNumber)) {
    const quantity = arrived.get(poNumber, line ?? null)?.['quantity'] ?? 0;
    minor += BigInt(Number(quantity)) * minorUnits(String(unit_price));
  }
  return fromMinorUnits(minor);
}

const text = (row: Row, column: string): string => String(row[column]);
