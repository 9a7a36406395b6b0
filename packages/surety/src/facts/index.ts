// The vocabulary as the product writes it. The shapes live once, in `@surety/proof/facts`.

import type { Body, Kind } from '@surety/proof/facts';

/** A fact before the log gives it its stream version, emitter sequence, time and position. */
export type NewFact = {
  [K in Kind]: {
    readonly kind: K;
    readonly body: Body<K>;
    readonly case?: string;
    readonly agent?: string;
    readonly user?: string;
    /** Versions of the other streams that this decision read. */
    readonly basis?: readonly (readonly [stream: string, version: number])[];
    /** The disclosures behind the body's commitments; stored in the same transaction. */
    readonly disclosures?: readonly string[];
  };
}[Kind];
