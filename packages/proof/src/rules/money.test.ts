// Money: exact both ways or refused, for every currency.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoneyError, majorText, minorUnits } from './money.ts';

const codeOf = (ask: () => unknown): string => {
  try {
    return `no error: ${String(ask())}`;
  } catch (error) {
    return error instanceof MoneyError ? error.code : `another error: ${String(error)}`;
  }
};

describe('minorUnits', () => {
  it.each<[unknown, string, number]>([
    [48000, 'USD', 4800000],
    ['48000.00', 'USD', 4800000],
    [48000.1, 'USD', 4800010],
    // Times 100 this is 1998.9999999999998 in floating point.
    [19.99, 'EUR', 1999],
    [0.07, 'GBP', 7],
    [1.005, 'KWD', 1005],
    ['0.0001', 'CLF', 1],
    [1500, 'JPY', 1500],
    ['1500.00', 'JPY', 1500],
    ['10.500', 'USD', 1050],
    [-12.34, 'CHF', -1234],
    ['-0.00', 'USD', 0],
    [-0, 'USD', 0],
    ['90071992547409.91', 'USD', Number.MAX_SAFE_INTEGER],
  ])('%s %s is %s', (amount, currency, minor) => {
    expect(Object.is(minorUnits(amount, 'major', currency), minor)).toBe(true);
  });

  it('takes minor units as they are, whatever the exponent', () => {
    for (const currency of ['USD', 'JPY', 'BHD', 'UYW'])
      expect(minorUnits('4800000', 'minor', currency)).toBe(4800000);
    expect(minorUnits('7.0', 'minor', 'USD')).toBe(7);
  });

  it.each<[unknown, 'major' | 'minor', string, string]>([
    [0.001, 'major', 'USD', 'inexact'],
    ['19.999', 'major', 'EUR', 'inexact'],
    [1.5, 'major', 'JPY', 'inexact'],
    [0.5, 'minor', 'USD', 'inexact'],
    [1e-9, 'major', 'USD', 'inexact'],
    [0.1 + 0.2, 'major', 'USD', 'inexact'],
    [1e21, 'major', 'USD', 'too-large'],
    [-1e21, 'major', 'USD', 'too-large'],
    ['90071992547409.92', 'major', 'USD', 'too-large'],
    [2 ** 53, 'minor', 'JPY', 'too-large'],
    [Number.NaN, 'major', 'USD', 'not-a-number'],
    [Number.POSITIVE_INFINITY, 'major', 'USD', 'not-a-number'],
    [undefined, 'major', 'USD', 'not-a-number'],
    [null, 'major', 'USD', 'not-a-number'],
    [true, 'major', 'USD', 'not-a-number'],
    [['1'], 'major', 'USD', 'not-a-number'],
    [{ toString: () => '1' }, 'major', 'USD', 'not-a-number'],
    ['', 'major', 'USD', 'not-a-number'],
    ['1,000.00', 'major', 'USD', 'not-a-number'],
    ['1e3', 'major', 'USD', 'not-a-number'],
    ['+1', 'major', 'USD', 'not-a-number'],
    [' 1', 'major', 'USD', 'not-a-number'],
    ['1\n', 'major', 'USD', 'not-a-number'],
    ['1.', 'major', 'USD', 'not-a-number'],
    ['.5', 'major', 'USD', 'not-a-number'],
    ['007', 'major', 'USD', 'not-a-number'],
    ['0x10', 'major', 'USD', 'not-a-number'],
    ['١', 'major', 'USD', 'not-a-number'],
    ['1'.repeat(65), 'major', 'USD', 'not-a-number'],
    [1, 'major', 'usd', 'unknown-currency'],
    [1, 'minor', 'XYZ', 'unknown-currency'],
    [1, 'major', 'XAU', 'unknown-currency'],
    [1, 'major', 'XTS', 'unknown-currency'],
    [1, 'major', 'HRK', 'unknown-currency'],
    [1, 'major', '__proto__', 'unknown-currency'],
    [1, 'major', '', 'unknown-currency'],
  ])('refuses %s (%s %s) as %s', (amount, unit, currency, code) => {
    expect(codeOf(() => minorUnits(amount, unit, currency))).toBe(code);
  });

  it('shows no long or strange value in its message', () => {
    expect(codeOf(() => minorUnits('<script>', 'major', 'USD'))).toBe('not-a-number');
    expect(() => minorUnits('<script>', 'major', 'USD')).toThrow(/^a string is no decimal number$/);
  });
});

describe('majorText', () => {
  it.each<[number, string, string]>([
    [4800000, 'USD', '48000.00'],
    [7, 'USD', '0.07'],
    [-7, 'USD', '-0.07'],
    [0, 'EUR', '0.00'],
    [1500, 'JPY', '1500'],
    [1005, 'KWD', '1.005'],
    [1, 'CLF', '0.0001'],
  ])('%s minor units of %s are %s', (minor, currency, text) => {
    expect(majorText(minor, currency)).toBe(text);
  });

  it('refuses what nobody can count', () => {
    expect(codeOf(() => majorText(1, 'ZZZ'))).toBe('unknown-currency');
    expect(codeOf(() => majorText(0.5, 'USD'))).toBe('too-large');
    expect(codeOf(() => majorText(2 ** 53, 'USD'))).toBe('too-large');
  });
});

describe('every currency', () => {
  const exponent = (code: string) => majorText(1, code).length - 1 - (majorText(1, code) === '1' ? 0 : 1);
  const isKnown = (code: string) => !codeOf(() => majorText(1, code)).startsWith('unknown');
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c))).filter(isKnown);

  it('is in ISO 4217 list one: 165 codes have a minor unit', () => {
    expect(codes.length).toBe(165);
    const count = (digits: number) => codes.filter((code) => exponent(code) === digits).length;
    expect([0, 1, 2, 3, 4].map(count)).toEqual([17, 0, 139, 7, 2]);
  });

  it('comes back as it went', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.constantFrom(...codes), (minor, code) => {
        expect(minorUnits(majorText(minor, code), 'major', code)).toBe(minor === 0 ? 0 : minor);
      }),
    );
  });

  it('is exact for a number exactly where it is for the text that JSON writes for it', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
        fc.constantFrom(...codes),
        (amount, code) => {
          const text = JSON.stringify(amount);
          const asNumber = codeOf(() => minorUnits(amount, 'major', code));
          if (!text.includes('e')) expect(codeOf(() => minorUnits(text, 'major', code))).toBe(asNumber);
          else expect(asNumber).toBe('inexact');
        },
      ),
    );
  });

  it('never gives an amount that is not the amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 6 }), (digits, places) => {
        const text = `${digits < 0 ? '-' : ''}${String(Math.abs(digits))
          .padStart(places + 1, '0')
          .replace(new RegExp(`(?=\\d{${places}}$)`), places === 0 ? '' : '.')}`;
        const isExact = digits % 10 ** Math.max(0, places - 2) === 0;
        const wanted = isExact ? `no error: ${Math.round((digits / 10 ** places) * 100) || 0}` : 'inexact';
        expect(codeOf(() => minorUnits(text, 'major', 'USD'))).toBe(wanted);
      }),
    );
  });
});
