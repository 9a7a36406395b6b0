// What the accounts payable system offers over MCP: reads, the match, and two tools that take effect.
// Inputs are strict; every answer is `structuredContent` with the same JSON as text beside it. Books that do not
// know an id answer with a tool error that says so.

import type { DatabaseSync } from 'node:sqlite';
import { type CallToolResult, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { AmountError } from './amount.ts';
import {
  BooksError,
  changeVendorBank,
  orderLines,
  pay,
  type Row,
  receiptLines,
  rowOf,
  rowsOf,
  type Table,
} from './database.ts';
import type { Faults } from './fault.ts';
import { matchInvoice } from './match.ts';

export interface Books {
  readonly db: DatabaseSync;
  /** The database user whose name every payment carries. */
  readonly user: string;
  readonly faults: Faults;
  now(): number;
}

const id = z.string().min(1).max(64);
const iban = z.string().regex(/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/);
const currency = z.string().regex(/^[A-Z]{3}$/);
const exact = z.string().regex(/^\d{1,12}\.\d{2}$/);
const when = z.iso.datetime({ precision: 3 });

const vendor = z.object({ vendor_id: id, name: z.string(), email: z.string(), iban });
const orderHead = z.object({ po_number: id, vendor_id: id, amount: exact, currency, ordered_at: when });
const orderLine = z.object({ line: z.int(), item: z.string(), quantity: z.int(), unit_price: exact });
const order = orderHead.extend({ lines: z.array(orderLine) });
const receiptHead = z.object({ receipt_id: id, po_number: id, received_by: z.string(), received_at: when });
const receipt = receiptHead.extend({ lines: z.array(z.object({ line: z.int(), quantity: z.int() })) });
const invoice = z.object({
  invoice_id: id,
  vendor_id: id,
  po_number: id.nullable(),
  amount: exact,
  currency,
  status: z.enum(['open', 'matched', 'paid']),
  captured_at: when,
});
const payment = z.object({
  id,
  invoice_id: id,
  vendor_id: id,
  iban: z.string(),
  amount: exact,
  currency,
  created_by: z.string(),
  created_at: when,
});
const match = z.object({
  invoice_id: id,
  status: z.enum(['matched', 'mismatched']),
  reasons: z.array(z.string()),
  vendor_id: id,
  iban,
  amount: exact,
  currency,
});
const paid = z.object({ payment_id: id, invoice_id: id, amount: exact, currency, iban, paid_at: when });
const vendorBank = z.object({ vendor_id: id, iban });
const payInput = z.strictObject({
  invoice_id: id,
  amount: z
    .union([z.number().positive(), z.string().regex(/^\d{1,12}(\.\d{1,2})?$/)])
    .describe('Major units, at most two decimal places'),
  currency,
  iban: iban.describe('The account to pay to, without spaces'),
});

const reads = { readOnlyHint: true, openWorldHint: false };
const limit = z.int().min(1).max(500).default(200).describe('The most rows to answer with');

/** A fresh server over the same books, for one connection. */
export function erpServer(books: Books): McpServer {
  const server = new McpServer({
    name: 'acme-accounts-payable',
    title: 'Acme accounts payable',
    version: '1.0.0',
  });
  offerReads(server, books);
  offerMatch(server, books);
  offerPayment(server, books);
  offerBankChange(server, books);
  return server;
}

function offerReads(server: McpServer, { db }: Books): void {
  const offer = (
    noun: string,
    table: Table,
    key: string,
    head: z.ZodObject,
    whole: z.ZodObject,
    lines?: LinesOf,
  ) => {
    const plural = table.replace('_', ' ');
    server.registerTool(
      `list_${table}`,
      {
        title: `List ${plural}`,
        description: `All ${plural} in the books, in the order of their ids.`,
        inputSchema: z.strictObject({ limit }),
        outputSchema: z.object({ [table]: z.array(head) }),
        annotations: reads,
      },
      ({ limit: most }) => answer(() => ({ [table]: rowsOf(db, table, most) })),
    );
    server.registerTool(
      `get_${noun.replace(' ', '_')}`,
      {
        title: `Get one ${noun}`,
        description: `One ${noun} by its id.`,
        inputSchema: z.strictObject({ [key]: id }),
        outputSchema: whole,
        annotations: reads,
      },
      (args) =>
        answer(() => {
          const wanted = String(args[key]);
          const row = rowOf(db, table, wanted);
          return lines === undefined ? row : { ...row, lines: lines(db, wanted) };
        }),
    );
  };
  offer('vendor', 'vendors', 'vendor_id', vendor, vendor);
  offer('purchase order', 'purchase_orders', 'po_number', orderHead, order, orderLines);
  offer('receipt', 'receipts', 'receipt_id', receiptHead, receipt, receiptLines);
  offer('invoice', 'invoices', 'invoice_id', invoice, invoice);
  offer('payment', 'payments', 'payment_id', payment, payment);
}

type LinesOf = (db: DatabaseSync, id: string) => Row[];

function offerMatch(server: McpServer, { db }: Books): void {
  server.registerTool(
    'match_invoice',
    {
      title: 'Match an invoice',
      description: 'Compares an invoice with its purchase order and the goods received. Changes nothing.',
      inputSchema: z.strictObject({ invoice_id: id }),
      outputSchema: match,
      annotations: reads,
    },
    ({ invoice_id }) => answer(() => ({ ...matchInvoice(db, invoice_id) })),
  );
}

function offerPayment(server: McpServer, { db, user, faults, now }: Books): void {
  server.registerTool(
    'pay_invoice',
    {
      title: 'Pay an invoice',
      description: 'Pays an amount to an account and marks the invoice paid.',
      inputSchema: payInput,
      outputSchema: paid,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    },
    async ({ invoice_id, amount, currency: unit, iban: account }) => {
      await faults.beforePaying(db, invoice_id);
      return answer(() => {
        const order = { invoiceId: invoice_id, amount, currency: unit, iban: account, by: user, atMs: now() };
        const { id: payment_id, created_at: paid_at, ...row } = pay(db, order);
        faults.afterPaying(db, invoice_id);
        return { payment_id, invoice_id, amount: row['amount'], currency: unit, iban: account, paid_at };
      });
    },
  );
}

function offerBankChange(server: McpServer, { db }: Books): void {
  server.registerTool(
    'change_vendor_bank',
    {
      title: "Change a vendor's bank account",
      description: 'Replaces the account that the books hold for a vendor.',
      inputSchema: z.strictObject({ vendor_id: id, iban }),
      outputSchema: vendorBank,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ vendor_id, iban: account }) => answer(() => ({ ...changeVendorBank(db, vendor_id, account) })),
  );
}

/** Only what the books themselves say reaches the caller; anything else is the server's own error. */
function answer(ask: () => Record<string, unknown>): CallToolResult {
  try {
    const structuredContent = ask();
    return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
  } catch (error) {
    if (!(error instanceof BooksError || error instanceof AmountError)) throw error;
    return { content: [{ type: 'text', text: error.message }], isError: true };
  }
}
