// The view behind `surety why`, `status` and `approve`: which facts speak of a call or of a hold, which holds
// still wait, and which verdicts were given.

import type { DatabaseSync } from 'node:sqlite';
import { type Fact, isKind } from '@surety/proof/facts';
import type { View } from '../ledger/views.ts';

export const references: View = {
  name: 'references',
  version: 3,
  tables: `
    CREATE TABLE reference (ref TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (ref, position)) WITHOUT ROWID, STRICT;
    CREATE TABLE verdict (outcome TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (outcome, position)) WITHOUT ROWID, STRICT;
    CREATE TABLE held (
      hold TEXT PRIMARY KEY, position INTEGER NOT NULL, expires INTEGER NOT NULL,
      needed INTEGER NOT NULL, ended INTEGER NOT NULL
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE approver (hold TEXT NOT NULL, person TEXT NOT NULL, PRIMARY KEY (hold, person)) WITHOUT ROWID, STRICT;
  `,
  apply(database, fact) {
    if (fact.kind === 'unknown') return;
    const { call, hold } = fact.body as { call?: string; hold?: string };
    for (const ref of new Set([call, hold]))
      if (ref !== undefined)
        database.prepare('INSERT OR IGNORE INTO reference VALUES (?, ?)').run(ref, fact.position);
    if (isKind(fact, 'verdict.given'))
      database.prepare('INSERT INTO verdict VALUES (?, ?)').run(fact.body.outcome, fact.position);
    applyHold(database, fact);
  },
};

function applyHold(database: DatabaseSync, fact: Fact): void {
  if (isKind(fact, 'call.held')) {
    const { hold, expires, approve } = fact.body;
    const insert = database.prepare('INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?, 0)');
    insert.run(hold, fact.position, expires, approve.count);
  } else if (isKind(fact, 'approval.given')) {
    const { hold, person } = fact.body;
    database.prepare('INSERT OR IGNORE INTO approver VALUES (?, ?)').run(hold, person);
  } else if (
    isKind(fact, 'approval.refused') ||
    isKind(fact, 'hold.refused') ||
    isKind(fact, 'approval.consumed') ||
    isKind(fact, 'seed.answered')
  )
    database.prepare('UPDATE held SET ended = 1 WHERE hold = ?').run(fact.body.hold);
}

export interface Waiting {
  readonly hold: string;
  readonly position: number;
  readonly expires: number;
  /** How many people must approve, and how many have. */
  readonly needed: number;
  readonly given: number;
}

/** The holds that still wait for somebody at this time, oldest first. */
export function waitingHolds(database: DatabaseSync, now: number): readonly Waiting[] {
  const select = `
    SELECT hold, position, expires, needed,
      (SELECT count(*) FROM approver WHERE approver.hold = held.hold) AS given
    FROM held WHERE ended = 0 AND expires >= ? ORDER BY position`;
  const rows = database.prepare(select).all(now) as unknown as Waiting[];
  return rows.filter(({ needed, given }) => given < needed);
}
