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

/** What has an address of its own: a tile, or the bundle of the entries under a tile of level 0. */
export interface TileAddress {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

export const TILE_WIDTH = 256;
export const ENTRY_BYTES_MAX = 65_535;
const HASH_BYTES = 32;
const LEVEL_MAX = 63;

export type TilesErrorCode = 'bad-tile' | 'bad-bundle' | 'entry-too-large';

export class TilesError extends Error {
  readonly code: TilesErrorCode;
  constructor(code: TilesErrorCode, message: string) {
    super(message);
    this.name = 'TilesError';
    this.code = code;
  }
}

/** `tile/0/x001/067`, or `tile/0/x001/067.p/8` for a tile that is not full; `tile/entries/...` of a bundle. */
export const tilePath = ({ level, index, width }: TileAddress): string =>
  `tile/${level}/${indexPath(index, width)}`;

export const entriesPath = (index: number, width: number): string =>
  tilePath({ level: 'entries', index, width });

/** Five groups of three digits: indexes beyond are no safe integers. */
const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The one address that prints as this path; undefined for every other text, whoever chose it. */
export function parseTilePath(path: string): TileAddress | undefined {
  const [, level = '', digits = '', partial] = PATH.exec(path) ?? [];
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const address = {
    level: level === 'entries' ? level : Number(level),
    index: Number(digits.replace(/[x/]/g, '')),
    width,
  } as const;
  if (width < 1 || width > TILE_WIDTH || (level !== 'entries' && Number(level) > LEVEL_MAX)) return undefined;
  return tilePath(address) === path ? address : undefined;
}

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
 * tile is read as such, the last of a level at the width it has in this tree. Tiles and the hashes between
 * their levels are kept, 16 kB a tile: a second proof from the same tiles hashes nothing below 256 leaves.
 */
export function subtreeFromTiles(
  treeSize: number,
  read: (tile: Tile) => Uint8Array,
  sha256: Sha256,
): Subtree {
  const known = new Map<number, Uint8Array[]>();
  const rowsOf = (level: number, index: number): Uint8Array[] => {
    const key = index * (LEVEL_MAX + 1) + level;
    const kept = known.get(key);
    if (kept !== undefined) return kept;
    const tile = { level, index, width: tileWidth(level, index, treeSize) };
    if (tile.width === 0) throw new TilesError('bad-tile', `tree has no tile ${level}/${index}`);
    const bytes = read(tile);
    if (bytes.length !== tile.width * HASH_BYTES)
      throw new TilesError('bad-tile', `\`${tilePath(tile)}\` has ${bytes.length} bytes`);
    const rows = [bytes];
    known.set(key, rows);
    return rows;
  };
  return (level, index) => {
    const above = level % 8;
    const inTile = TILE_WIDTH / 2 ** above;
    const rows = rowsOf((level - above) / 8, Math.floor(index / inTile));
    while (rows.length <= above) rows.push(rowAbove(rows.at(-1) as Uint8Array, sha256));
    const from = (index % inTile) * HASH_BYTES;
    const hash = (rows[above] as Uint8Array).subarray(from, from + HASH_BYTES);
    if (hash.length !== HASH_BYTES) throw new TilesError('bad-tile', `tree has no subtree ${level}/${index}`);
    return hash;
  };
}

/** The parents of a row of hashes; one without a sibling has none yet. */
function rowAbove(row: Uint8Array, sha256: Sha256): Uint8Array {
  const parents = new Uint8Array(Math.floor(row.length / (2 * HASH_BYTES)) * HASH_BYTES);
  for (let at = 0; at < parents.length; at += HASH_BYTES) {
    const [left, right] = [2 * at, 2 * at + HASH_BYTES];
    parents.set(nodeHash(row.subarray(left, right), row.subarray(right, right + HASH_BYTES), sha256), at);
  }
  return parents;
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

/** The bundle of the first `count` entries of a wider one: its front, byte for byte. */
export function bundleFront(bundle: Uint8Array, count: number): Uint8Array {
  let at = 0;
  for (let entry = 0; entry < count; entry++) {
    if (at + 2 > bundle.length) throw new TilesError('bad-bundle', `bundle has not ${count} entries`);
    at += 2 + (((bundle[at] as number) << 8) | (bundle[at + 1] as number));
  }
  if (at > bundle.length) throw new TilesError('bad-bundle', 'bundle ends within an entry');
  return bundle.subarray(0, at);
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
