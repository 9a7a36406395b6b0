// Facts of passkeys that people register themselves: a person of one function invites, the passkey says that it is
// theirs, a person of another function confirms. What each signs, and when it counts: docs/formats.md, Passkeys.

import { commitments, digest, identifier, milliseconds, personId, personKey, signed } from './declared.ts';
import { type Infer, list, oneOf, optional, record, text } from './values/shape.ts';

/** RFC 8785 of this is what is signed, after `surety-passkey/v1` and a line feed. */
export const passkeyStatement = record({
  does: oneOf('invite', 'register', 'confirm', 'revoke'),
  log: text,
  /** Names the invitation, and what became of it. */
  invitation: text,
  /** Who is to sign with it. */
  person: personId,
  /** Who says so, for which function, and when by their clock; of `register` it is the passkey itself. */
  by: optional(personId),
  function: optional(identifier),
  at: optional(milliseconds),
  /** SHA-256 of the code that the invitation is opened with, once, until then. */
  code: optional(digest),
  expires: optional(milliseconds),
  passkey: optional(personKey),
  reason: optional(text),
});
export type PasskeyStatement = Infer<typeof passkeyStatement>;

const said = { invitation: text, person: personId, by: personId, at: milliseconds, ...signed };

export const passkeyBodies = {
  /** The functions whose people may invite, and those whose people may confirm. Without it, nobody may. */
  'passkeys.declared': record({ invite: list(identifier), confirm: list(identifier) }),
  'passkey.invited': record({ ...said, function: identifier, code: digest, expires: milliseconds }),
  /** Signed by itself. */
  'passkey.registered': record({ invitation: text, person: personId, passkey: personKey, ...signed }),
  'passkey.confirmed': record({ ...said, function: identifier }),
  /** Ends the invitation, and with it the passkey. It can only keep out, so no verdict asks for its signature. */
  'passkey.revoked': record({ ...said, function: optional(identifier), reason: commitments }),
} as const;
