// Hostile proofs: whatever a file claims, it is refused by what the directory says before it is read, or when its own
// bytes say otherwise; and what a reader holds does not grow with the proof.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../records/index.ts';
import { at, honestDay, sha256 } from '../verify.fixture.ts';
import { type Trust, verify } from '../verify.ts';
import { filesIn, zipOf } from './files.fixture.ts';
import type { Source, ZipFile } from './index.ts';
import { piecesOf } from './pieces.ts';

type Change = (files: readonly ZipFile[]) => readonly ZipFile[];
const line = (length: number): string => 'A'.repeat(length);
const isDisclosures = ({ name }: ZipFile): boolean => name.startsWith('disclosures/');
const isRows = ({ name }: ZipFile): boolean => name.startsWith('extracts/');

/** These files in place of the first that is such. */
const inPlaceOf =
  (is: (file: ZipFile) => boolean, make: (file: ZipFile) => readonly ZipFile[]): Change =>
  (files) => {
    const at = files.findIndex(is);
    return files.toSpliced(at, 1, ...make(files[at] as ZipFile));
  };
const lines = (...texts: readonly string[]): Change =>
  inPlaceOf(isDisclosures, ({ name }) =>
    texts.map((text, piece) => ({ name: name.replace('/0.jsonl', `/${piece}.jsonl`), bytes: utf8(text) })),
  );

const changes: readonly (readonly [string, string, Change])[] = [
  [
    'files in another order',
    'layout',
    (files) => [...files.slice(0, 1), ...files.slice(1, -1).reverse(), ...files.slice(-1)],
  ],
  ['the statement first', 'layout', (files) => [...files.slice(-1), ...files.slice(0, -1)]],
  [
    'rows before the facts',
    'layout',
    (files) => [
      ...files.slice(0, 1),
      ...files.filter(isRows),
      ...files.slice(1).filter((file) => !isRows(file)),
    ],
  ],
  [
    'extracts in another order',
    'layout',
    (files) => {
      const rows = files.filter(isRows).reverse();
      return files.map((file) => (isRows(file) ? (rows.shift() ?? file) : file));
    },
  ],
  [
    'a bundle too many',
    'layout',
    (files) => files.toSpliced(2, 0, { name: 'tile/entries/001', bytes: utf8('x') }),
  ],
  [
    'a bundle with a byte too many',
    'layout',
    inPlaceOf(
      ({ name }) => name.startsWith('tile/'),
      ({ name, bytes }) => [{ name, bytes: Uint8Array.of(...bytes, 0) }],
    ),
  ],
  ['an empty file of lines', 'layout', lines('')],
  ['a line without an end', 'layout', lines(line(10))],
  ['a line that is no text', 'layout', lines('é\n')],
  ['two files where one would do', 'layout', lines(`${line(10)}\n`, `${line(10)}\n`)],
  ['a file that goes on after it is full', 'layout', lines(`${line(1024 * 1024)}\n${line(10)}\n`)],
  ['a line of four mebibytes', 'layout', lines(`${line(4 * 1024 * 1024)}\n`)],
  [
    'a statement of more than 16 MiB',
    'layout',
    (files) => [
      ...files.slice(0, -1),
      { name: 'statement.dsse.json', bytes: utf8(line(16 * 1024 * 1024 + 1)) },
    ],
  ],
  [
    'a head of more than a mebibyte',
    'layout',
    inPlaceOf(
      ({ name }) => name === 'head',
      ({ name }) => [{ name, bytes: utf8(line(1024 * 1024 + 1)) }],
    ),
  ],
];

