import { crc32 as nodeCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../values/bytes.ts';
import { filesIn, zipOf } from './files.fixture.ts';
import { bytesSource } from './source.ts';
import { crc32, type ZipFile, ZipReader } from './zip.ts';

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

describe('a zip', () => {
  test('one file, byte by byte', async () => {
    const local = '504b0304 1400 0008 0000 0000 2100 3610f0b7 02000000 02000000 0100 0000 61 6869';
    const central =
      '504b0102 1400 1400 0008 0000 0000 2100 3610f0b7 02000000 02000000 0100 0000 0000 0000 0000 00000000 00000000 61';
    const end = '504b0506 0000 0000 0100 0100 2f000000 21000000 0000';
    const crc = toHex(Uint8Array.from({ length: 4 }, (_, at) => (nodeCrc32('hi') >>> (8 * at)) & 255));
    const expected = (local + central + end).replaceAll('3610f0b7', crc).replaceAll(' ', '');
    expect(toHex(await zipOf([file('a', 'hi')]))).toBe(expected);
  });

  test('has the files in the order given', async () => {
    const given = [file('b'), file('a/b'), file('a'), file('\uffff'), file('😀')];
    expect((await filesIn(await zipOf(given))).map(({ name }) => name)).toEqual(
      given.map(({ name }) => name),
    );
    expect(await zipOf(given)).not.toEqual(await zipOf(given.toReversed()));
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
    'é'.repeat(128),
  ])('refuses the name %j', async (name) => {
    await expect(zipOf([file(name)])).rejects.toThrow(expect.objectContaining({ code: 'bad-name' }));
  });

  test('refuses a name twice', async () => {
    await expect(zipOf([file('a'), file('b'), file('a')])).rejects.toThrow(
      expect.objectContaining({ code: 'duplicate-name' }),
    );
  });
});

const zipError = expect.objectContaining({ name: 'ZipError' });

describe('reading a zip', () => {
  test('gives back what was written', async () => {
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        expect(await filesIn(await zipOf(given))).toEqual(given);
      }),
    );
  });

  test('any changed, missing or added byte is refused', async () => {
    const zip = await zipOf([file('a', 'hi'), file('b/c', 'there'), file('é')]);
    for (let at = 0; at < zip.length; at++)
      for (const bit of [1, 16, 128]) {
        const changed = zip.with(at, (zip[at] as number) ^ bit);
        await expect(filesIn(changed), `byte ${at}`).rejects.toThrow(zipError);
      }
    for (let length = 0; length < zip.length; length++)
      await expect(filesIn(zip.subarray(0, length))).rejects.toThrow(zipError);
    for (const extra of [Uint8Array.from([...zip, 0]), Uint8Array.from([0, ...zip])])
      await expect(filesIn(extra)).rejects.toThrow(zipError);
  });

  test('other writers’ zips are refused: a comment, hidden bytes, an unsafe name', async () => {
    const zip = await zipOf([file('aa', 'x')]);
    const commented = Uint8Array.from([...zip, 0x21]);
    commented[zip.length - 2] = 1;
    await expect(filesIn(commented)).rejects.toThrow(zipError);
    const renamed = Uint8Array.from(Buffer.from(zip).toString('latin1').replaceAll('aa', '..'), (c) =>
      c.charCodeAt(0),
    );
    await expect(filesIn(renamed)).rejects.toThrow(expect.objectContaining({ code: 'bad-name' }));
  });
});

/** A zip whose directory is edited, read from a source that counts what is read. */
async function reading(
  edit: (view: DataView, end: number, entries: readonly number[]) => void,
  zip: Uint8Array,
) {
  const view = new DataView(zip.buffer);
  const end = zip.length - 22;
  const entries: number[] = [];
  for (let at = view.getUint32(end + 16, true); at < end; at += 46 + view.getUint16(at + 28, true))
    entries.push(at);
  edit(view, end, entries);
  const source = bytesSource(zip);
  let readBytes = 0;
  const counted = {
    ...source,
    read: (from: number, to: number) => {
      if (from < 0 || to > zip.length || to < from) throw new Error(`read ${from} to ${to}`);
      readBytes += to - from;
      return source.read(from, to);
    },
  };
  const code = await ZipReader.open(counted).then(
    () => 'opened',
    ({ code }: { code: string }) => code,
  );
  return { code, readBytes };
}

