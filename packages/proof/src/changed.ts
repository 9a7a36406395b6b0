// Facts of changes that wait: what would be put in the place of what is in force, and which owners signed or refused it.

import { commitments, digest, identifier, milliseconds, personId, signed } from './declared.ts';
import { json, list, optional, record, text } from './values/shape.ts';

/** Names the proposal: a signature is given to one, and to no later one of the same text. */
const change = text;

export const changeBodies = {
  'change.proposed': record({
    change,
    /** Of the declaration that would be changed. */
    stream: text,
    /** SHA-256 of what is in force and of what is proposed (docs/formats.md, Changes); absent: nothing. */
    from: optional(digest),
    to: optional(digest),
    /** What is proposed, to be read before it is signed. */
    declared: optional(record({ kind: text, body: json })),
    /** Who relied on it when it was proposed. */
    outcomes: list(record({ outcome: identifier, owner: personId })),
  }),
  /** An owner agrees: every outcome that relies on what is weakened needs the signature of its own. */
  'change.signed': record({
    change,
    person: personId,
    /** When, by the signer's clock. */
    at: milliseconds,
    ...signed,
  }),
  /**
   * An owner says no: nobody can sign it any more, and it stays out until the files ask for something else. It can only
   * keep out, so no verdict asks for its signature.
   */
  'change.refused': record({
    change,
    person: personId,
    at: milliseconds,
    ...signed,
    /** Why, in the words of the person. */
    reason: commitments,
  }),
  /** The files ask for it no more, or for something else. */
  'change.withdrawn': record({ change }),
} as const;
