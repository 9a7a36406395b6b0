// Pruning a real store: what goes can be made again, and nothing that anybody relies on goes with it.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  inclusionProof,
  leafHash,
  parseHead,
  parseNote,
  parseTilePath,
  verifyInclusion,
} from '@surety/proof/records';
import { afterEach, describe, expect, it } from 'vitest';
import { endAll, run } from './backup.fixture.ts';
import { exportLog } from './export.ts';
import { sha256 } from './hash.ts';
import { prunable, prune } from './prune.ts';
import { PublishedTiles } from './published.ts';
import { openReader } from './stores/reader.ts';
import { newFolder, opened } from './stores/samples.fixture.ts';
import { TileFolder } from './tile-folder.ts';

afterEach(endAll);

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();

/** Several heads over more than two bundles; a sealer that died, and so left partial tiles; more facts since. */
async function worn() {
  const first = await run();
  const write = async (count: number): Promise<void> => {
    await first.log.append([{ stream: 'w', facts: Array.from({ length: count }, () => opened('w')) }]);
  };
  for (const count of [100, 100, 100, 300]) {
    await write(count);
    await first.grow(1);
  }
  return { ...first, write };
}

describe('pruning', () => {
  it('takes what can be made again, and tells before it does', async () => {
    const { store, stop, log } = await worn();
    const size = log.size();
    await stop();
    const tiles = join(store, 'tiles');
    // A partial tile that no sealer knows of any more, as after a crash.
    mkdirSync(join(tiles, 'tile/0/000.p'), { recursive: true });
    writeFileSync(join(tiles, 'tile/0/000.p/7'), Buffer.alloc(7 * 32));
    const dead = [
      '.2147483646.tmp',
      'tiles/tile/entries/.2147483646.tmp',
      'log.sqlite.format-1',
      'keys/log.key.2147483646.new',
    ];
    for (const name of dead) writeFileSync(join(store, name), 'x'.repeat(10));
    const alive = `.${process.pid}.tmp`;
    writeFileSync(join(store, alive), 'x');
    const before = filesIn(store);
    const asked = prune(store, prunable, { dryRun: true });
    expect(filesIn(store)).toEqual(before);
    expect(asked.leftovers).toEqual({ files: 4, bytes: 40 });
    expect(asked.entries.files).toBe(2);
    expect(asked.outgrown.files).toBeGreaterThan(0);
    expect(prune(store, prunable)).toEqual(asked);
    const after = filesIn(store);
    for (const name of dead) expect(after).not.toContain(name);
    expect(after).toContain(alive);
    expect(statSync(join(store, 'log.sqlite-wal'), { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    // Of the tree, exactly the hash tiles and the open bundle are left.
    const left = filesIn(tiles).map((name) => parseTilePath(name));
    expect(left.filter((address) => address?.level === 'entries')).toEqual([
      { level: 'entries', index: 2, width: (size + 1) % 256 },
    ]);
    expect(left.filter((address) => address?.level === 0).map((address) => address?.width)).toEqual([
      256,
      256,
      (size + 1) % 256,
    ]);
    expect(prune(store, prunable)).toEqual({
      leftovers: { files: 0, bytes: 0 },
      outgrown: { files: 0, bytes: 0 },
      entries: { files: 0, bytes: 0 },
    });
    const reader = openReader(store);
    expect(reader.size()).toBe(size + 1);
    reader.close();
  });

  it('leaves every proof, the served log, an export and the sealer as they were', async () => {
    const { store, witness, log, grow, write, sealer, stop } = await worn();
    const published = new PublishedTiles(store);
    const whole = { level: 'entries', index: 1, width: 256 } as const;
    const front = { level: 'entries', index: 0, width: 100 } as const;
    const served = await Promise.all([published.read(whole), published.read(front)]);
    // While it is written and sealed.
    expect(prune(store, prunable).entries.files).toBe(2);
    expect(existsSync(join(store, 'tiles/tile/entries/001'))).toBe(false);
    const again = await Promise.all([published.read(whole), published.read(front)]);
    expect(again.map((bytes) => Buffer.from(bytes ?? []))).toEqual(
      served.map((bytes) => Buffer.from(bytes ?? [])),
    );
    await expect(published.read({ level: 'entries', index: 40, width: 256 })).resolves.toBeUndefined();
    await write(50);
    await grow(1);
    const head = parseHead(parseNote(sealer.latest()?.head ?? '').text);
    const subtree = new TileFolder(store).subtree(head.size, sha256);
    for (const index of [0, 255, 300, head.size - 1]) {
      const leaf = leafHash(log.read(index, 1)[0]?.bytes as Uint8Array, sha256);
      const proof = inclusionProof(index, head.size, subtree, sha256);
      expect(verifyInclusion(leaf, index, head.size, proof, head.root, sha256)).toBe(true);
    }
    const reader = openReader(store);
    const to = join(newFolder(), 'export');
    const { size } = await exportLog({ store, reader, to });
    reader.close();
    expect(size).toBe(head.size);
    expect(Buffer.from(readFileSync(join(to, 'tile/entries/001')))).toEqual(Buffer.from(served[0] ?? []));
    await stop();
    prune(store, prunable);
    const next = await run(store, 'ledger.example/test', witness);
    await next.grow(300);
    expect(next.sealer.latest()).toMatchObject({ cosigned: ['witness.example'], missing: [] });
  });

  it('does not make a store where there is none', () => {
    const folder = newFolder();
    expect(() => prune(folder, prunable)).toThrow(expect.objectContaining({ code: 'missing' }));
    expect(readdirSync(folder)).toEqual([]);
  });
});
