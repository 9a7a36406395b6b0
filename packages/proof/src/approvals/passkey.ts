// Passkeys: what a person's authenticator says when it signs (W3C WebAuthn Level 3, section 7.2), held to one strict
// form. The text that is signed is not in it: only its hash, as the challenge. A browser, or a page of somebody else
// that the person was lured to, makes the bytes that arrive here; nothing of them is believed before it is compared.

import type { Assertion, PersonKey } from '../facts.ts';
import { concat, equal, fromBase64, toBase64url, utf8 } from '../values/bytes.ts';
import { JsonError, parseJson } from '../values/json.ts';
import { sha256 } from '../values/sha256.ts';

/** Where a passkey was registered: it signs for pages of this very origin and no other. */
type Place = Pick<NonNullable<PersonKey['passkey']>, 'origin'>;

/** What an authenticator is asked to sign, so that it signs exactly this text: SHA-256 in base64url. */
export const challengeOf = (text: string): string => toBase64url(sha256(utf8(text)));

/** The relying party of an origin is its own host: no page above or beside it shares its passkeys. */
export const relyingPartyOf = (origin: string): string =>
  origin.replace(/^https?:\/\//, '').replace(/:\d+$/, '');

const dataBytes = 37;
const clientBytesMax = 2_048;
/** Bits of the flags: the person was there, was recognised, the key may be backed up, and is. */
const [present, verified, mayBackUp, backedUp] = [0x01, 0x04, 0x08, 0x10] as const;
const known = present | verified | mayBackUp | backedUp;

/** Why these bytes are not what this passkey signs for this text, or undefined if they are. */
export function assertionProblem(place: Place, text: string, assertion: Assertion): string | undefined {
  const client = clientOf(assertion.clientData);
  const data = bytesOf(assertion.authenticatorData);
  if (client === undefined || data === undefined) return 'it is not written as an assertion is';
  if (client['type'] !== 'webauthn.get') return 'it was made for something else than to sign';
  if (client['challenge'] !== challengeOf(text)) return 'it signs another text';
  if (client['origin'] !== place.origin) return 'it was made on a page of another origin';
  if (client['crossOrigin'] !== undefined && client['crossOrigin'] !== false)
    return 'it was made in a frame of another page';
  if (client['topOrigin'] !== undefined) return 'it names a page around its own';
  // Then it holds no key and no extension: nobody asked for any.
  if (data.length !== dataBytes) return 'its authenticator data is of another length';
  const flags = data[32] as number;
  if ((flags & ~known) !== 0) return 'its flags say more than anybody asked for';
  if (!equal(data.subarray(0, 32), sha256(utf8(relyingPartyOf(place.origin)))))
    return 'it was made for another host';
  if ((flags & present) === 0) return 'nobody touched the authenticator';
  if ((flags & verified) === 0) return 'the authenticator did not verify who holds it';
  if ((flags & backedUp) !== 0 && (flags & mayBackUp) === 0) return 'it contradicts itself about backups';
  return undefined;
}

/**
 * What a signature by this key under this text is made over; undefined if it cannot be one. INVARIANT: a passkey signs
 * only by an assertion, and any other key only without one, so neither's signature is ever taken for the other's.
 */
export function signedBytes(
  { passkey }: Pick<PersonKey, 'passkey'>,
  text: string,
  assertion: Assertion | undefined,
): Uint8Array | undefined {
  if (passkey === undefined) return assertion === undefined ? utf8(text) : undefined;
  if (assertion === undefined || assertionProblem(passkey, text, assertion) !== undefined) return undefined;
  return concat(fromBase64(assertion.authenticatorData), sha256(fromBase64(assertion.clientData)));
}

/** Browsers may add members (section 5.8.1); those that are judged are there once, or parsing fails. */
function clientOf(base64: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = bytesOf(base64);
  if (bytes === undefined) return undefined;
  try {
    const value = parseJson(bytes, { bytesMax: clientBytesMax, depthMax: 8 });
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Nothing is decoded that is too long to be looked at. */
function bytesOf(base64: string): Uint8Array | undefined {
  if (base64.length > 2 * clientBytesMax) return undefined;
  try {
    return fromBase64(base64);
  } catch {
    return undefined;
  }
}
