// `surety status`, `tail`, `why`: reading the store, whether or not Surety runs on it.

import { setTimeout as pause } from 'node:timers/promises';
import type { Fact, UnknownFact } from '@surety/proof/facts';
import { remoteStatus } from '../../api/index.ts';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { socketOf } from '../desk.ts';
import { narrate } from '../narrate.ts';
import { waitingHolds } from '../references.ts';
import { verdictWord } from '../show-verdict.ts';
import { configOf, headOf, latestVerdict, openStore, type Store } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

/** `surety status --json`: documented in docs/cli.md; members are only ever added. */
interface Status {
  readonly running: boolean;
  readonly origin: string;
  readonly ledgerSize: number;
  /** Facts under the newest signed head, and who cosigned it. */
  readonly sealedSize: number;
  readonly cosigned: readonly string[];
  readonly outcomes: readonly OutcomeStatus[];
  readonly holds: readonly { hold: string; expires: string; needed: number; given: number }[];
}

interface OutcomeStatus {
  readonly outcome: string;
  readonly owner: string;
  readonly statement: string;
  readonly verdict: string | null;
  readonly window: { readonly from: string; readonly to: string } | null;
}

const instant = (at: number): string => new Date(at).toISOString();

export async function status(terminal: Terminal, { folder, json }: Asked): Promise<Exit> {
  const config = await configOf(terminal, folder);
  const running = (await remoteStatus(socketOf(config))) !== undefined;
  const store = openStore(config);
  try {
    const state = await statusOf(terminal, config, store, running);
    if (json === true) terminal.out(JSON.stringify(state));
    else for (const line of statusLines(state, terminal)) terminal.out(line);
    return exit.ok;
  } finally {
    store.close();
  }
}

async function statusOf(terminal: Terminal, config: Config, store: Store, running: boolean): Promise<Status> {
  const keys = config.witnesses.map(({ key }) => key);
  const head = await headOf(config.store, store.reader, keys);
  const declared = config.declarations.flatMap((each) =>
    each.kind === 'outcome.declared' ? [each.body] : [],
  );
  const now = clockFrom(terminal.env).now();
  return {
    running,
    origin: store.reader.origin,
    ledgerSize: store.reader.size(),
    sealedSize: head?.size ?? 0,
    cosigned: head?.cosigned.map(({ witness }) => witness) ?? [],
    outcomes: declared.map(({ outcome, owner, statement }) => {
      const given = latestVerdict(store, outcome)?.body;
      const window = given === undefined ? null : { from: instant(given.from), to: instant(given.to) };
      return { outcome, owner, statement, verdict: given?.verdict ?? null, window };
    }),
    holds: waitingHolds(store.views.database, now).map(({ hold, expires, needed, given }) => {
      return { hold, expires: instant(expires), needed, given };
    }),
  };
}

function statusLines(state: Status, { paint }: Terminal): string[] {
  const { running, origin, ledgerSize, sealedSize, cosigned } = state;
  const witnesses = cosigned.length === 0 ? 'cosigned by nobody' : `cosigned by ${cosigned.join(', ')}`;
  const lines = [
    `${running ? paint('green', 'running') : paint('yellow', 'not running')}  ${origin}, ${ledgerSize} facts, ${sealedSize} under the newest head, ${witnesses}`,
  ];
  for (const { outcome, owner, verdict, window } of state.outcomes) {
    const said =
      verdict === null
        ? paint('dim', 'no verdict yet')
        : `${verdictWord(verdict, paint)} for ${spanOf(window)}`;
    lines.push(`${paint('bold', outcome)}  ${said}  ${paint('dim', owner)}`);
  }
  if (state.outcomes.length === 0) lines.push('no outcome is declared: there is nothing to prove');
  for (const { hold, needed, given, expires } of state.holds) {
    const left = needed === 1 ? '' : ` (${given} of ${needed})`;
    lines.push(
      `waits for approval${left} until ${expires}: ${hold}  ${paint('dim', `surety approve ${hold}`)}`,
    );
  }
  return lines;
}

/** A window of whole days by its first day, any other by its ends. */
function spanOf(window: OutcomeStatus['window']): string {
  if (window === null) return '';
  const day = Date.parse(window.to) - Date.parse(window.from) === 86_400_000;
  return day && window.from.endsWith('T00:00:00.000Z')
    ? window.from.slice(0, 10)
    : `${window.from} to ${window.to}`;
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
  time <= 8.64e15 ? instant(time).slice(0, 19).replace('T', ' ') : String(time);

/** Everything that the ledger says about one call or one hold, and about the calls and holds it is tied to. */
export async function why(terminal: Terminal, ref: string, { folder, json }: Asked): Promise<Exit> {
  const store = openStore(await configOf(terminal, folder));
  try {
    const positions = positionsOf(store, wholeRef(store, ref));
    if (json === true) {
      const facts = positions.map((position) => {
        const { fact, find } = store.fact(position);
        return { ...fact, told: narrate(fact, find) };
      });
      terminal.out(JSON.stringify(facts));
    } else for (const position of positions) printFact(terminal, store, position, false);
    return exit.ok;
  } finally {
    store.close();
  }
}

const shownRefsMax = 5;

/** The one reference that begins so; a person copies what the agent was told, perhaps not to its end. */
function wholeRef(store: Store, ref: string): string {
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
