// `surety verdict` and `surety prove`: what an owner asks of their outcome.

import { basename } from 'node:path';
import { startOfDay } from '@surety/proof/rules';
import type { Config } from '../../config/index.ts';
import { didYouMean } from '../../config/problem.ts';
import { type DeskWork, type OpenDesk, withDesk } from '../desk.ts';
import { explain } from '../explain.ts';
import { verdictLines } from '../show-verdict.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, exitOf, type Terminal } from '../terminal.ts';
import { checkPlace, writeStreamed } from '../writing.ts';

interface Asked {
  readonly folder: string;
  readonly day?: string;
  readonly json?: boolean;
  readonly out?: string;
}

export async function verdict(
  terminal: Terminal,
  open: OpenDesk,
  outcome: string,
  asked: Asked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const at = instantOf(asked, config.timeZone);
  const shown = await judged(config, terminal, open, outcome, (desk) => desk.verdict(outcome, at));
  if (asked.json === true) terminal.out(JSON.stringify(shown));
  else for (const line of verdictLines(shown, terminal.paint)) terminal.out(line);
  return exitOf(shown.verdict);
}

export async function prove(
  terminal: Terminal,
  open: OpenDesk,
  outcome: string,
  asked: Asked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const at = instantOf(asked, config.timeZone);
  checkPlace(terminal, asked.out);
  const { made, file } = await writeStreamed(
    terminal,
    (sink) => judged(config, terminal, open, outcome, (desk) => desk.prove(outcome, at, sink)),
    {
      named: ({ verdict: { window } }) => `${outcome}-${window.from.slice(0, 10)}.proof.zip`,
      ...{ out: asked.out, what: 'proof' },
    },
  );
  const { verdict: shown, sizeBytes } = made;
  if (asked.json === true) terminal.out(JSON.stringify({ ...shown, proof: file }));
  else {
    for (const line of verdictLines(shown, terminal.paint)) terminal.out(line);
    terminal.out(`\n${file} (${sizeBytes} bytes)`);
    terminal.note(`anybody can check it, anywhere: surety verify ${basename(file)} --trust KEYS`);
  }
  return exitOf(shown.verdict);
}

/** As `withDesk`; an outcome that does not exist is met with the one that was probably meant. */
async function judged<T>(
  config: Config,
  terminal: Terminal,
  open: OpenDesk,
  outcome: string,
  work: (desk: DeskWork) => Promise<T>,
): Promise<T> {
  try {
    return await withDesk(config, terminal, open, work);
  } catch (error) {
    if ((error as { code?: string }).code !== 'unknown-outcome') throw error;
    const names = config.declarations.flatMap((each) =>
      each.kind === 'outcome.declared' ? [each.body.outcome] : [],
    );
    const help = didYouMean(outcome, names, '`surety status` lists the outcomes');
    throw new CommandError(explain(error).message, help);
  }
}

function instantOf({ day }: Asked, timeZone: string): number | undefined {
  if (day === undefined) return undefined;
  // Printed again, so that the 31st of a short month is not taken for another day.
  const at = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== day)
    throw new CommandError(`\`${day}\` is no day`, 'write it as 2026-03-02', exit.usage);
  return startOfDay(day, timeZone);
}
