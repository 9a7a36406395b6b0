// For tests of the command line: a folder made by `surety init`, and the program run as a person would run it.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../packages/surety/src/main.ts', import.meta.url));
const filesystem = fileURLToPath(
  import.meta.resolve('@modelcontextprotocol/server-filesystem/dist/index.js'),
);

/** Under which account it runs; only root can choose another. */
interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const quiet = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, SURETY_CLOCK: undefined };

export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'surety-cli-'));
  readonly #children = new Set<ChildProcess>();

  path(name: string): string {
    return join(this.folder, name);
  }

  edit(name: string, change: (text: string) => string): void {
    writeFileSync(this.path(name), change(readFileSync(this.path(name), 'utf8')));
  }

  /** As `surety init` writes it, with a server that needs no network and a person who has a key. */
  async build(): Promise<void> {
    await this.run('init');
    const { stdout } = await this.run('key', 'you.key');
    this.edit('surety.yaml', (text) =>
      text
        .replace(/stdio: \[.*\]/, `stdio: ["${process.execPath}", "${filesystem}", files]`)
        .replace('keys: []', `keys: ["${stdout.trim()}"]`),
    );
  }

  start(words: readonly string[], env: NodeJS.ProcessEnv = {}, as: Account = {}): ChildProcess {
    const options = { cwd: this.folder, env: { ...quiet, ...env }, ...as };
    const child = spawn(process.execPath, [main, ...words], options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  run(...words: string[]): Promise<Ran> {
    return finished(this.start(words));
  }

  /** What bash makes of a line in which `surety` is the program. */
  shell(line: string): Promise<Ran> {
    const script = `surety() { '${process.execPath}' '${main}' "$@"; }\n${line}`;
    return finished(spawn('bash', ['--norc', '-c', script], { cwd: this.folder, env: quiet }));
  }

  /** Starts Surety on any free port; gives its address, and the one that the log is served at, if it is. */
  async up(as: Account = {}, ...more: string[]): Promise<{ url: string; log: string; child: ChildProcess }> {
    const child = this.start(['up', '--port', '0', ...more], {}, as);
    child.stdout?.resume();
    const said: string[] = [];
    let log = '';
    for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
      said.push(line);
      log = /^The log is served: (\S+)\/$/.exec(line)?.[1] ?? log;
      const [, url] = /^Surety is up: (\S+)/.exec(line) ?? [];
      if (url !== undefined) {
        child.stderr?.resume();
        return { url, log, child };
      }
    }
    throw new Error(`it did not start: ${said.join('\n')}`);
  }

  async stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<Ran> {
    const done = finished(child);
    child.kill(signal);
    return done;
  }

  async remove(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.stop(child, 'SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function finished(child: ChildProcess): Promise<Ran> {
  const text = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text.stdout += part;
  });
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text.stderr += part;
  });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}
