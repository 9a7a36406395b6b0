// Which extracts of a proof the verdict stands on: of each kind the newest that was read by the query declared now.

import type { Extract } from '@surety/proof/verdict';
import type { OpenedProof } from './opened.ts';

export interface Reading {
  /** `population`, `late`, or the id of an invariant. */
  readonly extract: string;
  readonly query: string;
  readonly from: number;
  readonly to: number;
  /** Columns that name a row; none of an invariant. */
  readonly key: readonly string[];
}

/** What the product reads for this outcome and window, by its declaration. */
export function readingsOf({ judgement }: Pick<OpenedProof, 'judgement'>): readonly Reading[] {
  const { declared, window } = judgement;
  const { reconcile, invariants } = declared;
  if (reconcile === undefined) return [];
  const [key, query] = [Object.keys(reconcile.key), reconcile.population];
  const late = { from: window.to, to: window.to + reconcile.withinMs };
  return [
    { extract: 'population', query, key, from: window.from, to: window.to },
    { extract: 'late', query, key, ...late },
    ...invariants.map(({ id, extract }) => ({
      ...{ extract: id, query: extract, key: [], from: window.from, to: window.to },
    })),
  ];
}

export function newestExtract({ book, judgement }: OpenedProof, name: string): Extract | undefined {
  const reading = readingsOf({ judgement }).find(({ extract }) => extract === name);
  if (reading === undefined) return undefined;
  const closed = judgement.window.to + (judgement.declared.reconcile?.withinMs ?? 0);
  return book.extracts.findLast(
    ({ body, time }) =>
      body.outcome === judgement.outcome &&
      body.extract === name &&
      body.query === book.digest(reading.query) &&
      body.record === judgement.declared.reconcile?.record &&
      body.from === reading.from &&
      body.to === reading.to &&
      body.answer === 'ok' &&
      time >= closed,
  );
}
