// `surety disclose`: values are released to somebody, as one file that they can check against the log. It is a fact
// first: to whom and why is committed to.

import type { OrderStatement } from '@surety/proof/facts';
import type { Config } from '../../config/index.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { mustBeSubject, nameIn, type OrderAsked, signedOrder } from '../ordering.ts';
import { configOf, openStore } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';
import { checkPlace, writeWhole } from '../writing.ts';
import { dryRun } from './erase.ts';
import { wholeRef } from './look.ts';

interface DiscloseAsked extends OrderAsked {
  readonly to?: string;
  readonly out?: string;
  readonly dryRun?: boolean;
}

export async function disclose(
  terminal: Terminal,
  open: OpenDesk,
  what: string,
  asked: DiscloseAsked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const wanted = wantedOf(config, what);
  checkPlace(terminal, asked.out);
  if (asked.dryRun === true && wanted.call !== undefined)
    return callDryRun(terminal, config, wanted.call, asked);
  return withDesk(config, terminal, open, async (desk) => {
    if (asked.dryRun === true)
      return dryRun(terminal, what, await desk.survey(wanted.subject ?? ''), asked.json === true);
    const { to } = asked;
    if (to === undefined) throw new CommandError('to whom?', 'pass --to WHO', exit.usage);
    const { offered, statement } = signedOrder(terminal, config, asked, { ...wanted, to });
    const answer = await desk.order(offered);
    if (answer.did !== 'disclose') throw new CommandError('another order was carried out than this');
    const { order, facts, disclosures } = answer;
    const place = { named: `${order}.released.json`, out: asked.out, what: 'release' };
    const file = writeWhole(terminal, answer.file, place);
    const { person } = statement;
    if (asked.json === true) terminal.out(JSON.stringify({ order, facts, disclosures, to, person, file }));
    else {
      terminal.out(file);
      terminal.note(
        `${disclosures} disclosures of ${facts} facts for ${printable(to)} (${order}); anybody can check it: surety verify FILE --trust KEYS`,
      );
    }
    return exit.ok;
  });
}

/** One call by its reference, or all that is about a subject. */
function wantedOf(config: Config, what: string): Pick<OrderStatement, 'does'> & Partial<OrderStatement> {
  if (!/^[ch]-/.test(what) || what.includes('/')) {
    mustBeSubject(what);
    return { does: 'disclose', subject: nameIn(config, what) };
  }
  const store = openStore(config);
  try {
    const ref = wholeRef(store, what);
    if (ref.startsWith('c-')) return { does: 'disclose', call: ref };
    const select = store.views.database.prepare('SELECT position FROM held WHERE hold = ?');
    const { position } = select.get(ref) as { position: number };
    const { call } = store.fact(position).fact.body as { call: string };
    return { does: 'disclose', call };
  } finally {
    store.close();
  }
}

function callDryRun(terminal: Terminal, config: Config, call: string, { json }: DiscloseAsked): Exit {
  const store = openStore(config);
  try {
    const select = store.views.database.prepare(
      'SELECT position FROM reference WHERE ref = ? ORDER BY position',
    );
    const found = (select.all(call) as { position: number }[]).map(({ position }) => ({
      position,
      disclosures: store.reader.disclosures(position, position + 1).length,
    }));
    const shown = found.filter(({ disclosures }) => disclosures > 0);
    const disclosures = shown.reduce((sum, each) => sum + each.disclosures, 0);
    const positions = shown.map(({ position }) => position);
    if (json === true)
      terminal.out(JSON.stringify({ call, facts: positions.length, disclosures, positions }));
    else
      terminal.out(
        `${disclosures} disclosures of ${positions.length} facts of ${call}: ${positions.join(', ')}`,
      );
    return exit.ok;
  } finally {
    store.close();
  }
}
