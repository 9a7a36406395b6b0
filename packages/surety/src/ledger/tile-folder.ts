// The tiles as files (C2SP tlog-tiles): `<log folder>/tiles/tile/...`. Anyone may read them while the
// sealer writes. A partial tile that has been outgrown is read as the front of a wider one.

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  decodeEntries,
  encodeEntries,
  equal,
  type Sha256,
  type Subtree,
  subtreeFromTiles,
  TILE_WIDTH,
  type Tile,
  type TileAddress,
  tilePath,
} from '@surety/proof/records';
import { makeFolder, syncFolder, writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';

const hashBytes = 32;
const attemptsMax = 3;

interface TileFolderOptions {
  /** Below the folder; default `tiles`, beside the log. */
  readonly within?: string;
  /** Of the files: 0o600 unless somebody else is to read them. */
  readonly mode?: number;
}

export class TileFolder {
  readonly #root: string;
  readonly #mode: number;
  /** Partial files by the round of writing that made them, so that readers of the last head keep theirs. */
  #outgrown: string[] = [];
  #partial: string[] = [];
  /** Folders of files that were already right: their names may not be durable yet. */
  readonly #unsynced = new Set<string>();

  constructor(folder: string, { within = 'tiles', mode = 0o600 }: TileFolderOptions = {}) {
    this.#root = join(folder, within);
    this.#mode = mode;
  }

  /** The bytes of a tile at this width. Throws `missing`. */
  read(tile: Tile): Uint8Array {
    return this.#widest(tile).bytes.subarray(0, tile.width * hashBytes);
  }

  readEntries(index: number, width: number): Uint8Array[] {
    const found = this.#widest({ level: 'entries', index, width });
    return decodeEntries(found.bytes, found.width).slice(0, width);
  }

  /** Node hashes for proofs in the tree of this size. */
  subtree(treeSize: number, sha256: Sha256): Subtree {
    return subtreeFromTiles(treeSize, (tile) => this.read(tile), sha256);
  }

  writeTile(tile: Tile, hashes: readonly Uint8Array[]): void {
    this.#write(tile, Buffer.concat(hashes));
  }

  writeEntries(index: number, entries: readonly Uint8Array[]): void {
    this.#write({ level: 'entries', index, width: entries.length }, encodeEntries(entries));
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

  /** Everything written so far is durable afterwards, also what was found to be there already. */
  sync(): void {
    for (const folder of this.#unsynced) syncFolder(folder);
    this.#unsynced.clear();
  }

  #write(address: TileAddress, bytes: Uint8Array): void {
    const path = join(this.#root, tilePath(address));
    // Written before by a round that did not end: the same bytes need no second sync.
    if (existsSync(path) && equal(readFileSync(path), bytes)) this.#unsynced.add(dirname(path));
    else {
      makeFolder(dirname(path));
      writeDurable(path, bytes, { mode: this.#mode });
    }
    if (address.width === TILE_WIDTH) return;
    this.#partial.push(path);
    this.#outgrown = this.#outgrown.filter((other) => other !== path);
  }

  #widest(address: TileAddress): { bytes: Uint8Array; width: number } {
    for (let attempt = 1; ; attempt++)
      try {
        const width = this.#widthAtHand(address);
        return { bytes: readFileSync(join(this.#root, tilePath({ ...address, width }))), width };
      } catch (cause) {
        // What was there a moment ago was outgrown meanwhile: what it grew into is there now.
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === attemptsMax) throw cause;
      }
  }

  #widthAtHand(address: TileAddress): number {
    if (existsSync(join(this.#root, tilePath(address)))) return address.width;
    const full = join(this.#root, tilePath({ ...address, width: TILE_WIDTH }));
    if (existsSync(full)) return TILE_WIDTH;
    const width = existsSync(`${full}.p`) ? widest(readdirSync(`${full}.p`), address.width) : undefined;
    if (width === undefined) throw new LedgerError('missing', `there is no tile \`${tilePath(address)}\``);
    return width;
  }
}

/** The widest of the partial files with these names, if any is at least as wide. */
export function widest(names: readonly string[], width: number): number | undefined {
  const widths = names.map(Number).filter((has) => has >= width && has < TILE_WIDTH);
  return widths.length === 0 ? undefined : Math.max(...widths);
}
