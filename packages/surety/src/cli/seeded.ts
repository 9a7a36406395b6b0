// How often planted requests were caught, from a store, for commands that only look.

import { isKind } from '@surety/proof/facts';
import type { View } from '../ledger/views.ts';
import type { Store } from './store.ts';

/** Where planted holds were answered. */
export const seedFacts: View = {
  name: 'seeds',
  version: 1,
  tables: 'CREATE TABLE seed (position INTEGER PRIMARY KEY) STRICT;',
  apply(database, fact) {
    if (isKind(fact, 'seed.answered')) database.prepare('INSERT INTO seed VALUES (?)').run(fact.position);
  },
};

/** `surety seeds --json`: documented in docs/cli.md; members are only ever added. */
export interface SeedReport {
  readonly function: string;
  /** Those that were answered; others ended without an answer. */
  readonly answered: number;
  readonly caught: number;
  readonly unanswered: number;
  /** Of those that were answered, with the ends of its 95 % interval (Wilson); null where none was. */
  readonly catchRate: number | null;
  readonly catchRateLow: number | null;
  readonly catchRateHigh: number | null;
  readonly medianMs: number | null;
}

/** By function, from all that was answered so far. */
export function seedReport({ views, fact }: Pick<Store, 'views' | 'fact'>): readonly SeedReport[] {
  const rows = views.database.prepare('SELECT position FROM seed ORDER BY position').all();
  const all = (rows as unknown as { position: number }[]).flatMap(({ position }) => {
    const found = fact(position).fact;
    return isKind(found, 'seed.answered') ? [found.body] : [];
  });
  return [...new Set(all.map((each) => each.function))].toSorted().map((name) => {
    const own = all.filter((each) => each.function === name);
    const given = own.filter(({ answer }) => answer !== 'none');
    const caught = given.filter(({ answer }) => answer === 'refuse').length;
    const [low, high] = wilson(caught, given.length) ?? [null, null];
    return {
      ...{ function: name, answered: given.length, caught, unanswered: own.length - given.length },
      catchRate: given.length === 0 ? null : caught / given.length,
      ...{ catchRateLow: low, catchRateHigh: high },
      medianMs: medianOf(given.map(({ tookMs }) => tookMs)),
    };
  });
}

/** The 95 % interval of a share (Wilson 1927); undefined of nothing. */
export function wilson(hits: number, count: number): readonly [low: number, high: number] | undefined {
  if (count === 0) return undefined;
  const z = 1.959964;
  const share = hits / count;
  const middle = share + z ** 2 / (2 * count);
  const reach = z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  const whole = 1 + z ** 2 / count;
  return [Math.max(0, (middle - reach) / whole), Math.min(1, (middle + reach) / whole)];
}

function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}
