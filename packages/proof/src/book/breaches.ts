// Breaches: verdicts on an outcome that say `violated`, and whether Surety did on them what the outcome says.

import type { Channels, OutcomeDeclared } from '../facts.ts';
import type { Book } from './book.ts';

type Outcome = Pick<OutcomeDeclared, 'outcome' | 'onBreach' | 'owner'>;

/**
 * Verdicts given from `from` to `to` on which nothing was done, though something in them was not answered before; by
 * their positions. What they found is named in them: one with an empty list says again what is known, and one without
 * a list what nobody can compare.
 */
export function unanswered(
  book: Pick<Book, 'verdicts' | 'contained' | 'alerts' | 'personOf'>,
  declared: Outcome,
  { from, to }: { readonly from: number; readonly to: number },
): readonly number[] {
  const known = new Set<string>();
  const isDone = declared.onBreach === 'alert' ? isTold : isContained;
  return book.verdicts.flatMap(({ position, time, body }) => {
    if (body.outcome !== declared.outcome || body.verdict !== 'violated') return [];
    const { breach } = body;
    const isAnswered = isDone(book, declared, position);
    const isKnown = known.size > 0 && breach?.every((reason) => known.has(reason)) === true;
    if (isAnswered) for (const reason of breach ?? []) known.add(reason);
    return isAnswered || isKnown || time < from || time >= to ? [] : [position];
  });
}

const isContained = (
  { contained }: Pick<Book, 'contained'>,
  { outcome, onBreach }: Outcome,
  position: number,
): boolean =>
  contained.some(
    ({ scope, stops, verdict }) =>
      verdict === position &&
      scope.is === 'outcome' &&
      scope.name === outcome &&
      (stops === 'everything' || onBreach === 'hold'),
  );

/** Something of the owner's own took a message about this verdict. */
const isTold = (
  { alerts, personOf }: Pick<Book, 'alerts' | 'personOf'>,
  { owner }: Outcome,
  position: number,
): boolean =>
  alerts.some(
    ({ person, of, answer }) =>
      answer === 'accepted' &&
      person !== undefined &&
      personOf(person) === personOf(owner) &&
      of.includes(position),
  );

/** True if the channels that are declared reach this person on a breach. */
export function reachesOnBreach(channels: Channels | undefined, { owner }: Pick<Outcome, 'owner'>): boolean {
  const { mail = false, webhooks = [] } = channels ?? {};
  return mail || webhooks.some(({ of, person }) => person === owner && of.includes('breach'));
}
