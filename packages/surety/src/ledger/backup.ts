// Backups, made while the log is written: the store of one moment (facts, disclosures, streams) as one file, with the
// newest signed heads in a table of it, what is in force of servers and records (`definitions/`), and the private keys if
// somebody asked for them. The key ring is a second file, to
// be kept for a shorter time: it opens what is erased later (docs/privacy.md). Tiles and views are in neither: they are
// made again from the facts. A backup that could not be restored is none, so each is checked when it is made.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { appendLeaf, emptyFrontier, equal, leafHash, type OpenedHead, rootOf } from '@surety/proof/records';
import { writeDurable } from './durable.ts';
import { LedgerError, storeError } from './errors.ts';
import { sha256 } from './hash.ts';
import { KeysOfLog } from './key-history.ts';
import { openOwnHead } from './published.ts';
import { checkIntegrity, copyBeside, place, withDatabase } from './snapshot.ts';
import { type OpenedReader, openReader, readerOf } from './stores/reader.ts';
import { ringFile } from './stores/ring.ts';
import { storeFile } from './stores/wire.ts';

export interface BackupMade {
  readonly origin: string;
  /** Facts in it. */
  readonly size: number;
  /** Of them, under the newest head in it. */
  readonly sealedSize: number;
  /** Names of the private keys in it. */
  readonly keys: readonly string[];
  /** The file with the key ring. */
  readonly keyring: string;
}

/** Where the key ring of a backup lies, unless somebody put it elsewhere. */
export const ringOf = (path: string): string => `${path}.keyring`;

/** What a backup holds beside the store. */
export interface Beside {
  /** Milliseconds since the epoch, by the clock of who made it, and the version that did. */
  readonly made: { readonly at: number; readonly version: string };
  /** Signed notes, by the name of their file. */
  readonly heads: ReadonlyMap<string, string>;
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** What was written of servers and records in force, by the name of the file; whoever reads one checks its digest. */
  readonly definitions: ReadonlyMap<string, Uint8Array>;
}

const definitionsFolder = 'definitions';
const headNames = ['head.signed', 'head'];
const table = 'CREATE TABLE backup (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT';

/**
 * Writes a backup of the store in `folder` to `path`. `keys` puts the private keys in it. Throws `LedgerError`: `exists`,
 * or what is wrong with the store.
 */
export async function backUp(
  folder: string,
  path: string,
  { keys, at, version }: { readonly keys: boolean; readonly at: number; readonly version: string },
): Promise<BackupMade> {
  for (const each of [path, ringOf(path)])
    if (existsSync(each)) throw new LedgerError('exists', `\`${each}\` is there already`);
  openReader(folder).close();
  // Before the facts: whatever a head counts is then in the copy.
  const names = [...headNames, ...(keys ? filesIn(folder, 'keys') : []), ...definitionsIn(folder)];
  const beside = names.flatMap((name) => readIfThere(folder, name));
  const made = { at, version };
  const database = new DatabaseSync(join(folder, storeFile), { readOnly: true, timeout: 5000 });
  let copy: string | undefined;
  try {
    copy = copyBeside(database, path);
    withDatabase(copy, (opened) =>
      putBeside(opened, [...beside, ['made', Buffer.from(JSON.stringify(made))]]),
    );
    const described = await describe(copy);
    // After the store: a key is in the ring before anything is encrypted under it.
    writeDurable(ringOf(path), readFileSync(join(folder, ringFile)));
    place(copy, path);
    return { ...described, keyring: ringOf(path) };
  } catch (cause) {
    rmSync(ringOf(path), { force: true });
    throw storeError(cause, `no backup was written to \`${path}\``);
  } finally {
    if (copy !== undefined) rmSync(copy, { force: true });
    database.close();
  }
}

function filesIn(folder: string, name: string): string[] {
  const place = join(folder, name);
  const files = existsSync(place) ? readdirSync(place) : [];
  return files.map((file) => `${name}/${file}`);
}

/** But for one that is half written at this moment. */
const definitionsIn = (folder: string): string[] =>
  filesIn(folder, definitionsFolder).filter((name) => isName(name) === 'definition');

