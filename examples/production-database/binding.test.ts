// The outcome is what `surety pack bind` writes, and what Acme added by hand: nothing of the pack was changed on the way.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const here = import.meta.dirname;
const surety = fileURLToPath(new URL('../../packages/surety/src/main.ts', import.meta.url));

interface Outcome {
  readonly checkpoints: readonly { readonly id: string }[];
  readonly [member: string]: unknown;
}
const outcomeIn = (file: string): Outcome => parse(readFileSync(file, 'utf8')) as Outcome;

test('binding the pack again gives the same checkpoints, statement, owner and stake', () => {
  const folder = mkdtempSync(join(tmpdir(), 'binding-'));
  try {
    cpSync(join(here, 'it-operations.binding.yaml'), join(folder, 'it-operations.binding.yaml'));
    const bind = spawnSync(process.execPath, [surety, 'pack', 'bind', 'it-operations', '-C', folder]);
    expect([bind.status, String(bind.stderr)]).toEqual([0, expect.stringContaining('2 checkpoints')]);
    const { checkpoints: bound, ...declared } = outcomeIn(join(folder, 'outcomes/production-data.yaml'));
    const { checkpoints, ...all } = outcomeIn(join(here, 'outcomes/production-data.yaml'));
    const own = checkpoints.filter(({ id }) => id === 'not-in-a-freeze');
    expect(own).toHaveLength(1);
    expect(checkpoints.filter((each) => !own.includes(each))).toEqual(bound);
    expect(all).toMatchObject(declared);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
