// The second story under `kill -9`: nothing is destroyed that two people did not say yes to, whatever dies and whenever.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { rowsIn } from '../../examples/production-database/cloud/volumes.ts';
import { dayStands, everyIntentSettledOnce, nothingLost, streamsAreDense, survive } from './chaos.fixture.ts';
import { newFolder, readLog, removeFolder } from './stage.fixture.ts';

const kills = Number(process.env['SURETY_CHAOS_KILLS'] ?? 6);
const seed = Number(process.env['SURETY_CHAOS_SEED'] ?? 1);

let folder = '';
afterEach(({ task }) => {
  // A failure keeps its folder, for whoever looks into it.
  if (task.result?.state !== 'fail') removeFolder(folder);
});

test.skipIf(!existsSync('/proc/self/cmdline'))(
  'whatever dies',
  async () => {
    folder = newFolder();
    const { copies, told } = await survive(folder, seed, kills, 'production-database');
    const log = readLog(folder);
    nothingLost(log, copies);
    streamsAreDense(log);
    everyIntentSettledOnce(log);
    const volumes = readdirSync(join(folder, 'cloud/volumes'));
    expect(volumes).toHaveLength(1);
    expect(rowsIn(join(folder, 'cloud/volumes', volumes[0] ?? '', 'data.sqlite'))).toBe(18_412);
    const { days } = JSON.parse(told.stdout) as { days: { verdict: string }[] };
    expect(days.map(({ verdict }) => verdict)).toEqual(['unproven', 'unproven', 'violated']);
    for (const day of ['day-1', 'day-2', 'day-3']) await dayStands(folder, day);
  },
  600_000,
);
