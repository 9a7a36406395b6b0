// For tests: ends processes of one story without warning, at moments that a seed chooses. Only processes that
// run in that story's own folder are ever touched: they are found by what they run and where.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Verification } from '@surety/proof/verify';
import { expect } from 'vitest';
import {
  answerTo,
  ended,
  factsOf,
  type LogCopy,
  proofBytes,
  readLog,
  startStory,
  type Told,
  verified,
} from './stage.fixture.ts';

export const roles = ['surety', 'sealer', 'witness', 'record', 'files', 'story'] as const;
export type Role = (typeof roles)[number];

const programs: Readonly<Record<Role, RegExp>> = {
  surety: /\/main\.ts up /,
  sealer: /\/ledger\/sealer\.ts --folder /,
  witness: /\/main\.ts witness /,
  record: /\/(?:erp|cloud)\/server\.ts /,
  files: /server-filesystem\//,
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
export async function survive(
  folder: string,
  seed: number,
  kills: number,
  story = 'supplier-payments',
): Promise<Survived> {
  const next = random(seed);
  const killed: Role[] = [];
  const copies: LogCopy[] = [];
  let told: Told | undefined;
  const play = async (): Promise<void> => {
    // Started again as often as it was killed itself; it goes on in the same folder.
    do told = await ended(startStory(folder, { story }));
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

/** What was durable before a kill is in the final log, byte by byte, where it was. */
export function nothingLost({ entries }: LogCopy, copies: readonly LogCopy[]): void {
  for (const copy of copies) {
    expect(entries.length).toBeGreaterThanOrEqual(copy.entries.length);
    expect(copy.entries.every((bytes, at) => entries[at]?.equals(bytes))).toBe(true);
  }
}

export function streamsAreDense({ facts }: LogCopy): void {
  const next = new Map<string, number>();
  const expectNext = (name: string, number: number) => {
    expect([name, number]).toEqual([name, next.get(name) ?? 0]);
    next.set(name, number + 1);
  };
  for (const { stream, streamVersion, emitter, emitterSeq } of facts) {
    expectNext(`stream ${stream}`, streamVersion);
    expectNext(`emitter ${emitter}`, emitterSeq);
  }
}

/** Each intent has one settlement: the day is closed only after the record was asked. */
export function everyIntentSettledOnce(log: LogCopy): void {
  const settled = factsOf(log, 'call.settled').map(({ body }) => body.call);
  expect(settled.length).toBe(new Set(settled).size);
  const open = factsOf(log, 'call.intended').filter(({ body }) => !settled.includes(body.call));
  expect(open).toEqual([]);
}

/** The proof of a day, checked: of two honest days and one on which somebody went past the gateway. */
export async function dayStands(folder: string, day: string): Promise<Verification> {
  const verification = await verified(folder, proofBytes(folder, day));
  expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
  const { verdict, codes } = answerTo(verification, 'reconciled');
  expect([day, verdict, codes.filter((code) => code !== 'simulated')]).toEqual(
    day === 'day-3' ? [day, 'violated', ['orphan']] : [day, 'proven', []],
  );
  expect(answerTo(verification, 'guarded').verdict).not.toBe('violated');
  return verification;
}
