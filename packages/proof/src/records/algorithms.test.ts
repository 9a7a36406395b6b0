import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concat, fromBase64url, utf8 } from '../values/bytes.ts';
import {
  algorithmNames,
  isAlgorithm,
  onlyFormOf,
  publicBytesOf,
  signatureBytesOf,
  verifySignature,
} from './algorithms.ts';

test('Ed25519: RFC 8032 section 7.1, test 2', async () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
  const key = hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
  const signature = hex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  );
  expect(await verifySignature('ed25519', key, hex('72'), signature)).toBe(true);
  expect(await verifySignature('ed25519', key, hex('73'), signature)).toBe(false);
  expect(await verifySignature('ed25519', key, hex('72'), signature.with(63, 1))).toBe(false);
  expect(await verifySignature('ed25519', key.with(0, 0), hex('72'), signature)).toBe(false);
  expect(await verifySignature('ed25519', key.subarray(1), hex('72'), signature)).toBe(false);
  expect(await verifySignature('ed25519', key, hex('72'), signature.subarray(1))).toBe(false);
  expect(await verifySignature('ed25519', new Uint8Array(32).fill(255), utf8('72'), signature)).toBe(false);
});

describe('P-256', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const raw = concat(Uint8Array.of(4), fromBase64url(x), fromBase64url(y));
  const message = utf8('this exact action');
  const made = (): Uint8Array =>
    new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  /** The other signature that verifies under the same key: n - s. */
  const twin = (signature: Uint8Array): Uint8Array => {
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
    const other = (order - s).toString(16).padStart(64, '0');
    return concat(signature.subarray(0, 32), Uint8Array.from(Buffer.from(other, 'hex')));
  };

  test('verifies what Node signed, in one form only', async () => {
    for (let count = 0; count < 20; count++) {
      const low = onlyFormOf('p256', made());
      expect(await verifySignature('p256', raw, message, low)).toBe(true);
      const high = twin(low);
      // Node takes both: that the other one is refused is this table's doing.
      expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, high)).toBe(true);
      expect(await verifySignature('p256', raw, message, high)).toBe(false);
      expect(onlyFormOf('p256', high)).toEqual(low);
    }
  });

  test('refuses another message, key, length, form of the key, and a point that is none', async () => {
    const good = onlyFormOf('p256', made());
    expect(await verifySignature('p256', raw, utf8('that action'), good)).toBe(false);
    expect(await verifySignature('p256', raw, message, good.subarray(1))).toBe(false);
    expect(await verifySignature('p256', raw.subarray(1), message, good)).toBe(false);
    expect(await verifySignature('p256', raw.with(64, (raw[64] ?? 0) ^ 1), message, good)).toBe(false);
    const compressed = concat(Uint8Array.of(2 + ((raw[64] ?? 0) & 1)), raw.subarray(1, 33));
    expect(await verifySignature('p256', compressed, message, good)).toBe(false);
    // The hybrid form names the parity of y beside y: OpenSSL reads it as the same key.
    const hybrid = raw.with(0, 6 + ((raw[64] ?? 0) & 1));
    expect(await verifySignature('p256', hybrid, message, good)).toBe(false);
    expect(await verifySignature('p256', raw, message, new Uint8Array(64))).toBe(false);
  });

  test('is no Ed25519: each algorithm has its own lengths and call', async () => {
    const { publicKey: other } = generateKeyPairSync('ed25519');
    const bytes = fromBase64url(other.export({ format: 'jwk' }).x ?? '');
    expect(await verifySignature('ed25519', raw, message, onlyFormOf('p256', made()))).toBe(false);
    expect(await verifySignature('p256', bytes, message, onlyFormOf('p256', made()))).toBe(false);
  });
});

test('the table is closed', () => {
  expect(algorithmNames).toEqual(['ed25519', 'p256']);
  expect(algorithmNames.map((name) => [publicBytesOf(name), signatureBytesOf(name)])).toEqual([
    [32, 64],
    [65, 64],
  ]);
  for (const word of ['ED25519', 'constructor', 'toString', '__proto__', 'rsa', ''])
    expect(isAlgorithm(word)).toBe(false);
});
