import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { matchInvoice } from './match.ts';
import { seed } from './seed.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function matchAfter(change: string) {
  const folder = mkdtempSync(join(tmpdir(), 'erp-match-'));
  folders.push(folder);
  seed(join(folder, 'erp.db'));
  const db = openDatabase(join(folder, 'erp.db'));
  db.exec(change);
  const match = matchInvoice(db, 'INV-4109');
  db.close();
  return match;
}

test('an untouched invoice matches, with the account of the books', () => {
  expect(matchAfter('')).toEqual({
    invoice_id: 'INV-4109',
    status: 'matched',
    reasons: [],
    vendor_id: 'VEN-1001',
    iban: 'DE11000412880071349205',
    amount: '2145.75',
    currency: 'USD',
  });
});

test.each([
  ["UPDATE invoices SET po_number = NULL WHERE invoice_id = 'INV-4109'", ['it names no purchase order']],
  [
    "UPDATE invoices SET vendor_id = 'VEN-1002' WHERE invoice_id = 'INV-4109'",
    ["order PO-2609 is another vendor's"],
  ],
  ["UPDATE invoices SET currency = 'EUR' WHERE invoice_id = 'INV-4109'", ['invoiced in EUR, ordered in USD']],
  [
    "UPDATE invoices SET amount = '2145.76' WHERE invoice_id = 'INV-4109'",
    ['invoiced 2145.76, ordered 2145.75', 'invoiced 2145.76, goods received for 2145.75'],
  ],
  [
    "UPDATE receipt_lines SET quantity = 11 WHERE receipt_id = 'GR-2609' AND line = 2",
    ['invoiced 2145.75, goods received for 2090.75'],
  ],
])('%s', (change, reasons) => {
  expect(matchAfter(change)).toMatchObject({ status: 'mismatched', reasons });
});
