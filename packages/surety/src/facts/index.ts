// The vocabulary as the product writes it. The shapes live once, in `@surety/proof/facts`.

import type { Body, Kind } from '@surety/proof/facts';

/** Whom a disclosure is about, as `kind/value`: what is about one subject is erased together (docs/privacy.md). */
export type Subject = string;

/** Kinds that the product gives itself; a label may use any other. */
export const ownKinds: readonly string[] = ['log', 'case', 'person', 'extract', 'totals', 'order', 'all'];

/** One subject; one for each disclosure; or those that the disclosures of an earlier fact are about. */
export type About =
  | Subject
  | readonly Subject[]
  | { readonly sameAs: number }
  /** By the name that the subject has in the store. */
  | { readonly named: string };

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
    /** Whom they are about; without it the case, and where there is none, the log. */
    readonly about?: About;
  };
}[Kind];
