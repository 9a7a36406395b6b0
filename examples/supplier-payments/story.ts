// The story of the supplier payments, in three days: `npm start`. Every part is a real process: the accounts
// payable system, the inbox, the agent, Surety, its sealer and its witness. People are played by this file,
// each with a real key, and the clock is one injected clock; both are said wherever they matter.

import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  directTools,
  type Entry,
  gatewayTools,
  localServers,
  retry,
  type Step,
  wordsOf,
  workInbox,
} from './agent/clerk.ts';
import { forgerIban } from './erp/books.ts';
import { readOptions } from './story/options.ts';
import { StoryError, untilDone } from './story/patience.ts';
import { openStage } from './story/stage.ts';
import {
  bold,
  dim,
  green,
  heading,
  indent,
  red,
  type Shown,
  say,
  tellStep,
  tellVerdict,
  verdictWord,
} from './story/telling.ts';

const options = readOptions();

const hourMs = 3_600_000;
const minuteMs = 60_000;
const roundsMax = 8;
const days = [
  { id: 'day-1', day: '2026-03-02', title: 'Honest work' },
  { id: 'day-2', day: '2026-03-03', title: 'The forged invoice' },
  { id: 'day-3', day: '2026-03-04', title: 'Past the gateway' },
] as const;
const morning = (day: string): number => Date.parse(`${day}T09:00:00Z`);

const folder = options.folder ?? join(process.cwd(), '.surety', 'supplier-payments');
const stage = await openStage(folder, morning(days[0].day), Number(options.port), say).catch(giveUp);
const { progress } = stage;
/** Reasons that the story has told already. */
const told = new Set<string>();

await play().catch(async (error: unknown) => {
  await stage.leave();
  giveUp(error);
});

async function play(): Promise<void> {
  opening();
  await stage.raise();
  await enrol();
  for (const day of days.slice(0, 1 + days.findIndex(({ id }) => id === options.until))) {
    // What is over is not told again after an interruption.
    if (progress.days[day.id] !== undefined) continue;
    heading(`${day.day}  ${day.title}`);
    await openCase(day);
    await letters(day);
    await stage.once(`${day.id} worked`, () => act(day.id));
    await closeDay(day);
  }
  await ending();
}

function giveUp(error: unknown): never {
  if (!(error instanceof StoryError)) throw error;
  say(`error: ${error.message}`);
  process.exit(1);
}

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
  if (stage.resumed)
    say(`\nThe story was interrupted after \`${progress.done.at(-1) ?? 'the beginning'}\`. It goes on.`);
}

/** The agent and the application that opens its cases get their credentials: shown once, kept by the story. */
async function enrol(): Promise<void> {
  await stage.once('enrolled', async () => {
    progress.tokens = { clerk: await credential('payables-clerk'), desk: await credential('payables-desk') };
  });
}

async function credential(identity: string): Promise<string> {
  const { credential: issued } = await json<{ credential: string }>('credential', identity);
  return issued;
}

/** Runs a command with `--json`. A verdict that is not proven is an answer, not a failure. */
function json<T>(...args: string[]): Promise<T> {
  // Asked again, it changes nothing twice.
  return untilDone<T>(stage, `surety ${args.join(' ')} fails`, async () => {
    const { code, stdout, stderr } = await stage.surety(...args, '--json');
    if ([0, 10, 11, 12].includes(code) && stdout.trim() !== '') return { done: JSON.parse(stdout) as T };
    return { problem: `it ended with ${code}: ${stderr}` };
  });
}

type Day = (typeof days)[number];

async function openCase({ id, day }: Day): Promise<void> {
  await stage.once(`${id} case`, async () => {
    stage.advanceTo(morning(day));
    const words = `Please pay the invoices that came in on ${day}.`;
    const body = JSON.stringify({ agent: 'payables-clerk', user: 'sam.okafor@acme.example', words });
    const headers = { authorization: `Bearer ${progress.tokens.desk}`, 'content-type': 'application/json' };
    progress.cases[id] = await posted(`${stage.url}/v1/cases`, headers, body);
  });
  say(`Sam Okafor asks the clerk: "Please pay the invoices that came in on ${day}."`);
}

/** Opening a case twice does no harm: an unanswered request is made again once the gateway is back. */
function posted(url: string, headers: Record<string, string>, body: string): Promise<string> {
  return untilDone(stage, 'the case cannot be opened', async () => {
    try {
      const answer = await fetch(url, { method: 'POST', headers, body });
      if (answer.ok) return { done: ((await answer.json()) as { case: string }).case };
      return { problem: await answer.text() };
    } catch (error) {
      return { problem: wordsOf(error) };
    }
  });
}

async function letters({ id }: Day): Promise<void> {
  cpSync(join(import.meta.dirname, 'inbox', id), join(folder, 'inbox', id), { recursive: true });
}

