// How often people were asked in the last 24 hours, and which messages to them failed, for commands that only look: the
// gate's own fold, over the facts that it needs.

import { InForce } from '@surety/proof/changes';
import { type Fact, isKind } from '@surety/proof/facts';
import { personsByAccount } from '@surety/proof/rules';
import { sha256 } from '../ledger/hash.ts';
import type { View } from '../ledger/views.ts';
import { Asks, askWindowMs } from '../logic/asks.ts';
import type { Store } from './store.ts';

/** Where holds and messages stand, by when. */
export const askFacts: View = {
  name: 'asks',
  version: 1,
  tables: `CREATE TABLE ask (position INTEGER PRIMARY KEY, time INTEGER NOT NULL) STRICT;
    CREATE INDEX ask_time ON ask (time);`,
  apply(database, fact) {
    if (isKind(fact, 'call.held') || isKind(fact, 'notice.sent'))
      database.prepare('INSERT INTO ask VALUES (?, ?)').run(fact.position, fact.time);
  },
};

/** `surety status --json`: documented in docs/cli.md; members are only ever added. */
export interface AskedPerson {
  readonly person: string;
  /** Holds that this person could answer, opened in the last 24 hours. */
  readonly asked: number;
  /** Messages about holds that were taken: of one, and of several. */
  readonly single: number;
  readonly gathered: number;
  /** Messages of any kind that were given up. */
  readonly failed: number;
}

/** Everybody who was asked or told, most asked first; and webhooks of programs that took nothing. */
export function askedIn(
  { views, fact }: Pick<Store, 'views' | 'fact'>,
  now: number,
): { readonly people: readonly AskedPerson[]; readonly failedWebhooks: readonly string[] } {
  const positions = (sql: string, ...values: number[]) =>
    (views.database.prepare(sql).all(...values) as unknown as { position: number }[]).map(
      ({ position }) => fact(position).fact,
    );
  const inForce = new InForce(sha256);
  const accounts = () => {
    const people = [...inForce.standing.values()].filter(({ kind }) => kind === 'person.enrolled');
    return personsByAccount(people.map(({ body }) => body as never));
  };
  const asks = new Asks((account) => accounts().get(account) ?? account);
  for (const each of positions('SELECT position FROM declaration ORDER BY position'))
    if (inForce.apply(each, true)) asks.apply(each);
  const recent = positions('SELECT position FROM ask WHERE time > ? ORDER BY position', now - askWindowMs);
  for (const each of recent) asks.apply(each);
  const sent = recent.flatMap((each) => (isKind(each, 'notice.sent') ? [each.body] : []));
  const enrolled = [...inForce.standing.values()].flatMap(({ kind, body }) =>
    kind === 'person.enrolled' ? [String(body['person'])] : [],
  );
  const people = [...new Set([...enrolled, ...sent.flatMap(({ person }) => person ?? [])])]
    .map((person) => ({ person, asked: asks.askedOf(person, now), ...countsOf(sent, person) }))
    .filter(({ asked, single, gathered, failed }) => asked + single + gathered + failed > 0)
    .toSorted((a, b) => b.asked - a.asked || (a.person < b.person ? -1 : 1));
  const failedWebhooks = sent.flatMap(({ person, webhook, answer }) =>
    person === undefined && webhook !== undefined && answer === 'given-up' ? [webhook] : [],
  );
  return { people, failedWebhooks: [...new Set(failedWebhooks)] };
}

function countsOf(sent: readonly Fact<'notice.sent'>['body'][], person: string) {
  const own = sent.filter((each) => each.person === person);
  const taken = own.filter(({ answer, about }) => answer === 'accepted' && about === 'hold');
  return {
    single: taken.filter(({ form }) => form === 'single').length,
    gathered: taken.filter(({ form }) => form === 'gathered').length,
    failed: own.filter(({ answer }) => answer === 'given-up').length,
  };
}
