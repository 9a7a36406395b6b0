// What a check is, and what can come of it. A check says what it sends, what must hold and who says so; it throws
// `Broken` if that does not hold, `NotApplicable` if it cannot be asked of this gateway, and never passes by default.

import type { Bench } from './bench.ts';

/** The protocol that the kit's client speaks, and the server behind the gateway. */
export type Era = '2025-11-25' | '2026-07-28';
export type Place = 'old' | 'new' | 'odd' | 'merged';
export interface Lane {
  readonly client: Era;
  readonly place: Place;
}

const lane = (client: Era, place: Place): Lane => ({ client, place });
/** In the order in which they are tried: the first that this gateway has and that a plain call gets through. */
export const lanes = {
  any: [
    lane('2025-11-25', 'old'),
    lane('2026-07-28', 'new'),
    lane('2026-07-28', 'old'),
    lane('2025-11-25', 'new'),
  ],
  modern: [lane('2026-07-28', 'new'), lane('2026-07-28', 'old')],
  modernOnly: [lane('2026-07-28', 'new')],
  legacyOnly: [lane('2025-11-25', 'old')],
  modernToLegacy: [lane('2026-07-28', 'old')],
  legacyToModern: [lane('2025-11-25', 'new')],
  odd: [lane('2025-11-25', 'odd'), lane('2026-07-28', 'odd')],
  merged: [lane('2025-11-25', 'merged'), lane('2026-07-28', 'merged')],
} as const satisfies Record<string, readonly Lane[]>;

export interface Check {
  readonly id: string;
  /** `should` is reported and does not count. */
  readonly level: 'must' | 'should';
  readonly sends: string;
  readonly holds: string;
  /** The section of the specification, or the thread in which it went wrong. */
  readonly source: string;
  readonly lanes: readonly Lane[];
  /** How many principals it needs; default 1, which may be nobody in particular. */
  readonly principals?: 2;
  /** It needs a tool `restricted` that the second principal may not use. */
  readonly restricted?: true;
  run(bench: Bench): Promise<void>;
}

export class Broken extends Error {}
export class NotApplicable extends Error {}

export type Outcome =
  | { readonly is: 'held' }
  | { readonly is: 'broken'; readonly why: string }
  | { readonly is: 'not-applicable'; readonly why: string };

export function must(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Broken(why);
}
