// What a store need not keep. Facts are never pruned: decisions and verdicts fold them from the first on, and a proof
// carries all of them. What goes is what can be made again, and what a crash or an upgrade left behind:
//   leftovers   files that a process was writing when it died; copies from before an upgrade
//   outgrown    partial tiles of heads that have been followed by larger ones
//   entries     bundles of facts below the newest head: the same facts again, as files; made from the store when asked for

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  parseHead,
  parseNote,
  parseTilePath,
  TILE_WIDTH,
  type TileAddress,
  tileWidth,
} from '@surety/proof/records';
import { LedgerError } from './errors.ts';
import { isAlive, takeExclusive } from './exclusive.ts';
import { storeFile } from './stores/wire.ts';

export const prunable = ['leftovers', 'outgrown', 'entries'] as const;
export type Prunable = (typeof prunable)[number];

interface Found {
  readonly is: Prunable;
  readonly path: string;
  readonly bytes: number;
}

export interface Pruned {
  readonly files: number;
  readonly bytes: number;
}

/** Removes what is of these kinds, or only counts it; while the store is written as well. */
export function prune(
  folder: string,
  kinds: readonly Prunable[],
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Record<Prunable, Pruned> {
  if (!existsSync(join(folder, storeFile)))
    throw new LedgerError('missing', `there is no log in \`${folder}\``);
  const found = [...leftovers(folder), ...tiles(folder)].filter(({ is }) => kinds.includes(is));
  if (!dryRun) {
    for (const { path } of found) rmSync(path, { force: true });
    for (const { path } of found.filter(({ is }) => is === 'outgrown')) removeIfEmpty(join(path, '..'));
    if (kinds.includes('leftovers')) emptyWriteAheadLog(folder);
  }
  const sum = (is: Prunable): Pruned => {
    const own = found.filter((each) => each.is === is);
    return { files: own.length, bytes: own.reduce((bytes, each) => bytes + each.bytes, 0) };
  };
  return { leftovers: sum('leftovers'), outgrown: sum('outgrown'), entries: sum('entries') };
}

/** Names that carry the number of the process that was writing: while that lives, it may still be. */
const unfinished = /(?:^\.(\d+)\.tmp|\.(\d+)\.new)$/;
const earlier = /^log\.sqlite\.format-\d+$/;

function* leftovers(folder: string): Generator<Found> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const [, tmp, made] = unfinished.exec(entry.name) ?? [];
    const pid = Number(tmp ?? made ?? Number.NaN);
    const isCopy = earlier.test(entry.name) && entry.parentPath === folder;
    if (isCopy || (Number.isSafeInteger(pid) && !isAlive(pid)))
      yield sized('leftovers', join(entry.parentPath, entry.name));
  }
}

/** Beyond the newest published head nothing is touched: the sealer is at work there. */
function* tiles(folder: string): Generator<Found> {
  const root = join(folder, 'tiles');
  const note = join(folder, 'head');
  if (!existsSync(root) || !existsSync(note)) return;
  const { size } = parseHead(parseNote(readFileSync(note, 'utf8')).text);
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const address = parseTilePath(path.slice(root.length + 1));
    if (address === undefined) continue;
    const width = tileWidth(address.level === 'entries' ? 0 : address.level, address.index, size);
    if (isOutgrown(address, width, path)) yield sized('outgrown', path);
    else if (address.level === 'entries' && address.width === TILE_WIDTH && width === TILE_WIDTH)
      yield sized('entries', path);
  }
}

/** Narrower than what the newest head needs, which is there: readers of an older head take the front of that. */
function isOutgrown(address: TileAddress, width: number, path: string): boolean {
  if (address.width >= width) return false;
  const wider = width === TILE_WIDTH ? path.replace(/\.p\/\d+$/, '') : path.replace(/\d+$/, String(width));
  return existsSync(wider) || (address.level === 'entries' && width === TILE_WIDTH);
}

const sized = (is: Prunable, path: string): Found => ({
  is,
  path,
  bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
});

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // A wider one is in it, or it went with another.
  }
}

/** Only where nobody writes: a writer keeps it short by itself, but not shorter than it once was. */
function emptyWriteAheadLog(folder: string): void {
  let lock: ReturnType<typeof takeExclusive>;
  try {
    lock = takeExclusive(join(folder, 'writer'), 'prune');
  } catch {
    return;
  }
  try {
    const database = new DatabaseSync(join(folder, storeFile), { timeout: 5000 });
    database.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  } finally {
    lock.release();
  }
}
