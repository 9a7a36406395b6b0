// `surety check`, `status`, `tail`, `why`: reading, from files and from the store, whether or not it runs.

import { setTimeout as pause } from 'node:timers/promises';
import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { remoteStatus } from '../../api/index.ts';
import { type Config, loadConfig, renderProblems } from '../../config/index.ts';
import { socketOf } from '../desk.ts';
import { narrate } from '../narrate.ts';
import { verdictWord } from '../show-verdict.ts';
import { configOf, openStore, type Store } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

export async function check(terminal: Terminal, { folder, json }: Asked): Promise<Exit> {
  const loaded = await loadConfig(folder, terminal.env);
  const problems = loaded.ok ? loaded.config.warnings : loaded.problems;
  if (json === true) terminal.out(JSON.stringify({ ok: loaded.ok, problems }));
  else {
    if (problems.length > 0) terminal.out(renderProblems(problems, terminal.paint('bold', '') !== ''));
    terminal.out(loaded.ok ? summaryOf(loaded.config) : 'nothing was activated');
  }
  return loaded.ok ? exit.ok : exit.error;
}

function summaryOf({ declarations, warnings }: Config): string {
  const count = (kind: string) => declarations.filter((each) => each.kind === kind).length;
  const counted = [
    [count('server.declared'), 'servers'],
    [count('tool.labelled'), 'labels'],
    [count('policy.activated'), 'policies'],
    [count('outcome.declared'), 'outcomes'],
    [count('rule.activated'), 'checkpoints'],
  ].map(([n, what]) => `${n} ${what}`);
  return `ok: ${counted.join(', ')}${warnings.length === 0 ? '' : `, ${warnings.length} warnings`}`;
}

export async function status(terminal: Terminal, { folder, json }: Asked): Promise<Exit> {
  const config = await configOf(terminal, folder);
  const running = await remoteStatus(socketOf(config));
  const store = openStore(config);
  try {
    const outcomes = config.declarations.flatMap((each) => (each.kind === 'outcome.declared' ? [each.body] : []));
    const latest = outcomes.map(({ outcome, owner, statement }) => ({
      outcome,
      owner,
      statement,
      ...latestVerdict(store, outcome),
    }));
    const waiting = store.views.database.prepare('SELECT hold FROM held WHERE answered = 0').all() as { hold: string }[];
    const holds = waiting.map(({ hold }) => hold);
    const state = { running: running !== undefined, ledgerSize: store.reader.size(), ...running, outcomes: latest, holds };
    if (json === true) terminal.out(JSON.stringify(state));
    else {
      const { paint } = terminal;
      terminal.out(`${running === undefined ? paint('yellow', 'not running') : paint('green', 'running')}, ${state.ledgerSize} facts`);
      for (const { outcome, owner, verdict, from } of latest)
        terminal.out(
          `${paint('bold', outcome)}  ${verdict === undefined ? paint('dim', 'no verdict yet') : `${verdictWord(verdict, paint)} for ${from?.slice(0, 10)}`}  ${paint('dim', owner)}`,
        );
      for (const hold of holds) terminal.out(`waiting for approval: ${hold}  ${paint('dim', `surety why ${hold}`)}`);
    }
    return exit.ok;
  } finally {
    store.close();
  }
}

function latestVerdict(store: Store, outcome: string): { verdict?: string; from?: string } {
  const newest = 'SELECT max(position) AS position FROM verdict WHERE outcome = ?';
  const found = store.views.database.prepare(newest).get(outcome) as { position: number | null };
  if (found.position === null) return {};
  const { fact } = store.fact(found.position);
  if (!isKind(fact, 'verdict.given')) return {};
  return { verdict: fact.body.verdict, from: new Date(fact.body.from).toISOString() };
}

interface TailAsked extends Asked {
  readonly lines: number;
  readonly follow?: boolean;
}

export async function tail(terminal: Terminal, { folder, json, lines, follow }: TailAsked): Promise<Exit> {
  const store = openStore(await configOf(terminal, folder));
  try {
    let next = Math.max(0, store.reader.size() - lines);
    do {
      for (; next < store.reader.size(); next += 1) printFact(terminal, store, next, json === true);
      if (follow === true) await pause(200);
    } while (follow === true);
    return exit.ok;
  } finally {
    store.close();
  }
}

function printFact(terminal: Terminal, store: Store, position: number, json: boolean): void {
  const { fact, find } = store.fact(position);
  if (json) return terminal.out(JSON.stringify(fact));
  const { paint } = terminal;
  terminal.out(`${paint('dim', String(position).padStart(6))} ${paint('dim', timeOf(fact))} ${narrate(fact, find)}`);
}

const timeOf = ({ time }: Fact | UnknownFact): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');

/** Everything that the ledger says about one call or one hold, and about the calls and holds it is tied to. */
export async function why(terminal: Terminal, ref: string, { folder, json }: Asked): Promise<Exit> {
  const store = openStore(await configOf(terminal, folder));
  try {
    const positions = positionsOf(store, ref);
    if (positions.length === 0)
      throw new CommandError(`nothing in the ledger is called \`${ref}\``, 'references start with c- (a call) or h- (a hold)');
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
      const { fact } = store.fact(position);
      const { call, hold } = fact.body as { call?: string; hold?: string };
      queue.push(...[call, hold].filter((each) => each !== undefined));
    }
  }
  return [...facts].sort((a, b) => a - b);
}