function tools(id: string) {
  return gatewayTools({
    url: stage.url,
    token: progress.tokens.clerk ?? '',
    caseId: progress.cases[id] ?? '',
  });
}

/** The agent works the letters of a day through the gateway; what was paid already, it leaves alone. */
function work(id: string, onStep: (step: Step) => void = () => {}): Promise<Entry[]> {
  return untilDone(stage, 'the inbox cannot be read', async () => {
    const hands = tools(id);
    let reads = 0;
    const { entries, problem } = await workInbox(hands, join(folder, 'inbox', id), (step) => {
      if (/\.(list|get|read|match)_/.test(step.did)) reads += 1;
      tellStep(step);
      onStep(step);
    });
    await hands.close();
    if (problem !== undefined) return { problem };
    say(dim(`  (and ${reads} reads: the inbox, invoices, three-way matches)`));
    return { done: entries };
  });
}

function act(id: Day['id']): Promise<void> {
  return { 'day-1': dayOne, 'day-2': dayTwo, 'day-3': dayThree }[id]();
}

async function dayOne(): Promise<void> {
  const entries = await work('day-1');
  await sweep('day-1', entries);
}

async function dayTwo(): Promise<void> {
  say('Among the letters is one that says it is from Halden Precision Parts:');
  indent(dim(orderIn(readFileSync(join(folder, 'inbox/day-2/invoice-4114.txt'), 'utf8'))));
  let changed = '';
  const entries = await work('day-2', ({ did, answer }) => {
    if (did === 'erp.change_vendor_bank') changed = referenceOf(answer.text);
  });
  const forged = entries.find(({ did }) => did === 'refused');
  say();
  say('The letter told the agent to change the bank account and to pay at once, and the agent obeyed.');
  say(`Surety refused both, and told the agent nothing but a reference. People are told why:`);
  await tellWhy(changed);
  await tellWhy(referenceIn(forged));
  await stage.once('day-2 without', withoutSurety);
  await sweep('day-2', entries);
}

