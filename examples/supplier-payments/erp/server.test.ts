// The real process over stdio, with the official client at the other end.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase, rowsOf } from './database.ts';
import { seed } from './seed.ts';

let folder: string;
let path: string;
let clients: Client[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'erp-server-'));
  path = join(folder, 'erp.db');
  seed(path);
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  rmSync(folder, { recursive: true });
});

async function connect(env: Record<string, string> = {}, mode: 'auto' | 'legacy' = 'auto'): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  clients.push(client);
  const args = [join(import.meta.dirname, 'server.ts')];
  const whole = { ERP_DB: path, ERP_USER: 'surety-gateway', ...env };
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, env: whole, stderr: 'ignore' }),
  );
  return client;
}

/** The structured content, which must be the text block's JSON too. */
async function read(client: Client, name: string, args: Record<string, unknown> = {}) {
  const { content, structuredContent, isError } = await client.callTool({ name, arguments: args });
  const [block] = content;
  expect(isError ?? false, JSON.stringify(content)).toBe(false);
  expect(JSON.parse(block?.type === 'text' ? block.text : '')).toEqual(structuredContent);
  return structuredContent as Record<string, unknown>;
}

function payments() {
  const db = openDatabase(path);
  try {
    return rowsOf(db, 'payments', 100);
  } finally {
    db.close();
  }
}

const honest = { invoice_id: 'INV-4101', amount: '4800.00', currency: 'USD', iban: 'DE11000412880071349205' };
const pay = (client: Client, args: object = honest, timeout = 60_000) =>
  client.callTool({ name: 'pay_invoice', arguments: { ...args } }, { timeout });

test.each(['auto', 'legacy'] as const)('offers its thirteen tools, described in full (%s)', async (mode) => {
  const client = await connect({}, mode);
  expect(client.getProtocolEra()).toBe(mode === 'auto' ? 'modern' : 'legacy');
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual(
    [
      ...['vendor', 'purchase_order', 'receipt', 'invoice', 'payment'].flatMap((noun) => [
        `get_${noun}`,
        `list_${noun}s`,
      ]),
      ...['match_invoice', 'pay_invoice', 'change_vendor_bank'],
    ].sort(),
  );
  for (const { name, title, outputSchema, inputSchema, annotations } of tools) {
    expect(title && outputSchema, name).toBeTruthy();
    expect(inputSchema['additionalProperties'], name).toBe(false);
    expect(annotations?.readOnlyHint, name).toBe(!['pay_invoice', 'change_vendor_bank'].includes(name));
  }
});

test('answers every read with what is in the books', async () => {
  const client = await connect();
  await client.listTools(); // From here on the client checks every answer against its schema.
  for (const [plural, count] of [
    ['vendors', 8],
    ['purchase_orders', 16],
    ['receipts', 16],
    ['invoices', 17],
    ['payments', 0],
  ] as const)
    expect((await read(client, `list_${plural}`))[plural], plural).toHaveLength(count);
  expect((await read(client, 'list_invoices', { limit: 2 }))['invoices']).toHaveLength(2);
  expect(await read(client, 'get_vendor', { vendor_id: 'VEN-1006' })).toMatchObject({
    name: 'Säntis Instruments AG',
  });
  expect(await read(client, 'get_purchase_order', { po_number: 'PO-2609' })).toMatchObject({
    amount: '2145.75',
    lines: [{ line: 1 }, { line: 2, item: 'Locking plate', quantity: 12, unit_price: '55.00' }],
  });
  expect(await read(client, 'get_receipt', { receipt_id: 'GR-2609' })).toMatchObject({
    po_number: 'PO-2609',
    lines: [
      { line: 1, quantity: 15 },
      { line: 2, quantity: 12 },
    ],
  });
  expect(await read(client, 'get_invoice', { invoice_id: 'INV-4114' })).toMatchObject({ po_number: null });
  expect(await read(client, 'match_invoice', { invoice_id: 'INV-4101' })).toMatchObject({
    status: 'matched',
  });
  expect(await read(client, 'match_invoice', { invoice_id: 'INV-4114' })).toMatchObject({
    status: 'mismatched',
    reasons: ['it names no purchase order'],
  });
  expect(payments()).toEqual([]);
});

