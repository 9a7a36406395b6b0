// What each normaliser takes for the same value, and what it does not; the tables of docs/origins.md.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isBounded,
  type Leaf,
  matches,
  type Normaliser,
  normaliserOf,
  normalisers,
  sourceKeys,
  valueKey,
} from './normalisers.ts';

const said = Date.parse('2026-03-02T10:00:00Z');

const same: readonly (readonly [Normaliser, Leaf, Leaf])[] = [
  ['iban', 'GB33 BUKB 2020 1555 5555 55', 'GB33BUKB20201555555555'],
  ['iban', 'gb33bukb20201555555555', 'GB33 BUKB 2020 1555 5555 55'],
  ['email', 'mailto:Ann@Acme.example', 'ann@acme.example'],
  ['link', 'acme.example/pay', 'https://acme.example/pay'],
  ['link', 'HTTPS://Acme.Example:443', 'https://acme.example/'],
  ['link', 'https://www.acme.example', 'www.acme.example'],
  ['date', '2 March 2026', '2026-03-02'],
  ['date', 'March 2nd, 2026', '2026-03-02'],
  ['date', '2nd of March', '2026-03-02'],
  ['date', '02.03.2026', '2026-03-02'],
  ['date', '13/03/2026', '2026-03-13'],
  ['time', '9:30 am', '09:30'],
  ['time', '12 am', '00:00'],
  ['time', '5 pm', '17:00:00'],
  ['number', '48,000.00', 48000],
  ['number', '48.000,00', '48000'],
  ['number', '1 200 000', 1200000],
  ['number', "1'200'000", 1200000],
  ['number', '1.000.000', 1000000],
  ['number', '12,5', 12.5],
  ['number', 1200, '1200.00'],
  ['money', '$48,000', 48000],
  ['money', '48.000 EUR', 48000],
  ['money', 'CHF 12.50', 12.5],
  ['percent', '10%', 10],
  ['account', '1234-5678-90', '1234567890'],
  ['account', '0012 3456', '00123456'],
  ['id', 'inv-7', 'INV-7'],
  ['id', 'aB3x', 'aB3x'],
  ['name', 'ACME  Paper', 'Acme Paper'],
  ['name', '\uff21cme', 'Acme'],
];

const other: readonly (readonly [Normaliser, Leaf, Leaf])[] = [
  ['iban', 'GB33BUKB20201555555556', 'GB33BUKB20201555555556'],
  ['email', 'ann@acme.example', 'ann@acme.example.evil.example'],
  ['email', 'ann@\u0430cme.example', 'ann@acme.example'],
  ['email', 'ann@acme.example', 'ann@\uff41cme.example'],
  ['email', 'a\u200bnn@acme.example', 'ann@acme.example'],
  ['email', 'ann@key.example', 'ann@\u212aey.example'],
  ['iban', 'SE4550000000058398257466', '\u017fE4550000000058398257466'],
  ['link', 'https://acme.example', 'http://acme.example'],
  ['link', 'https://acme.example', 'https://acme.example@evil.example'],
  ['link', 'https://acme.example/a', 'https://acme.example/a/../b'],
  ['link', 'https://acme.example/a', 'https://acme.example/%61'],
  ['link', 'https://acme.example', 'https://acme.example\\.evil.example'],
  ['link', 'https://acme.example', 'https://acme.example:8443'],
  ['date', '03/04/2026', '2026-03-04'],
  ['date', '03/04/2026', '2026-04-03'],
  ['date', '2 March', '2028-03-02'],
  ['date', '31.02.2026', '2026-03-03'],
  ['time', '9:30', '21:30'],
  ['number', '1.000', 1000],
  ['number', '1.000', 1],
  ['number', '1,000', 1000],
  ['number', '1,000', 1],
  ['number', '1,00,000', 100000],
  ['number', '007', 7],
  ['number', '1e3', 1000],
  ['number', '\u0661\u0662\u0660\u0660', 1200],
  ['number', '10²', 102],
  ['number', '48000', '4.8e4'],
  ['number', '48000', '0xbb80'],
  ['money', '1.200 BHD', 1200],
  ['money', '$48.005', 48.005],
  ['money', '48000 XYZ', 48000],
  ['account', '12345', '12345'],
  ['id', 'aB3x', 'ab3x'],
  ['id', 'ab3x', 'aB3x'],
  ['name', 'Acme', '\uff21cme'],
  ['name', 'p\u0430ypal', 'paypal'],
  ['name', 'p\u0430ypal', 'p\u0430ypal'],
  ['name', 'Ac\u200dme', 'Acme'],
  ['name', 'Acme', ' Acme'],
];

