// The sealer's tree: grows bundle by bundle from the store, keeps in memory only the open tile of each level.
// What it has hashed once it never hashes otherwise: facts read again that hash differently are `Unsound`.

import { equal, leafHash, nodeHash, rootOf, TILE_WIDTH } from '@surety/proof/records';
import { sha256 } from './hash.ts';
import type { Entry, LogReader } from './log.ts';
import type { TileFolder } from './tile-folder.ts';

/** The store is not what was signed. No head may be signed any more. */
export class Unsound extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unsound';
  }
}

export class GrowingTree {
  readonly #store: LogReader;
  readonly #tiles: TileFolder;
  /** Hashes of the open tile by tile level; level 0 holds leaves, each above roots of full tiles. */
  #open: Uint8Array[][] = [[]];
  #size = 0;

  constructor(store: LogReader, tiles: TileFolder) {
    this.#store = store;
    this.#tiles = tiles;
  }

  get size(): number {
    return this.#size;
  }

  /** The head of the tree as it stands. */
  root(): Uint8Array {
    return rootOf({ size: this.#size, hashes: this.#open.toReversed().flatMap(completeSubtrees) }, sha256);
  }

  /** Takes the tree of this size from the tiles on disk; throws when they are not all there. */
  load(size: number): void {
    const open: Uint8Array[][] = [];
    for (let level = 0, hashes = size; hashes > 0 || level === 0; level++) {
      const width = hashes % TILE_WIDTH;
      const index = Math.floor(hashes / TILE_WIDTH);
      open.push(width === 0 ? [] : split(this.#tiles.read({ level, index, width })));
      hashes = index;
    }
    this.#open = open;
    this.#size = size;
  }

  reset(): void {
    this.#open = [[]];
    this.#size = 0;
  }

  /** Adds at most what is left of one bundle, up to `target`, and writes the tiles that it filled. */
  grow(target: number): void {
    const index = Math.floor(this.#size / TILE_WIDTH);
    const first = index * TILE_WIDTH;
    const entries = readDense(this.#store, first, Math.min(TILE_WIDTH, target - first));
    const leaves = this.#leavesOf(entries);
    this.#open[0] = leaves;
    this.#size = first + leaves.length;
    if (leaves.length < TILE_WIDTH) return;
    this.#tiles.writeEntries(
      index,
      entries.map(({ bytes }) => bytes),
    );
    this.#close(0, index);
  }

  /** Writes the open tiles, so that every proof in this tree can be made from files. */
  flush(): void {
    for (const [level, hashes] of this.#open.entries()) {
      if (hashes.length === 0) continue;
      const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1));
      this.#tiles.writeTile({ level, index, width: hashes.length }, hashes);
      if (level > 0) continue;
      const entries = readDense(this.#store, index * TILE_WIDTH, hashes.length);
      this.#tiles.writeEntries(
        index,
        entries.map(({ bytes }) => bytes),
      );
    }
  }

  /** Checks that the facts of the open bundle are still those that were sealed. */
  checkOpen(): void {
    const width = this.#size % TILE_WIDTH;
    this.#leavesOf(readDense(this.#store, this.#size - width, width));
  }

  /** Checks that the facts of one full bundle are still those that were sealed, and its tile in its place. */
  check(index: number): void {
    const sealed = split(this.#tiles.read({ level: 0, index, width: TILE_WIDTH }));
    const entries = readDense(this.#store, index * TILE_WIDTH, TILE_WIDTH);
    for (const [at, { bytes, position }] of entries.entries())
      if (!equal(leafHash(bytes, sha256), sealed[at] as Uint8Array)) throw changed(position);
    const parent = this.#tiles.subtree(this.#size, sha256);
    if (!equal(parent(8, index), tileRoot(sealed)))
      throw new Unsound(`tile 0/${index} is not the one that was sealed`);
  }

  /** Leaf hashes of the open bundle's facts, of which those that were hashed before must be the same. */
  #leavesOf(entries: readonly Entry[]): Uint8Array[] {
    const leaves = entries.map(({ bytes }) => leafHash(bytes, sha256));
    for (const [at, known] of (this.#open[0] as Uint8Array[]).entries())
      if (!equal(known, leaves[at] as Uint8Array)) throw changed((entries[at] as Entry).position);
    return leaves;
  }

  #close(level: number, index: number): void {
    const hashes = this.#open[level] as Uint8Array[];
    this.#tiles.writeTile({ level, index, width: TILE_WIDTH }, hashes);
    this.#open[level] = [];
    const above = this.#open[level + 1] ?? [];
    this.#open[level + 1] = above;
    if (above.push(tileRoot(hashes)) === TILE_WIDTH) this.#close(level + 1, Math.floor(index / TILE_WIDTH));
  }
}

function readDense(store: LogReader, from: number, limit: number): readonly Entry[] {
  const entries = store.read(from, limit);
  for (let at = 0; at < limit; at++)
    if (entries[at]?.position !== from + at) throw new Unsound(`fact ${from + at} is missing from the store`);
  return entries;
}

const changed = (position: number): Unsound => new Unsound(`fact ${position} is not the one that was sealed`);

/** The complete subtrees of an open tile, the largest first: one for each bit of its width. */
function completeSubtrees(hashes: readonly Uint8Array[]): Uint8Array[] {
  const roots: Uint8Array[] = [];
  for (let width = TILE_WIDTH / 2, from = 0; width >= 1; width /= 2) {
    if ((hashes.length & width) === 0) continue;
    roots.push(tileRoot(hashes.slice(from, from + width)));
    from += width;
  }
  return roots;
}

/** Of a power of two of hashes. */
function tileRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, at) =>
      nodeHash(row[2 * at] as Uint8Array, row[2 * at + 1] as Uint8Array, sha256),
    );
  return row[0] as Uint8Array;
}

const split = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(32 * at, 32 * at + 32));
