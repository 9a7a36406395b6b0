// For tests: runs a story in a folder of its own, as a process of its own, and reads what it left behind: the books, the
// log, the proofs.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { type Fact, isKind, type Kind, parseFact, type UnknownFact } from '@surety/proof/facts';
import { parseTrust, type Verification, verify } from '@surety/proof/verify';
import { sha256 } from '../../packages/surety/src/ledger/hash.ts';

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'surety-story-'));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

export interface StoryOptions {
  /** Default `supplier-payments`. */
  readonly story?: string;
  readonly until?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the story, or starts it again where it was interrupted. In a process group of its own. */
export function startStory(
  folder: string,
  { story = 'supplier-payments', until = 'day-3', env = {} }: StoryOptions = {},
): ChildProcess {
  const program = fileURLToPath(new URL(`../../examples/${story}/story.ts`, import.meta.url));
  const args = [program, '--once', '--json', '--folder', folder, '--port', '0', '--until', until];
  return spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
}

export interface Told {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function ended(child: ChildProcess): Promise<Told> {
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (part: Buffer) => stdout.push(part));
  child.stderr?.on('data', (part: Buffer) => stderr.push(part));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const text = (parts: Buffer[]) => Buffer.concat(parts).toString();
  return { code, signal, stdout: text(stdout), stderr: text(stderr) };
}

/** Runs the story to its end. Throws with what it said if it did not get there. */
export async function runStory(folder: string, options: StoryOptions = {}): Promise<Told> {
  const told = await ended(startStory(folder, options));
  if (told.code !== 0) throw new Error(`the story ended with ${told.code}:\n${told.stderr.slice(-4_000)}`);
  return told;
}

export interface Payment {
  readonly id: string;
  readonly invoice_id: string | null;
  readonly iban: string;
  readonly amount: string;
  readonly created_by: string;
  readonly created_at: string;
}

export function payments(folder: string): readonly Payment[] {
  const books = new DatabaseSync(join(folder, 'erp.db'), { readOnly: true });
  try {
    return books.prepare('SELECT * FROM payments ORDER BY id').all() as unknown as Payment[];
  } finally {
    books.close();
  }
}

/** Invoices that the gateway's user has paid more than once. */
export const paidTwice = (folder: string): readonly string[] => {
  const paid = payments(folder).flatMap(({ invoice_id, created_by }) =>
    created_by === 'surety-gateway' && invoice_id !== null ? [invoice_id] : [],
  );
  return paid.filter((invoice, at) => paid.indexOf(invoice) !== at);
};

export interface LogCopy {
  readonly entries: readonly Buffer[];
  readonly facts: readonly (Fact | UnknownFact)[];
}

/** The log's bytes, straight from the store. */
export function readLog(folder: string): LogCopy {
  const store = new DatabaseSync(join(folder, 'store/log.sqlite'), { readOnly: true, timeout: 5_000 });
  try {
    const rows = store.prepare('SELECT position, bytes FROM facts ORDER BY position').all();
    const entries = rows.map(({ bytes }) => Buffer.from(bytes as Uint8Array));
    return { entries, facts: entries.map((bytes, position) => parseFact(bytes, position)) };
  } finally {
    store.close();
  }
}

export const factsOf = <K extends Kind>({ facts }: LogCopy, kind: K) =>
  facts.filter((fact) => isKind(fact, kind)) as Extract<Fact, { readonly kind: K }>[];

export const proofBytes = (folder: string, day: string): Uint8Array =>
  new Uint8Array(readFileSync(join(folder, `${day}.proof.zip`)));

/** Verifies with the keys that the auditor holds. */
export function verified(
  folder: string,
  proof: Uint8Array,
  options: { readonly earlierHead?: string } = {},
): Promise<Verification> {
  const trust = parseTrust(new Uint8Array(readFileSync(join(folder, 'trust.txt'))));
  return verify(proof, { sha256, trust, ...options });
}

/** The codes of one question's reasons, and its verdict. */
export function answerTo(verification: Verification, question: string) {
  const answer = verification.judgement?.questions.find((each) => each.question === question);
  if (answer === undefined)
    throw new Error(`no answer to ${question}: ${JSON.stringify(verification.checks)}`);
  return { ...answer, codes: answer.reasons.map(({ code }) => code) };
}
