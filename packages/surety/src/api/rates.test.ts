import { expect, test } from 'vitest';
import { Rates } from './rates.ts';

test('a second of asking at once, then as much as time gives back, each for itself', () => {
  let now = 0;
  const rates = new Rates(10, () => now);
  const asked = (who: string) => Array.from({ length: 20 }, () => rates.take(who)).filter(Boolean).length;
  expect(asked('a')).toBe(10);
  expect(asked('a')).toBe(0);
  expect(asked('b')).toBe(10);
  now = 300;
  expect(asked('a')).toBe(3);
  now = 60_000;
  expect(asked('a')).toBe(10);
});

test('addresses without number are soon forgotten, and those that ask are not', () => {
  const rates = new Rates(2, () => 0);
  expect(rates.take('asks')).toBe(true);
  expect(rates.take('asks')).toBe(true);
  let asked = 0;
  for (let nth = 0; nth < 30_000; nth++) {
    rates.take(`address-${nth}`);
    if (nth % 5_000 === 0 && rates.take('asks')) asked++;
  }
  expect(asked).toBe(0);
  // The first of the many starts anew: what it would cost to remember them all is what they are after.
  expect([rates.take('address-0'), rates.take('address-0'), rates.take('address-0')]).toEqual([
    true,
    true,
    false,
  ]);
});
