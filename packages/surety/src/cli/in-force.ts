// What is in force in a store, for commands that only look: the facts of declarations and changes, folded again.

import { InForce, streamOf } from '@surety/proof/changes';
import { sha256 } from '../ledger/hash.ts';
import type { View } from '../ledger/views.ts';
import { isSignedFact } from '../people/people.ts';
import type { Store } from './store.ts';

/** Where those facts stand: few among many. */
export const declarations: View = {
  name: 'declarations',
  version: 2,
  tables: 'CREATE TABLE declaration (position INTEGER PRIMARY KEY) STRICT;',
  apply(database, fact) {
    if (fact.kind === 'unknown') return;
    const isOne =
      fact.kind === 'declaration.withdrawn' ||
      /^(?:change|passkey)\./.test(fact.kind) ||
      streamOf(fact) !== undefined;
    if (isOne) database.prepare('INSERT INTO declaration VALUES (?)').run(fact.position);
  },
};

export function inForceIn({ views, fact }: Pick<Store, 'views' | 'fact'>): InForce {
  const rows = views.database.prepare('SELECT position FROM declaration ORDER BY position').all();
  const inForce = new InForce(sha256);
  for (const { position } of rows as unknown as { position: number }[]) {
    const each = fact(position).fact;
    inForce.apply(each, isSignedFact(inForce, each));
  }
  return inForce;
}
