// The view behind `surety why`: which facts speak of a call or of a hold.

import type { View } from '../ledger/views.ts';

export const references: View = {
  name: 'references',
  version: 1,
  tables: `
    CREATE TABLE reference (ref TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (ref, position)) WITHOUT ROWID, STRICT;
    CREATE TABLE verdict (outcome TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (outcome, position)) WITHOUT ROWID, STRICT;
    CREATE TABLE held (hold TEXT PRIMARY KEY, position INTEGER NOT NULL, expires INTEGER NOT NULL, answered INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  `,
  apply(database, fact) {
    if (fact.kind === 'unknown') return;
    const { call, hold } = fact.body as { call?: string; hold?: string };
    for (const ref of new Set([call, hold]))
      if (ref !== undefined)
        database.prepare('INSERT OR IGNORE INTO reference VALUES (?, ?)').run(ref, fact.position);
    if (fact.kind === 'verdict.given')
      database.prepare('INSERT INTO verdict VALUES (?, ?)').run(fact.body.outcome, fact.position);
    if (fact.kind === 'call.held')
      database
        .prepare('INSERT OR IGNORE INTO held VALUES (?, ?, ?, 0)')
        .run(fact.body.hold, fact.position, fact.body.expires);
    if (fact.kind === 'approval.given' || fact.kind === 'approval.refused')
      database.prepare('UPDATE held SET answered = 1 WHERE hold = ?').run(fact.body.hold);
  },
};
