// Orders about disclosures: what a person signs, and the facts of what was done. Who asked and why is committed to:
// a reason is about somebody.

import { commitments, digest, identifier, milliseconds, personId, position } from './declared.ts';
import { type Infer, natural, oneOf, optional, record, text } from './values/shape.ts';

/** What a person orders: RFC 8785 of this is what they sign, after `surety-order/v1` and a line feed. */
export const orderStatement = record({
  /** Names the order: no order is carried out twice. */
  order: text,
  does: oneOf('erase', 'disclose', 'place-legal-hold', 'lift-legal-hold'),
  log: text,
  /** Whom it is about, by the name in the store: the subject keyed with the log's salt. */
  subject: optional(digest),
  /** The subject itself: of a legal hold only, whose disclosures are about it and go with it. */
  about: optional(text),
  /** The one call whose disclosures are to be released. */
  call: optional(text),
  /** The order that placed the legal hold which is to be lifted. */
  lifts: optional(text),
  /** To whom they are released. */
  to: optional(text),
  reason: text,
  /** The legal basis, as the organisation names it: it stands in the clear. */
  basis: optional(identifier),
  function: identifier,
  person: personId,
  at: milliseconds,
});
export type OrderStatement = Infer<typeof orderStatement>;

const ordered = {
  order: text,
  function: identifier,
  person: personId,
  key: digest,
  statement: commitments,
  signature: text,
};

/** How much, and between which facts; which ones is committed to, as it would link what is about one subject. */
const extent = {
  facts: natural,
  disclosures: natural,
  first: position,
  last: position,
  positions: commitments,
};

export const orderBodies = {
  'legal-hold.placed': record({ ...ordered, subject: digest }),
  /** One person says that it may go; two must. */
  'legal-hold.lifted': record({ ...ordered, subject: digest, lifts: text }),
  'disclosure.erased': record({ ...ordered, ...extent, subject: digest, basis: identifier }),
  'disclosure.released': record({ ...ordered, ...extent, subject: optional(digest) }),
} as const;