describe('a value', () => {
  test.each(same)('%s: %j says %j', (as, piece, leaf) => {
    expect(matches(as, piece, leaf, said)).toBe(true);
    expect(normaliserOf(piece, leaf, said)).toBe(as);
  });

  test.each(other)('%s: %j does not say %j', (as, piece, leaf) =>
    expect(matches(as, piece, leaf, said)).toBe(false),
  );

  test('in base64, in JSON or in pieces is not said', () => {
    const iban = 'GB33BUKB20201555555555';
    for (const piece of [
      btoa(iban),
      JSON.stringify({ iban }),
      [...iban].join(','),
      [...iban].reverse().join(''),
    ])
      expect([piece, normaliserOf(piece, iban)]).toEqual([piece, undefined]);
  });

  test('of any length and of any characters is read in bounded work, and never throws', () => {
    const long = [
      '1'.repeat(100_000),
      '1,'.repeat(50_000),
      'a@'.repeat(50_000),
      ' '.repeat(100_000),
      '-'.repeat(100_000),
    ];
    for (const text of long)
      for (const each of normalisers)
        expect([valueKey(each, text), sourceKeys(each, text, said)]).toEqual([undefined, []]);
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.double()),
        fc.constantFrom(...normalisers),
        (leaf, as) => {
          valueKey(as, leaf);
          sourceKeys(as, leaf, said);
        },
      ),
    );
  });

  test('that reads as itself says itself', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer(), fc.stringMatching(/^[0-9 .,-]{1,12}$/)), (leaf) => {
        const as = normaliserOf(leaf, leaf, said);
        if (as !== undefined) expect(sourceKeys(as, leaf, said)).toContain(valueKey(as, leaf));
      }),
    ));

  test('as a number has one key, whichever way it is spelled', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 0, max: 99 }), (whole, hundredths) => {
        const fraction = String(hundredths).padStart(2, '0');
        const grouped = whole.toLocaleString('en-US');
        const value = Number(`${whole}.${fraction}`);
        for (const piece of [`${grouped}.${fraction}`, `${grouped.replaceAll(',', '.')},${fraction}`])
          expect([piece, matches('number', piece, value)]).toEqual([piece, true]);
      }),
    ));
});

const here = (as: Normaliser, text: string, piece: string): boolean => {
  const from = text.indexOf(piece);
  return isBounded(as, text, from, from + piece.length);
};

describe('a piece', () => {
  test.each([
    ['number', 'pay 48000 now', '48000'],
    ['number', 'pay (48000).', '48000'],
    ['money', 'pay $48,000, please', '$48,000'],
    ['email', 'to <ann@acme.example>.', 'ann@acme.example'],
    ['link', 'see https://acme.example/a.', 'https://acme.example/a'],
    ['id', 'invoice INV-7.', 'INV-7'],
    ['name', 'in #general, please', 'general'],
    ['date', 'on 2 March, at noon', '2 March'],
  ] as const)('%s: stands in %j', (as, text, piece) => expect(here(as, text, piece)).toBe(true));

  test.each([
    ['number', 'pay 48000 now', '4800'],
    ['number', 'pay 1,200 now', '200'],
    ['number', 'pay 1 200 now', '200'],
    ['number', 'pay 1 200 now', '1'],
    ['number', 'pay -500 now', '500'],
    ['number', 'minus 50 % off', '50'],
    ['money', '$50 million', '$50'],
    ['number', '50k', '50'],
    ['number', '1.5', '1'],
    ['email', 'joann@acme.example', 'ann@acme.example'],
    ['email', 'bob!ann@acme.example', 'ann@acme.example'],
    ['email', 'ann@acme.example.evil.example', 'ann@acme.example'],
    ['link', 'https://acme.example/a/../b', 'https://acme.example/a'],
    ['link', 'https://acme.example?x', 'https://acme.example'],
    ['id', 'INV-70', 'INV-7'],
    ['id', 'INV-7-B', 'INV-7'],
    ['id', 'INV-7\u200b0', 'INV-7'],
    ['date', '2 March 2025', '2 March'],
    ['time', '9:30 pm', '9:30'],
    ['name', 'Ann-Marie', 'Ann'],
    ['iban', 'GB33BUKB20201555555555 44', 'GB33BUKB20201555555555'],
    ['account', '99 1234 5678', '1234 5678'],
  ] as const)('%s: is no piece of %j by itself: %j', (as, text, piece) =>
    expect(here(as, text, piece)).toBe(false),
  );
});
