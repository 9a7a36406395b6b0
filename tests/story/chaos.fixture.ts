// For tests: ends processes of one story without warning, at moments that a seed chooses. Only processes that
// run in that story's own folder are ever touched: they are found by what they run and where.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ended, type LogCopy, readLog, startStory, type Told } from './stage.fixture.ts';

export const roles = ['surety', 'sealer', 'witness', 'erp', 'inbox', 'story'] as const;
export type Role = (typeof roles)[number];

const programs: Readonly<Record<Role, RegExp>> = {
  surety: /\/main\.ts up /,
  sealer: /\/ledger\/sealer\.ts --folder /,
  witness: /\/main\.ts witness /,
  erp: /\/erp\/server\.ts /,
  inbox: /server-filesystem\//,
  story: /\/story\.ts /,
};

/** The processes of this role that belong to the story in this folder. */
export function processesOf(folder: string, role: Role): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isSafeInteger(pid) || pid === process.pid) return [];
    try {
      const command = `${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')} `;
      const isHere = readlinkSync(`/proc/${pid}/cwd`) === folder || command.includes(` ${folder}`);
      return isHere && programs[role].test(command) ? [pid] : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

export function kill(folder: string, role: Role): boolean {
  const [pid] = processesOf(folder, role);
  if (pid === undefined) return false;
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}

/** A small generator of numbers in [0, 1): the same seed, the same story of failures (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Survived {
  readonly told: Told;
  readonly killed: readonly Role[];
  /** What was durable just before each kill. */
  readonly copies: readonly LogCopy[];
}

/** Runs the story to its end while up to `kills` of its processes are killed. Throws if it does not get there. */
export async function survive(folder: string, seed: number, kills: number): Promise<Survived> {
  const next = random(seed);
  const killed: Role[] = [];
  const copies: LogCopy[] = [];
  let told: Told | undefined;
  const play = async (): Promise<void> => {
    // Started again as often as it was killed itself; it goes on in the same folder.
    do told = await ended(startStory(folder));
    while (told.signal === 'SIGKILL');
  };
  const playing = play();
  while (told === undefined || told.signal === 'SIGKILL') {
    await Promise.race([pause(150 + next() * 1_500), playing]);
    if (killed.length >= kills || processesOf(folder, 'surety').length === 0) continue;
    // The first is always the gateway, so that every run loses at least one.
    const role = killed.length === 0 ? 'surety' : (roles[Math.floor(next() * roles.length)] ?? 'surety');
    const copy = copyOf(folder);
    if (copy === undefined || (killed.length === 0 && copy.entries.length < 60)) continue;
    copies.push(copy);
    if (kill(folder, role)) killed.push(role);
  }
  await playing;
  if (told.code !== 0)
    throw new Error(
      `seed ${seed}, killed ${killed.join(', ')}: the story ended with ${told.code}:\n${told.stderr.slice(-5_000)}`,
    );
  return { told, killed, copies };
}

function copyOf(folder: string): LogCopy | undefined {
  try {
    return readLog(folder);
  } catch {
    // There is no store yet.
    return undefined;
  }
}
