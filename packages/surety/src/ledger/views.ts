// Views: tables folded from the log, in a disposable file of their own with its own position. They are
// rebuilt from position 0 whenever they cannot be shown to be a fold of exactly this log by exactly these views.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Fact, parseFact, type UnknownFact } from '@surety/proof/facts';
import { toBase64url } from '@surety/proof/records';
import { ownFile } from './durable.ts';
import { sha256 } from './hash.ts';
import type { LogReader } from './log.ts';

export interface View {
  readonly name: string;
  /** Raised when `tables` or `apply` changes. */
  readonly version: number;
  /** Its `CREATE TABLE` and `CREATE INDEX` statements. */
  readonly tables: string;
  /** Folds one fact; runs in a transaction with its neighbours. Must be pure but for its tables. */
  apply(database: DatabaseSync, fact: Fact | UnknownFact): void;
}

export interface Views {
  readonly database: DatabaseSync;
  /** Folds what is new; gives the position up to which the views stand. */
  catchUp(): number;
  close(): void;
}

const sliceFacts = 1024;
const file = 'views.sqlite';
const schema = `
  CREATE TABLE fold (
    only INTEGER PRIMARY KEY CHECK (only = 0), made_by TEXT NOT NULL, origin TEXT NOT NULL,
    position INTEGER NOT NULL, last TEXT NOT NULL
  ) STRICT;
`;

/** Opens the views in `<folder>/views.sqlite`, caught up. */
export function openViews(folder: string, reader: LogReader, views: readonly View[]): Views {
  const path = join(folder, file);
  const madeBy = fingerprint(views);
  let database = tryOpen(path, madeBy, reader) ?? create(path, madeBy, views, reader);
  const opened: Views = {
    get database() {
      return database;
    },
    catchUp: () => {
      try {
        return fold(database, reader, views);
      } catch (cause) {
        if (!isDamage(cause)) throw cause;
        database.close();
        database = create(path, madeBy, views, reader);
        return fold(database, reader, views);
      }
    },
    close: () => database.close(),
  };
  opened.catchUp();
  return opened;
}

const fingerprint = (views: readonly View[]): string =>
  toBase64url(
    sha256(Buffer.from(JSON.stringify(views.map(({ name, version, tables }) => [name, version, tables])))),
  );

/** The file as it is, if it is a fold of this log by these views; else nothing. */
function tryOpen(path: string, madeBy: string, reader: LogReader): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = connect(path);
    const row = database.prepare('SELECT made_by, origin, position, last FROM fold').get() as
      | { made_by: string; origin: string; position: number; last: string }
      | undefined;
    if (
      row !== undefined &&
      row.made_by === madeBy &&
      row.origin === reader.origin &&
      row.position <= reader.size() &&
      row.last === hashBefore(row.position, reader)
    )
      return database;
  } catch {
    // Missing, damaged or of another shape: made again.
  }
  database?.close();
  return undefined;
}

function create(path: string, madeBy: string, views: readonly View[], reader: LogReader): DatabaseSync {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
  const database = connect(path);
  database.exec('BEGIN IMMEDIATE');
  database.exec(schema);
  for (const { tables } of views) database.exec(tables);
  database
    .prepare('INSERT INTO fold (only, made_by, origin, position, last) VALUES (0, ?, ?, 0, ?)')
    .run(madeBy, reader.origin, '');
  database.exec('COMMIT');
  return database;
}

function connect(path: string): DatabaseSync {
  ownFile(path);
  const database = new DatabaseSync(path, { timeout: 5000 });
  // Lost work is folded again; damage is not possible in this mode.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  return database;
}

function fold(database: DatabaseSync, reader: LogReader, views: readonly View[]): number {
  for (;;) {
    database.exec('BEGIN IMMEDIATE');
    try {
      // Read within the transaction: another process may fold the same file.
      const { position } = database.prepare('SELECT position FROM fold').get() as { position: number };
      const entries = reader.read(position, sliceFacts);
      for (const entry of entries) {
        const fact = parseFact(entry.bytes, entry.position);
        for (const view of views) view.apply(database, fact);
      }
      const last = entries.at(-1);
      if (last !== undefined)
        database.prepare('UPDATE fold SET position = ?, last = ?').run(last.position + 1, hashOf(last.bytes));
      database.exec('COMMIT');
      if (entries.length < sliceFacts) return position + entries.length;
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw cause;
    }
  }
}

/** Of the last fact folded: a log that was replaced under the same name has another one there. */
function hashBefore(position: number, reader: LogReader): string {
  const [last] = position === 0 ? [] : reader.read(position - 1, 1);
  return last === undefined ? '' : hashOf(last.bytes);
}

const hashOf = (bytes: Uint8Array): string => toBase64url(sha256(bytes));

/** SQLITE_CORRUPT or SQLITE_NOTADB. */
function isDamage(cause: unknown): boolean {
  const errcode = (cause as { errcode?: unknown } | null)?.errcode;
  return typeof errcode === 'number' && [11, 26].includes(errcode & 0xff);
}
