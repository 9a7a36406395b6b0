// How a story of three days is played: each day the agent is asked in a case of its own, something happens, and the day
// is judged, proved, and its proof checked by a process of its own. Whoever dies meanwhile is started again, the
// story too: what is over is not done twice.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayTools, type OpenTools, wordsOf } from './hands.ts';
import { readOptions } from './options.ts';
import { StoryError, untilDone } from './patience.ts';
import { openStage, type Setting, type Stage } from './stage.ts';
import {
  bold,
  dim,
  green,
  heading,
  indent,
  red,
  type Shown,
  say,
  tellVerdict,
  verdictWord,
} from './telling.ts';

export interface Day {
  readonly id: 'day-1' | 'day-2' | 'day-3';
  /** `2026-03-02` */
  readonly day: string;
  readonly title: string;
}

export interface Script {
  /** As its folder is called. */
  readonly name: string;
  readonly outcome: string;
  /** Whose calls it is about, and the application that opens its cases, for this user. */
  readonly agent: string;
  readonly desk: string;
  readonly user: string;
  /** Who reads what the servers say of their tools, and approves it. */
  readonly approver: { readonly id: string; readonly name: string };
  /** What the record system is called, after "in". */
  readonly record: string;
  readonly days: readonly Day[];
  /** What the user asks for on a day. */
  words(day: Day): string;
  setting(folder: string): Omit<Setting, 'startAt'>;
  opening(): void;
  /** How the telling of a day begins, once the case is open. */
  asked(day: Day): void;
  act(play: Play, day: Day): Promise<void>;
  /** The last words, after what was proved. */
  closing?(play: Play): Promise<void>;
}

export const hourMs = 3_600_000;
export const minuteMs = 60_000;
export const morningOf = (day: string): number => Date.parse(`${day}T09:00:00Z`);

const roundsMax = 8;

/** What a piece of the agent's work came to, whatever else is known of it. */
interface Piece {
  readonly did: string;
  readonly message?: string;
}

/** How the pieces of a day that came to nothing yet are looked at again. */
export interface Sweeping<E extends Piece> {
  /** What a piece is called. */
  name(entry: E): string;
  /** People look at what waits for them. */
  approve(reference: string, entry: E): Promise<void>;
  /** Done again, in the same words. */
  again(hands: OpenTools, open: readonly E[]): Promise<readonly E[]>;
}

/** A line of `surety pins --json`. */
interface Pin {
  readonly tool: string;
  readonly state: string;
}

export class Play {
  readonly stage: Stage;
  readonly #script: Script;
  /** Reasons that the story has told already. */
  readonly #told = new Set<string>();

  constructor(stage: Stage, script: Script) {
    this.stage = stage;
    this.#script = script;
  }

  get folder(): string {
    return this.stage.folder;
  }

  /** Runs a command with `--json`. A verdict that is not proven is an answer, not a failure. */
  json<T>(...args: string[]): Promise<T> {
    // Asked again, it changes nothing twice.
    return untilDone<T>(this.stage, `surety ${args.join(' ')} fails`, async () => {
      const { code, stdout, stderr } = await this.stage.surety(...args, '--json');
      if ([0, 10, 11, 12].includes(code) && stdout.trim() !== '') return { done: JSON.parse(stdout) as T };
      return { problem: `it ended with ${code}: ${stderr}` };
    });
  }

  hands(id: Day['id']): OpenTools {
    const { tokens, cases } = this.stage.progress;
    return gatewayTools({ url: this.stage.url, token: tokens.agent ?? '', caseId: cases[id] ?? '' });
  }

  /** The agent's work of a day, through the gateway, begun again until there is an inbox to read. */
  work<E>(
    id: Day['id'],
    attempt: (hands: OpenTools) => Promise<{ readonly entries: E[]; readonly problem?: string }>,
  ): Promise<E[]> {
    return untilDone(this.stage, 'the inbox cannot be read', async () => {
      const hands = this.hands(id);
      const { entries, problem } = await attempt(hands);
      await hands.close();
      return problem === undefined ? { done: entries } : { problem };
    });
  }

  /** What people read about a refusal. */
  async tellWhy(reference: string): Promise<void> {
    if (reference === '') return;
    say(dim(`    surety why ${reference}`));
    indent((await this.stage.surety('why', reference)).stdout);
  }

