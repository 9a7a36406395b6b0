// `surety legal-hold`: nothing about its subject is erased while it is in force. One person places it; two lift it.

import { isKind } from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import type { LegalHoldShown } from '../../api/index.ts';
import type { Config } from '../../config/index.ts';
import { everything } from '../../governance/index.ts';
import { type DeskWork, type OpenDesk, withDesk } from '../desk.ts';
import { mustBeSubject, nameIn, type OrderAsked, signedOrder } from '../ordering.ts';
import { configOf, openStore } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface LegalHoldAsked extends OrderAsked {
  readonly lift?: boolean;
}

export async function legalHold(
  terminal: Terminal,
  open: OpenDesk,
  subject: string | undefined,
  asked: LegalHoldAsked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  if (subject === undefined)
    return withDesk(config, terminal, open, async (desk) =>
      list(terminal, config, await desk.legalHolds(), asked),
    );
  if (subject !== everything) mustBeSubject(subject);
  const name = nameIn(config, subject);
  return withDesk(config, terminal, open, async (desk) => {
    const about = { subject: name, about: subject };
    const { offered, statement } = signedOrder(
      terminal,
      config,
      asked,
      asked.lift === true
        ? { does: 'lift-legal-hold', ...about, lifts: await inForceOn(desk, name) }
        : { does: 'place-legal-hold', ...about },
    );
    const answer = await desk.order(offered);
    if (!('hold' in answer)) throw new CommandError('another order was carried out than this');
    const { hold, state } = answer;
    const { person } = statement;
    if (asked.json === true) terminal.out(JSON.stringify({ hold, subject, state, person }));
    else terminal.out(said[state](printable(subject), hold));
    return exit.ok;
  });
}

const said = {
  'in-force': (subject: string, hold: string) =>
    `nothing about ${subject} is erased while ${hold} is in force`,
  lifting: (_: string, hold: string) => `one more person must lift ${hold}, with a key of their own`,
  lifted: (subject: string, hold: string) => `${hold} on ${subject} is lifted`,
} as const;

/** The oldest that is in force on it. */
async function inForceOn(desk: DeskWork, name: string): Promise<string> {
  const found = (await desk.legalHolds()).find(({ subject }) => subject === name);
  if (found === undefined)
    throw new CommandError('no legal hold is in force on it', '`surety legal-hold` lists those that are');
  return found.order;
}

function list(
  terminal: Terminal,
  config: Config,
  holds: readonly LegalHoldShown[],
  { json, key }: LegalHoldAsked,
): Exit {
  if (key !== undefined)
    throw new CommandError(
      'a legal hold on what?',
      '`surety legal-hold` alone lists those in force',
      exit.usage,
    );
  const store = openStore(config);
  try {
    const shown = holds.map(({ order, person, function: as, since, position, lifters }) => {
      const { fact, find } = store.fact(position);
      const opened = isKind(fact, 'legal-hold.placed')
        ? openCommitments(fact.body.statement, find).value
        : undefined;
      const { about = null, reason = null } = (opened ?? {}) as { about?: string; reason?: string };
      return {
        hold: order,
        subject: about,
        reason,
        person,
        function: as,
        since: new Date(since).toISOString(),
        lifters,
      };
    });
    if (json === true) terminal.out(JSON.stringify(shown));
    else if (shown.length === 0) terminal.out('no legal hold is in force');
    else
      for (const { hold, subject, reason, person, since, lifters } of shown)
        terminal.out(
          `${hold}  ${printable(subject ?? 'withheld')}  by ${printable(person)} since ${since}: ${printable(reason ?? 'withheld')}${lifters.length === 0 ? '' : `; ${printable(lifters.join(', '))} would lift it`}`,
        );
    return exit.ok;
  } finally {
    store.close();
  }
}
