// The tree as static files (C2SP tlog-tiles): hash tiles of up to 256 nodes and bundles of 256 entries.
// Whoever serves them is not trusted: every proof made from tiles is checked against a signed head.

import { concat, type Sha256 } from '../values/bytes.ts';
import { nodeHash, type Subtree } from './tree.ts';

/** `width` of the 256 hashes of a tile; level 0 holds leaf hashes, each level above roots of full tiles. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

export const TILE_WIDTH = 256;
const HASH_BYTES = 32;
const ENTRY_BYTES_MAX = 65_535;

export type TilesErrorCode = 'bad-tile' | 'bad-bundle' | 'entry-too-large';

export class TilesError extends Error {
  readonly code: TilesErrorCode;
  constructor(code: TilesErrorCode, message: string) {
    super(message);
    this.name = 'TilesError';
    this.code = code;
  }
}

/** `tile/0/x001/067`, or `tile/0/x001/067.p/8` for a tile that is not full. */
export const tilePath = (tile: Tile): string => `tile/${tile.level}/${indexPath(tile.index, tile.width)}`;

export const entriesPath = (index: number, width: number): string =>
  `tile/entries/${indexPath(index, width)}`;

function indexPath(index: number, width: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new TilesError('bad-tile', `tile has index ${index}`);
  if (!Number.isInteger(width) || width < 1 || width > TILE_WIDTH)
    throw new TilesError('bad-tile', `tile has width ${width}`);
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const path = padded.replace(/\d{3}(?=\d)/g, 'x$&/');
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

/** How wide the tile is in a tree of this size; 0 if that tree has none there. */
export function tileWidth(level: number, index: number, treeSize: number): number {
  const hashes = Math.floor(treeSize / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** The tiles to write when a tree grows: new ones and those that became wider. */
export function newTiles(oldSize: number, newSize: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; TILE_WIDTH ** level <= newSize; level++) {
    const from = Math.floor(oldSize / TILE_WIDTH ** level);
    for (let index = Math.floor(from / TILE_WIDTH); ; index++) {
      const width = tileWidth(level, index, newSize);
      if (width === 0) break;
      if (width > tileWidth(level, index, oldSize)) tiles.push({ level, index, width });
    }
  }
  return tiles;
}

/** The hashes of a tile, computed from stored nodes. */
export const tileBytes = (tile: Tile, subtree: Subtree): Uint8Array =>
  concat(
    ...Array.from({ length: tile.width }, (_, at) => subtree(8 * tile.level, tile.index * TILE_WIDTH + at)),
  );

/**
 * Node hashes out of tiles, for proofs in the tree of this size. `read` is given each tile once; a full
 * tile is read as such, the last of a level at the width it has in this tree.
 */
export function subtreeFromTiles(
  treeSize: number,
  read: (tile: Tile) => Uint8Array,
  sha256: Sha256,
): Subtree {
  const known = new Map<string, Uint8Array>();
  const hashesOf = (level: number, index: number): Uint8Array => {
    const tile = { level, index, width: tileWidth(level, index, treeSize) };
    if (tile.width === 0) throw new TilesError('bad-tile', `tree has no tile ${level}/${index}`);
    const path = tilePath(tile);
    const bytes = known.get(path) ?? read(tile);
    if (bytes.length !== tile.width * HASH_BYTES)
      throw new TilesError('bad-tile', `\`${path}\` has ${bytes.length} bytes`);
    known.set(path, bytes);
    return bytes;
  };
  return (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const count = 2 ** (level % 8);
    const first = index * count;
    const bytes = hashesOf(tileLevel, Math.floor(first / TILE_WIDTH));
    const from = (first % TILE_WIDTH) * HASH_BYTES;
    if (from + count * HASH_BYTES > bytes.length)
      throw new TilesError('bad-tile', `tree has no subtree ${level}/${index}`);
    return rootIn(bytes, from, count, sha256);
  };
}

/** The root over `count` hashes (a power of two) from byte `from` on. */
function rootIn(bytes: Uint8Array, from: number, count: number, sha256: Sha256): Uint8Array {
  if (count === 1) return bytes.subarray(from, from + HASH_BYTES);
  const half = count / 2;
  return nodeHash(
    rootIn(bytes, from, half, sha256),
    rootIn(bytes, from + half * HASH_BYTES, half, sha256),
    sha256,
  );
}

/** Entries, each behind its length in two bytes. */
export function encodeEntries(entries: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...entries.flatMap((entry) => {
      if (entry.length > ENTRY_BYTES_MAX)
        throw new TilesError('entry-too-large', `entry has ${entry.length} bytes`);
      return [Uint8Array.of(entry.length >> 8, entry.length & 255), entry];
    }),
  );
}

/** Exactly `width` entries and not a byte more. */
export function decodeEntries(bundle: Uint8Array, width: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bundle.length && entries.length < width) {
    const from = at + 2;
    at = from + (((bundle[at] as number) << 8) | (bundle[at + 1] ?? 0));
    if (at > bundle.length) throw new TilesError('bad-bundle', 'bundle ends within an entry');
    entries.push(bundle.subarray(from, at));
  }
  if (entries.length !== width || at !== bundle.length)
    throw new TilesError('bad-bundle', `bundle has not exactly ${width} entries`);
  return entries;
}
