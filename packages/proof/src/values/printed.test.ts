import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from './bytes.ts';
import { parseJson } from './json.ts';
import { parsePrintedJson } from './printed.ts';

const said = (parse: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown => {
  try {
    return { value: parse(bytes) };
  } catch (error) {
    return { refused: (error as Error).message };
  }
};
const agree = (text: string): void => {
  const bytes = utf8(text);
  expect(said(parsePrintedJson, bytes)).toEqual(said(parseJson, bytes));
};

describe('JSON as it is printed', () => {
  test('is read as the strict parser reads it', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => agree(JSON.stringify(value))));
  });

  test('is refused as the strict parser refuses it, whatever is changed in it', () => {
    const piece = fc.constantFrom(...'{}[]",:\\ud8 0e1.-nulltruefalse\u00e9');
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), piece, (value, at, change) => {
        const text = JSON.stringify(value);
        const place = at % (text.length + 1);
        agree(text.slice(0, place) + change + text.slice(place));
        agree(text.slice(0, place) + change + text.slice(place + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    '{"a":1,"a":2}',
    '{"a":{"b":1,"b":1}}',
    '{"2":1,"1":2}',
    '{"__proto__":1}',
    '{"__proto__":{"a":1},"a":2}',
    '"\\ud800"',
    '["\\uD800"]',
    '"\\ud83d\\ude00"',
    '-0',
    '1.0',
    '1e2',
    '1e400',
    '9007199254740993',
    '0.1000000000000000055511151231257827',
    ' 1',
    '1 ',
    '\ufeff1',
    '',
    'null',
    'undefined',
    `${'['.repeat(64)}${']'.repeat(64)}`,
    `${'['.repeat(65)}${']'.repeat(65)}`,
    `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`,
    `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
  ])('%j: both say the same', agree);

  test('that is no UTF-8 is refused alike', () => {
    for (const bytes of [Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0xed, 0xa0, 0x80)])
      expect(said(parsePrintedJson, bytes)).toEqual(said(parseJson, bytes));
  });
});
