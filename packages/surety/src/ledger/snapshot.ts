// A copy of a store that somebody else may be writing: one file, of one moment, durable before it has its name. Free
// pages are left out, so what was deleted is not in it.

import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ownFile, syncFolder } from './durable.ts';
import { LedgerError } from './errors.ts';

/**
 * Writes what the connection sees to a file beside `path`, which only its owner can read. If `check` finds nothing, it
 * gets its name.
 */
export function snapshot(database: DatabaseSync, path: string, check: (copy: DatabaseSync) => void): void {
  const beside = copyBeside(database, path);
  try {
    withDatabase(beside, check);
    place(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}

/** The first half of it: the copy without its name. Whoever calls this places or removes it. */
export function copyBeside(database: DatabaseSync, path: string): string {
  const beside = `${path}.${process.pid}.new`;
  rmSync(beside, { force: true });
  // SQLite writes into an empty file that is there, and so takes over its mode.
  ownFile(beside);
  try {
    database.prepare('VACUUM INTO ?').run(beside);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw cause;
  }
  return beside;
}

/** The second half. */
export function place(beside: string, path: string): void {
  syncFile(beside);
  renameSync(beside, path);
  syncFolder(dirname(path));
}

/** Changes leave no second file behind. */
export function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL');
    return work(database);
  } finally {
    database.close();
  }
}

function syncFile(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Changes with every byte and every position of every fact. */
export function fingerprint(database: DatabaseSync): string {
  const hash = createHash('sha256');
  const rows = database.prepare('SELECT position, bytes FROM facts ORDER BY position').iterate();
  for (const { position, bytes } of rows as Iterable<{ position: number; bytes: Uint8Array }>)
    hash.update(`${position} ${bytes.length}\n`).update(bytes);
  return hash.digest('base64url');
}

/** Throws `corrupt` if SQLite finds anything wrong with the file. */
export function checkIntegrity(database: DatabaseSync, path: string): void {
  const found = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
  if (found.integrity_check !== 'ok')
    throw new LedgerError('corrupt', `\`${path}\` is damaged: ${found.integrity_check}`);
}
