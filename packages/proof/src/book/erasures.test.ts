// Which facts an erasure is believed to have taken values of: whatever is not a run of facts ahead of it names nothing.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fact } from '../facts.ts';
import { Erasures } from './erasures.ts';

const erasure = (position: number, first: number, last: number): Fact<'disclosure.erased'> =>
  ({ position, time: 7, body: { first, last, basis: 'b' } }) as Fact<'disclosure.erased'>;
const named = (runs: unknown, [position, first, last] = [100, 10, 90]): number[] => {
  const erasures = new Erasures();
  erasures.add(erasure(position as number, first as number, last as number), runs);
  return Array.from({ length: 200 }, (_, at) => at).filter((at) => erasures.of(at).length > 0);
};

test.each([
  [
    'runs',
    [
      [10, 11],
      [13, 13],
    ],
    [10, 11, 13],
  ],
  ['runs of which some are not shown', [undefined, [13, 13]], [13]],
  ['half a run', [[10], [13, 13]], [13]],
  ['three numbers', [[10, 11, 12]], []],
  ['a run backwards', [[12, 11]], []],
  [
    'runs out of order',
    [
      [20, 22],
      [12, 13],
    ],
    [20, 21, 22],
  ],
  [
    'runs that overlap',
    [
      [20, 22],
      [22, 23],
    ],
    [20, 21, 22],
  ],
  ['facts before its first', [[9, 12]], []],
  ['facts behind its last', [[90, 91]], []],
  ['texts', [['10', '11']], []],
  ['fractions', [[10.5, 11]], []],
  ['a hash in place of too many runs', 'q1Zq', []],
  ['nothing that is shown', undefined, []],
])('%s', (_, runs, facts) => expect(named(runs)).toEqual(facts));

test('never itself, nor what came after it, though it says so', () => {
  expect(named([[10, 12]], [11, 10, 150])).toEqual([]);
  expect(
    named(
      [
        [10, 10],
        [11, 12],
      ],
      [11, 10, 150],
    ),
  ).toEqual([10]);
});

test('any runs, and no fact beside them', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 10, max: 90 }), { minLength: 1 }), (facts) => {
      const sorted = facts.toSorted((a, b) => a - b);
      expect(named(sorted.map((each) => [each, each]))).toEqual(sorted);
    }),
  );
});

test('several erasures of one fact are all named, and each can be asked about', () => {
  const erasures = new Erasures();
  erasures.add(erasure(20, 3, 3), [[3, 3]]);
  erasures.add(erasure(30, 1, 3), [[1, 3]]);
  expect(erasures.of(3)).toEqual([20, 30]);
  expect(erasures.of(2)).toEqual([30]);
  expect(erasures.at(30)).toEqual({ position: 30, at: 7, basis: 'b' });
});
