// Signature algorithms: one closed table. What a key says of itself, a byte (C2SP signed-note) or a word (the
// keys of people), picks a row of it, and nothing else here knows how long a key is or which call verifies.
// What has no row is refused by name; a third algorithm is a row, not a search through the code.

import { oneOf, type Shape, ShapeError, text } from '../values/shape.ts';

export type Sign = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

interface Row {
  /** Of the raw public key. */
  readonly publicBytes: number;
  readonly signatureBytes: number;
  readonly import: { readonly name: string; readonly namedCurve?: string };
  readonly verify: { readonly name: string; readonly hash?: string };
  /** Whether these bytes are the one form of a public key, and of a signature, that is accepted. */
  readonly isOnlyKeyForm: (publicKey: Uint8Array) => boolean;
  readonly isOnlyForm: (signature: Uint8Array) => boolean;
}

const rows = {
  /** RFC 8032; the key is 32 bytes. */
  ed25519: {
    publicBytes: 32,
    signatureBytes: 64,
    import: { name: 'Ed25519' },
    verify: { name: 'Ed25519' },
    isOnlyKeyForm: () => true,
    isOnlyForm: () => true,
  },
  /** ECDSA on NIST P-256 over SHA-256 (FIPS 186-5), as passkeys sign; the key is an uncompressed point, the signature r and s. */
  p256: {
    publicBytes: 65,
    signatureBytes: 64,
    import: { name: 'ECDSA', namedCurve: 'P-256' },
    verify: { name: 'ECDSA', hash: 'SHA-256' },
    // Some platforms read the hybrid forms (6 and 7) of a point too, as the same key.
    isOnlyKeyForm: (publicKey) => publicKey[0] === 4,
    isOnlyForm: (signature) => isLow(signature.subarray(32)),
  },
} satisfies Record<string, Row>;

export type Algorithm = keyof typeof rows;
export const algorithmNames = Object.keys(rows) as readonly Algorithm[];
export const isAlgorithm = (word: string): word is Algorithm => Object.hasOwn(rows, word);

/** By name: a key that nobody here can verify with must not look like one that signs. */
export const algorithm: Shape<Algorithm> = Object.assign(
  (value: unknown, path: string) => {
    const word = text(value, path);
    if (isAlgorithm(word)) return word;
    throw new ShapeError(path, `names an unknown-algorithm: known are ${algorithmNames.join(', ')}`);
  },
  { schema: oneOf(...algorithmNames).schema },
);

/** Bytes of a raw public key of this algorithm, and of a signature by it. */
export const publicBytesOf = (algorithm: Algorithm): number => rows[algorithm].publicBytes;
export const signatureBytesOf = (algorithm: Algorithm): number => rows[algorithm].signatureBytes;

/**
 * True if the key signed the message. Through WebCrypto, in browsers and Node alike; a key that is no point on the
 * curve verifies nothing. Throws only where the platform does not have the algorithm: that is no answer about the key.
 */
export async function verifySignature(
  algorithm: Algorithm,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const row: Row = rows[algorithm];
  if (publicKey.length !== row.publicBytes || signature.length !== row.signatureBytes) return false;
  if (!row.isOnlyKeyForm(publicKey) || !row.isOnlyForm(signature)) return false;
  // Copies, because WebCrypto refuses views of shared memory and the types say so.
  const key = await crypto.subtle
    .importKey('raw', new Uint8Array(publicKey), row.import, false, ['verify'])
    .catch((cause: unknown) => {
      if (cause instanceof Error && cause.name === 'NotSupportedError') throw cause;
      return undefined;
    });
  if (key === undefined) return false;
  return crypto.subtle.verify(row.verify, key, new Uint8Array(signature), new Uint8Array(message));
}

/** The order of the base point of P-256 (FIPS 186-5, SP 800-186), halved and rounded down. */
const p256HalfOrder = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

/** Of s and n - s, which verify alike, the smaller is the one form: whoever sees a signature cannot make a second. */
const isLow = (s: Uint8Array): boolean => asNumber(s) <= p256HalfOrder;

/** The one form of a signature by this algorithm: what signers give is brought into it before it is offered. */
export function onlyFormOf(algorithm: Algorithm, signature: Uint8Array): Uint8Array {
  if (algorithm !== 'p256' || signature.length !== 64 || isLow(signature.subarray(32))) return signature;
  const order = 2n * p256HalfOrder + 1n;
  let rest = order - asNumber(signature.subarray(32));
  const low = new Uint8Array(signature);
  for (let at = 63; at >= 32; at--, rest >>= 8n) low[at] = Number(rest & 0xffn);
  return low;
}

const asNumber = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
