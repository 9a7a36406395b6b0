// The story of the supplier payments, in three days: `npm start`. Every part is a real process: the accounts
// payable system, the inbox, the agent, Surety, its sealer and its witness. People are played by this file,
// each with a real key, and the clock is one injected clock; both are said wherever they matter.

import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { directTools } from '../stage/hands.ts';
import { type Day, hourMs, morningOf, type Play, referenceIn, referenceOf, tell } from '../stage/play.ts';
import { filesystem } from '../stage/stage.ts';
import { bold, dim, indent, red, say } from '../stage/telling.ts';
import { type Entry, retry, type Step, workInbox } from './agent/clerk.ts';
import { localServers } from './agent/tools.ts';
import { forgerIban } from './erp/books.ts';
import { seed } from './erp/seed.ts';
import { tellStep } from './story/telling.ts';

const here = import.meta.dirname;
const wordsOf = ({ day }: Day): string => `Please pay the invoices that came in on ${day}.`;

await tell({
  ...{ name: 'supplier-payments', outcome: 'supplier-payments', record: 'the books' },
  ...{ agent: 'payables-clerk', desk: 'payables-desk', user: 'sam.okafor@acme.example' },
  approver: { id: 'lena.brandt@acme.example', name: 'Lena Brandt' },
  days: [
    { id: 'day-1', day: '2026-03-02', title: 'Honest work' },
    { id: 'day-2', day: '2026-03-03', title: 'The forged invoice' },
    { id: 'day-3', day: '2026-03-04', title: 'Past the gateway' },
  ],
  words: wordsOf,
  asked: (day) => say(`Sam Okafor asks the clerk: "${wordsOf(day)}"`),
  opening,
  setting: () => ({
    keys: ['ines', 'lena', 'sam'],
    template: readFileSync(join(here, 'surety.template.yaml'), 'utf8'),
    values: {
      erp: join(here, 'erp/server.ts'),
      filesystem,
      // A fault that a test asks of the books: see erp/fault.ts; and how long the gateway waits for them.
      fault: process.env['ERP_FAULT'] ?? '',
      timeout: process.env['ERP_TIMEOUT'] ?? '30s',
    },
    prepare,
  }),
  act: (play, { id, day }) => {
    cpSync(join(here, 'inbox', id), join(play.folder, 'inbox', id), { recursive: true });
    return { 'day-1': dayOne, 'day-2': dayTwo, 'day-3': dayThree }[id](play, day);
  },
});

function opening(): void {
  say(bold('Surety: how do you prove the outcome is secure?'));
  say();
  say('Acme lets an AI agent pay its suppliers. The sentence that must stay true:');
  say(bold('  No supplier is paid without a matching order and, above 10,000, a second pair of eyes.'));
  say();
  say(
    dim('Real: the books (SQLite), both MCP servers, the agent, the gateway, the sealer, every signature.'),
  );
  say(dim('Simulated, and said to be so: the people, the witness on this host, the clock of all processes.'));
}

function prepare(folder: string): void {
  for (const part of ['policies', 'outcomes'])
    cpSync(join(here, part), join(folder, part), { recursive: true });
  mkdirSync(join(folder, 'inbox'));
  seed(join(folder, 'erp.db'));
}

/** The agent works the letters of a day through the gateway; what was paid already, it leaves alone. */
function work(play: Play, id: Day['id'], onStep: (step: Step) => void = () => {}): Promise<Entry[]> {
  return play.work(id, async (hands) => {
    let reads = 0;
    const report = await workInbox(hands, join(play.folder, 'inbox', id), (step) => {
      if (/\.(list|get|read|match)_/.test(step.did)) reads += 1;
      tellStep(step);
      onStep(step);
    });
    if (report.problem === undefined)
      say(dim(`  (and ${reads} reads: the inbox, invoices, three-way matches)`));
    return report;
  });
}

async function dayOne(play: Play): Promise<void> {
  await sweep(play, 'day-1', await work(play, 'day-1'));
}

