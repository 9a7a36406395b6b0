// What a call writes without an origin is known again, however it is spelled when it is read back.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf, sha256 } from '../log.fixture.ts';
import { type Leaf, normaliserOf, valueKey } from '../normalisers/index.ts';
import { Writes, writtenIn } from './written.ts';

const salt = new Uint8Array(16);
const evil = 'GB29NWBK60161331926819';

/** Writes it from nowhere; whether what is read back is known. */
function comesBack(written: unknown, back: Leaf, max?: number): boolean {
  const writes = new Writes(sha256, max);
  const keys = (writtenIn({ value: written }) ?? []).flatMap((part) => part.keys);
  writes.apply({ unvouched: keys.map((key) => writes.nameOf(salt, key)), vouched: [] });
  const as = normaliserOf(back, back);
  return as !== undefined && writes.isRaised(salt, as, valueKey(as, back) ?? '');
}

describe('what was written', () => {
  test.each<[unknown, Leaf]>([
    [evil, evil],
    ['gb29 nwbk 6016 1331 9268 19', evil],
    [`please pay ${evil}.`, evil],
    ['Eve@Evil.example', 'eve@evil.example'],
    [9999.5, '9999.50'],
    ['9.999,50 EUR', 9999.5],
    [{ rows: [{ to: ['https://evil.example/'] }] }, 'https://evil.example'],
    ['Evil Supplies', 'evil supplies'],
    ['SUP-0666', 'sup-0666'],
  ])('%j is known as %j', (written, back) => expect(comesBack(written, back)).toBe(true));

  test.each<[unknown, Leaf]>([
    [evil, 'DE89370400440532013000'],
    [42, 42],
    ['2026-03-02', '2026-03-02'],
    ['USD', 'USD'],
    [true, 'true'],
  ])('%j does not make %j known: too many values are the same', (written, back) =>
    expect(comesBack(written, back)).toBe(false),
  );

  test('is vouched for again after somebody wrote it with an origin', () => {
    const writes = new Writes(sha256);
    const name = writes.nameOf(salt, `iban|${evil}`);
    writes.apply({ unvouched: [name], vouched: [] });
    expect(writes.isRaised(salt, 'iban', evil)).toBe(true);
    writes.apply({ unvouched: [], vouched: [name] });
    expect(writes.isRaised(salt, 'iban', evil)).toBe(false);
  });

  test('is never forgotten: where it is too much to keep, nothing is vouched for', () => {
    expect(comesBack(evil, 'DE89370400440532013000', 0)).toBe(true);
  });

  test('in one call is too much at some point', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => hashOf(String(at)));
    expect(writtenIn({ many })).toBeUndefined();
    expect(writtenIn({ many: many.slice(0, 100) })).toHaveLength(100);
  });

  test('INVARIANT: what reads as some value when it is read back is known if it was written so', () =>
    fc.assert(
      fc.property(
        fc.oneof(fc.emailAddress(), fc.integer({ min: 100 }), fc.stringMatching(/^[A-Z]{3}-[0-9]{4}$/)),
        (value) => {
          // Some addresses are none to us: quoted, or longer than any.
          fc.pre(typeof value !== 'string' || normaliserOf(value, value) !== undefined);
          expect(comesBack(value, value)).toBe(true);
        },
      ),
    ));
});
