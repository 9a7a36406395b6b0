// For tests: `surety` as a process, on the configuration of the house that tests use.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { files } from '../../packages/surety/src/house.fixture.ts';

const main = fileURLToPath(new URL('../../packages/surety/src/main.ts', import.meta.url));

export class Program {
  readonly folder = mkdtempSync(join(tmpdir(), 'surety-program-'));
  readonly #running = new Set<ChildProcess>();

  constructor() {
    for (const [file, text] of Object.entries(files)) this.write(file, text);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  edit(name: string, change: (text: string) => string): void {
    this.write(name, change(readFileSync(this.path(name), 'utf8')));
  }

  #start(words: readonly string[]): ChildProcess {
    const env = { ...process.env, NO_COLOR: '1', SURETY_CLOCK: undefined };
    const child = spawn(process.execPath, [main, ...words], { cwd: this.folder, env });
    child.stdout?.setEncoding('utf8');
    child.stderr?.setEncoding('utf8');
    this.#running.add(child);
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  async run(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = this.#start(words);
    const said = { stdout: '', stderr: '' };
    child.stdout?.on('data', (part: string) => {
      said.stdout += part;
    });
    child.stderr?.on('data', (part: string) => {
      said.stderr += part;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...said };
  }

  /** Starts Surety on any free port; resolves when it answers. */
  async up(
    ...more: string[]
  ): Promise<{ url: string; port: number; child: ChildProcess; said: () => string }> {
    const child = this.#start(['up', '--port', '0', ...more]);
    let said = '';
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr?.on('data', (part: string) => {
        said += part;
        const [, found] = /Surety is up: (https?:\/\/[\d.]+:\d+)\/mcp/.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(`it did not start: ${said}`)));
    });
    return { url, port: Number(new URL(url).port), child, said: () => said };
  }

  /** Issues a credential of an identity. */
  async credential(identity: string): Promise<string> {
    const { stdout } = await this.run('credential', identity, '--json');
    return (JSON.parse(stdout) as { credential: string }).credential;
  }

  async stop(child: ChildProcess): Promise<number | null> {
    const end = once(child, 'close') as Promise<[number | null]>;
    child.kill('SIGTERM');
    return (await end)[0];
  }

  async remove(): Promise<void> {
    await Promise.all(
      [...this.#running].map(async (child) => {
        const end = once(child, 'close');
        child.kill('SIGKILL');
        await end;
      }),
    );
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
