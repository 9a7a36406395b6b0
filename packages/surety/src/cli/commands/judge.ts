// `surety verdict`, `surety prove`, `surety verify`: what an owner and an auditor ask.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { startOfDay } from '@surety/proof/rules';
import { type Trust, type Verification, verify } from '@surety/proof/verify';
import { type VerdictShown, showVerdict } from '../../api/index.ts';
import { sha256 } from '../../ledger/hash.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { verdictLines, verdictWord } from '../show-verdict.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, exitOf, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly day?: string;
  readonly json?: boolean;
  readonly out?: string;
}

export async function verdict(terminal: Terminal, open: OpenDesk, outcome: string, asked: Asked): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const shown = await withDesk(config, terminal, open, (desk) => desk.verdict(outcome, instantOf(asked, config.timeZone)));
  print(terminal, asked, shown);
  return exitOf(shown.verdict);
}

export async function prove(terminal: Terminal, open: OpenDesk, outcome: string, asked: Asked): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const at = instantOf(asked, config.timeZone);
  const { verdict: shown, proof } = await withDesk(config, terminal, open, (desk) => desk.prove(outcome, at));
  const file = resolve(terminal.cwd, asked.out ?? `${outcome}-${shown.window.from.slice(0, 10)}.proof.zip`);
  writeFileSync(file, proof);
  if (asked.json === true) terminal.out(JSON.stringify({ ...shown, proof: file }));
  else {
    for (const line of verdictLines(shown, terminal.paint)) terminal.out(line);
    terminal.out(`\n${file} (${proof.length} bytes)`);
    terminal.note(`check it anywhere: surety verify ${basename(file)}`);
  }
  return exitOf(shown.verdict);
}

function instantOf({ day }: Asked, timeZone: string): number | undefined {
  if (day === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(Date.parse(day)))
    throw new CommandError(`\`${day}\` is no day`, 'write it as 2026-03-02', exit.usage);
  return startOfDay(day, timeZone);
}

function print(terminal: Terminal, { json }: Asked, shown: VerdictShown): void {
  if (json === true) terminal.out(JSON.stringify(shown));
  else for (const line of verdictLines(shown, terminal.paint)) terminal.out(line);
}

interface VerifyAsked {
  readonly trust?: string;
  readonly head?: string;
  readonly json?: boolean;
}

/** Needs no store, no network and no account: one file, and the keys and the head that the auditor kept. */
export async function verifyProof(terminal: Terminal, file: string, asked: VerifyAsked): Promise<Exit> {
  const proof = readable(terminal, file, 'proof');
  const verification = await verify(new Uint8Array(proof), {
    sha256,
    ...(asked.trust === undefined ? {} : { trust: parseTrust(readable(terminal, asked.trust, 'trust file').toString()) }),
    ...(asked.head === undefined ? {} : { earlierHead: readable(terminal, asked.head, 'head').toString() }),
  });
  if (asked.json === true) terminal.out(JSON.stringify(jsonOf(verification)));
  else for (const line of verificationLines(verification, terminal)) terminal.out(line);
  return exitOf(verification.verdict);
}

function readable({ cwd }: Terminal, file: string, what: string): Buffer {
  const path = resolve(cwd, file);
  if (!existsSync(path)) throw new CommandError(`no ${what} at \`${file}\``);
  return readFileSync(path);
}

/** Lines `log KEY`, `statement KEY`, `witness KEY` (C2SP signed-note verifier keys); `#` starts a comment. */
export function parseTrust(text: string): Trust {
  const trust = { log: [] as string[], statement: [] as string[], witnesses: [] as string[] };
  text.split('\n').forEach((line, index) => {
    const [word, key, ...rest] = line.trim().split(/\s+/);
    if (word === undefined || word === '' || word.startsWith('#')) return;
    const list = { log: trust.log, statement: trust.statement, witness: trust.witnesses }[word];
    if (list === undefined || key === undefined || rest.length > 0)
      throw new CommandError(`line ${index + 1} of the trust file is not \`log|statement|witness KEY\``);
    list.push(key);
  });
  return trust;
}

const jsonOf = ({ judgement, ...rest }: Verification): object => ({
  ...rest,
  ...(judgement === undefined ? {} : { recomputed: showVerdict(judgement, '') }),
});

function verificationLines(verification: Verification, { paint }: Terminal): string[] {
  const lines = verification.checks.map(({ check, ok, text }) =>
    ok ? `${paint('green', '✓')} ${check}` : `${paint('red', '✕')} ${check}: ${text}`,
  );
  const { judgement, pinned, witnessed, withheld } = verification;
  if (judgement === undefined)
    return [...lines, '', `${verdictWord('unsound', paint)}: this file proves nothing`];
  const witnesses = witnessed.map(({ witness, pinned: known }) => `${witness}${known ? '' : ' (not pinned by you)'}`);
  return [
    ...lines,
    '',
    `Records      sound: ${judgement.head.size} facts hash to the signed head`,
    `Whose        ${pinned ? 'signed by keys that you pinned' : 'trust-not-pinned: keys were taken from the proof itself; pass --trust'}`,
    `Witnessed    by ${witnesses.join(', ') || 'nobody'}`,
    `Complete     to ${judgement.rung}`,
    `Recomputed   ${judgement.verdict}, weakest grade ${judgement.grade}`,
    `Withheld     ${withheld} values`,
    '',
    ...verdictLines({ ...showVerdict(judgement, ''), verdict: judgement.verdict }, paint),
    '',
    `${verdictWord(verification.verdict, paint)}`,
  ];
}