/** A definition may go while a running Surety takes another into force: then it is in force no more. */
function readIfThere(folder: string, name: string): [name: string, bytes: Uint8Array][] {
  try {
    return [[name, readFileSync(join(folder, name))]];
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
}

/** Which of the files beside a store has this name. */
function isName(name: string): 'head' | 'key' | 'definition' | undefined {
  if (headNames.includes(name)) return 'head';
  if (/^keys\/[a-z][a-z0-9-]*\.v?key$/.test(name)) return 'key';
  return /^definitions\/[\w-]{43}\.json$/.test(name) ? 'definition' : undefined;
}

function putBeside(database: DatabaseSync, beside: readonly (readonly [string, Uint8Array])[]): void {
  database.exec(`BEGIN; ${table}`);
  const insert = database.prepare('INSERT INTO backup (name, bytes) VALUES (?, ?)');
  for (const [name, bytes] of beside) insert.run(name, bytes);
  database.exec('COMMIT');
}

/** Throws `corrupt` for what is no backup, whoever made it. Names are of files: none but those that we write. */
export function besideIn(database: DatabaseSync, path: string): Beside {
  const rows = ((): { name: string; bytes: Uint8Array }[] => {
    try {
      return database.prepare('SELECT name, bytes FROM backup').all() as never;
    } catch {
      throw new LedgerError('corrupt', `\`${path}\` is no backup`);
    }
  })();
  const heads = new Map<string, string>();
  const keys = new Map<string, Uint8Array>();
  const definitions = new Map<string, Uint8Array>();
  let made: Beside['made'] | undefined;
  for (const { name, bytes } of rows) {
    if (name === 'made') made = JSON.parse(Buffer.from(bytes).toString()) as Beside['made'];
    else if (isName(name) === 'head') heads.set(name, Buffer.from(bytes).toString());
    else if (isName(name) === 'key') keys.set(name, bytes);
    else if (isName(name) === 'definition') definitions.set(name, bytes);
    else throw new LedgerError('corrupt', `\`${path}\` holds a file that belongs to no backup`);
  }
  if (made === undefined) throw new LedgerError('corrupt', `\`${path}\` is no backup`);
  return { made, heads, keys, definitions };
}

async function describe(path: string): Promise<Omit<BackupMade, 'keyring'>> {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    checkIntegrity(database, path);
    const reader = readerOf(database, path);
    const { heads, keys } = besideIn(database, path);
    const newest = await checkHeads(reader, [...heads.values()]);
    const secret = [...keys.keys()].filter((name) => name.endsWith('.key'));
    return { origin: reader.origin, size: reader.size(), sealedSize: newest?.size ?? 0, keys: secret };
  } finally {
    database.close();
  }
}

/**
 * Holds the facts against heads of this log: they must be dense, and hash to each root. Gives the newest head. Throws
 * `corrupt` if they do not, and `wrong-log` if a head is not this log's.
 */
export async function checkHeads(
  reader: OpenedReader,
  notes: readonly string[],
): Promise<OpenedHead | undefined> {
  const keys = new KeysOfLog(reader);
  const opened = await Promise.all(notes.map((note) => ownHead(note, keys)));
  const sorted = opened.toSorted((a, b) => a.size - b.size);
  const size = reader.size();
  for (const head of sorted)
    if (head.size > size)
      throw new LedgerError('corrupt', `a head counts ${head.size} facts, here are ${size}`);
  let frontier = emptyFrontier();
  let next = 0;
  const compare = (): void => {
    for (let head = sorted[next]; head !== undefined && head.size === frontier.size; head = sorted[++next])
      if (!equal(rootOf(frontier, sha256), head.root))
        throw new LedgerError('corrupt', `the first ${head.size} facts do not give the root that was signed`);
  };
  compare();
  for (let from = 0; from < size; from += pageFacts)
    for (const { position, bytes } of reader.read(from, pageFacts)) {
      if (position !== frontier.size)
        throw new LedgerError('corrupt', `fact ${frontier.size} is missing from the store`);
      frontier = appendLeaf(frontier, leafHash(bytes, sha256), sha256);
      compare();
    }
  return sorted.at(-1);
}

const pageFacts = 1024;

/** A head of this log, signed by the key that it had then. Throws `wrong-log` for any other. */
export async function ownHead(note: string, keys: KeysOfLog): Promise<OpenedHead> {
  try {
    return (await openOwnHead(note, keys)).head;
  } catch (cause) {
    throw new LedgerError('wrong-log', `a head is not of this log: ${(cause as Error).message}`);
  }
}
