// What is contained in a store, for commands that only look: the same fold as the gateway's, over the facts that it needs.

import { InForce } from '@surety/proof/changes';
import { isKind } from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import { personsByAccount } from '@surety/proof/rules';
import { sha256 } from '../ledger/hash.ts';
import type { View } from '../ledger/views.ts';
import { type Containment, Containments, scopeText } from '../perimeter/index.ts';
import type { Store } from './store.ts';

/** Where orders stand, and the verdicts that found a breach. */
export const containmentFacts: View = {
  name: 'containments',
  version: 1,
  tables: 'CREATE TABLE containment (position INTEGER PRIMARY KEY) STRICT;',
  apply(database, fact) {
    const isOne =
      fact.kind.startsWith('containment.') ||
      (isKind(fact, 'verdict.given') && (fact.body.breach ?? []).length > 0);
    if (isOne) database.prepare('INSERT INTO containment VALUES (?)').run(fact.position);
  },
};

/** `--json` of `contain` and `status`: documented in docs/cli.md; members are only ever added. */
export interface Contained {
  /** Null while Surety has not recorded its own order for a breach. */
  readonly order: string | null;
  readonly scope: string;
  readonly stops: Containment['stops'];
  /** Null: Surety itself, on a breach. */
  readonly person: string | null;
  readonly verdict: number | null;
  readonly since: string;
  /** Null where nobody gave one, or it was erased. */
  readonly reason: string | null;
}

/** In force now, the oldest first. */
export function containedIn(store: Pick<Store, 'views' | 'fact'>): readonly Contained[] {
  const containments = foldOf(store);
  const due = containments.due.map((each) => ({ ...each, order: null, person: undefined }));
  return [...containments.inForce, ...due].map((each) => ({
    ...{ order: each.order, scope: scopeText(each.scope), stops: each.stops },
    ...{ person: each.person ?? null, verdict: each.verdict ?? null },
    since: new Date(each.since).toISOString(),
    reason: 'position' in each ? reasonOf(store, each.position) : null,
  }));
}

/** Everything about containment that a store says. */
export function foldOf({ views, fact }: Pick<Store, 'views' | 'fact'>): Containments {
  const inForce = new InForce(sha256);
  const people = () =>
    personsByAccount(
      [...inForce.standing.values()].flatMap(({ kind, body }) =>
        kind === 'person.enrolled' ? [body as never] : [],
      ),
    );
  const containments = new Containments({
    standing: () => inForce.standing,
    personOf: (account) => people().get(account) ?? account,
  });
  const both = 'SELECT position FROM declaration UNION SELECT position FROM containment ORDER BY position';
  for (const { position } of views.database.prepare(both).all() as unknown as { position: number }[]) {
    const { fact: found } = fact(position);
    if (inForce.apply(found, true)) containments.apply(found);
  }
  return containments;
}

function reasonOf({ fact }: Pick<Store, 'fact'>, position: number | undefined): string | null {
  if (position === undefined) return null;
  const { fact: found, find } = fact(position);
  if (!isKind(found, 'containment.ordered')) return null;
  const said = openCommitments(found.body.statement, find).value as { readonly reason?: unknown } | undefined;
  return typeof said?.reason === 'string' ? said.reason : null;
}
