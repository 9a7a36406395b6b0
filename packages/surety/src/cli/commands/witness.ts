// `surety witness`: the same program in a small mode, for whoever is to see that a ledger only grows. It has a key, a
// memory and a port; no store, no configuration of an installation, no account.

import { resolve } from 'node:path';
import { clockFrom } from '../../clock.ts';
import { loadWitness, logKey, renderProblems, type WitnessSettings } from '../../config/index.ts';
import { LedgerError } from '../../ledger/errors.ts';
import {
  type OpenWitness,
  openWitness,
  type RunningWitness,
  runWitness,
  WitnessError,
} from '../../ledger/witness/witness.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly config?: string;
  readonly folder?: string;
  readonly name?: string;
  readonly listen?: string;
  readonly log?: readonly string[];
  readonly makeKey?: boolean;
  readonly moved?: boolean;
  readonly json?: boolean;
  /** End when stdin ends, so that nothing outlives whoever started it. */
  readonly withParent?: boolean;
}

interface Settings extends WitnessSettings {
  readonly host: string;
  readonly port: number;
}

/** Runs until it is asked to stop, or until it is shown that it forgot something. */
export async function witness(terminal: Terminal, asked: Asked): Promise<Exit> {
  const settings = settingsOf(terminal, asked);
  try {
    const opened = await openWitness({ ...settings, moved: asked.moved === true });
    if (asked.makeKey === true) {
      opened.lock.release();
      terminal.out(asked.json === true ? JSON.stringify({ vkey: opened.vkey }) : opened.vkey);
      return exit.ok;
    }
    return await run(terminal, asked, settings, opened);
  } catch (cause) {
    throw explained(cause);
  }
}

async function run(terminal: Terminal, asked: Asked, settings: Settings, opened: OpenWitness): Promise<Exit> {
  const { host, port, logs } = settings;
  if (logs.length === 0)
    throw new CommandError('no log is named', 'add --log KEY, or `logs` to the --config file', exit.usage);
  const clock = clockFrom(terminal.env);
  const running = await runWitness(opened, logs, {
    ...{ host, port, nowMs: clock.now },
    onNote: (note) => terminal.note(`${terminal.paint('yellow', 'note:')} ${note}`),
  });
  // Before it says that it is ready: from then on it may be asked to stop.
  const stdin = asked.withParent === true ? process.stdin : undefined;
  untilStopped(running, stdin);
  const { vkey } = opened;
  const remembered = [...opened.memory.all].map(([origin, { size }]) => ({ origin, size }));
  if (asked.json === true)
    terminal.out(JSON.stringify({ ready: true, vkey, host, port: running.port, remembered }));
  else {
    terminal.out(vkey);
    terminal.note(
      `this witness listens on http://${host}:${running.port}, for ${logs.length} ${logs.length === 1 ? 'log' : 'logs'}`,
    );
    for (const { origin, size } of remembered) terminal.note(`  ${origin}: cosigned ${size} facts`);
  }
  try {
    await running.ended;
    return exit.ok;
  } finally {
    // Else a parent that lives on would keep alive what has ended.
    stdin?.destroy();
  }
}

function untilStopped({ stop }: RunningWitness, stdin: NodeJS.ReadStream | undefined): void {
  process.once('SIGINT', stop).once('SIGTERM', stop);
  stdin?.once('end', stop).resume();
}

/** What was typed goes before the file. */
function settingsOf(terminal: Terminal, asked: Asked): Settings {
  const file = asked.config === undefined ? undefined : fileOf(terminal, resolve(terminal.cwd, asked.config));
  const name = asked.name ?? file?.name;
  if (name === undefined)
    throw new CommandError('the witness has no name', 'add --name, or --config with a file', exit.usage);
  if (!/^[!-*,-~]{1,128}$/.test(name))
    throw new CommandError(
      `\`${name}\` cannot name a witness`,
      'write a name without spaces and `+`, such as `finance.acme.example/witness`',
      exit.usage,
    );
  const listen = asked.listen ?? file?.listen ?? '127.0.0.1:7310';
  const [, host = '', port = ''] = /^(.+):([0-9]{1,5})$/.exec(listen) ?? [];
  if (host === '' || Number(port) > 65_535)
    throw new CommandError(
      `\`${listen}\` is not host:port`,
      'write, for example, `127.0.0.1:7310`',
      exit.usage,
    );
  return {
    name,
    folder:
      asked.folder === undefined
        ? (file?.folder ?? resolve(terminal.cwd, 'witness'))
        : resolve(terminal.cwd, asked.folder),
    logs: [...(file?.logs ?? []), ...(asked.log ?? []).map(logOf)],
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port),
  };
}

function fileOf(terminal: Terminal, file: string): WitnessSettings {
  const loaded = loadWitness(file);
  const problems = loaded.ok ? loaded.warnings : loaded.problems;
  if (problems.length > 0) terminal.note(renderProblems(problems, terminal.color));
  if (loaded.ok) return loaded.settings;
  throw new CommandError(`\`${file}\` is not understood`);
}

function logOf(written: string): WitnessSettings['logs'][number] {
  const [vkey = '', url, ...more] = written.split(' ');
  const key = logKey(vkey);
  if (key === undefined || more.length > 0 || (url !== undefined && !/^https?:\/\//.test(url)))
    throw new CommandError(`\`${written}\` is not \`KEY [URL]\` of a log`, undefined, exit.usage);
  return { key, ...(url === undefined ? {} : { url }) };
}

/** The ledger's own remedies speak of a store, and a witness has none. */
function explained(cause: unknown): unknown {
  if (cause instanceof WitnessError) return new CommandError(cause.message, cause.help);
  if (cause instanceof LedgerError && cause.code !== 'held') return new CommandError(cause.message);
  return cause;
}
