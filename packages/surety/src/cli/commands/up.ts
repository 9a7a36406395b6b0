// `surety up`. Started by root where the sealer has an account of its own, it starts two programs, each under its
// account, and does nothing else itself: it opens no port, reads no fact and holds no key.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Config, SealerConfig } from '../../config/index.ts';
import { type Account, accountsOf, prepareApart } from '../accounts.ts';
import { jsonLines, sayFailure, sayProblems, withJsonNotes } from '../saying.ts';
import { configOf } from '../store.ts';
import type { Roots } from '../table.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

type UpOptions = Parameters<Roots['up']>[1];

const program = fileURLToPath(new URL('../../main.ts', import.meta.url));
const pauseMsMax = 5_000;
/** Its last head, with a witness that does not answer, takes a few seconds. */
const stopMsMax = 15_000;
const unsound = 12;
/** Of the environment the sealer gets how to speak, and no secret. */
const spoken = ['PATH', 'LANG', 'LC_ALL', 'TERM', 'NO_COLOR', 'FORCE_COLOR'];

export async function up(terminal: Terminal, roots: Roots, options: UpOptions): Promise<Exit> {
  if (options.log !== 'json') return started(terminal, roots, options);
  try {
    return await started(terminal, roots, options);
  } catch (thrown) {
    return sayFailure(thrown, jsonLines(terminal));
  }
}

async function started(terminal: Terminal, roots: Roots, options: UpOptions): Promise<Exit> {
  if (process.geteuid?.() !== 0) return roots.up(terminal, options);
  const isJson = options.log === 'json';
  const config = await configOf(
    terminal,
    options.folder,
    isJson ? (problems) => sayProblems(problems, jsonLines(terminal)) : undefined,
  );
  if (config.sealer === undefined) return roots.up(terminal, options);
  const { sealer } = config;
  return apart(isJson ? withJsonNotes(terminal) : terminal, { ...config, sealer }, options);
}

async function apart(
  terminal: Terminal,
  config: Config & { readonly sealer: SealerConfig },
  options: UpOptions,
): Promise<Exit> {
  const { sealer, gateway } = accountsOf(config.sealer);
  if (prepareApart(config, sealer, gateway))
    terminal.note(
      'the log key was within reach of the gateway until now: `surety rotate log-key` makes one that never was',
    );
  return superviseBoth(terminal, config, options, { sealer, gateway });
}

async function superviseBoth(
  terminal: Terminal,
  { folder }: Config,
  { port, withParent, noSealer, log = 'text', logLevel = 'info' }: UpOptions,
  accounts: { readonly sealer: Account; readonly gateway: Account },
): Promise<Exit> {
  const sealer =
    noSealer === true ? undefined : new Kept(terminal, folder, accounts.sealer, accounts.gateway.gid);
  const words = [
    'up',
    '-C',
    folder,
    '--log',
    log,
    '--log-level',
    logLevel,
    ...(port === undefined ? [] : ['--port', String(port)]),
  ];
  const { uid, gid } = accounts.gateway;
  const gateway = spawn(
    process.execPath,
    [program, ...words, ...(withParent === true ? ['--with-parent'] : [])],
    {
      ...{ uid, gid, stdio: 'inherit' },
      env: terminal.env,
    },
  );
  // A terminal sends an interrupt to the whole group by itself; the gateway ends, and then the sealer.
  const stop = () => gateway.kill('SIGTERM');
  process.on('SIGTERM', stop).on('SIGINT', () => undefined);
  const [code] = (await once(gateway, 'close')) as [number | null];
  process.off('SIGTERM', stop);
  await sealer?.stop();
  return (code ?? exit.error) as Exit;
}

/** The sealer, started again if it dies; not if it says that the store is not what it signed. */
class Kept {
  readonly #start: () => ChildProcess;
  readonly #terminal: Terminal;
  #child: ChildProcess | undefined;
  #stopping = false;
  #failures = 0;
  #again: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, folder: string, { uid }: Account, gid: number) {
    const env = Object.fromEntries(Object.entries(terminal.env).filter(([name]) => spoken.includes(name)));
    this.#terminal = terminal;
    this.#start = () =>
      spawn(process.execPath, [program, 'sealer', '-C', folder, '--with-parent'], {
        ...{ uid, gid, env },
        stdio: ['pipe', 'ignore', 'inherit'],
      });
    this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#again);
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, 'close');
    child.stdin?.end();
    const tooLong = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await gone;
    clearTimeout(tooLong);
  }

  #run(): void {
    const startedAt = performance.now();
    const child = this.#start();
    this.#child = child;
    child.stdin?.on('error', () => undefined);
    child.on('error', ({ message }) => this.#terminal.note(`error: the sealer did not start: ${message}`));
    child.on('close', (code) => {
      this.#child = undefined;
      if (this.#stopping) return;
      if (code === unsound)
        return this.#terminal.note('error: the sealer has ended for good: nothing is sealed any more');
      this.#terminal.note(`warning: the sealer ended with ${code}, and is started again`);
      if (performance.now() - startedAt > pauseMsMax) this.#failures = 0;
      this.#again = setTimeout(() => this.#run(), Math.min(pauseMsMax, 100 * 2 ** this.#failures++));
    });
  }
}
