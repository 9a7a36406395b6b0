// What a log publishes, for readers of any process: the newest head, and what lies in the tree that it signs.
// Nothing beyond that head is given out, though the sealer may already have written it.

import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bundleFront,
  encodeEntries,
  eraAt,
  type OpenedHead,
  openHead,
  parseHead,
  parseNote,
  parseVerifier,
  TILE_WIDTH,
  type TileAddress,
  tilePath,
  tileWidth,
  type Verifier,
} from '@surety/proof/records';
import { LedgerError } from './errors.ts';
import { type KeyReader, KeysOfLog } from './key-history.ts';
import { openReader } from './stores/reader.ts';
import { widest } from './tile-folder.ts';

export interface PublishedHead {
  /** The signed note, with its cosignatures. */
  readonly note: string;
  readonly head: OpenedHead;
  /** The log key in force at its size, which signed it. */
  readonly logKey: Verifier;
}

/** The newest published head of this store. Throws NoteError, or `wrong-log`, if it is not this log's. */
export async function publishedHead(
  folder: string,
  reader: KeyReader,
  witnesses: readonly Verifier[] = [],
): Promise<PublishedHead | undefined> {
  const path = join(folder, 'head');
  return existsSync(path)
    ? openOwnHead(readFileSync(path, 'utf8'), new KeysOfLog(reader, folder), witnesses)
    : undefined;
}

/** A head that claims to be of this log. Throws as `publishedHead` does. */
export async function openOwnHead(
  note: string,
  keys: KeysOfLog,
  witnesses: readonly Verifier[] = [],
): Promise<PublishedHead> {
  const { size } = parseHead(parseNote(note).text);
  const logKey = parseVerifier(keys.at('log', size));
  const head = await openHead(note, { log: [logKey], witnesses });
  if (head.origin !== eraAt(keys.history(), size).origin)
    throw new LedgerError('wrong-log', `the head is of the log \`${head.origin}\``);
  return { note, head, logKey };
}

const hashBytes = 32;
const attemptsMax = 3;

/** Reads beside a sealer that writes, without keeping the thread waiting for the disk. */
export class PublishedTiles {
  readonly #folder: string;

  constructor(logFolder: string) {
    this.#folder = logFolder;
  }

  /** The signed note; undefined before the first head. */
  head(): Promise<string | undefined> {
    return there(readFile(join(this.#folder, 'head'), 'utf8'));
  }

  /**
   * A tile or a bundle of the published tree, at every width that it has had in a tree up to that one: heads of
   * all of these were published. Undefined if that tree has none there.
   */
  async read(address: TileAddress): Promise<Uint8Array | undefined> {
    const note = await this.head();
    if (note === undefined) return undefined;
    const { size } = parseHead(parseNote(note).text);
    const level = address.level === 'entries' ? 0 : address.level;
    if (address.width > tileWidth(level, address.index, size)) return undefined;
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const bytes = await this.#atHand(address);
      if (bytes !== undefined) return frontOf(bytes, address);
    }
    // Bundles may be pruned: their facts are in the store.
    if (address.level === 'entries') return this.#fromStore(address);
    throw new LedgerError('missing', `there is no tile \`${tilePath(address)}\``);
  }

  #fromStore({ index, width }: TileAddress): Uint8Array {
    const reader = openReader(this.#folder);
    try {
      const entries = reader.read(index * TILE_WIDTH, width);
      if (entries.length < width || entries.some(({ position }, at) => position !== index * TILE_WIDTH + at))
        throw new LedgerError('missing', `the facts of bundle ${index} are not all there`);
      return encodeEntries(entries.map(({ bytes }) => bytes));
    } finally {
      reader.close();
    }
  }

  /** At this width or wider; undefined too if what was there was outgrown while it was looked for. */
  async #atHand(address: TileAddress): Promise<Uint8Array | undefined> {
    const path = (width: number) => join(this.#folder, 'tiles', tilePath({ ...address, width }));
    const own = (await there(readFile(path(address.width)))) ?? (await there(readFile(path(TILE_WIDTH))));
    if (own !== undefined) return own;
    const wider = widest((await there(readdir(`${path(TILE_WIDTH)}.p`))) ?? [], address.width);
    return wider === undefined ? undefined : there(readFile(path(wider)));
  }
}

const frontOf = (bytes: Uint8Array, { level, width }: TileAddress): Uint8Array =>
  level === 'entries' ? bundleFront(bytes, width) : bytes.subarray(0, width * hashBytes);

/** Undefined if it is not there. */
const there = <T>(reading: Promise<T>): Promise<T | undefined> =>
  reading.catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
