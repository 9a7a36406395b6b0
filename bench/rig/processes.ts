// Child processes and what they cost. CPU time and memory are the kernel's own count (proc(5)), of the
// child and of everything it started, so that no thread or helper process of a subject escapes it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** USER_HZ, which Linux fixes at 100 for what it shows in /proc. */
const usPerTick = 10_000;

export interface Child {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Default this Node. */
  readonly program?: string;
  readonly cwd?: string;
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** How it is asked to end; by default its stdin does. */
  readonly endsOn?: 'SIGTERM';
  /** Where stderr goes. */
  readonly log: string;
  /** It is ready when this port of this host takes connections; it says nothing itself. */
  readonly port?: number;
  /** Says from a line of stdout or stderr whether it is ready; by default the first JSON object on stdout. */
  readonly readyLine?: (line: string) => Readonly<Record<string, unknown>> | undefined;
}

const children = new Set<ChildProcess>();
// Whatever happens to the benchmark, nothing that it started outlives it.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts `node <args>`, or another program. Rejects if it ends before it is ready. */
export async function start(args: readonly string[], options: StartOptions): Promise<Child> {
  const child = spawn(options.program ?? process.execPath, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.add(child);
  child.stderr.pipe(createWriteStream(options.log, { flags: 'a' }));
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'exit').then(() => {
    children.delete(child);
  });
  const ready = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    const read = options.readyLine ?? jsonIn;
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        const said = read(line);
        if (said !== undefined) resolve(said);
      });
    if (options.port !== undefined) void listening(options.port, ended).then(resolve, reject);
    child.on('error', reject);
    child.on('exit', (code) => {
      const said = existsSync(options.log) ? readFileSync(options.log, 'utf8').slice(-2_000) : '';
      reject(new Error(`\`${args[0]}\` ended with ${code} before it was ready:\n${said}`));
    });
  });
  const stop = async (): Promise<void> => {
    child.stdin.end();
    if (options.endsOn === 'SIGTERM') child.kill('SIGTERM');
    await ended;
  };
  return { pid: child.pid as number, ready, stop };
}

/** A port of this host that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, ended: Promise<unknown>): Promise<{ port: number }> {
  let gone = false;
  void ended.then(() => {
    gone = true;
  });
  while (!gone) {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (answer) return { port };
    await pause(20);
  }
  throw new Error('it ended before it listened');
}

function jsonIn(line: string): Readonly<Record<string, unknown>> | undefined {
  return line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : undefined;
}

/** CPU microseconds that these processes, and all that they started, have used since they began. */
export const cpuUs = (pids: readonly number[]): number =>
  families(pids).reduce((sum, pid) => sum + ownCpuUs(pid), 0);

/** CPU microseconds that this process alone has used since it began. */
export const ownCpuUs = (pid: number): number => {
  const stat = statOf(pid);
  return stat === undefined ? 0 : (stat.userTicks + stat.systemTicks) * usPerTick;
};

/** Resident memory now, in MB, of these processes and all that they started. */
export const residentMb = (pids: readonly number[]): number =>
  families(pids).reduce((sum, pid) => sum + statusMb(pid, 'VmRSS'), 0);

/** The most that one process has had resident, in MB. */
export const peakMb = (pid: number): number => statusMb(pid, 'VmHWM');

function statusMb(pid: number, member: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`^${member}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

interface Stat {
  readonly parent: number;
  readonly userTicks: number;
  readonly systemTicks: number;
}

/** The name of a process may hold spaces and parentheses: what counts begins after the last one. */
function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), userTicks: Number(fields[11]), systemTicks: Number(fields[12]) };
  } catch {
    return undefined;
  }
}

function families(pids: readonly number[]): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), statOf(Number(name))?.parent] as const);
  const found = new Set(pids);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (parent !== undefined && found.has(parent)) found.add(pid);
  }
  return [...found];
}
