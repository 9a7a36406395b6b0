import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../values/bytes.ts';
import {
  bundleFront,
  decodeEntries,
  encodeEntries,
  entriesPath,
  newTiles,
  parseTilePath,
  subtreeFromTiles,
  type Tile,
  tileBytes,
  tilePath,
  tileWidth,
} from './tiles.ts';
import { consistencyProof, inclusionProof, leafHash, subtreeOf, treeRoot, verifyInclusion } from './tree.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const leaves = Array.from({ length: 1300 }, (_, at) => leafHash(utf8(`leaf ${at}`), sha256));
const subtree = subtreeOf(leaves, sha256);

/** A served log: what was written at each of these sizes, partial tiles included. */
function served(...sizes: number[]): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  sizes.forEach((size, at) => {
    for (const tile of newTiles(sizes[at - 1] ?? 0, size))
      files.set(tilePath(tile), tileBytes(tile, subtree));
  });
  return files;
}
const reader = (files: ReadonlyMap<string, Uint8Array>) => (tile: Tile) => {
  const bytes = files.get(tilePath(tile));
  if (bytes === undefined) throw new Error(`no tile ${tilePath(tile)}`);
  return bytes;
};

describe('paths', () => {
  test.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1234067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 1, index: 999, width: 1 }, 'tile/1/999.p/1'],
    [{ level: 63, index: 1000, width: 255 }, 'tile/63/x001/000.p/255'],
  ])('%j is %s', (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(entriesPath(tile.index, tile.width)).toBe(path.replace(/tile\/\d+/, 'tile/entries'));
  });
  test.each([
    { level: 0, index: -1, width: 256 },
    { level: 0, index: 0.5, width: 256 },
    { level: 0, index: 0, width: 0 },
    { level: 0, index: 0, width: 257 },
  ])('refuses %j', (tile) => {
    expect(() => tilePath(tile)).toThrow(expect.objectContaining({ code: 'bad-tile' }));
  });
});

describe('the address that a path names', () => {
  test('every path that is printed comes back', () => {
    const level = fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const));
    const index = fc.oneof(fc.nat(2000), fc.integer({ min: 0, max: 10 ** 15 - 1 }));
    fc.assert(
      fc.property(level, index, fc.integer({ min: 1, max: 256 }), (at, index, width) => {
        const address = { level: at, index, width };
        expect(parseTilePath(tilePath(address))).toEqual(address);
      }),
    );
  });

  test.each([
    ['', '/tile/0/000', 'tile/0/000/', 'tile/0', 'tile/0/', 'tile//000', 'checkpoint', 'tile/0/000\n'],
    // Numbers that are written otherwise than the spec writes them.
    ['tile/00/000', 'tile/64/000', 'tile/100/000', 'tile/-1/000', 'tile/+1/000', 'tile/0/0', 'tile/0/0000'],
    ['tile/0/x000/001', 'tile/0/001/002', 'tile/0/x001', 'tile/0/X001/000', 'tile/0/x1234/067'],
    [
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000.p/',
      'tile/0/000.p',
      'tile/0/000.p/1/',
    ],
    [
      'tile/0/x999/x999/x999/x999/x999/999',
      'tile/entries',
      'tile/Entries/000',
      'tile/data/000',
      'tile/8/0/000',
    ],
    // What somebody tries who wants another file.
    [
      'tile/0/../../head',
      'tile/entries/../../../log.key',
      'tile/0/%30%30%30',
      'tile/0/000?x',
      'tile\\0\\000',
    ],
    ['tile/0/000\0', 'tile/\u0661/000', 'tile/0/\u0660\u0660\u0660', 'tile/0/000.p/1e1', 'TILE/0/000'],
  ])('no other text names one: %s', (...paths) => {
    expect(paths.map((path) => parseTilePath(path))).toEqual(paths.map(() => undefined));
  });
});

describe('which tiles a tree has', () => {
  const count = (tiles: readonly Tile[], level: number, full: boolean): number =>
    tiles.filter((tile) => tile.level === level && (tile.width === 256) === full).length;

  test('the example of the spec: 70,000 leaves', () => {
    const tiles = newTiles(0, 70_000);
    expect([0, 1, 2].map((level) => count(tiles, level, true))).toEqual([273, 1, 0]);
    expect([tileWidth(0, 273, 70_000), tileWidth(1, 1, 70_000), tileWidth(2, 0, 70_000)]).toEqual([
      112, 17, 1,
    ]);
    expect(tiles).toHaveLength(273 + 1 + 1 + 1 + 1);
  });
  test('the example of the spec: 256 leaves', () => {
    expect(newTiles(0, 256)).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ]);
  });
  test('only what grew is written again', () => {
    expect(newTiles(256, 257)).toEqual([{ level: 0, index: 1, width: 1 }]);
    expect(newTiles(511, 512)).toEqual([
      { level: 0, index: 1, width: 256 },
      { level: 1, index: 0, width: 2 },
    ]);
    expect(newTiles(300, 300)).toEqual([]);
    expect(newTiles(0, 0)).toEqual([]);
  });
});