test('pays as its user at the told time, even twice, and changes an account when told', async () => {
  const clock = join(folder, 'clock.json');
  const noon = Date.UTC(2026, 2, 2, 12);
  writeFileSync(clock, JSON.stringify({ at: noon, real: Date.now() }));
  const client = await connect({ SURETY_CLOCK: clock });
  await client.listTools();
  const paid = await read(client, 'pay_invoice', honest);
  expect(paid).toMatchObject({ ...honest, payment_id: 'PAY-000001' });
  expect(paid['paid_at']).toMatch(/^2026-03-02T12:\d\d:\d\d\.\d{3}Z$/);
  expect(await read(client, 'get_payment', { payment_id: 'PAY-000001' })).toEqual({
    id: 'PAY-000001',
    ...honest,
    vendor_id: 'VEN-1001',
    created_by: 'surety-gateway',
    created_at: paid['paid_at'],
  });
  expect(await read(client, 'get_invoice', { invoice_id: 'INV-4101' })).toMatchObject({ status: 'paid' });

  writeFileSync(clock, JSON.stringify({ at: noon + 86_400_000, real: Date.now() }));
  const again = await read(client, 'pay_invoice', { ...honest, amount: 4800 });
  expect(again).toMatchObject({ payment_id: 'PAY-000002', amount: '4800.00' });
  expect(again['paid_at']).toMatch(/^2026-03-03T12:/);

  const bank = { vendor_id: 'VEN-1001', iban: 'LT020000417293848156' };
  expect(await read(client, 'change_vendor_bank', bank)).toEqual(bank);
  expect(await read(client, 'get_vendor', { vendor_id: 'VEN-1001' })).toMatchObject(bank);
});

test('says what the books do not know, or cannot write', async () => {
  const client = await connect();
  const asked: [string, Record<string, unknown>, string][] = [
    ['get_vendor', { vendor_id: 'VEN-9' }, 'there is no vendor `VEN-9`'],
    ['get_purchase_order', { po_number: 'PO-9' }, 'there is no purchase order `PO-9`'],
    ['get_receipt', { receipt_id: 'GR-9' }, 'there is no receipt `GR-9`'],
    ['get_payment', { payment_id: 'PAY-9' }, 'there is no payment `PAY-9`'],
    ['match_invoice', { invoice_id: 'INV-9' }, 'there is no invoice `INV-9`'],
    ['pay_invoice', { ...honest, invoice_id: 'INV-9' }, 'there is no invoice `INV-9`'],
    ['pay_invoice', { ...honest, amount: 10.005 }, '`10.005` is no amount with at most two decimal places'],
    ['change_vendor_bank', { vendor_id: 'VEN-9', iban: honest.iban }, 'there is no vendor `VEN-9`'],
  ];
  for (const [name, args, text] of asked) {
    const answer = await client.callTool({ name, arguments: args });
    expect(answer, name).toMatchObject({ isError: true, content: [{ type: 'text', text }] });
  }
  const strange = { ...honest, urgent: true };
  expect(await pay(client, strange)).toMatchObject({ isError: true });
  expect(payments()).toEqual([]);
});

describe('faults', () => {
  test('lose-answer pays, ends before answering, and does so once', async () => {
    const env = { ERP_FAULT: 'lose-answer:INV-4101' };
    await expect(pay(await connect(env))).rejects.toThrow();
    expect(payments()).toMatchObject([{ id: 'PAY-000001', amount: '4800.00' }]);
    expect(await pay(await connect(env))).toMatchObject({ structuredContent: { payment_id: 'PAY-000002' } });
  });

  test('die ends before paying, and does so once', async () => {
    const env = { ERP_FAULT: 'die:INV-4101' };
    await expect(pay(await connect(env))).rejects.toThrow();
    expect(payments()).toEqual([]);
    expect(await pay(await connect(env))).toMatchObject({ structuredContent: { payment_id: 'PAY-000001' } });
  });

  test('hang neither pays nor answers, and leaves other invoices alone', async () => {
    const client = await connect({ ERP_FAULT: 'hang:INV-4101' });
    await expect(pay(client, honest, 300)).rejects.toThrow(/timed out/i);
    expect(await pay(client, { ...honest, invoice_id: 'INV-4102' })).toMatchObject({
      structuredContent: { payment_id: 'PAY-000001' },
    });
    expect(payments()).toMatchObject([{ invoice_id: 'INV-4102' }]);
  });

  test.each([
    [{ ERP_FAULT: 'loose-answer:INV-4101' }],
    [{ ERP_USER: '' }],
    [{ ERP_DB: '/nowhere/erp.db' }],
    [{ SURETY_CLOCK: '/nowhere/clock.json' }],
  ])('%j stops the start', async (env) => {
    await expect(connect(env)).rejects.toThrow();
  });
});
