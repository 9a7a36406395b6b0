import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Shares } from './shares.ts';

const takeAll = (shares: Shares, who: string): number => {
  let taken = 0;
  while (shares.take(who)) taken++;
  return taken;
};

test('one that takes all it can leaves half, and the next finds its part', () => {
  const shares = new Shares(100);
  expect(takeAll(shares, 'flood')).toBe(50);
  expect(takeAll(shares, 'second')).toBe(25);
  expect(shares.take('third')).toBe(true);
});

test('a bound that became lower takes nothing away, and holds from then on', () => {
  const shares = new Shares(100);
  expect(takeAll(shares, 'a')).toBe(50);
  shares.resize(20);
  expect([shares.take('a'), shares.take('b')]).toEqual([false, false]);
  for (let at = 0; at < 45; at++) shares.give('a');
  expect(takeAll(shares, 'a')).toBe(5);
  expect(takeAll(shares, 'b')).toBe(5);
});

test('what is given back can be taken again, by anybody', () => {
  const shares = new Shares(4);
  expect(takeAll(shares, 'a')).toBe(2);
  shares.give('a');
  shares.give('a');
  shares.give('a');
  expect(takeAll(shares, 'b')).toBe(2);
  expect(takeAll(shares, 'a')).toBe(1);
});

test('whatever happened before, nobody has more than is free after the others, and all is counted', () => {
  const turn = fc.record({ who: fc.constantFrom('a', 'b', 'c'), takes: fc.boolean() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(turn, { maxLength: 200 }), (capacity, turns) => {
      const shares = new Shares(capacity);
      const held = new Map<string, number>();
      const sum = () => [...held.values()].reduce((all, each) => all + each, 0);
      for (const { who, takes } of turns) {
        const mine = held.get(who) ?? 0;
        if (takes && shares.take(who)) {
          expect(mine).toBeLessThan(capacity - sum());
          held.set(who, mine + 1);
        } else if (!takes && mine > 0) {
          shares.give(who);
          held.set(who, mine - 1);
        }
        expect(sum()).toBeLessThanOrEqual(capacity);
      }
      // Whoever has nothing gets something, unless all is taken.
      if (sum() < capacity) expect(shares.take('newcomer')).toBe(true);
    }),
  );
});
