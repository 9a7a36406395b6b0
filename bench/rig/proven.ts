// A proof of many facts, made by the product itself: calls go through the gateway, the sealer seals them, the
// record holds what was paid, a verdict is given on the closed day, and the proof of it is exported.

import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Gateway } from '../../packages/surety/src/gateway/gateway.ts';
import type { UpstreamReply } from '../../packages/surety/src/gateway/mcp/port.ts';
import { openHouse } from '../../packages/surety/src/house.ts';
import { agentName, writeBusiness } from './business.ts';
import { say } from './report.ts';

/** A match is one fact; a payment is its intent, three reservations, its settlement and the closed action. */
const factsOfPair = 7;
const agents = 32;
const morning = Date.UTC(2026, 2, 2, 0, 0, 1);

const checkpoints = `  - id: matched
    before: erp.pay_invoice
    require: { call: erp.match_invoice, where: "prior.args.invoice_id == args.invoice_id && prior.result.status == 'matched'" }
    within: 30d
    once: [args.invoice_id]
`;
const outcome = `reconcile:
  record: erp
  population: "SELECT id, invoice_id, amount, currency, created_by FROM payments WHERE created_at >= :from AND created_at < :to ORDER BY id"
  effects: { call: erp.pay_invoice, key: { id: result.payment_id }, match: { invoice_id: args.invoice_id, amount: money } }
  within: 1h
`;
const installation = `records:
  erp: { sqlite: erp.db, money: { amount: amount, unit: major, currency: currency } }
`;

export interface Made {
  readonly proofPath: string;
  readonly trustPath: string;
  readonly facts: number;
  readonly proofBytes: number;
  readonly verdict: string;
  readonly callsPerSecond: number;
  readonly verdictMs: number;
  readonly proveMs: number;
}

export async function makeProof(folder: string, facts: number): Promise<Made> {
  mkdirSync(folder, { recursive: true });
  const config = await writeBusiness(folder, {
    agents,
    otherRules: 0,
    otherPolicies: 2,
    checkpoints,
    servers: '  erp: { stdio: ["true"], pins: observe }',
    installation,
    outcome,
  });
  const books = new DatabaseSync(join(folder, 'erp.db'));
  books.exec(
    'CREATE TABLE payments (id TEXT PRIMARY KEY, invoice_id TEXT, amount TEXT, currency TEXT, created_by TEXT, created_at TEXT)',
  );
  const clock = join(folder, 'clock.json');
  const setClock = (at: number): void => writeFileSync(clock, JSON.stringify({ at, real: Date.now() }));
  setClock(morning);
  const house = await openHouse(config, {
    program: 'gateway',
    env: { ...process.env, SURETY_CLOCK: clock },
    onNote: (level, note) => (level === 'warn' ? say(`  ${note}`) : undefined),
  });
  try {
    const pairs = Math.max(1, Math.round(facts / factsOfPair));
    const from = performance.now();
    await work(house.gateway, pairs);
    await house.log.flushed();
    const callsPerSecond = (2000 * pairs) / (performance.now() - from);
    enter(books, pairs);
    say(`  ${house.log.size().toLocaleString('en-US')} facts recorded`);
    // The next day, past the hour in which late rows may appear: the window is closed.
    setClock(morning + 26 * 3_600_000);
    await house.sealer.sealed(house.log.size(), { timeoutMs: 600_000 });
    const sealed = performance.now();
    const given = await house.verdict('payments');
    const judged = performance.now();
    const [proofPath, trustPath] = [join(folder, 'proof.zip'), join(folder, 'trust')];
    const out = openSync(proofPath, 'w');
    const { sizeBytes } = await house.prove('payments', undefined, (bytes) => void writeSync(out, bytes));
    closeSync(out);
    const proveMs = performance.now() - judged;
    const key = (name: string): string =>
      readFileSync(join(config.store, 'keys', `${name}.vkey`), 'utf8').trim();
    writeFileSync(trustPath, `log ${key('log')}\n#!surety statement ${key('statement')}\nquorum none\n`);
    return {
      proofPath,
      trustPath,
      facts: given.judgement.head.size,
      proofBytes: sizeBytes,
      verdict: given.judgement.verdict,
      callsPerSecond,
      verdictMs: judged - sealed,
      proveMs,
    };
  } finally {
    books.close();
    await house.close();
  }
}

const replyWith = (result: object): UpstreamReply => {
  const value = { content: [], structuredContent: result };
  return { is: 'result', text: JSON.stringify(value), value };
};

/** Each invoice is matched and then paid, by an agent of its own lane. */
async function work(gateway: Gateway, pairs: number): Promise<void> {
  let next = 0;
  const lane = async (agent: string): Promise<void> => {
    for (let pair = next++; pair < pairs; pair = next++) {
      const args = { invoice_id: `INV-${pair}` };
      const call = async (tool: string, own: object, result: object): Promise<void> => {
        const forward = async () => replyWith(result);
        const reply = await gateway.call({ agent }, { tool, args: { ...args, ...own }, forward });
        if (reply.is !== 'upstream') throw new Error(`\`${tool}\` was ${reply.is}: ${reply.message}`);
      };
      await call('erp.match_invoice', {}, { status: 'matched' });
      await call('erp.pay_invoice', { amount: '1.50', currency: 'USD' }, { payment_id: `P-${pair}` });
    }
  };
  await Promise.all(Array.from({ length: agents }, (_, agent) => lane(agentName(agent))));
}

/** The record as it stands at the end of the day. */
function enter(books: DatabaseSync, pairs: number): void {
  const insert = books.prepare('INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)');
  const createdAt = new Date(morning + 60_000).toISOString();
  books.exec('BEGIN');
  for (let pair = 0; pair < pairs; pair++)
    insert.run(`P-${pair}`, `INV-${pair}`, '1.50', 'USD', 'surety', createdAt);
  books.exec('COMMIT');
}
