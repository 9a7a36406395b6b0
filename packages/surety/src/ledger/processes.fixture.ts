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

export async function startWitness(
  folder: string,
  name: string,
  logs: readonly string[],
  options: { readonly port?: number; readonly clock?: string } = {},
): Promise<WitnessProcess> {
  const args = [path('./witness.ts'), '--folder', folder, '--name', name, '--with-parent'];
  args.push('--listen', `127.0.0.1:${options.port ?? 0}`, ...logs.flatMap((log) => ['--log', log]));
  const env = { ...process.env, ...(options.clock === undefined ? {} : { SURETY_CLOCK: options.clock }) };
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
  children.add(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { vkey, port } = JSON.parse(line) as { vkey: string; port: number };
  return { vkey, port, url: `http://127.0.0.1:${port}`, child };
}

export async function witnessKey(folder: string, name: string): Promise<string> {
  const args = [path('./witness.ts'), '--folder', folder, '--name', name, '--make-key'];
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
