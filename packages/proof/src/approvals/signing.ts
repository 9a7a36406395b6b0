// Whose signature is under a text, whatever people sign: an approval, a change, an order, an invitation. Everything but
// the arithmetic, which the gate does with Node's own crypto and a proof with WebCrypto.

import type { Assertion, Body, PersonKey } from '../facts.ts';
import { verifySignature } from '../records/algorithms.ts';
import { fromBase64 } from '../values/bytes.ts';
import { signedBytes } from './passkey.ts';

/** A signature as facts carry it: by which key, in base64, and of a passkey what it was made over. */
export interface Signed {
  readonly key: string;
  readonly signature: string;
  readonly assertion?: Assertion | undefined;
}
type Keyed = Pick<Body<'person.enrolled'>, 'person' | 'keys'>;

/** What is left to verify. */
export interface Verifiable {
  readonly key: PersonKey;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Undefined if, whatever the arithmetic says, this is no signature of this person under this text. */
export function verifiable(
  people: readonly Keyed[],
  person: string,
  text: string,
  { key: id, signature, assertion }: Signed,
): Verifiable | undefined {
  const key = people.find((each) => each.person === person)?.keys.find((each) => each.id === id);
  if (key === undefined) return undefined;
  // One key under two names is one pair of eyes.
  const holders = people.filter(({ keys }) => keys.some((each) => each.public === key.public));
  if (holders.length > 1) return undefined;
  return verifiableBy(key, text, { signature, assertion });
}

/** The same of a key that is known. */
export function verifiableBy(
  key: PersonKey,
  text: string,
  { signature, assertion }: Omit<Signed, 'key'>,
): Verifiable | undefined {
  const message = signedBytes(key, text, assertion);
  try {
    return message && { key, message, signature: fromBase64(signature) };
  } catch {
    return undefined;
  }
}

/** True if a key of this person among these, and nobody else's, signed the text. */
export async function isSignedBy(
  people: readonly Keyed[],
  person: string,
  text: string,
  signed: Signed,
): Promise<boolean> {
  const found = verifiable(people, person, text, signed);
  if (found === undefined) return false;
  const { key, message, signature } = found;
  return verifySignature(key.alg, fromBase64(key.public), message, signature);
}

/** The members of a fact for it, and nothing else that came along. */
export const signatureIn = ({ key, signature, assertion }: Signed) => ({
  ...{ key, signature },
  ...(assertion === undefined ? {} : { assertion }),
});
