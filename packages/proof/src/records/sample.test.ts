// Drawing: vectors from another implementation (Python's hashlib), no bias, and nothing that does not count.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../values/sha256.ts';
import { drawSample, sampleMax } from './sample.ts';

const head = (size: number, byte = 7) => ({
  origin: 'acme.example/surety',
  size,
  root: new Uint8Array(32).fill(byte),
});

describe('a sample', () => {
  it.each([
    [1_000_065, 7, 'dice: 4 1 6', [572270, 192209, 872490, 638533, 805366]],
    [12, 0, 'é', [0, 1, 5, 10, 7, 9, 4, 6, 2, 3, 11, 8]],
    [2 ** 53 - 1, 7, 'dice: 4 1 6', [431526618628307, 3031195792573752, 8954330615561931]],
  ])('of %i facts is the one that anybody draws', (size, byte, nonce, expected) => {
    expect(drawSample({ head: head(size, byte), nonce, count: expected.length }, sha256)).toEqual(expected);
  });

  it('names each fact once, and all of a log that has no more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 80 }), (size, count) => {
        const drawn = drawSample({ head: head(size), nonce: 'n', count }, sha256);
        expect(new Set(drawn).size).toBe(Math.min(size, count));
        expect(drawn.every((index) => index >= 0 && index < size)).toBe(true);
      }),
    );
  });

  it('begins with every shorter one', () => {
    const long = drawSample({ head: head(500), nonce: 'n', count: 40 }, sha256);
    for (let count = 1; count < 40; count++)
      expect(drawSample({ head: head(500), nonce: 'n', count }, sha256)).toEqual(long.slice(0, count));
  });

  it('is another for another nonce, root, size or origin', () => {
    const of = (about: object, nonce = 'n') =>
      drawSample({ head: { ...head(100_000), ...about }, nonce, count: 3 }, sha256).join();
    const all = [
      of({}),
      of({}, 'n '),
      of({ root: new Uint8Array(32) }),
      of({ size: 100_001 }),
      of({ origin: 'acme.example/sureti' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('favours no fact', () => {
    const counts = new Array<number>(7).fill(0);
    for (let trial = 0; trial < 7_000; trial++)
      for (const index of drawSample({ head: head(7), nonce: `trial ${trial}`, count: 1 }, sha256))
        counts[index] = (counts[index] ?? 0) + 1;
    // Chi-square with 6 degrees of freedom: 22.46 is exceeded once in a thousand; the trials are always the same.
    expect(counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)).toBeLessThan(22.46);
  });

  it('leaves out numbers that would make the first facts likelier', () => {
    // 2^64 - 1 lies above the largest multiple of 3: the next number counts.
    const numbers = [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(32).fill(1)];
    const drawn = drawSample({ head: head(3), nonce: 'n', count: 1 }, () => numbers.shift() as Uint8Array);
    expect(drawn).toEqual([Number(0x0101010101010101n % 3n)]);
    // With a size that divides 2^64 every number counts.
    const all = [new Uint8Array(32), new Uint8Array(32).fill(255)];
    expect(drawSample({ head: head(4), nonce: 'n', count: 1 }, () => all.shift() as Uint8Array)).toEqual([3]);
  });

  it.each([0, -1, 1.5, sampleMax + 1, Number.NaN])('of %d facts is none', (count) => {
    expect(() => drawSample({ head: head(5), nonce: 'n', count }, sha256)).toThrow(RangeError);
  });

  it('without a nonce is none', () => {
    expect(() => drawSample({ head: head(5), nonce: '', count: 1 }, sha256)).toThrow(RangeError);
  });
});
