// Reads a store from any process while another writes it: a read-only connection, which sees exactly
// what is durable.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parseFact } from '@surety/proof/facts';
import { LedgerError, storeError } from '../errors.ts';
import type { Entry, LogReader } from '../log.ts';
import { formatOf, otherFormat } from './upgrades.ts';
import { storeFile, storeFormat } from './wire.ts';

export type OpenedReader = LogReader & { version(stream: string): number; close(): void };

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
    throw storeError(cause, `\`${file}\` cannot be read`);
  }
}

function readerOf(database: DatabaseSync, folder: string): OpenedReader {
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
  const disclosed = arrays(
    database.prepare(
      'SELECT position, texts FROM disclosures WHERE position >= ? AND position < ? ORDER BY position',
    ),
  );
  const version = arrays(database.prepare('SELECT version FROM streams WHERE name = ?'));
  const read = (from: number, limit: number): Entry[] =>
    (facts.all(from, limit) as unknown as [number, Uint8Array][]).map(([position, bytes]) => ({
      position,
      bytes,
    }));
  return {
    origin: originOf(read(0, 1)[0], folder),
    size: () => ((size.get() as unknown as [number | null])[0] ?? -1) + 1,
    read,
    disclosures: (from, to) =>
      (disclosed.all(from, to) as unknown as [number, string][]).flatMap(([position, texts]) =>
        texts.split('\n').map((text): [number, string] => [position, text]),
      ),
    version: (stream) => (version.get(stream) as unknown as [number] | undefined)?.[0] ?? 0,
    close: () => database.close(),
  };
}

function originOf(first: Entry | undefined, folder: string): string {
  if (first === undefined) throw new LedgerError('missing', `the log in \`${folder}\` is empty`);
  const fact = parseFact(first.bytes, 0);
  if (fact.kind !== 'log.opened')
    throw new LedgerError('corrupt', `the log in \`${folder}\` does not begin with its opening`);
  return fact.body.origin;
}

function arrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  return statement;
}