describe('a hostile proof', () => {
  it.each(changes)('with %s: %s', async (_, check, change) => {
    const day = honestDay().close();
    const proof = await zipOf(change(await filesIn(await day.proof())));
    const { verdict, checks } = await verify(proof, { sha256, trust: day.trust });
    expect([verdict, ...checks.map((each) => each.check)]).toEqual(['unsound', check]);
  });

  it('whose head counts facts without end is refused by the first bundle that is not there', async () => {
    const day = honestDay().close();
    const proof = await zipOf(
      inPlaceOf(
        ({ name }) => name === 'head',
        ({ name, bytes }) => [
          { name, bytes: utf8(new TextDecoder().decode(bytes).replace(/\n\d+\n/, '\n9007199254740991\n')) },
        ],
      )(await filesIn(await day.proof())),
    );
    const { checks } = await verify(proof, { sha256, trust: day.trust });
    expect(checks.map((each) => each.check)).toEqual(['layout']);
  });
});

/** An honest day on the disk, with as many refused calls beside it, each of which discloses 64 kB. */
async function writtenDay(refused: number): Promise<{ path: string; trust: Trust }> {
  const day = honestDay();
  for (let call = 0; call < refused; call++)
    day.refuse(`9${call}`, at(11, 10), { note: `${call} ${'x'.repeat(65_536)}` });
  const path = join(mkdtempSync(join(tmpdir(), 'surety-proof-')), 'proof.zip');
  writeFileSync(path, await day.close().proof());
  return { path, trust: day.trust };
}

/** How a verification reads a proof, and the most that it holds meanwhile beyond what was held before. */
async function readingOf({ path, trust }: { path: string; trust: Trust }) {
  const descriptor = openSync(path, 'r');
  const { size } = statSync(path);
  let [most, sum, heldMost, next] = [0, 0, 0, 0];
  const before = held();
  const source: Source = {
    sizeBytes: size,
    read: async (from, to) => {
      most = Math.max(most, to - from);
      sum += to - from;
      if (sum > next) {
        heldMost = Math.max(heldMost, held() - before);
        next += 4 * 1024 * 1024;
      }
      const bytes = new Uint8Array(to - from);
      readSync(descriptor, bytes, 0, bytes.length, from);
      return bytes;
    },
  };
  const { verdict } = await verify(source, { sha256, trust });
  closeSync(descriptor);
  rmSync(dirname(path), { recursive: true });
  expect(verdict).toBe('unproven');
  return { size, most, sum, heldMost };
}

/** Bytes that are in use, after everything that can go has gone. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('one pass', () => {
  it('reads each byte about once, a few mebibytes at a time, and holds a few, whatever the size', async () => {
    const mebibyte = 1024 * 1024;
    const small = await readingOf(await writtenDay(100));
    const large = await readingOf(await writtenDay(1_200));
    expect(small.size).toBeGreaterThan(6 * mebibyte);
    expect(large.size).toBeGreaterThan(72 * mebibyte);
    for (const { most, sum, size, heldMost } of [small, large]) {
      expect(most).toBeLessThanOrEqual(4 * mebibyte);
      expect(sum).toBeLessThan(1.5 * size);
      // What a part took may be let go a little later: it is some parts, and far from the size of the larger one.
      expect(heldMost).toBeLessThan(32 * mebibyte);
    }
  });

  it('gives the same whether the bytes lie in memory, in a Blob or come in short blocks', async () => {
    const { blobSource } = await import('../verify.ts');
    for (const make of [honestDay, () => honestDay({ witness: 'none' })]) {
      const day = make().close();
      const proof = await day.proof();
      const options = { sha256, trust: day.trust };
      const whole = await verify(proof, options);
      expect(await verify(blobSource(new Blob([proof as Uint8Array<ArrayBuffer>])), options)).toEqual(whole);
    }
  });
});

describe('lines in pieces', () => {
  it('end with the line that fills them', () => {
    const sizes = (...lengths: readonly number[]) =>
      [...piecesOf(lengths.map(line))].map(({ length }) => length);
    const full = 1024 * 1024;
    expect(sizes()).toEqual([]);
    expect(sizes(0)).toEqual([1]);
    expect(sizes(full - 1)).toEqual([full]);
    expect(sizes(full - 2, 5, 7)).toEqual([full + 5, 8]);
    expect(sizes(full * 2, 1)).toEqual([full * 2 + 1, 2]);
  });
});
