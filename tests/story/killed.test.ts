// The story under `kill -9`: whatever dies, and whenever, what was acknowledged stays, nothing is paid twice,
// every intent is settled or visibly open, and the verdicts are the same, with the gaps that the deaths left.
//   SURETY_CHAOS_RUNS=10 SURETY_CHAOS_KILLS=40 SURETY_CHAOS_SEED=7 vitest run tests/story/killed.test.ts

import { existsSync } from 'node:fs';
import { isKind } from '@surety/proof/facts';
import { afterEach, describe, expect, test } from 'vitest';
import { forgerIban } from '../../examples/supplier-payments/erp/books.ts';
import {
  dayStands,
  everyIntentSettledOnce,
  nothingLost,
  type Survived,
  streamsAreDense,
  survive,
} from './chaos.fixture.ts';
import {
  answerTo,
  factsOf,
  type LogCopy,
  newFolder,
  paidTwice,
  payments,
  readLog,
  removeFolder,
} from './stage.fixture.ts';

const numberIn = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const runs = numberIn('SURETY_CHAOS_RUNS', 2);
const kills = numberIn('SURETY_CHAOS_KILLS', 12);
const firstSeed = numberIn('SURETY_CHAOS_SEED', 1);
const seeds = Array.from({ length: runs }, (_, nth) => firstSeed + nth);
const dayStarts = { 'day-1': '2026-03-02', 'day-2': '2026-03-03', 'day-3': '2026-03-04' } as const;
const days = Object.keys(dayStarts) as (keyof typeof dayStarts)[];

let folder = '';
afterEach(({ task }) => {
  // A failure keeps its folder, for whoever looks into it.
  if (task.result?.state !== 'fail') removeFolder(folder);
});

async function verdictsStand(log: LogCopy): Promise<void> {
  for (const day of days) {
    const verification = await dayStands(folder, day);
    const from = Date.parse(`${dayStarts[day]}T00:00:00Z`);
    const size = verification.judgement?.head.size ?? 0;
    const gaps = log.facts
      .slice(0, size)
      .filter(
        (fact) => isKind(fact, 'process.started') && fact.body.tail === 'may-be-lost' && fact.time >= from,
      );
    expect([day, answerTo(verification, 'recorded').codes.includes('sequence-gap')]).toEqual([
      day,
      gaps.length > 0,
    ]);
  }
}

function booksAreRight(): void {
  expect(paidTwice(folder)).toEqual([]);
  const own = payments(folder).filter(({ created_by }) => created_by === 'surety-gateway');
  expect(own.filter(({ iban }) => iban === forgerIban)).toEqual([]);
  const count = (date: string) => own.filter(({ created_at }) => created_at.startsWith(date)).length;
  expect(days.map((day) => count(dayStarts[day]))).toEqual([12, 2, 2]);
}

describe.skipIf(!existsSync('/proc/self/cmdline'))('whatever dies', () => {
  test.each(seeds)(
    'seed %i',
    async (seed) => {
      folder = newFolder();
      const { copies, killed }: Survived = await survive(folder, seed, kills);
      const log = readLog(folder);
      nothingLost(log, copies);
      streamsAreDense(log);
      everyIntentSettledOnce(log);
      booksAreRight();
      await verdictsStand(log);
      // The gateway died at least once in the middle of its work, and says so for ever.
      expect(killed[0]).toBe('surety');
      expect(factsOf(log, 'process.started').some(({ body }) => body.tail === 'may-be-lost')).toBe(true);
    },
    600_000,
  );
});
