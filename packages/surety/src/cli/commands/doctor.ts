// `surety doctor`: one row for each thing that must be right, what was found, and the remedy. Works when nothing
// runs and when half of it is broken; looks only, and changes nothing. Exits 1 if a check failed, and says so.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/index.ts';
import type { SealerApart } from '../checks/ownership.ts';
import { attempt, fail, ok, type Row, warn } from '../checks/row.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

const reinstall = 'install Surety again: a part of it does not load';

export async function doctor(
  terminal: Terminal,
  { folder, json }: { readonly folder: string; readonly json?: boolean },
): Promise<Exit> {
  const rows = await examine(terminal, folder);
  const failed = rows.filter(({ state }) => state === 'fail').length;
  if (json === true) terminal.out(JSON.stringify({ ok: failed === 0, checks: rows }));
  else for (const line of report(rows, terminal)) terminal.out(line);
  return failed === 0 ? exit.ok : exit.error;
}

/** Each room is imported within its check, so that one that does not load fails alone. */
async function examine(terminal: Terminal, folder: string): Promise<Row[]> {
  const { env } = terminal;
  const rows: Row[] = [];
  rows.push(
    ...(await attempt('node', reinstall, async () => (await import('../checks/machine.ts')).nodeVersion())),
  );
  const repair = 'unset SURETY_CLOCK, or have it name a clock';
  rows.push(
    ...(await attempt('clock', repair, async () => (await import('../checks/machine.ts')).clock(env))),
  );
  let config: Config | undefined;
  rows.push(
    ...(await attempt('configuration', reinstall, async () => {
      const { loadConfig } = await import('../../config/index.ts');
      const loaded = await loadConfig(folder, env);
      if (loaded.ok) config = loaded.config;
      return configuration(loaded);
    })),
  );
  if (config !== undefined) rows.push(...(await examineInstallation(config, env)));
  return rows;
}

type Loaded = Awaited<ReturnType<typeof import('../../config/index.ts').loadConfig>>;

function configuration(loaded: Loaded): Row {
  if (loaded.ok) {
    const { file, warnings } = loaded.config;
    return warnings.length === 0
      ? ok('configuration', file)
      : warn('configuration', `${file}, with warnings`, '`surety check` says which');
  }
  const [first] = loaded.problems;
  const where = first === undefined ? '' : `: ${first.file}:${first.line} ${first.problem}`;
  return fail(
    'configuration',
    `it does not load${where}`,
    '`surety check` says every problem, with its remedy',
  );
}

async function examineInstallation(config: Config, env: Terminal['env']): Promise<Row[]> {
  const { store } = config;
  const look = {
    machine: () => import('../checks/machine.ts'),
    ownership: () => import('../checks/ownership.ts'),
    ledger: () => import('../checks/ledger.ts'),
    containment: () => import('../checks/containment.ts'),
    contracts: () => import('../checks/contracts.ts'),
    notices: () => import('../checks/notices.ts'),
    outside: () => import('../checks/outside.ts'),
    listening: () => import('../checks/listening.ts'),
  };
  const unread = 'run doctor under the account of Surety';
  const began = existsSync(store);
  const inside = began
    ? [
        await attempt('store', unread, async () =>
          (await look.ownership()).ownership({ ...config, sealer: await sealerOf(config) }),
        ),
        await attempt('log', unread, async () => (await look.ledger()).ledger(store, config)),
        await attempt('containment', unread, async () =>
          existsSync(join(store, 'log.sqlite')) ? (await look.containment()).containment(config) : [],
        ),
        await attempt('contracts', unread, async () =>
          existsSync(join(store, 'log.sqlite')) ? (await look.contracts()).contracts(config) : [],
        ),
        await attempt('notices', unread, async () =>
          existsSync(join(store, 'log.sqlite')) ? (await look.notices()).notices(config, env) : [],
        ),
        await attempt('writer', unread, async () => (await look.ledger()).writer(store)),
      ]
    : [[warn('store', `${store} is not there: nothing has run here yet`, 'surety up')]];
  const outside = await Promise.all([
    attempt('gateway', unread, async () => running(store, (await look.outside()).answers)),
    attempt('tls', 'put there what `tls` of surety.yaml names, in PEM', async () =>
      (await look.listening()).listening(config, Date.now()),
    ),
    attempt('disk', unread, async () => (await look.machine()).freeDisk(store)),
    attempt('witnesses', reinstall, async () => (await look.outside()).witnesses(config.witnesses)),
    attempt('served log', reinstall, async () => (await look.outside()).served(config.serve)),
    attempt('records', reinstall, async () => (await look.outside()).records(config.records)),
    attempt('servers', reinstall, async () => (await look.outside()).servers(config.servers, env)),
  ]);
  return [...inside, ...outside].flat();
}

async function sealerOf({ sealer }: Config): Promise<SealerApart | undefined> {
  if (sealer === undefined) return undefined;
  const { accountOf } = await import('../accounts.ts');
  return { ...sealer, uid: accountOf(sealer.user).uid };
}

async function running(
  store: string,
  answers: (socket: { socketPath: string }) => Promise<string | undefined>,
): Promise<Row> {
  const socketPath = join(store, 'admin.sock');
  if (!existsSync(socketPath)) return ok('gateway', 'not running');
  const silent = await answers({ socketPath });
  if (silent === undefined) return ok('gateway', 'running, and answers');
  return silent.includes('ECONNREFUSED')
    ? warn(
        'gateway',
        'not running; the last one did not end cleanly',
        '`surety up` says so in the ledger and goes on',
      )
    : fail('gateway', `it does not answer: ${silent}`, 'stop it and start it again; nothing durable is lost');
}

function report(rows: readonly Row[], { paint }: Terminal): string[] {
  const marks = { ok: paint('green', '✓'), warn: paint('yellow', '!'), fail: paint('red', '✕') };
  const width = Math.max(...rows.map(({ check }) => check.length));
  const lines = rows.flatMap(({ check, state, found, remedy }) => [
    `${marks[state]} ${state.padEnd(4)}  ${check.padEnd(width)}  ${found.replace(/\s*\n\s*/g, ' ')}`,
    ...(remedy === undefined ? [] : [paint('dim', `${' '.repeat(width + 10)}${remedy}`)]),
  ]);
  const count = (state: Row['state']) => rows.filter((row) => row.state === state).length;
  const [failed, warned] = [count('fail'), count('warn')];
  const said =
    failed === 0 ? paint('green', 'nothing failed') : paint('red', `${failed} failed, so this exits 1`);
  return [...lines, '', `${rows.length} checks: ${said}${warned === 0 ? '' : `, ${warned} to look at`}`];
}
