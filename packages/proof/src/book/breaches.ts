// Breaches: verdicts on an outcome that say `violated`, and whether Surety did on them what the outcome says.

import type { OutcomeDeclared } from '../facts.ts';
import type { Book } from './book.ts';

/**
 * Verdicts given from `from` to `to` on which nothing was contained, though something in them was not contained for
 * before; by their positions. What they found is named in them: one with an empty list says again what is known, and
 * one without a list what nobody can compare.
 */
export function unanswered(
  { verdicts, contained }: Pick<Book, 'verdicts' | 'contained'>,
  { outcome, onBreach }: Pick<OutcomeDeclared, 'outcome' | 'onBreach'>,
  { from, to }: { readonly from: number; readonly to: number },
): readonly number[] {
  const known = new Set<string>();
  return verdicts.flatMap(({ position, time, body }) => {
    if (body.outcome !== outcome || body.verdict !== 'violated') return [];
    const { breach } = body;
    const isContained = contained.some(
      ({ scope, stops, verdict }) =>
        verdict === position &&
        scope.is === 'outcome' &&
        scope.name === outcome &&
        (stops === 'everything' || onBreach === 'hold'),
    );
    const isKnown = known.size > 0 && breach?.every((reason) => known.has(reason)) === true;
    if (isContained) for (const reason of breach ?? []) known.add(reason);
    return isContained || isKnown || time < from || time >= to ? [] : [position];
  });
}