async function dayThree(): Promise<void> {
  const entries = await work('day-3');
  await sweep('day-3', entries);
  await stage.once('day-3 bypass', async () => {
    stage.advanceTo(morning('2026-03-04') + 3 * hourMs);
    bypass();
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

/** The requester may not; a second person may. Both try for real. */
async function approveHeld(held: Entry): Promise<void> {
  const reference = referenceIn(held);
  say();
  say(
    `  ${held.invoice} is above 10,000.00: it waits under ${reference} for somebody of finance who did not ask for it.`,
  );
  if (reference.startsWith('h-')) {
    const own = await stage.surety(
      'approve',
      reference,
      '--as',
      'sam.okafor@acme.example',
      '--key',
      'sam.key',
    );
    const said = own.stderr.split('\n').find((line) => line.includes('error:')) ?? own.stderr;
    say(
      `  Sam Okafor, who asked for it, tries to approve it himself: ${own.code === 0 ? red('approved?') : green(said.trim())}`,
    );
    const second = await stage.surety(
      'approve',
      reference,
      '--as',
      'ines.moreau@acme.example',
      '--key',
      'ines.key',
    );
    say(
      `  Ines Moreau looks at it and signs the exact action (simulated person, real key): ${second.code === 0 ? green('approved') : red(second.stderr.trim())}`,
    );
  }
}

/**
 * What was held, refused by mischance or lost is looked at afresh, as a person would. Where nobody knows what
 * happened, the record is asked once `within` has passed.
 */
async function sweep(id: Day['id'], entries: Entry[]): Promise<void> {
  let open = unfinished(entries);
  for (let round = 0; round < roundsMax && open.length > 0; round += 1) {
    for (const entry of open) if (referenceIn(entry).startsWith('h-')) await approveHeld(entry);
    await stage.ready();
    open = unfinished(await afresh(id, open));
    const unknown = open.filter((entry) => !referenceIn(entry).startsWith('h-'));
    if (unknown.length === 0) continue;
    for (const { invoice, did } of unknown)
      say(`  ${invoice} is ${did}. The clerk waits for the record to show what happened.`);
    stage.advanceTo(stage.now() + hourMs + minuteMs);
    await stage.readyAgain();
    await json('settle');
  }
}

/** A process that died took along what it had not recorded yet: then a refusal may only lack its evidence. */
function unfinished(entries: readonly Entry[]): Entry[] {
  const died = stage.takeDeaths() > 0;
  return entries.filter((entry) => {
    if (entry.did === 'held' || entry.did === 'failed') return true;
    return entry.did === 'refused' && (died || entry.message.startsWith('No answer came'));
  });
}

async function afresh(id: Day['id'], open: readonly Entry[]): Promise<Entry[]> {
  const hands = tools(id);
  const unread = open.map(
    ({ invoice, letter }): Entry => ({ invoice, letter, did: 'failed', message: 'to be looked at again' }),
  );
  const { entries } = await retry(hands, unread, tellStep);
  await hands.close();
  return entries;
}

function referenceOf(text: string): string {
  return /\b[ch]-[A-Za-z0-9_-]{12}/.exec(text)?.[0] ?? '';
}

function referenceIn(entry: Entry | undefined): string {
  return entry !== undefined && 'message' in entry ? referenceOf(entry.message) : '';
}

async function tellWhy(reference: string): Promise<void> {
  if (reference === '') return;
  say(dim(`    surety why ${reference}`));
  indent((await stage.surety('why', reference)).stdout);
}

/** The same morning on a copy of the books, the agent talking straight to the servers. */
async function withoutSurety(): Promise<void> {
  const copy = join(folder, 'without');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  const books = new DatabaseSync(join(folder, 'erp.db'));
  books.exec(`VACUUM INTO '${join(copy, 'erp.db').replaceAll("'", "''")}'`);
  books.close();
  say();
  say(bold('  The same letter without Surety (on a copy of the books):'));
  const env = { SURETY_CLOCK: join(folder, 'clock.json') };
  const servers = localServers({
    database: join(copy, 'erp.db'),
    inbox: join(folder, 'inbox'),
    user: 'agent',
    env,
  });
  const hands = directTools(servers);
  const { entries } = await workInbox(hands, join(folder, 'inbox/day-2'), (step) => {
    if (step.invoice === 'INV-4114') tellStep(step);
  });
  await hands.close();
  const lost = entries.find(({ invoice, did }) => invoice === 'INV-4114' && did === 'paid');
  say(lost === undefined ? '  The money is still there.' : red('  The money is gone.'));
}

/** Written once, however often the story is interrupted: a payment that no checkpoint preceded, and one that Acme declared to come through another channel. */
function bypass(): void {
  const at = new Date(stage.now()).toISOString();
  const books = new DatabaseSync(join(folder, 'erp.db'), { timeout: 5_000 });
  const write = books.prepare('INSERT OR IGNORE INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  write.run('PAY-900001', 'INV-4114', 'VEN-1001', forgerIban, '18200.00', 'USD', 'm.keller', at);
  write.run('PAY-900002', null, null, 'DE44500105175407324931', '61250.00', 'USD', 'payroll-batch', at);
  books.close();
}

/** The clock passes `within`; then the day is judged, proved, and the proof checked by a process of its own. */
async function closeDay({ id, day, title }: Day): Promise<void> {
  await stage.once(`${id} closed`, async () => {
    stage.advanceTo(Date.parse(`${day}T00:00:00Z`) + 25 * hourMs + minuteMs);
    const file = join(folder, `${id}.proof.zip`);
    const shown = await json<Shown & { proof: string; head: string }>(
      'prove',
      'supplier-payments',
      '--day',
      day,
      '--out',
      file,
    );
    say();
    tellVerdict(shown, told);
    stage.writeTrust();
    const kept = join(folder, 'kept-by-the-auditor.head');
    const earlier = existsSync(kept) ? ['--head', kept] : [];
    const verified = await json<{ verdict: string; checks: { ok: boolean }[] }>(
      'verify',
      file,
      '--trust',
      'trust.txt',
      ...earlier,
    );
    const failed = verified.checks.filter(({ ok }) => !ok).length;
    say(
      `  The proof, verified offline by another process: ${verified.checks.length} checks, ${failed} failed, recomputed ${verdictWord(verified.verdict)}.`,
    );
    writeFileSync(`${kept}.new`, shown.head);
    renameSync(`${kept}.new`, kept);
    progress.days[id] = { day, title, verdict: verified.verdict, proof: file };
  });
}

async function ending(): Promise<void> {
  const closed = days.flatMap(({ id }) => progress.days[id] ?? []);
  heading('What was proved');
  for (const { day, title, verdict, proof } of closed)
    say(`  ${day}  ${verdictWord(verdict)}  ${title}\n      ${dim(proof)}`);
  progress.done.push('the end');
  stage.save();
  if (options.json) process.stdout.write(`${JSON.stringify({ days: closed })}\n`);
  if (options.once) return stage.leave();
  const inside = `-C ${folder}`;
  say();
  say(`Surety stays up: ${bold(stage.url)} (MCP at ${stage.url}/mcp). Ctrl-C ends it. Look around:`);
  for (const command of [
    `status ${inside}`,
    `tail ${inside}`,
    `verify ${join(folder, 'day-3.proof.zip')} --trust ${join(folder, 'trust.txt')}`,
  ])
    say(`  npm run surety -- ${command}`);
  const stop = () => void stage.leave().then(() => process.exit(0));
  process.on('SIGINT', stop).on('SIGTERM', stop);
}
