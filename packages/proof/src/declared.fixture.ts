// What is declared on a day of supplier payments, for tests; as examples/supplier-payments declares it.

import { hashOf } from './log.fixture.ts';
import { canonicalJson } from './records/index.ts';

export const dayStart = Date.parse('2026-03-02T00:00:00Z');
export const dayEnd = dayStart + 86_400_000;
export const hourMs = 3_600_000;
/** An instant of the day: `at(9, 30)`. */
export const at = (hour: number, minute = 0): number => dayStart + hour * hourMs + minute * 60_000;

export const who = {
  tove: 'tove@acme.example',
  sam: 'sam@acme.example',
  ines: 'ines@acme.example',
  lena: 'lena@acme.example',
  paul: 'paul@acme.example',
};
export const populationSql =
  'SELECT id, invoice_id, iban, amount, currency, created_by FROM payments WHERE created_at >= :from AND created_at < :to';
export const paidOnceSql = 'SELECT invoice_id, count(id) AS payments FROM payments GROUP BY invoice_id';

export const outcomeBody = {
  outcome: 'supplier-payments',
  statement: 'No supplier is paid without a matching order and, above 10,000, a second pair of eyes.',
  owner: who.tove,
  hash: hashOf('the file'),
  atStake: { amountMinor: 200_000_000, currency: 'USD' },
  appetite: { amountMinor: 5_000_000, currency: 'USD', per: 'day' },
  evaluatedBy: [] as string[],
  arguments: {},
  egress: {},
  reconcile: {
    record: 'erp',
    population: populationSql,
    call: 'erp.pay_invoice',
    key: { id: 'result.payment_id' },
    match: { invoice_id: 'args.invoice_id', amount: 'money', iban: 'args.iban' },
    money: { amount: 'amount', unit: 'major', currency: 'currency' },
    elsewhere: [{ rows: "row.created_by == 'payroll-batch'", owner: who.paul }],
    withinMs: hourMs,
  },
  invariants: [{ id: 'paid-once', extract: paidOnceSql, each: 'row.payments <= 1' }],
  onBreach: 'hold',
  needs: { rung: 'C5', windowMs: 86_400_000 },
  timeZone: 'UTC',
};

export const matched = {
  outcome: 'supplier-payments',
  rule: 'matched',
  before: 'erp.pay_invoice',
  require: {
    call: 'erp.match_invoice',
    where: "prior.args.invoice_id == args.invoice_id && prior.result.status == 'matched'",
    same: [],
  },
  withinMs: 30 * 86_400_000,
  once: ['args.invoice_id'],
  mode: 'deny',
};
export const fourEyes = {
  outcome: 'supplier-payments',
  rule: 'four-eyes',
  before: 'erp.pay_invoice',
  when: 'money > 1000000',
  once: [],
  approve: { function: 'finance', count: 1, not: ['requester', 'agent-owner'] },
  mode: 'hold',
};
export const ruleBodies = { matched, fourEyes };
export const hashed = (rule: object) => ({ ...rule, hash: hashOf(canonicalJson(rule)) });

export const permit = {
  effect: 'permit',
  principal: { op: '==', entity: { type: 'Agent', id: 'clerk' } },
  action: { op: 'All' },
  resource: { op: 'in', entity: { type: 'Server', id: 'erp' } },
  conditions: [],
};
