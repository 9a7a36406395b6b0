// Facts of people at the pages: who signed in and out, who was turned away, and who refused a hold there; and of the
// operator at the desk. A session is no signature: it lets somebody look, and say no; nothing that a verdict relies on rests on one.

import { commitments, digest, identifier, milliseconds, personId } from './declared.ts';
import { natural, oneOf, optional, record, text } from './values/shape.ts';

/** By a key of their own, or by what a provider (OpenID Connect) says of them. */
const by = oneOf('passkey', 'provider');

export const sessionBodies = {
  'session.opened': record({
    /** Names the session; it opens nothing. */
    session: text,
    person: personId,
    by,
    /** Of the passkey. */
    key: optional(digest),
    /** Of the provider. */
    issuer: optional(text),
    /** When it ends at the latest. */
    until: milliseconds,
  }),
  /** Its person signed out, or was signed out. */
  'session.closed': record({ session: text, person: personId }),
  /** Somebody did not get in: how often, since it was last said. Whom they claimed to be is in no fact. */
  'session.refused': record({ by, code: identifier, count: natural }),
  /** Whoever has the store asked for something that leaves it, and that no other fact would tell of. */
  'desk.asked': record({ what: oneOf('prove', 'survey', 'next-key') }),
  /** A person who had signed in said no, without a signature: it can only keep out. */
  'hold.refused': record({
    hold: text,
    function: identifier,
    person: personId,
    session: text,
    /** Why, in the words of the person. */
    cause: commitments,
  }),
} as const;
