import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../values/bytes.ts';
import { crc32, readZip, writeZip, type ZipFile } from './zip.ts';

const file = (name: string, text = ''): ZipFile => ({ name, bytes: utf8(text) });
const names = fc.string({ unit: fc.constantFrom(...'ab/é😀'), minLength: 1, maxLength: 6 });
const files = fc.uniqueArray(
  fc.record({
    name: names.filter((name) => name.split('/').every((part) => part !== '')),
    bytes: fc.uint8Array({ maxLength: 40 }),
  }),
  { selector: ({ name }) => name, maxLength: 5 },
);

test('crc-32: the check value of the catalogue, and the platform', () => {
  expect(crc32(utf8('123456789'))).toBe(0xcbf43926);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => crc32(bytes) === nodeCrc32(bytes)));
});

describe('writeZip', () => {
  test('one file, byte by byte', () => {
    const local = '504b0304 1400 0008 0000 0000 2100 3610f0b7 02000000 02000000 0100 0000 61 6869';
    const central =
      '504b0102 1400 1400 0008 0000 0000 2100 3610f0b7 02000000 02000000 0100 0000 0000 0000 0000 00000000 00000000 61';
    const end = '504b0506 0000 0000 0100 0100 2f000000 21000000 0000';
    const crc = toHex(Uint8Array.from({ length: 4 }, (_, at) => (nodeCrc32('hi') >>> (8 * at)) & 255));
    const expected = (local + central + end).replaceAll('3610f0b7', crc).replaceAll(' ', '');
    expect(toHex(writeZip([file('a', 'hi')]))).toBe(expected);
  });

  test('does not depend on the order given; names are sorted by their bytes', () => {
    const given = [file('b'), file('a/b'), file('a'), file('\uffff'), file('😀')];
    expect(writeZip(given.toReversed())).toEqual(writeZip(given));
    expect(readZip(writeZip(given)).map(({ name }) => name)).toEqual(['a', 'a/b', 'b', '\uffff', '😀']);
  });

  test.each([
    '',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/./b',
    'a\\b',
    'C:a',
    'a\u0000',
    'a\nb',
    'a*',
    '\ud800',
    'a'.repeat(256),
  ])('refuses the name %j', (name) => {
    expect(() => writeZip([file(name)])).toThrow(expect.objectContaining({ code: 'bad-name' }));
  });

  test('refuses a name twice', () => {
    expect(() => writeZip([file('a'), file('b'), file('a')])).toThrow(
      expect.objectContaining({ code: 'duplicate-name' }),
    );
  });
});

describe('readZip', () => {
  test('gives back what was written', () => {
    fc.assert(
      fc.property(files, (given) => {
        const read = readZip(writeZip(given));
        expect(new Map(read.map((each) => [each.name, each.bytes]))).toEqual(
          new Map(given.map((each) => [each.name, each.bytes])),
        );
      }),
    );
  });

  test('any changed, missing or added byte is refused', () => {
    const zip = writeZip([file('a', 'hi'), file('b/c', 'there'), file('é')]);
    for (let at = 0; at < zip.length; at++)
      for (const bit of [1, 16, 128]) {
        const changed = zip.with(at, (zip[at] as number) ^ bit);
        expect(() => readZip(changed), `byte ${at}`).toThrow(expect.objectContaining({ name: 'ZipError' }));
      }
    for (let length = 0; length < zip.length; length++)
      expect(() => readZip(zip.subarray(0, length))).toThrow(expect.objectContaining({ name: 'ZipError' }));
    for (const extra of [Uint8Array.from([...zip, 0]), Uint8Array.from([0, ...zip])])
      expect(() => readZip(extra)).toThrow(expect.objectContaining({ name: 'ZipError' }));
  });

  test('entries that share one range are refused before they are written out', () => {
    // A hundred directory entries that all name the same kilobytes.
    const zip = writeZip([
      file('a', 'x'.repeat(4096)),
      ...Array.from({ length: 99 }, (_, n) => file(`b${n}`)),
    ]);
    const view = new DataView(zip.buffer);
    let entry = view.getUint32(zip.length - 6, true);
    for (let n = 0; n < 100; n++) {
      view.setUint32(entry + 24, 4000, true);
      view.setUint32(entry + 42, 0, true);
      entry += 46 + view.getUint16(entry + 28, true);
    }
    expect(() => readZip(zip)).toThrow(expect.objectContaining({ code: 'not-canonical' }));
  });

  test('other writers’ zips are refused: a comment, hidden bytes, an unsafe name', () => {
    const zip = writeZip([file('aa', 'x')]);
    const commented = Uint8Array.from([...zip, 0x21]);
    commented[zip.length - 2] = 1;
    expect(() => readZip(commented)).toThrow(expect.objectContaining({ name: 'ZipError' }));
    const renamed = Uint8Array.from(Buffer.from(zip).toString('latin1').replaceAll('aa', '..'), (c) =>
      c.charCodeAt(0),
    );
    expect(() => readZip(renamed)).toThrow(expect.objectContaining({ code: 'bad-name' }));
  });
});
