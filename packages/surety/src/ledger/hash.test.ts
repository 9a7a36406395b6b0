import { createHash } from 'node:crypto';
import { digestOf, sha256 as plainSha256, toBase64url, utf8 } from '@surety/proof/records';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { salt, sha256 } from './hash.ts';

it('hashes as the standard and as the verifier, bytes and text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const expected = createHash('sha256').update(text).digest();
      expect(Buffer.from(sha256(utf8(text)))).toEqual(expected);
      expect(sha256.ofText?.(text)).toBe(toBase64url(expected));
      expect(digestOf(text, sha256)).toBe(digestOf(text, plainSha256));
    }),
  );
});

it('hands out each salt once', () => {
  const drawn = Array.from({ length: 2000 }, () => toBase64url(salt()));
  expect(new Set(drawn).size).toBe(2000);
  expect(drawn.every((each) => each.length === 22 && each !== 'A'.repeat(22))).toBe(true);
});