describe('a hostile directory is refused before a file is read', () => {
  const many = () =>
    zipOf([file('a', 'x'.repeat(100_000)), ...Array.from({ length: 99 }, (_, n) => file(`b${n}`, 'y'))]);

  test.each<[string, string, (view: DataView, end: number, entries: readonly number[]) => void]>([
    [
      'entries that share one range',
      'not-canonical',
      (view, _, entries) => {
        for (const entry of entries) {
          view.setUint32(entry + 20, 100_000, true);
          view.setUint32(entry + 24, 100_000, true);
          view.setUint32(entry + 42, 0, true);
        }
      },
    ],
    [
      'one file that claims four gigabytes',
      'not-canonical',
      (view, _, [first = 0]) => {
        view.setUint32(first + 20, 0xffff_fff0, true);
        view.setUint32(first + 24, 0xffff_fff0, true);
      },
    ],
    [
      'a compressed size other than the size',
      'not-canonical',
      (view, _, [first = 0]) => view.setUint32(first + 20, 5, true),
    ],
    ['a compression method', 'not-canonical', (view, _, [first = 0]) => view.setUint16(first + 10, 8, true)],
    [
      'a hole between two files',
      'not-canonical',
      (view, _, [first = 0]) => view.setUint32(first + 42, 1, true),
    ],
    [
      'a directory of four gigabytes',
      'not-canonical',
      (view, end) => view.setUint32(end + 12, 0xffff_0000, true),
    ],
    ['a directory that begins elsewhere', 'not-canonical', (view, end) => view.setUint32(end + 16, 7, true)],
    [
      'more files than it has',
      'malformed',
      (view, end) => {
        view.setUint16(end + 8, 200, true);
        view.setUint16(end + 10, 200, true);
      },
    ],
    [
      'fewer files than it has',
      'not-canonical',
      (view, end) => {
        view.setUint16(end + 8, 50, true);
        view.setUint16(end + 10, 50, true);
      },
    ],
    [
      'a name that reaches behind the end',
      'malformed',
      (view, _, entries) => view.setUint16((entries.at(-1) ?? 0) + 28, 0xffff, true),
    ],
  ])('%s: %s', async (_, code, edit) => {
    const zip = await many();
    const answer = await reading(edit, zip);
    expect(answer.code).toBe(code);
    expect(answer.readBytes).toBeLessThan(10_000);
  });

  test('a file of more than four gigabytes is not even opened', async () => {
    const read = () => Promise.reject(new Error('was read'));
    await expect(ZipReader.open({ sizeBytes: 2 ** 32, read })).rejects.toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  test('a header that belies the directory is refused when its file is read', async () => {
    const zip = await zipOf([file('a', 'hi'), file('b', 'ho')]);
    zip[5] = 1;
    const reader = await ZipReader.open(bytesSource(zip));
    const [first, second] = reader.entries;
    await expect(reader.file(first as never)).rejects.toThrow(
      expect.objectContaining({ code: 'not-canonical' }),
    );
    expect(await reader.file(second as never)).toEqual(utf8('ho'));
  });

  test('a source that gives less than it says is cut short', async () => {
    const zip = await zipOf([file('a', 'hi')]);
    const short = {
      sizeBytes: zip.length,
      read: async (from: number, to: number) => zip.subarray(from, to - 1),
    };
    await expect(filesFrom(short)).rejects.toThrow();
  });
});

const filesFrom = async (source: Parameters<typeof ZipReader.open>[0]): Promise<void> => {
  const reader = await ZipReader.open(source);
  for (const entry of reader.entries) await reader.file(entry);
};
