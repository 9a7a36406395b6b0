// The log as a folder that any web server can serve (C2SP tlog-tiles): made from the facts, not copied from the
// sealer's files, so that what is handed out hashes to the head that is handed out with it. Incremental, and
// safe to interrupt: every file appears whole, and `checkpoint` is written last. A partial tile stays until the
// full one is there, so the tiles of every checkpoint that this folder ever had are in it.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { equal, type Head, TILE_WIDTH, tilePath, tileWidth, toBase64 } from '@surety/proof/records';
import { makeFolder, writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';
import { takeExclusive } from './exclusive.ts';
import { GrowingTree, Unsound } from './growing.ts';
import { type KeyReader, KeysOfLog } from './key-history.ts';
import { openOwnHead, type PublishedHead, publishedHead } from './published.ts';
import { TileFolder } from './tile-folder.ts';

export interface ExportOptions {
  /** The log's folder; it may be written meanwhile. */
  readonly store: string;
  readonly reader: KeyReader;
  /** Made if it is not there, for its owner alone: opening it to others publishes the log. */
  readonly to: string;
  /** Facts done so far, of how many. */
  readonly onProgress?: (done: number, size: number) => void;
}

export interface Exported {
  readonly origin: string;
  readonly size: number;
  /** Facts that the last checkpoint of this folder did not cover. */
  readonly added: number;
  /** Base64. */
  readonly root: string;
  /** The signed note, as in `checkpoint`. */
  readonly head: string;
  /** Files were damaged or gone, and all were compared and made again. */
  readonly repaired: boolean;
}

const fileMode = 0o644;
/** Bundles of 256 facts between two looks at the outside. */
const bundlesMax = 16;

/**
 * Throws LedgerError: `not-sealed` when there is no head yet, `held` while another export of this log runs,
 * `wrong-log` when the folder holds another one, `corrupt` when the facts do not give the roots that were signed.
 */
export async function exportLog(options: ExportOptions): Promise<Exported> {
  const { store, reader, to } = options;
  const lock = takeExclusive(join(store, 'export'), 'export');
  try {
    const published = await publishedHead(store, reader);
    if (published === undefined)
      throw new LedgerError('not-sealed', 'no head is signed yet: the sealer signs one');
    const before = await checkpointIn(to, reader);
    if (before !== undefined && before.head.size > published.head.size)
      throw new LedgerError(
        'corrupt',
        `\`${to}\` holds ${before.head.size} facts of this log, the store has sealed ${published.head.size}`,
      );
    makeFolder(to, 0o700);
    clearUnfinished(to);
    const repaired = await write(options, published.head, before?.head);
    if (before?.note !== published.note)
      writeDurable(join(to, 'checkpoint'), published.note, { mode: fileMode });
    const { origin, size, root } = published.head;
    const from = before?.head.size ?? 0;
    removeOutgrown(to, from, size);
    return { origin, size, added: size - from, root: toBase64(root), head: published.note, repaired };
  } finally {
    lock.release();
  }
}

async function checkpointIn(to: string, reader: KeyReader): Promise<PublishedHead | undefined> {
  const path = join(to, 'checkpoint');
  if (!existsSync(path)) return undefined;
  return openOwnHead(readFileSync(path, 'utf8'), new KeysOfLog(reader)).catch((cause: Error) => {
    throw new LedgerError('wrong-log', `\`${path}\` is not a head of this log: ${cause.message}`);
  });
}

/** Grows the tree in the folder from one head to the next; true if it had to start over. */
async function write(options: ExportOptions, head: Head, before: Head | undefined): Promise<boolean> {
  const tiles = new TileFolder(options.to, { within: '', mode: fileMode });
  const tree = new GrowingTree(options.reader, tiles);
  const isWhole = before === undefined || holds(tree, before);
  if (!isWhole) tree.reset();
  try {
    for (const target of [before, head]) {
      if (target === undefined) continue;
      await growTo(tree, target.size, options);
      if (!equal(tree.root(), target.root))
        throw new Unsound(`the first ${target.size} facts of the store do not give the root that was signed`);
    }
  } catch (cause) {
    throw cause instanceof Unsound ? new LedgerError('corrupt', cause.message) : cause;
  }
  tree.flush();
  tiles.sync();
  return !isWhole;
}

function holds(tree: GrowingTree, { size, root }: Head): boolean {
  try {
    tree.load(size);
    return equal(tree.root(), root);
  } catch {
    return false;
  }
}

async function growTo(tree: GrowingTree, size: number, { onProgress }: ExportOptions): Promise<void> {
  for (let bundles = 1; tree.size < size; bundles++) {
    tree.grow(size);
    if (bundles % bundlesMax !== 0) continue;
    onProgress?.(tree.size, size);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a run that was killed was writing when it was. */
function clearUnfinished(to: string): void {
  const tiles = join(to, 'tile');
  const listed = { withFileTypes: true } as const;
  const below = existsSync(tiles) ? readdirSync(tiles, { ...listed, recursive: true }) : [];
  for (const entry of [...readdirSync(to, listed), ...below])
    if (entry.isFile() && /^\.\d+\.tmp$/.test(entry.name)) rmSync(join(entry.parentPath, entry.name));
}

/** Partial tiles whose full one is there now, as the spec allows. */
function removeOutgrown(to: string, from: number, size: number): void {
  for (let level = 0; TILE_WIDTH ** level <= from; level++) {
    const tile = { level, index: Math.floor(from / TILE_WIDTH ** (level + 1)), width: TILE_WIDTH };
    if (tileWidth(level, tile.index, size) < TILE_WIDTH) continue;
    for (const address of level === 0 ? [tile, { ...tile, level: 'entries' as const }] : [tile])
      rmSync(`${join(to, tilePath(address))}.p`, { recursive: true, force: true });
  }
}
