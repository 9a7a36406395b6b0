// `surety erase`: what is kept about a subject is destroyed, by the order of a person who signs for it. What is
// about to go is shown first; there is no way back, and the ledger says that it was done, by whom and why.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Survey } from '../../api/index.ts';
import type { Config } from '../../config/index.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { mustBeSubject, nameIn, type OrderAsked, signedOrder } from '../ordering.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface EraseAsked extends OrderAsked {
  readonly basis?: string;
  readonly dryRun?: boolean;
}

export async function erase(
  terminal: Terminal,
  open: OpenDesk,
  subject: string,
  asked: EraseAsked,
): Promise<Exit> {
  mustBeSubject(subject);
  const config = await configOf(terminal, asked.folder);
  mustNotComeBack(config, subject);
  const name = nameIn(config, subject);
  return withDesk(config, terminal, open, async (desk) => {
    const survey = await desk.survey(name);
    if (asked.dryRun === true) return dryRun(terminal, subject, survey, asked.json === true);
    for (const line of surveyLines(subject, survey)) terminal.note(line);
    const { basis } = asked;
    if (basis === undefined)
      throw new CommandError(
        'on which legal basis?',
        'pass --basis, an identifier that stands in the clear, such as `gdpr-17-1-a`',
        exit.usage,
      );
    const wanted = { does: 'erase', subject: name, basis } as const;
    const { offered, statement } = signedOrder(terminal, config, asked, wanted);
    const answer = await desk.order(offered);
    if (answer.did !== 'erase') throw new CommandError('another order was carried out than this');
    const { order, facts, disclosures } = answer;
    if (asked.json === true)
      terminal.out(JSON.stringify({ order, subject, facts, disclosures, basis, person: statement.person }));
    else
      terminal.out(
        `erased: ${disclosures} disclosures of ${facts} facts about ${printable(subject)} (${order})`,
      );
    for (const line of elsewhere(config)) terminal.note(line);
    return exit.ok;
  });
}

/** What a file says is recorded again at the next start. */
function mustNotComeBack({ declarations }: Config, subject: string): void {
  const named = declarations.some(
    (each) =>
      `person/${each.stream.slice('person/'.length)}` === subject && each.committed?.['name'] !== undefined,
  );
  if (named)
    throw new CommandError(
      'surety.yaml gives the name of this person: the next start would record it again',
      'remove `name` there first',
    );
}

/** What this command cannot reach. */
function elsewhere({ store }: Config): string[] {
  const copies = existsSync(store)
    ? readdirSync(store).filter((name) => name.startsWith('log.sqlite.format-'))
    : [];
  return [
    ...copies.map(
      (name) => `${join(store, name)} is a copy from before an upgrade and still has it: delete it`,
    ),
    'proofs, released files and backups that were handed out or kept hold what they held (docs/privacy.md)',
  ];
}

/** For `--dry-run`, of erasing and of releasing. */
export function dryRun(terminal: Terminal, subject: string, survey: Survey, json: boolean): Exit {
  const { positions, disclosures, kinds, from, to, totals, holds, open } = survey;
  if (json)
    terminal.out(
      JSON.stringify({
        ...{ subject, facts: positions.length, disclosures, positions, kinds },
        from: from === undefined ? null : instant(from),
        to: to === undefined ? null : instant(to),
        totals: totals.length,
        legalHolds: holds.map(({ order, person, function: as, since }) => {
          return { hold: order, person, function: as, since: instant(since) };
        }),
        unsettled: open,
      }),
    );
  else for (const line of surveyLines(subject, survey)) terminal.out(line);
  return exit.ok;
}

function surveyLines(subject: string, survey: Survey): string[] {
  const { positions, disclosures, kinds, from = 0, to = 0, totals, holds, open } = survey;
  const shown = printable(subject);
  if (positions.length === 0) return [`nothing is kept about ${shown}`];
  const counts = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
  return [
    `${disclosures} disclosures of ${positions.length} facts are about ${shown}, from ${instant(from)} to ${instant(to)}`,
    `  ${counts.join(', ')}`,
    ...(totals.length === 0 ? [] : [`  erased with them: the totals of ${totals.length} extracts`]),
    ...holds.map(
      ({ order, person, since }) =>
        `  legal hold ${order} by ${printable(person)}, in force since ${instant(since)}`,
    ),
    ...open.map((call) => `  ${printable(call)} is not settled yet`),
  ];
}

const instant = (at: number): string => new Date(at).toISOString();
