// Assertions as browsers hand them over (WebAuthn Level 3), brought into the one form that facts carry. Nothing is
// judged here: whether they sign anything is asked of `proof`, by the gate and by every proof alike.

import type { PersonKey } from '@surety/proof/facts';
import { type Algorithm, fromBase64url, onlyFormOf, toBase64 } from '@surety/proof/records';
import type { Signed } from '@surety/proof/rules';

/** `response` of `PublicKeyCredential.toJSON()`: base64url throughout. */
export interface BrowserAssertion {
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

/** `not-base64`; `not-der` the signature is none of this algorithm; `not-a-key` this is no public key that signs here. */
export class AssertionError extends Error {
  readonly code: 'not-base64' | 'not-der' | 'not-a-key';
  constructor(code: AssertionError['code'], message: string) {
    super(message);
    this.name = 'AssertionError';
    this.code = code;
  }
}

/** As a signature by this key. Throws AssertionError. */
export function signedByPasskey(
  { id, alg }: Pick<PersonKey, 'id' | 'alg'>,
  browser: BrowserAssertion,
): Signed {
  const [data, client, signature] = [
    browser.authenticatorData,
    browser.clientDataJSON,
    browser.signature,
  ].map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array];
  return {
    key: id,
    signature: toBase64(onlyFormOf(alg, rawOf(alg, signature))),
    assertion: { authenticatorData: toBase64(data), clientData: toBase64(client) },
  };
}

/** What `getPublicKey()` gives: SPKI in DER, of which each algorithm has one prefix (RFC 5480, RFC 8410). */
const spki: Readonly<Record<Algorithm, { readonly prefix: Uint8Array; readonly rawBytes: number }>> = {
  p256: {
    prefix: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'),
    rawBytes: 65,
  },
  ed25519: { prefix: Buffer.from('302a300506032b6570032100', 'hex'), rawBytes: 32 },
};

/** The raw public key in it. Throws AssertionError for any other. */
export function rawOfSpki(der: string): { readonly alg: Algorithm; readonly raw: Uint8Array } {
  const bytes = bytesOf(der);
  for (const [alg, { prefix, rawBytes }] of Object.entries(spki) as [Algorithm, (typeof spki)[Algorithm]][]) {
    const raw = bytes.subarray(prefix.length);
    if (raw.length !== rawBytes || Buffer.compare(bytes.subarray(0, prefix.length), prefix) !== 0) continue;
    // An uncompressed point, as the table of algorithms wants it.
    if (alg === 'p256' && raw[0] !== 4) break;
    return { alg, raw: new Uint8Array(raw) };
  }
  throw new AssertionError('not-a-key', 'the passkey is neither of ES256 nor of EdDSA with Ed25519');
}

/** Ecdsa-Sig-Value (RFC 3279, section 2.2.3) in DER as r and s; what Ed25519 signs is raw already. */
function rawOf(alg: Algorithm, signature: Uint8Array): Uint8Array {
  if (alg !== 'p256') return signature;
  // Two integers of at most 33 bytes: lengths fit into one byte each.
  if (signature.length > 72 || signature[0] !== 0x30 || signature[1] !== signature.length - 2) throw notDer();
  const [r, behind] = integerOf(signature.subarray(2));
  const [s, none] = integerOf(behind);
  if (none.length > 0) throw notDer();
  const raw = new Uint8Array(64);
  raw.set(r, 32 - r.length);
  raw.set(s, 64 - s.length);
  return raw;
}

/** A positive integer of at most 32 bytes in its one form, without the byte that keeps it positive; and what follows. */
function integerOf(der: Uint8Array): [Uint8Array, Uint8Array] {
  const [tag, length = 0, first = 0, second = 0] = der;
  if (tag !== 0x02 || length === 0 || length > 33 || der.length < 2 + length) throw notDer();
  const isPadded = first === 0 && length > 1;
  if (first >= 0x80 || (isPadded && second < 0x80) || (length === 33 && !isPadded)) throw notDer();
  return [der.subarray(isPadded ? 3 : 2, 2 + length), der.subarray(2 + length)];
}

const notDer = (): AssertionError =>
  new AssertionError('not-der', 'the signature is no ECDSA signature in DER');

function bytesOf(base64url: string): Uint8Array {
  try {
    return fromBase64url(base64url);
  } catch {
    throw new AssertionError('not-base64', 'the assertion is not base64url');
  }
}