  /** A person signs, or tries to; what Surety answers, in one line: green if it is as it should be. */
  async approval(reference: string, person: string, may = true): Promise<string> {
    const signed = ['--as', person, '--key', keyOf(person)];
    const { code, stderr } = await this.stage.surety('approve', reference, ...signed);
    const said = stderr.split('\n').find((line) => line.includes('error:')) ?? stderr;
    return ((code === 0) === may ? green : red)(code === 0 ? 'approved' : said.trim());
  }

  /**
   * What was held, refused by mischance or lost is looked at afresh, as a person would. Where nobody knows what
   * happened, the record is asked once `within` has passed.
   */
  async sweep<E extends Piece>(id: Day['id'], entries: readonly E[], sweeping: Sweeping<E>): Promise<void> {
    let open = this.#unfinished(entries);
    for (let round = 0; round < roundsMax && open.length > 0; round += 1) {
      for (const entry of open) {
        const reference = referenceIn(entry);
        if (reference.startsWith('h-')) await sweeping.approve(reference, entry);
      }
      await this.stage.ready();
      const hands = this.hands(id);
      open = this.#unfinished(await sweeping.again(hands, open));
      await hands.close();
      const unknown = open.filter((entry) => !referenceIn(entry).startsWith('h-'));
      if (unknown.length === 0) continue;
      for (const entry of unknown)
        say(
          `  ${sweeping.name(entry)} is ${entry.did}. The agent waits for the record to show what happened.`,
        );
      this.stage.advanceTo(this.stage.now() + hourMs + minuteMs);
      await this.stage.readyAgain();
      await this.json('settle');
    }
  }

