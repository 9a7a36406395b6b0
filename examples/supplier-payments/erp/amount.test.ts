import { expect, test } from 'vitest';
import { AmountError, exactAmount, fromMinorUnits, minorUnits } from './amount.ts';

test.each([
  [4800, '4800.00'],
  [4800.1, '4800.10'],
  ['12.05', '12.05'],
  ['007', '7.00'],
  [0, '0.00'],
])('%s is %s exactly', (value, exact) => {
  expect(exactAmount(value)).toBe(exact);
});

test.each([0.1 + 0.2, -1, 1e21, Number.NaN, '1,000.00', '1.', '1e3', ' 1', '9999999999999'])(
  '%s is refused',
  (value) => {
    expect(() => exactAmount(value)).toThrow(AmountError);
  },
);

test('minor units go there and back', () => {
  for (const amount of ['0.00', '0.05', '1.00', '14250.00'])
    expect(fromMinorUnits(minorUnits(amount))).toBe(amount);
});