describe('proofs from tiles', () => {
  test('are those of the tree, at any size, however the log grew', () => {
    const size = fc.integer({ min: 1, max: leaves.length });
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 4 }), fc.nat(), (grown, at) => {
        const sizes = grown.toSorted((a, b) => a - b);
        const last = sizes.at(-1) as number;
        const fromTiles = subtreeFromTiles(last, reader(served(...sizes)), sha256);
        const index = at % last;
        const proof = inclusionProof(index, last, fromTiles, sha256);
        expect(proof).toEqual(inclusionProof(index, last, subtree, sha256));
        const root = treeRoot(leaves.slice(0, last), sha256);
        expect(verifyInclusion(leaves[index] as Uint8Array, index, last, proof, root, sha256)).toBe(true);
        expect(consistencyProof(index, last, fromTiles, sha256)).toEqual(
          consistencyProof(index, last, subtree, sha256),
        );
      }),
      { numRuns: 25 },
    );
  });

  test('a tile is read once', () => {
    const read: string[] = [];
    const files = reader(served(700));
    const fromTiles = subtreeFromTiles(
      700,
      (tile) => {
        read.push(tilePath(tile));
        return files(tile);
      },
      sha256,
    );
    for (const index of [3, 5, 600]) inclusionProof(index, 700, fromTiles, sha256);
    expect(read.length).toBe(new Set(read).size);
  });

  test('a second proof from the same tiles reads nothing and hashes nothing within them', () => {
    let hashed = 0;
    const counting = (bytes: Uint8Array): Uint8Array => {
      hashed += 1;
      return sha256(bytes);
    };
    const fromTiles = subtreeFromTiles(1280, reader(served(1280)), counting);
    const proofs = [3, 1030].map((index) => inclusionProof(index, 1280, fromTiles, counting));
    const before = hashed;
    expect([3, 1030].map((index) => inclusionProof(index, 1280, fromTiles, counting))).toEqual(proofs);
    // 1280 leaves are five full tiles: every hash of both proofs lies in one of them.
    expect(hashed - before).toBe(0);
    expect(before).toBeGreaterThan(255);
  });

  test('a tile of another width, or outside the tree, is refused', () => {
    const bad = expect.objectContaining({ code: 'bad-tile' });
    const short = subtreeFromTiles(300, (tile) => new Uint8Array(32 * (tile.width - 1)), sha256);
    expect(() => short(0, 0)).toThrow(bad);
    const long = subtreeFromTiles(300, (tile) => new Uint8Array(32 * (tile.width + 1)), sha256);
    expect(() => long(0, 0)).toThrow(bad);
    const good = subtreeFromTiles(300, reader(served(300)), sha256);
    expect(() => good(0, 300)).toThrow(bad);
    expect(() => good(0, 512)).toThrow(bad);
    expect(() => good(3, 37)).toThrow(bad);
    expect(() => good(8, 1)).toThrow(bad);
  });
});

describe('entry bundles', () => {
  test('are lengths and entries', () => {
    expect(
      encodeEntries([utf8('ab'), new Uint8Array(0), new Uint8Array(258).fill(7)]).subarray(0, 8),
    ).toEqual(Uint8Array.of(0, 2, 0x61, 0x62, 0, 0, 1, 2));
    expect(() => encodeEntries([new Uint8Array(65_536)])).toThrow(
      expect.objectContaining({ code: 'entry-too-large' }),
    );
    expect(decodeEntries(encodeEntries([new Uint8Array(65_535)]), 1)[0]).toHaveLength(65_535);
  });

  test('the front of a bundle is the bundle of its first entries', () => {
    const bad = expect.objectContaining({ code: 'bad-bundle' });
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 6 }),
        fc.nat(6),
        (entries, count) => {
          const bundle = encodeEntries(entries);
          if (count > entries.length) expect(() => bundleFront(bundle, count)).toThrow(bad);
          else expect(bundleFront(bundle, count)).toEqual(encodeEntries(entries.slice(0, count)));
          if (bundle.length > 0)
            expect(() => bundleFront(bundle.subarray(0, -1), entries.length)).toThrow(bad);
        },
      ),
    );
  });

  test('come back, and only with exactly their number and bytes', () => {
    const bad = expect.objectContaining({ code: 'bad-bundle' });
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 6 }), (entries) => {
        const bundle = encodeEntries(entries);
        expect(decodeEntries(bundle, entries.length)).toEqual(entries);
        expect(() => decodeEntries(bundle, entries.length + 1)).toThrow(bad);
        expect(() => decodeEntries(Uint8Array.from([...bundle, 0]), entries.length)).toThrow(bad);
        if (entries.length === 0) return;
        expect(() => decodeEntries(bundle, entries.length - 1)).toThrow(bad);
        expect(() => decodeEntries(bundle.subarray(0, -1), entries.length)).toThrow(bad);
      }),
    );
  });
});
