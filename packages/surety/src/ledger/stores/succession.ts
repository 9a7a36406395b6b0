// Where the log went on under another name, so that a reader need not look through all of it: a table that only the
// store of a successor has. What it points at is a fact, which says the rest; it alone says nothing.

import type { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../errors.ts';

/** Notes the position of a `log.succeeded`. */
export function markSuccession(database: DatabaseSync, position: number): void {
  database.exec('CREATE TABLE IF NOT EXISTS successions (position INTEGER PRIMARY KEY) STRICT');
  database.prepare('INSERT INTO successions (position) VALUES (?)').run(position);
}

/** The newest, if there is one. Throws `corrupt` unless there are as many as the stream `log` counts. */
export function succeededAt(database: DatabaseSync, logVersion: number): number | undefined {
  const named = "SELECT count(*) AS count FROM sqlite_schema WHERE type = 'table' AND name = 'successions'";
  const isThere = (database.prepare(named).get() as { count: number }).count > 0;
  const found = isThere
    ? (database.prepare('SELECT count(*) AS count, max(position) AS last FROM successions').get() as {
        count: number;
        last: number | null;
      })
    : { count: 0, last: null };
  // The stream holds the opening, and each succession.
  if (found.count !== Math.max(0, logVersion - 1))
    throw new LedgerError('corrupt', 'the store does not say where its log took its present name');
  return found.last ?? undefined;
}
