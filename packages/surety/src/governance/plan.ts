// What of a new configuration applies at once, and what waits for whose signature. Pure: the same question is put to
// what is in force, one declaration after the other, as the gate and every proof will put it to the facts.

import {
  type Content,
  contentOf,
  type InForce,
  type Relation,
  type Relying,
  relationOf,
} from '@surety/proof/changes';
import type { Fact } from '@surety/proof/facts';
import type { Declared } from '../ledger/declare.ts';

/** A declaration that changes; `wanted` is absent where the files say nothing of it any more. */
export interface Step {
  readonly stream: string;
  readonly wanted: Declared | undefined;
  readonly content: Content | undefined;
  readonly is: Relation;
}

export interface Waiting extends Step {
  /** Outcomes whose owners have not signed it. */
  readonly missing: readonly Relying[];
}

export interface Plan {
  readonly now: readonly Step[];
  readonly waiting: readonly Waiting[];
}

/** What narrows, what nobody relies on and what is signed comes first; what that frees comes with it. */
export function planOf(inForce: InForce, changed: readonly Declared[], gone: readonly string[]): Plan {
  const trial = inForce.copy();
  const now: Step[] = [];
  let left = [
    ...changed.map((wanted) => ({ stream: wanted.stream, wanted })),
    ...gone.map((stream) => ({ stream, wanted: undefined })),
  ];
  for (let before = -1; before !== left.length; ) {
    before = left.length;
    left = left.filter(({ stream, wanted }) => {
      const step = stepOf(trial, stream, wanted);
      if (trial.missing(trial.changeTo(stream, step.content)).length > 0) return true;
      now.push(step);
      trial.apply(asFact(step), true);
      return false;
    });
  }
  const waiting = left.map(({ stream, wanted }): Waiting => {
    const step = stepOf(trial, stream, wanted);
    return { ...step, missing: trial.missing(trial.changeTo(stream, step.content)) };
  });
  return { now, waiting };
}

function stepOf(inForce: InForce, stream: string, wanted: Declared | undefined): Step {
  const content = wanted && contentOf(wanted.kind, wanted.body);
  return { stream, wanted, content, is: relationOf(inForce.changeTo(stream, content), inForce.standing) };
}

/** As it will stand in the log. */
function asFact({ stream, wanted }: Step): Fact {
  const said =
    wanted === undefined
      ? { kind: 'declaration.withdrawn', body: { stream } }
      : { kind: wanted.kind, body: wanted.body };
  return { ...said, stream, position: 0, time: 0 } as unknown as Fact;
}
