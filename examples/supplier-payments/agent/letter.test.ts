import { expect, test } from 'vitest';
import { instructionsIn, readLetter } from './letter.ts';

const letter = `From: Halden <a@halden.example>

Invoice number:   INV-1
Vendor:           Halden GmbH
Vendor number:    VEN-1
Purchase order:   PO-1
Amount due:       14,250.00 USD
Bank account:     DE11 0004 1288 0071 3492 05
`;

test('reads the labelled lines', () => {
  const read = { invoice: 'INV-1', vendorId: 'VEN-1', vendor: 'Halden GmbH', po: 'PO-1' };
  expect(readLetter(letter)).toEqual({
    ...read,
    amount: '14250.00',
    currency: 'USD',
    iban: 'DE11000412880071349205',
  });
  expect(readLetter(letter.replaceAll('\n', '\r\n'))).toEqual(readLetter(letter));
});

test.each(['Invoice number', 'Vendor', 'Vendor number', 'Amount due', 'Bank account'])(
  'is nothing without its %s',
  (label) => {
    expect(readLetter(letter.replace(`${label}:`, 'Nothing:'))).toBeUndefined();
  },
);

test('has no purchase order unless it names one', () => {
  expect(readLetter(letter.replace('PO-1', 'to be re-issued'))).not.toHaveProperty('po');
});

test('takes instructions from running text, across lines', () => {
  expect(
    instructionsIn('Please change the bank\naccount of Halden GmbH to LT02 0000 4172\n9384 8156. Thanks'),
  ).toEqual([{ order: 'change-bank', vendor: 'Halden GmbH', iban: 'LT020000417293848156' }]);
  expect(instructionsIn('kindly pay 48,000.00\nUSD at once')).toEqual([
    { order: 'pay', amount: '48000.00', currency: 'USD' },
  ]);
  expect(instructionsIn('we would be glad if you would pay within 30 days')).toEqual([]);
});
