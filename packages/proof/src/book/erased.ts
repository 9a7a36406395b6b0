// What was erased of the evidence of this verdict, and what was found while it was still there. The earlier verdict was
// given by the product, over a head that was signed; nobody can compute it again from what is left, and it moves nothing.

import type { Body } from '../facts.ts';
import type { Book } from './book.ts';
import type { Erasure } from './erasures.ts';

/** The last verdict on the same outcome and window that stood in the log before the first of the erasures. */
export interface EarlierVerdict {
  readonly position: number;
  readonly at: number;
  readonly verdict: Body<'verdict.given'>['verdict'];
  /** The name of that judgement, keyed with the log's salt: whoever kept a proof of then can compute it. */
  readonly judgement: string;
  /** Facts under the head that it stood on. */
  readonly ledgerSize: number;
}

export interface ErasedEvidence {
  /** The erasures that took values which this verdict reads, the oldest first, a hundred at most. */
  readonly by: readonly Erasure[];
  /** Absent if none had been given. */
  readonly earlier?: EarlierVerdict;
}

const namedMax = 100;

/** The positions of the erasures that took values of this fact; they are put to those that did. */
export function erasuresOf(book: Book, fact: number, taken: Set<number>): readonly number[] {
  const erasures = book.erasures.of(fact);
  for (const position of erasures) taken.add(position);
  return erasures;
}

/** `taken` are positions of erasures; undefined if there is none. */
export function erasedEvidence(
  book: Book,
  { outcome, from, to }: Pick<Body<'verdict.given'>, 'outcome' | 'from' | 'to'>,
  taken: ReadonlySet<number>,
): ErasedEvidence | undefined {
  const sorted = [...taken].sort((a, b) => a - b);
  const [first] = sorted;
  if (first === undefined) return undefined;
  const by = sorted.slice(0, namedMax).flatMap((position) => book.erasures.at(position) ?? []);
  const given = book.verdicts.findLast(
    ({ position, body }) =>
      position < first && body.outcome === outcome && body.from === from && body.to === to,
  );
  if (given === undefined) return { by };
  const { position, time: at, body } = given;
  const { verdict, judgement, ledgerSize } = body;
  return { by, earlier: { position, at, verdict, judgement, ledgerSize } };
}
