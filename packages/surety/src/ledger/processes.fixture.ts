// Real witnesses and sealers for the tests, each ended with its test.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const children = new Set<ChildProcess>();

export async function endProcesses(): Promise<void> {
  for (const child of children) await kill(child);
}

export async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface WitnessProcess {
  readonly vkey: string;
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
}

interface WitnessStart {
  readonly port?: number;
  readonly clock?: string;
  /** More words of the command line. */
  readonly more?: readonly string[];
  /** What it is run by, such as another account or network. */
  readonly under?: readonly string[];
  readonly host?: string;
}

/** Rejects with what it says if it does not start. */
export async function startWitness(
  folder: string,
  name: string,
  logs: readonly string[],
  { port = 0, clock, more = [], under = [], host = '127.0.0.1' }: WitnessStart = {},
): Promise<WitnessProcess> {
  const words = [
    path('../main.ts'),
    'witness',
    '--folder',
    folder,
    '--name',
    name,
    '--json',
    '--with-parent',
  ];
  words.push('--listen', `${host}:${port}`, ...logs.flatMap((log) => ['--log', log]), ...more);
  const env = { ...process.env, ...(clock === undefined ? {} : { SURETY_CLOCK: clock }) };
  const [program = '', ...args] = [...under, process.execPath, ...words];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  children.add(child);
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr += part;
  });
  const ended = once(child, 'close').then(() => Promise.reject(new Error(stderr.trim())));
  const line = once(createInterface({ input: child.stdout }), 'line');
  const [ready] = (await Promise.race([line, ended])) as [string];
  ended.catch(() => undefined);
  const { vkey, port: at } = JSON.parse(ready) as { vkey: string; port: number };
  return { vkey, port: at, url: `http://${host}:${at}`, child };
}

export async function witnessKey(folder: string, name: string): Promise<string> {
  const args = [path('../main.ts'), 'witness', '--folder', folder, '--name', name, '--make-key'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout.trim();
}

/** Runs a sealer by hand until it ends; gives its exit code and what it said. */
export async function runSealer(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [path('./sealer.ts'), ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  children.add(child);
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr += part;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}
