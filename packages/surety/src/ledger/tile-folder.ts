// The tiles as files (C2SP tlog-tiles): `<log folder>/tiles/tile/...`. Anyone may read them while the
// sealer writes. A partial tile that has been outgrown is read as the front of a wider one.

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  decodeEntries,
  encodeEntries,
  entriesPath,
  type Sha256,
  type Subtree,
  subtreeFromTiles,
  TILE_WIDTH,
  type Tile,
  tilePath,
} from '@surety/proof/records';
import { makeFolder, writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';

const hashBytes = 32;

export class TileFolder {
  readonly #root: string;
  /** Partial files by the round of writing that made them, so that readers of the last head keep theirs. */
  #outgrown: string[] = [];
  #partial: string[] = [];

  constructor(logFolder: string) {
    this.#root = join(logFolder, 'tiles');
  }

  /** The bytes of a tile at this width. Throws `missing`. */
  read(tile: Tile): Uint8Array {
    const widest = this.#widest(tilePath(tile), tilePath({ ...tile, width: TILE_WIDTH }), tile.width);
    return widest.bytes.subarray(0, tile.width * hashBytes);
  }

  readEntries(index: number, width: number): Uint8Array[] {
    const found = this.#widest(entriesPath(index, width), entriesPath(index, TILE_WIDTH), width);
    return decodeEntries(found.bytes, found.width).slice(0, width);
  }

  /** Node hashes for proofs in the tree of this size. */
  subtree(treeSize: number, sha256: Sha256): Subtree {
    return subtreeFromTiles(treeSize, (tile) => this.read(tile), sha256);
  }

  writeTile(tile: Tile, hashes: readonly Uint8Array[]): void {
    this.#write(tilePath(tile), Buffer.concat(hashes), tile.width);
  }

  writeEntries(index: number, entries: readonly Uint8Array[]): void {
    this.#write(entriesPath(index, entries.length), encodeEntries(entries), entries.length);
  }

  /** After a head is published: what the head before the last needed alone is removed. */
  endRound(): void {
    for (const path of this.#outgrown) {
      rmSync(path, { force: true });
      try {
        rmdirSync(dirname(path));
      } catch {
        // A wider partial tile is still in it.
      }
    }
    this.#outgrown = this.#partial;
    this.#partial = [];
  }

  #write(name: string, bytes: Uint8Array, width: number): void {
    const path = join(this.#root, name);
    makeFolder(dirname(path));
    writeDurable(path, bytes);
    if (width === TILE_WIDTH) return;
    this.#partial.push(path);
    this.#outgrown = this.#outgrown.filter((other) => other !== path);
  }

  #widest(name: string, fullName: string, width: number): { bytes: Uint8Array; width: number } {
    const read = (path: string, has: number) => ({ bytes: readFileSync(path), width: has });
    const exact = join(this.#root, name);
    if (existsSync(exact)) return read(exact, width);
    const full = join(this.#root, fullName);
    if (existsSync(full)) return read(full, TILE_WIDTH);
    const partial = `${full}.p`;
    const widths = existsSync(partial) ? readdirSync(partial).map(Number) : [];
    const wider = widths.find((has) => has > width && has < TILE_WIDTH);
    if (wider === undefined) throw new LedgerError('missing', `there is no tile \`${name}\``);
    return read(join(partial, String(wider)), wider);
  }
}
