import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  concat,
  equal,
  fromBase64,
  fromBase64url,
  fromUtf8,
  textToBase64url,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from './bytes.ts';
import { sha256 } from './sha256.ts';

const bytes = fc.uint8Array({ maxLength: 200 });

describe('base64', () => {
  test.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('RFC 4648 section 10: `%s`', (text, encoded) => {
    expect(toBase64(utf8(text))).toBe(encoded);
    expect(fromUtf8(fromBase64(encoded))).toBe(text);
    expect(toBase64url(utf8(text))).toBe(encoded.replaceAll('=', ''));
  });

  test('agrees with the platform and comes back', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(toBase64(given)).toBe(Buffer.from(given).toString('base64'));
        expect(toBase64url(given)).toBe(Buffer.from(given).toString('base64url'));
        expect(toHex(given)).toBe(Buffer.from(given).toString('hex'));
        expect(fromBase64(toBase64(given))).toEqual(given);
        expect(fromBase64url(toBase64url(given))).toEqual(given);
      }),
    );
  });

  test('of a text is that of its utf-8', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary-ascii' }));
    fc.assert(
      fc.property(text, (given) => {
        expect(textToBase64url(given)).toBe(Buffer.from(given).toString('base64url'));
      }),
      { numRuns: 2000 },
    );
    for (const lone of ['\ud800', 'ab\udfff', 'abc\ud800x'])
      expect(() => textToBase64url(lone)).toThrow(expect.objectContaining({ code: 'not-unicode' }));
  });

  test('decodes exactly what the platform would encode, whatever the characters', () => {
    const chars = fc.oneof(
      fc.constantFrom(...'AQgw-_zZ09'),
      fc.constantFrom(...'+/= \n~\u0080\u00c1\u0141\u2041\uff21'),
    );
    const near = fc.string({ unit: chars, maxLength: 9 });
    fc.assert(
      fc.property(near, (text) => {
        const decoded = Buffer.from(text, 'base64url');
        const canonical = decoded.toString('base64url') === text;
        if (canonical) expect(Buffer.from(fromBase64url(text))).toEqual(decoded);
        else expect(() => fromBase64url(text)).toThrow(expect.objectContaining({ code: 'not-base64' }));
      }),
      { numRuns: 5000 },
    );
  });

  test('whatever is decoded is the one text of its bytes', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'AQgwZ_-+/= 9'), maxLength: 9 });
    const form = (decode: () => string): string | undefined => {
      try {
        return decode();
      } catch {
        return undefined;
      }
    };
    fc.assert(
      fc.property(digits, (text) => {
        expect([text, undefined]).toContain(form(() => toBase64(fromBase64(text))));
        expect([text, undefined]).toContain(form(() => toBase64url(fromBase64url(text))));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    'Zh==',
    'Zo==',
    'Zm8',
    'Zm+=',
    'Zh',
    'Zm9=',
    'Zg=',
    'Zg',
    'Z===',
    '====',
    'Zm9v\n',
    'Zm 9',
    'Zm-_',
    'Zm9é',
  ])('refuses `%s` as base64', (text) => {
    expect(() => fromBase64(text)).toThrow(expect.objectContaining({ code: 'not-base64' }));
  });
  test.each(['Zg==', 'Zh', 'Zo', 'Zm9', 'Z', 'Zm+/'])('refuses `%s` as base64url', (text) => {
    expect(() => fromBase64url(text)).toThrow(expect.objectContaining({ code: 'not-base64' }));
  });
});

describe('utf-8', () => {
  test('keeps a byte order mark', () => {
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('\ufeffA');
  });
  test.each([[[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0xff]], [[0xe2, 0x82]]])('refuses %j', (raw) => {
    expect(() => fromUtf8(Uint8Array.from(raw))).toThrow(expect.objectContaining({ code: 'not-utf8' }));
  });
  test('refuses a lone surrogate, which would become another character', () => {
    expect(() => utf8('a\ud800')).toThrow(expect.objectContaining({ code: 'not-unicode' }));
  });
});

test('concat and equal', () => {
  expect(concat(Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 3))).toBe(false);
});

describe('sha-256', () => {
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('NIST vectors', (text, digest) => {
    expect(toHex(sha256(utf8(text)))).toBe(digest);
  });
  test('agrees with the platform at every length around a block, also from within a buffer', () => {
    for (let length = 0; length < 200; length++) {
      const given = Uint8Array.from({ length: length + 3 }, (_, at) => at * 7 + length).subarray(3);
      expect(toHex(sha256(given))).toBe(createHash('sha256').update(given).digest('hex'));
    }
  });
});