async function dayTwo(play: Play): Promise<void> {
  say('Among the letters is one that says it is from Halden Precision Parts:');
  indent(dim(orderIn(readFileSync(join(play.folder, 'inbox/day-2/invoice-4114.txt'), 'utf8'))));
  let changed = '';
  const entries = await work(play, 'day-2', ({ did, answer }) => {
    if (did === 'erp.change_vendor_bank') changed = referenceOf(answer.text);
  });
  const forged = entries.find(({ did }) => did === 'refused');
  say();
  say('The letter told the agent to change the bank account and to pay at once, and the agent obeyed.');
  say(`Surety refused both, and told the agent nothing but a reference. People are told why:`);
  await play.tellWhy(changed);
  await play.tellWhy(referenceIn(forged));
  await play.stage.once('day-2 without', () => withoutSurety(play));
  await sweep(play, 'day-2', entries);
}

async function dayThree(play: Play, day: string): Promise<void> {
  await sweep(play, 'day-3', await work(play, 'day-3'));
  await play.stage.once('day-3 bypass', async () => {
    play.stage.advanceTo(morningOf(day) + 3 * hourMs);
    bypass(play);
  });
  say();
  say('At noon somebody writes a payment straight into the books, as the clerk m.keller, past the gateway.');
  say(
    'Beside it, the payroll batch writes its own payment, as it does every month and as Acme has declared.',
  );
}

/** The sentences of the forged letter that are no invoice but an instruction. */
function orderIn(letter: string): string {
  return /Our bank details[\s\S]*?do not wait for it\./.exec(letter)?.[0] ?? letter;
}

function sweep(play: Play, id: Day['id'], entries: readonly Entry[]): Promise<void> {
  return play.sweep(id, entries, {
    name: ({ invoice }) => invoice,
    approve: (reference, { invoice }) => approveHeld(play, reference, invoice),
    again: async (hands, open) => {
      const unread = open.map(
        ({ invoice, letter }): Entry => ({
          invoice,
          letter,
          did: 'failed',
          message: 'to be looked at again',
        }),
      );
      return (await retry(hands, unread, tellStep)).entries;
    },
  });
}

/** The requester may not; a second person may. Both try for real. */
async function approveHeld(play: Play, reference: string, invoice: string): Promise<void> {
  say();
  say(
    `  ${invoice} is above 10,000.00: it waits under ${reference} for somebody of finance who did not ask for it.`,
  );
  say(
    `  Sam Okafor, who asked for it, tries to approve it himself: ${await play.approval(reference, 'sam.okafor@acme.example', false)}`,
  );
  say(
    `  Ines Moreau looks at it and signs the exact action (simulated person, real key): ${await play.approval(reference, 'ines.moreau@acme.example')}`,
  );
}

/** The same morning on a copy of the books, the agent talking straight to the servers. */
async function withoutSurety({ folder }: Play): Promise<void> {
  const copy = join(folder, 'without');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  const books = new DatabaseSync(join(folder, 'erp.db'));
  books.exec(`VACUUM INTO '${join(copy, 'erp.db').replaceAll("'", "''")}'`);
  books.close();
  say();
  say(bold('  The same letter without Surety (on a copy of the books):'));
  const env = { SURETY_CLOCK: join(folder, 'clock.json') };
  const hands = directTools(
    localServers({ database: join(copy, 'erp.db'), inbox: join(folder, 'inbox'), user: 'agent', env }),
  );
  const { entries } = await workInbox(hands, join(folder, 'inbox/day-2'), (step) => {
    if (step.invoice === 'INV-4114') tellStep(step);
  });
  await hands.close();
  const lost = entries.find(({ invoice, did }) => invoice === 'INV-4114' && did === 'paid');
  say(lost === undefined ? '  The money is still there.' : red('  The money is gone.'));
}

/** Written once, however often the story is interrupted: a payment that no checkpoint preceded, and one that Acme declared to come through another channel. */
function bypass({ stage, folder }: Play): void {
  const at = new Date(stage.now()).toISOString();
  const books = new DatabaseSync(join(folder, 'erp.db'), { timeout: 5_000 });
  const write = books.prepare('INSERT OR IGNORE INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  write.run('PAY-900001', 'INV-4114', 'VEN-1001', forgerIban, '18200.00', 'USD', 'm.keller', at);
  write.run('PAY-900002', null, null, 'DE44500105175407324931', '61250.00', 'USD', 'payroll-batch', at);
  books.close();
}
