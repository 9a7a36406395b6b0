// Reads a store from any process while another writes it: a read-only connection, which sees exactly
// what is durable. The key ring is opened when the first disclosure is asked for: the sealer never needs it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parseFact } from '@surety/proof/facts';
import { LedgerError, storeError } from '../errors.ts';
import type { Entry, Kept, LogReader } from '../log.ts';
import { successionAt } from '../opening.ts';
import { DisclosureReader } from './disclosed.ts';
import { succeededAt } from './succession.ts';
import { formatOf, otherFormat } from './upgrades.ts';
import { storeFile, storeFormat } from './wire.ts';

export type OpenedReader = LogReader & {
  version(stream: string): number;
  /** Erasures that are recorded and whose old bytes may still be there. */
  unfinishedErasures(): number;
  /** Forgets what it holds open: after an erasure. */
  forget(): void;
  close(): void;
};

/** Throws `LedgerError` `missing` when nothing was recorded yet, `corrupt` when it is no store of ours. */
export function openReader(folder: string): OpenedReader {
  const file = join(folder, storeFile);
  if (!existsSync(file)) throw new LedgerError('missing', `there is no log in \`${folder}\``);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    return readerOf(database, folder);
  } catch (cause) {
    database?.close();
    // SQLITE_READONLY: an account that may only read needs somebody who writes to have begun.
    if (((cause as { errcode?: number }).errcode ?? 0) % 256 === 8)
      throw new LedgerError(
        'missing',
        `nobody has the log in \`${folder}\` open, and this account may only read`,
      );
    throw storeError(cause, `\`${file}\` cannot be read`);
  }
}

export function readerOf(database: DatabaseSync, folder: string): OpenedReader {
  const number = (sql: string): number =>
    (Object.values(database.prepare(sql).get() ?? {})[0] as number | null) ?? -1;
  if (number('PRAGMA user_version') === 0)
    throw new LedgerError('missing', `there is no log in \`${folder}\` yet`);
  const file = join(folder, storeFile);
  const format = formatOf(database, file);
  if (format !== storeFormat) throw otherFormat(file, format);
  const size = arrays(database.prepare('SELECT max(position) FROM facts'));
  const facts = arrays(
    database.prepare('SELECT position, bytes FROM facts WHERE position >= ? ORDER BY position LIMIT ?'),
  );
  const version = arrays(database.prepare('SELECT version FROM streams WHERE name = ?'));
  const read = (from: number, limit: number): Entry[] =>
    (facts.all(from, limit) as unknown as [number, Uint8Array][]).map(([position, bytes]) => ({
      position,
      bytes,
    }));
  const versionOf = (stream: string): number =>
    (version.get(stream) as unknown as [number] | undefined)?.[0] ?? 0;
  const beginning = { read, succeededAt: succeededAt(database, versionOf('log')) };
  const disclosed = new DisclosureReader(database, folder);
  return {
    ...beginning,
    origin: originOf(beginning, folder),
    size: () => ((size.get() as unknown as [number | null])[0] ?? -1) + 1,
    disclosures: (from, to) => disclosed.between(from, to),
    kept: (position): readonly Kept[] => disclosed.kept(position),
    about: (name) => disclosed.about(name),
    subjectsOf: (position) => disclosed.subjectsOf(position),
    version: versionOf,
    unfinishedErasures: () => number('SELECT count(*) FROM subjects WHERE erased = 0'),
    forget: () => disclosed.forget(),
    close: () => {
      disclosed.close();
      database.close();
    },
  };
}

function originOf(beginning: Pick<LogReader, 'read' | 'succeededAt'>, folder: string): string {
  const [first] = beginning.read(0, 1);
  if (first === undefined) throw new LedgerError('missing', `the log in \`${folder}\` is empty`);
  const fact = parseFact(first.bytes, 0);
  if (fact.kind !== 'log.opened')
    throw new LedgerError('corrupt', `the log in \`${folder}\` does not begin with its opening`);
  const { succeededAt: position } = beginning;
  return position === undefined ? fact.body.origin : successionAt(beginning, position).origin;
}

function arrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  return statement;
}
