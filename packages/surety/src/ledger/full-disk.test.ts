// A disk that is full to its last byte: a small file system of its own, where this system lets us have one.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NOTE_ED25519, printVerifier } from '@surety/proof/records';
import { describe, expect, it } from 'vitest';
import { checkWritten } from './crash.fixture.ts';
import type { FullDisk } from './full-disk.fixture.ts';
import { ensureKey } from './keys.ts';
import { newFolder } from './stores/samples.fixture.ts';

/** Mounts 8 MB of memory at `$1`, where only this process and its children see it, and goes on with the rest. */
const script = 'mount -t tmpfs -o size=8m tmpfs "$1" && shift && exec "$@"';
const within = (mount: string, command: readonly string[]): string[] => [
  ...['--map-root-user', '--mount', 'sh', '-c', script, 'sh', mount, ...command],
];
const trial = spawnSync('unshare', within(newFolder(), ['true']), { encoding: 'utf8' });

describe('a disk filled to the end', () => {
  it('takes nothing that was acknowledged from writer or sealer', { timeout: 120_000 }, async (context) => {
    if (trial.status !== 0)
      return context.skip(
        `no file system of our own can be mounted here: ${trial.stderr ?? trial.error?.message}`,
      );
    const [mount, keys, out] = [newFolder(), newFolder(), newFolder()];
    const key = ensureKey({ folder: keys, stem: 'log', name: 'ledger.example/test', type: NOTE_ED25519 });
    const copy = join(out, 'store');
    mkdirSync(copy);
    const program = fileURLToPath(new URL('./full-disk.fixture.ts', import.meta.url));
    const command = [process.execPath, program, mount, keys, printVerifier(key.verifier), copy];
    const said = execFileSync('unshare', within(mount, command), { encoding: 'utf8', maxBuffer: 1 << 28 });
    const { facts, refused, writer, troubles, sealedSize } = JSON.parse(said) as FullDisk;
    expect(facts.length).toBeGreaterThan(200);
    expect(new Set(refused)).toEqual(new Set(['full']));
    expect(writer).toMatch(/^full: /);
    expect(troubles.join()).toMatch(/no space left|disk is full/);
    expect(sealedSize).toBeGreaterThan(facts.length);
    expect(readdirSync(copy, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual(
      [],
    );
    await checkWritten(
      copy,
      key,
      facts.map((fact) => ({ fact, disclosures: [] })),
    );
  });
});
