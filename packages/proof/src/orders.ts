// Orders: about disclosures, and about who may act at all. What a person signs, and the facts of what was done. Why is
// committed to: a reason is about somebody.

import {
  assertion,
  commitments,
  digest,
  identifier,
  milliseconds,
  personId,
  position,
  signed,
  toolId,
} from './declared.ts';
import { type Infer, list, natural, oneOf, optional, record, text } from './values/shape.ts';

/** What is contained; `everything` has no name. */
export const containmentScope = record({
  is: oneOf('agent', 'tool', 'server', 'user', 'outcome', 'everything'),
  name: optional(text),
});
export type ContainmentScope = Infer<typeof containmentScope>;

/** What a person orders: RFC 8785 of this is what they sign, after `surety-order/v1` and a line feed. */
export const orderStatement = record({
  /** Names the order: no order is carried out twice. */
  order: text,
  does: oneOf(
    ...(['erase', 'disclose', 'place-legal-hold', 'lift-legal-hold'] as const),
    ...(['contain', 'lift-containment', 'drill-containment'] as const),
  ),
  log: text,
  /** Whom it is about, by the name in the store: the subject keyed with the log's salt. */
  subject: optional(digest),
  /** The subject itself: of a legal hold only, whose disclosures are about it and go with it. */
  about: optional(text),
  /** The one call whose disclosures are to be released. */
  call: optional(text),
  /** The order that placed the legal hold, or that contained, which is to be lifted. */
  lifts: optional(text),
  /** What is to be contained. */
  scope: optional(containmentScope),
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
  statement: commitments,
  ...signed,
};

/** How much, and between which facts; which ones is committed to, as it would link what is about one subject. */
const extent = {
  facts: natural,
  disclosures: natural,
  first: position,
  last: position,
  positions: commitments,
};

/** The functions whose people may contain, and those whose people may lift it. */
export const containmentFunctions = record({ order: list(identifier), lift: list(identifier) });
/** Where nobody declared any. */
export const containmentDefault: Infer<typeof containmentFunctions> = {
  order: ['operations', 'security'],
  lift: ['operations', 'security'],
};

const contained = {
  order: text,
  scope: containmentScope,
  /** Of an outcome, its tools at that moment: they stay contained, whatever is declared later. */
  tools: list(toolId),
  /** `consequential`: reads go on. */
  stops: oneOf('everything', 'consequential'),
  /** Calls in the scope that had left, or were about to, when it took effect; the first 1,000. */
  inFlight: list(text),
  inFlightCount: natural,
  /** `surety`: by itself, on a breach; then there is `verdict`, and nothing was signed. */
  by: oneOf('person', 'surety'),
  verdict: optional(position),
  ...{ function: optional(identifier), person: optional(personId), key: optional(digest) },
  ...{ statement: commitments, signature: optional(text), assertion: optional(assertion) },
};

export const orderBodies = {
  'containment.declared': containmentFunctions,
  'containment.ordered': record(contained),
  'containment.lifted': record({ ...ordered, lifts: text }),
  /** Ends the order of the same name, which contained an agent that nobody is. */
  'containment.drilled': record({
    ...ordered,
    answer: oneOf('enforced', 'not-enforced'),
    /** From the order to the first call that it stopped, and to where the order was durable. */
    refusedUs: natural,
    durableUs: natural,
  }),
  'legal-hold.placed': record({ ...ordered, subject: digest }),
  /** One person says that it may go; two must. */
  'legal-hold.lifted': record({ ...ordered, subject: digest, lifts: text }),
  'disclosure.erased': record({ ...ordered, ...extent, subject: digest, basis: identifier }),
  'disclosure.released': record({ ...ordered, ...extent, subject: optional(digest) }),
} as const;
