// The control plane of Acme's small cloud: a real SQLite database that says what there is. The volumes are real files in a
// folder beside it. Times are RFC 3339 UTC text. It is naive on purpose, as the real one was: whoever may call it deletes
// any volume with one call, and the backups that lie on it go with it.

import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

const schema = `
CREATE TABLE environments (
  environment TEXT PRIMARY KEY,
  region TEXT NOT NULL -- what is in one region fails together
) STRICT;
CREATE TABLE volumes (
  volume_id TEXT PRIMARY KEY,
  environment TEXT NOT NULL REFERENCES environments (environment),
  created_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE TABLE databases (
  database_id TEXT PRIMARY KEY,
  environment TEXT NOT NULL REFERENCES environments (environment),
  volume_id TEXT NOT NULL REFERENCES volumes (volume_id),
  credential TEXT NOT NULL -- which one is in force; the secret itself is not here
) STRICT;
CREATE TABLE backups (
  backup_id TEXT PRIMARY KEY,
  database_id TEXT NOT NULL REFERENCES databases (database_id),
  lies_on TEXT, -- a volume, or none: then it lies in the vault, where nobody can delete it
  region TEXT NOT NULL,
  rows INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  taken_at TEXT NOT NULL,
  deleted_at TEXT
) STRICT;
CREATE TABLE restore_tests (
  test_id TEXT PRIMARY KEY,
  backup_id TEXT NOT NULL REFERENCES backups (backup_id),
  restored INTEGER NOT NULL CHECK (restored IN (0, 1)),
  tested_by TEXT NOT NULL,
  tested_at TEXT NOT NULL
) STRICT;
CREATE TABLE deletions (
  deletion_id TEXT PRIMARY KEY,
  volume_id TEXT NOT NULL REFERENCES volumes (volume_id),
  environment TEXT NOT NULL, -- where it was, not where the caller said it was
  backups INTEGER NOT NULL, -- how many went with it
  deleted_by TEXT NOT NULL,
  deleted_at TEXT NOT NULL
) STRICT;
CREATE TABLE freezes (
  environment TEXT NOT NULL REFERENCES environments (environment),
  starts_at TEXT NOT NULL,
  ends_at TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (environment, starts_at)
) STRICT;
CREATE TABLE notices (
  backup_id TEXT NOT NULL REFERENCES backups (backup_id),
  says TEXT NOT NULL CHECK (says IN ('to be deleted', 'to be kept')),
  at TEXT NOT NULL
) STRICT;
`;

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** What the cloud does not know, or does not do. The message is shown to whoever asked. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
}

/** Throws if there is no such file: a misspelt path must not become an empty cloud. */
export function openDatabase(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set('mode', 'rw'); // Only a URL can say "do not create".
  const db = new DatabaseSync(url, { timeout: 5000, enableForeignKeyConstraints: true });
  db.exec('PRAGMA synchronous = FULL');
  return db;
}

/** An empty control plane; throws if the file has one already. WAL, so that an auditor may read while it works. */
export function createDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000, enableForeignKeyConstraints: true });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  db.exec(schema);
  return db;
}

/** All that was done, or nothing. Takes the write lock first: the console may be at work too. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** The one row, or a sentence about what there is not. */
export function one(db: DatabaseSync, noun: string, sql: string, ...values: SQLInputValue[]): Row {
  const row = db.prepare(sql).get(...values);
  if (row === undefined) throw new CloudError(`there is no ${noun} \`${values.join(' ')}\``);
  return row;
}

/** `BK-0004` after `BK-0003`. The table and the column are ours, never a caller's text. */
export function nextId(db: DatabaseSync, table: string, column: string, prefix: string): string {
  const last = db.prepare(`SELECT max(${column}) AS id FROM ${table}`).get()?.['id'];
  const next = last === null || last === undefined ? 1 : Number(String(last).slice(prefix.length)) + 1;
  return `${prefix}${String(next).padStart(4, '0')}`;
}
