// `surety tail` and `surety why`: facts as a person would say them, whether or not Surety runs.

import { setTimeout as pause } from 'node:timers/promises';
import type { Fact, UnknownFact } from '@surety/proof/facts';
import { narrate } from '../narrate.ts';
import { type OriginTold, originsTold } from '../origin-lines.ts';
import { configOf, openStore, type Store } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

interface TailAsked extends Asked {
  readonly lines: number;
  readonly follow?: boolean;
}

const followMs = 200;

export async function tail(terminal: Terminal, { folder, json, lines, follow }: TailAsked): Promise<Exit> {
  const store = openStore(await configOf(terminal, folder));
  try {
    let next = Math.max(0, store.reader.size() - lines);
    do {
      for (const size = store.reader.size(); next < size && !terminal.unread.aborted; next += 1)
        printFact(terminal, store, next, json === true);
      if (follow === true) await pause(followMs);
    } while (follow === true && !terminal.unread.aborted);
    return exit.ok;
  } finally {
    store.close();
  }
}

function printFact(terminal: Terminal, store: Store, position: number, json: boolean): void {
  const { fact, find } = store.fact(position);
  const told = narrate(fact, find);
  if (json) return terminal.out(JSON.stringify({ ...fact, told }));
  const { paint } = terminal;
  terminal.out(`${paint('dim', `${String(position).padStart(6)} ${timeOf(fact)}`)} ${told}`);
}

/** A time is whatever the store says: one that no calendar has is shown as it is. */
const timeOf = ({ time }: Fact | UnknownFact): string =>
  time <= 8.64e15 ? new Date(time).toISOString().slice(0, 19).replace('T', ' ') : String(time);

/** Everything that the ledger says about one call or one hold, and about the calls and holds it is tied to. */
export async function why(terminal: Terminal, ref: string, { folder, json }: Asked): Promise<Exit> {
  const store = openStore(await configOf(terminal, folder));
  try {
    const positions = positionsOf(store, wholeRef(store, ref));
    if (json === true) {
      const facts = positions.map((position) => {
        const { fact, find } = store.fact(position);
        const origins = originsOf(store, position);
        return { ...fact, told: narrate(fact, find), ...(origins.length === 0 ? {} : { origins }) };
      });
      terminal.out(JSON.stringify(facts));
    } else for (const position of positions) printWhole(terminal, store, position);
    return exit.ok;
  } finally {
    store.close();
  }
}

const originsOf = (store: Store, position: number): readonly OriginTold[] => {
  const { fact, find } = store.fact(position);
  return originsTold(fact, find, (at) => store.fact(at));
};

/** The fact, and below it where each argument came from. */
function printWhole(terminal: Terminal, store: Store, position: number): void {
  printFact(terminal, store, position, false);
  for (const { told } of originsOf(store, position)) terminal.out(`${' '.repeat(28)}${told}`);
}

const shownRefsMax = 5;

/** The one reference that begins so; a person copies what the agent was told, perhaps not to its end. */
export function wholeRef(store: Store, ref: string): string {
  const select =
    'SELECT DISTINCT ref FROM reference WHERE ref = ?1 OR substr(ref, 1, length(?1)) = ?1 LIMIT ?2';
  const found = store.views.database.prepare(select).all(ref, shownRefsMax + 1) as { ref: string }[];
  const refs = found.map((each) => each.ref);
  if (ref !== '' && refs.includes(ref)) return ref;
  const [only] = refs;
  if (ref.length >= 4 && only !== undefined && refs.length === 1) return only;
  const shown = printable(ref.slice(0, 64));
  if (ref.length < 4 || refs.length === 0)
    throw new CommandError(
      `nothing in the ledger is called \`${shown}\``,
      'a reference starts with c- (a call) or h- (a hold); `surety tail` shows the newest',
    );
  throw new CommandError(
    `\`${shown}\` begins several references`,
    `such as ${refs.slice(0, shownRefsMax).join(', ')}`,
  );
}

function positionsOf(store: Store, ref: string): number[] {
  const facts = new Set<number>();
  const seen = new Set<string>();
  const queue = [ref];
  const select = store.views.database.prepare('SELECT position FROM reference WHERE ref = ?');
  for (let next = queue.pop(); next !== undefined && seen.size < 20; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { position } of select.all(next) as { position: number }[]) {
      facts.add(position);
      const { call, hold } = store.fact(position).fact.body as { call?: string; hold?: string };
      queue.push(...[call, hold].filter((each) => each !== undefined));
    }
  }
  return [...facts].sort((a, b) => a - b);
}
