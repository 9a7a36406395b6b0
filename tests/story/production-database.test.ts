// The second story as anybody runs it: what is destroyed and what is not, the verdicts, and why.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowsIn } from '../../examples/production-database/cloud/volumes.ts';
import {
  answerTo,
  factsOf,
  newFolder,
  proofBytes,
  readLog,
  removeFolder,
  runStory,
  type Told,
  verified,
} from './stage.fixture.ts';

let folder: string;
let told: Told;
beforeAll(async () => {
  folder = newFolder();
  told = await runStory(folder, { story: 'production-database' });
}, 300_000);
afterAll(() => removeFolder(folder));

function deletions(cloud: string): [volume: unknown, by: unknown][] {
  const db = new DatabaseSync(join(folder, cloud, 'cloud.db'), { readOnly: true });
  try {
    const rows = db.prepare('SELECT volume_id, deleted_by FROM deletions ORDER BY deletion_id').all();
    return rows.map(({ volume_id, deleted_by }) => [volume_id, deleted_by]);
  } finally {
    db.close();
  }
}

test('says one line of JSON on stdout: each day, its verdict and its proof', () => {
  const proof = (day: string) => `${folder}/${day}.proof.zip`;
  expect(JSON.parse(told.stdout)).toEqual({
    days: [
      { day: '2026-06-15', title: 'Honest work', verdict: 'unproven', proof: proof('day-1') },
      {
        day: '2026-06-16',
        title: 'A command that somebody copied',
        verdict: 'unproven',
        proof: proof('day-2'),
      },
      { day: '2026-06-17', title: 'Past the gateway', verdict: 'violated', proof: proof('day-3') },
    ],
  });
});

describe('the cloud', () => {
  test('lost through the gateway only what two people said yes to', () => {
    expect(deletions('cloud')).toEqual([
      ['vol-5e08', 'surety-gateway'],
      ['vol-2c91', 'surety-gateway'],
      ['vol-7f3a', 'k.lenz'],
    ]);
    expect(readdirSync(join(folder, 'cloud/volumes'))).toEqual(['vol-0009']);
  });

  test('has every booking back, from the copy that was elsewhere', () => {
    expect(rowsIn(join(folder, 'cloud/volumes/vol-0009/data.sqlite'))).toBe(18_412);
  });

  test('without Surety lost production and every backup of it', () => {
    expect(deletions('without')).toEqual([['vol-7f3a', 'agent']]);
    expect(existsSync(join(folder, 'without/volumes/vol-7f3a'))).toBe(false);
    expect(readdirSync(join(folder, 'without/vault'))).toEqual([]);
    expect(told.stderr).toContain('The data is gone, and every backup with it');
  });
});

test('each attempt on production and its backups was refused, by a checkpoint of its own', () => {
  const log = readLog(folder);
  const refused = factsOf(log, 'call.refused').filter(({ body }) => body.tool.startsWith('cloud.delete_'));
  expect(refused.map(({ body }) => [body.tool, body.step])).toEqual([
    ...Array.from({ length: 3 }, () => ['cloud.delete_backup', 'checkpoint']),
    ...Array.from({ length: 2 }, () => ['cloud.delete_volume', 'checkpoint']),
  ]);
  for (const id of ['it-02-backup-deletion', 'it-01-destructive-operation', 'not-in-a-freeze'])
    expect(told.stderr).toContain(`refused at checkpoint: ${id}:`);
  expect(factsOf(log, 'containment.drilled')).toHaveLength(1);
});

describe('the proofs', () => {
  test.each(['day-1', 'day-2'])('of %s says that the cloud and the ledger agree', async (day) => {
    const verification = await verified(folder, proofBytes(folder, day));
    expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verification.verdict).toBe('unproven');
    expect(answerTo(verification, 'reconciled')).toMatchObject({ verdict: 'proven', codes: [] });
    const { codes } = answerTo(verification, 'guarded');
    expect(codes.filter((code) => code !== 'simulated')).toEqual([]);
    expect(verification.judgement?.figures).toMatchObject({ rows: 1, governed: 1, orphans: 0 });
  });

  test('of day 3 names the deletion that nobody said yes to; the copy elsewhere held', async () => {
    const verification = await verified(folder, proofBytes(folder, 'day-3'));
    expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verification.verdict).toBe('violated');
    const { verdict, reasons } = answerTo(verification, 'reconciled');
    expect(verdict).toBe('violated');
    expect(reasons.map(({ code }) => code)).toEqual(['orphan']);
    expect(reasons[0]?.text).toContain('deleted_by k.lenz');
    expect(answerTo(verification, 'guarded').verdict).not.toBe('violated');
  });

  test('of the breach comes a containment by Surety itself', () => {
    const contained = factsOf(readLog(folder), 'containment.ordered').map(({ body }) => body.scope);
    expect(contained.at(-1)).toMatchObject({ is: 'outcome', name: 'production-data' });
  });
});
