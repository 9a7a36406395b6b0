// A backup made beside a running Surety, a disk that is lost, and what may be made of it then: typed as a person would.

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endProcesses, startWitness } from '../../packages/surety/src/ledger/processes.fixture.ts';
import { Installation } from './installation.fixture.ts';

const here = new Installation();
let origin = '';
let lostTo = 0;

async function cosigned(): Promise<number> {
  for (;;) {
    const { stdout } = await here.run('status', '--json');
    const status = JSON.parse(stdout) as {
      cosigned: string[];
      ledgerSize: number;
      sealedSize: number;
      origin: string;
    };
    origin = status.origin;
    if (status.cosigned.length > 0 && status.sealedSize === status.ledgerSize) return status.ledgerSize;
  }
}

beforeAll(async () => {
  await here.build();
  await here.run('credential', 'assistant');
  const logKey = readFileSync(here.path('.surety/keys/log.vkey'), 'utf8').trim();
  const witness = await startWitness(here.path('witness'), 'witness.example', [logKey]);
  here.edit(
    'surety.yaml',
    (text) => `${text}\nwitnesses: [{ url: "${witness.url}", key: "${witness.vkey}" }]\n`,
  );
}, 120_000);
afterAll(async () => {
  await here.remove();
  await endProcesses();
});

describe('a backup', () => {
  test('is made while Surety runs, says what is in it, and never goes over another', async () => {
    const { child } = await here.up();
    const size = await cosigned();
    const made = await here.run('backup', 'kept.backup', '--keys');
    expect([made.code, made.stdout]).toEqual([
      0,
      `${here.path('kept.backup')}: ${size} facts of ${origin}, ${size} of them under a head\n`,
    ]);
    expect(made.stderr).toMatch(/key ring .*kept\.backup\.keyring/);
    expect(made.stderr).toMatch(/private keys .*log\.key.*sign as this log/);
    expect(statSync(here.path('kept.backup')).mode & 0o777).toBe(0o600);
    const again = await here.run('backup', 'kept.backup');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is there already')]);
    const bare = JSON.parse((await here.run('backup', '.', '--json')).stdout) as { file: string };
    expect(bare).toMatchObject({ origin, size, keys: [] });
    expect(bare.file).toMatch(/-\d{8}T\d{6}Z\.surety-backup$/);
    expect(existsSync(bare.file)).toBe(true);
    // The log goes on, and the witness sees it.
    await here.run('credential', 'assistant');
    await cosigned();
    const pruned = await here.run('prune', '--entries', '--dry-run');
    expect([pruned.code, pruned.stdout]).toEqual([
      0,
      expect.stringMatching(/bundles of facts under the head/),
    ]);
    await here.stop(child);
    lostTo = await cosigned();
    expect(lostTo).toBeGreaterThan(size);
  }, 120_000);

  test('of a log that went on is not restored under its name', async () => {
    const over = await here.run('restore', 'kept.backup');
    expect([over.code, over.stderr]).toEqual([1, expect.stringContaining('is not empty')]);
    rmSync(here.path('.surety'), { recursive: true });
    for (const words of [[], ['--complete']]) {
      const { code, stderr } = await here.run('restore', 'kept.backup', ...words);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`${lostTo} were seen of \`${origin}\``)]);
      expect(stderr).toContain('--successor');
    }
    expect((await here.run('restore', 'kept.backup', '--complete', '--successor')).code).toBe(64);
    expect((await here.run('restore', 'kept.backup', '--successor')).stderr).toContain('another `origin`');
    expect((await here.run('restore', 'nowhere')).stderr).toContain('there is no backup');
    expect(existsSync(here.path('.surety'))).toBe(false);
  }, 120_000);

  test('goes on as a successor, and everything says what is lost', async () => {
    here.edit('surety.yaml', (text) => text.replace(`origin: ${origin}`, `origin: ${origin}-2`));
    const restored = await here.run('restore', 'kept.backup', '--successor', '--json');
    expect(restored.code).toBe(0);
    const told = JSON.parse(restored.stdout) as { size: number };
    const lost = { from: told.size, to: lostTo };
    expect(told).toMatchObject({ origin: `${origin}-2`, successorOf: origin, lost });
    const words = `facts ${lost.from} to ${lost.to - 1}`;
    const status = await here.run('status');
    expect(status.stdout).toContain(`since fact ${lost.from} it succeeds ${origin}; its ${words} are lost`);
    expect(JSON.parse((await here.run('status', '--json')).stdout)).toMatchObject({
      succession: { predecessor: origin, position: lost.from, lost },
    });
    const doctor = JSON.parse((await here.run('doctor', '--json')).stdout) as {
      checks: { check: string; state: string }[];
    };
    expect(doctor.checks.find(({ check }) => check === 'succession')).toMatchObject({ state: 'warn' });
    expect((await here.run('tail')).stdout).toContain(
      `goes on as ${origin}-2; its ${words} are lost`.replace('facts', 'facts'),
    );
    const [outcome = ''] = (
      JSON.parse((await here.run('status', '--json')).stdout) as { outcomes: { outcome: string }[] }
    ).outcomes.map((each) => each.outcome);
    const day = new Date().toISOString().slice(0, 10);
    const proven = await here.run('prove', outcome, '--day', day, '--out', 'after.zip');
    expect(proven.stderr).not.toContain('error');
    const verified = JSON.parse((await here.run('verify', 'after.zip', '--json')).stdout) as {
      checks: { check: string; ok: boolean }[];
      recomputed: {
        questions: { reasons: { code: string; text: string }[] }[];
        assumptions: { text: string }[];
      };
    };
    expect(verified.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verified.checks.map(({ check }) => check)).toContain('succession');
    const reasons = verified.recomputed.questions.flatMap((each) => each.reasons);
    const text = `${words} of the log ${origin} are lost`;
    expect(reasons).toContainEqual(expect.objectContaining({ code: 'sequence-gap', text }));
    expect(verified.recomputed.assumptions.map((each) => each.text).join()).toContain(text);
  }, 120_000);
});