  /** A process that died took along what it had not recorded yet: then a refusal may only lack its evidence. */
  #unfinished<E extends Piece>(entries: readonly E[]): E[] {
    const died = this.stage.takeDeaths() > 0;
    return entries.filter(({ did, message = '' }) => {
      if (did === 'held' || did === 'failed') return true;
      return did === 'refused' && (died || message.startsWith('No answer came'));
    });
  }

  /** The agent and the application that opens its cases get their credentials: shown once, kept by the story. */
  async enrol(): Promise<void> {
    const credential = async (identity: string) =>
      (await this.json<{ credential: string }>('credential', identity)).credential;
    await this.stage.once('enrolled', async () => {
      const { agent, desk } = this.#script;
      this.stage.progress.tokens = { agent: await credential(agent), desk: await credential(desk) };
    });
  }

  /** Until somebody has read what a tool says of itself, no agent is shown it. */
  async approveContracts(): Promise<void> {
    const { id, name } = this.#script.approver;
    await this.stage.once('contracts approved', async () => {
      const signed = ['--as', id, '--key', keyOf(id)];
      // A server that died meanwhile lists its tools when it is back.
      const approved = await untilDone(this.stage, 'the contracts cannot be approved', async () => {
        await this.json<readonly unknown[]>('pins', 'approve', '--all', ...signed);
        const pins = await this.json<readonly Pin[]>('pins');
        const states = new Map(pins.map(({ tool, state }) => [tool, state]));
        const left = this.#tools().filter((tool) => states.get(tool) !== 'approved');
        return left.length === 0 ? { done: pins.length } : { problem: `not approved: ${left.join(', ')}` };
      });
      say();
      say(`${name} reads what the servers say of their tools, and approves ${approved} contracts.`);
    });
  }

  /** Those that the installation labels. */
  #tools(): readonly string[] {
    const text = readFileSync(join(this.stage.folder, 'surety.yaml'), 'utf8');
    return [...text.matchAll(/^ {2}([a-z-]+\.[a-z_]+): \{/gm)].flatMap(([, tool]) => tool ?? []);
  }

  async openCase(day: Day): Promise<void> {
    const { agent, user } = this.#script;
    await this.stage.once(`${day.id} case`, async () => {
      this.stage.advanceTo(morningOf(day.day));
      const body = JSON.stringify({ agent, user, words: this.#script.words(day) });
      const authorization = `Bearer ${this.stage.progress.tokens.desk}`;
      const headers = { authorization, 'content-type': 'application/json' };
      this.stage.progress.cases[day.id] = await this.#posted(`${this.stage.url}/v1/cases`, headers, body);
    });
  }

  /** Opening a case twice does no harm: an unanswered request is made again once the gateway is back. */
  #posted(url: string, headers: Record<string, string>, body: string): Promise<string> {
    return untilDone(this.stage, 'the case cannot be opened', async () => {
      try {
        const answer = await fetch(url, { method: 'POST', headers, body });
        if (answer.ok) return { done: ((await answer.json()) as { case: string }).case };
        return { problem: await answer.text() };
      } catch (error) {
        return { problem: wordsOf(error) };
      }
    });
  }

  /** The clock passes `within`; then the day is judged, proved, and the proof checked by a process of its own. */
  async closeDay({ id, day, title }: Day): Promise<void> {
    await this.stage.once(`${id} closed`, async () => {
      this.stage.advanceTo(Date.parse(`${day}T00:00:00Z`) + 25 * hourMs + minuteMs);
      const file = join(this.folder, `${id}.proof.zip`);
      const asked = ['prove', this.#script.outcome, '--day', day, '--out', file];
      const shown = await this.json<Shown & { proof: string; head: string }>(...asked);
      say();
      tellVerdict(shown, this.#told, this.#script.record);
      this.stage.writeTrust();
      const kept = join(this.folder, 'kept-by-the-auditor.head');
      const earlier = existsSync(kept) ? ['--head', kept] : [];
      const verified = await this.json<{ verdict: string; checks: { ok: boolean }[] }>(
        ...['verify', file, '--trust', 'trust.txt', ...earlier],
      );
      const failed = verified.checks.filter(({ ok }) => !ok).length;
      say(
        `  The proof, verified offline by another process: ${verified.checks.length} checks, ${failed} failed, recomputed ${verdictWord(verified.verdict)}.`,
      );
      writeFileSync(`${kept}.new`, shown.head);
      renameSync(`${kept}.new`, kept);
      this.stage.progress.days[id] = { day, title, verdict: verified.verdict, proof: file };
    });
  }
}

/** Plays a story as its command line asks: `--once`, `--json`, `--until`, `--folder`, `--port`. */
export async function tell(script: Script): Promise<void> {
  const options = readOptions(script.name);
  const { days } = script;
  const folder = options.folder ?? join(process.cwd(), '.surety', script.name);
  const setting = { startAt: morningOf(days[0]?.day ?? ''), ...script.setting(folder) };
  const stage = await openStage(folder, setting, Number(options.port), say).catch(giveUp);
  const play = new Play(stage, script);
  try {
    script.opening();
    if (stage.resumed)
      say(
        `\nThe story was interrupted after \`${stage.progress.done.at(-1) ?? 'the beginning'}\`. It goes on.`,
      );
    await stage.raise();
    await play.enrol();
    await play.approveContracts();
    for (const day of days.slice(0, 1 + days.findIndex(({ id }) => id === options.until))) {
      // What is over is not told again after an interruption.
      if (stage.progress.days[day.id] !== undefined) continue;
      heading(`${day.day}  ${day.title}`);
      await play.openCase(day);
      script.asked(day);
      await stage.once(`${day.id} worked`, () => script.act(play, day));
      await play.closeDay(day);
    }
    await end(play, script, options);
  } catch (error) {
    await stage.leave();
    giveUp(error);
  }
}

function giveUp(error: unknown): never {
  if (!(error instanceof StoryError)) throw error;
  say(`error: ${error.message}`);
  process.exit(1);
}

async function end(
  play: Play,
  { days, closing }: Script,
  options: { once: boolean; json: boolean },
): Promise<void> {
  const { stage } = play;
  const closed = days.flatMap(({ id }) => stage.progress.days[id] ?? []);
  heading('What was proved');
  for (const { day, title, verdict, proof } of closed)
    say(`  ${day}  ${verdictWord(verdict)}  ${title}\n      ${dim(proof)}`);
  await closing?.(play);
  stage.progress.done.push('the end');
  stage.save();
  if (options.json) process.stdout.write(`${JSON.stringify({ days: closed })}\n`);
  if (options.once) return stage.leave();
  const inside = `-C ${stage.folder}`;
  say();
  say(`Surety stays up: ${bold(stage.url)} (MCP at ${stage.url}/mcp). Ctrl-C ends it. Look around:`);
  for (const command of [
    `status ${inside}`,
    `tail ${inside}`,
    `verify ${closed.at(-1)?.proof ?? ''} --trust ${join(stage.folder, 'trust.txt')}`,
  ])
    say(`  npm run surety -- ${command}`);
  const stop = () => void stage.leave().then(() => process.exit(0));
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

const keyOf = (person: string): string => `${person.split('.')[0]}.key`;

export function referenceOf(text: string): string {
  return /\b[ch]-[A-Za-z0-9_-]{12}/.exec(text)?.[0] ?? '';
}

export const referenceIn = (piece: Piece | undefined): string => referenceOf(piece?.message ?? '');
