// From the store of an earlier version to this one's. Forward only; all due steps are one transaction, so a store is
// of the old format or of the new one, whatever happens; a copy of what was there is kept beside it first. Facts are
// what was signed: a step that changes one of their bytes is undone.
// To change the format: raise `storeFormat` in `wire.ts`, change the schema in `writer.ts`, add the step here, and
// commit a store of the format that it starts from (`old-store.fixture.ts`).

import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { LedgerError, storeError } from '../errors.ts';
import { fingerprint, snapshot } from '../snapshot.ts';
import { encrypting } from './encrypting.ts';
import { applicationId, storeFormat } from './wire.ts';

export interface Upgrade {
  /** It goes from this format to the next. */
  readonly from: number;
  /**
   * Changes anything but facts and their positions, within a transaction; what it deletes is overwritten. What it
   * writes outside of the store, in its folder, must be harmless when the transaction is undone, and may be repeated.
   */
  readonly run: (database: DatabaseSync, folder: string) => void;
}

/** Every step there ever was: a store of any age comes here one format at a time. */
export const upgrades: readonly Upgrade[] = [encrypting];

/** Where the store of an earlier format is kept, before its upgrade. */
export const copyOf = (file: string, format: number): string => `${file}.format-${format}`;

/**
 * Brings an opened store, whose writer's lock is held, to this format. Throws `LedgerError` `other-format` for a newer
 * one, `full` when there is no space for the copy, `corrupt` when a step fails; the store is then as it was.
 */
export function upgradeStore(
  database: DatabaseSync,
  file: string,
  { steps = upgrades, format = storeFormat }: { steps?: readonly Upgrade[]; format?: number } = {},
): void {
  const found = formatOf(database, file);
  if (found === format) return;
  if (found > format) throw otherFormat(file, found);
  const due = Array.from({ length: format - found }, (_, at) => stepFrom(steps, found + at, file));
  try {
    const facts = fingerprint(database);
    snapshot(database, copyOf(file, found), (copy) => {
      if (fingerprint(copy) !== facts)
        throw new LedgerError('corrupt', 'the copy beside it is not a true one');
    });
    // Values that a step moves elsewhere, perhaps encrypted, must not stay legible in what is free.
    database.exec('PRAGMA secure_delete = ON; BEGIN IMMEDIATE');
    for (const { run } of due) run(database, dirname(file));
    if (fingerprint(database) !== facts)
      throw new LedgerError('corrupt', 'a step of the upgrade changed a fact');
    database.exec(`PRAGMA user_version = ${format}; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw storeError(cause, `\`${file}\` stays as it was, of format ${found}: it could not be upgraded`);
  } finally {
    database.exec('PRAGMA secure_delete = OFF');
  }
}

/** The format of a store of ours; throws `corrupt` for any other file. */
export function formatOf(database: DatabaseSync, file: string): number {
  const number = (name: string): unknown =>
    Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0;
  if (number('application_id') !== applicationId)
    throw new LedgerError('corrupt', `\`${file}\` is no store of Surety`);
  return number('user_version') as number;
}

/** What to say of a store of another format than this version's. */
export const otherFormat = (file: string, found: number): LedgerError =>
  new LedgerError(
    'other-format',
    found > storeFormat
      ? `\`${file}\` is of format ${found}, written by a newer version: this one knows formats up to ${storeFormat}`
      : `\`${file}\` is of format ${found}, from before this version, which reads format ${storeFormat}`,
  );

function stepFrom(steps: readonly Upgrade[], from: number, file: string): Upgrade {
  const step = steps.find((each) => each.from === from);
  if (step === undefined) throw otherFormat(file, from);
  return step;
}
