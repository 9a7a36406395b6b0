import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NewFact } from '../../facts/index.ts';
import { LedgerError } from '../errors.ts';
import type { Append } from '../log.ts';
import { type Named, Packing, type Pieces, Unpacking } from './packet.ts';
import { opened } from './samples.fixture.ts';

interface Given {
  readonly pieces: Pieces;
  readonly disclosures: readonly string[];
  readonly about: Named;
}
interface GivenStream {
  readonly name: string;
  readonly expected: number | undefined;
  readonly version: number;
  readonly facts: readonly Given[];
}

const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\n'));
const subject = fc.constantFrom('one', 'two', 'three');
const fact: fc.Arbitrary<Given> = fc
  .array(
    fc.tuple(
      word.filter((text) => text !== ''),
      subject,
    ),
    { maxLength: 3 },
  )
  .chain((disclosed) =>
    fc.record({
      pieces: fc.tuple(word, word, word),
      disclosures: fc.constant(disclosed.map(([text]) => text)),
      about: fc.constantFrom<Named>(
        disclosed[0]?.[1] ?? '',
        disclosed.map(([, of]) => of),
      ),
    }),
  );
/** With room to count on from: past the safe integers a count stands still. */
const numbers = fc.oneof(
  fc.nat({ max: 12 }),
  fc.maxSafeNat().map((number) => Math.max(0, number - 64)),
);
const stream: fc.Arbitrary<GivenStream> = fc.record({
  name: word,
  expected: fc.option(numbers, { nil: undefined }),
  version: numbers,
  facts: fc.array(fact, { maxLength: 3 }),
});
const bad = fc.constantFrom('two\nlines', '\n', '');
const appends = fc.array(fc.array(stream, { maxLength: 3 }), { maxLength: 8 });

const asAppends = (streams: readonly GivenStream[]): Append[] =>
  streams.map(({ name, expected, facts }) => ({
    stream: name,
    ...(expected === undefined ? {} : { expected }),
    facts: facts.map((): NewFact => opened('')),
  }));
const pack = (packing: Packing, streams: readonly GivenStream[]): number =>
  packing.append(asAppends(streams), () => {
    for (const { facts } of streams)
      for (const { pieces, disclosures, about } of facts) packing.fact(pieces, disclosures, about);
  });
/** As the other thread receives it. */
const sent = (packing: Packing): Unpacking => {
  const packet = packing.take();
  return new Unpacking(structuredClone(packet, { transfer: [packet.bytes.buffer] }));
};
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

function mustBe(unpacking: Unpacking, streams: readonly GivenStream[], emitterSeq: number): void {
  expect(unpacking.next()).toBe(true);
  expect(unpacking.streams).toBe(streams.length);
  for (const [index, { name, expected, facts }] of streams.entries())
    expect([unpacking.nameOf(index), unpacking.expectedOf(index), unpacking.factsOf(index)]).toEqual([
      name,
      expected ?? -1,
      facts.length,
    ]);
  const versions = streams.map(({ version }) => version);
  const rows = unpacking.rows(versions, emitterSeq);
  let seq = emitterSeq;
  const expected = streams.flatMap(({ version, facts }) =>
    facts.map(({ pieces: [head, middle, rest], disclosures, about }, nth) => ({
      bytes: `${head}${version + nth}${middle}${seq++}${rest}`,
      disclosures: disclosures.join('\n'),
      ...(disclosures.length === 0 ? {} : { about }),
    })),
  );
  const shown = rows.map((row) => {
    const disclosed = text(row.disclosures);
    return {
      bytes: text(row.bytes),
      disclosures: disclosed,
      ...(disclosed === '' ? {} : { about: row.about }),
    };
  });
  expect(shown).toEqual(expected);
}

describe('a packet', () => {
  it('gives what was packed, with its numbers put in, and skips what is not asked for', () => {
    fc.assert(
      fc.property(appends, numbers, fc.nat(), (given, seq, skipping) => {
        const packing = new Packing();
        for (const streams of given) pack(packing, streams);
        const unpacking = sent(packing);
        for (const [index, streams] of given.entries())
          if ((skipping >> index) & 1) expect(unpacking.next()).toBe(true);
          else mustBe(unpacking, streams, seq);
        expect(unpacking.next()).toBe(false);
      }),
    );
  });

  it('holds nothing of an append that was refused', () => {
    fc.assert(
      fc.property(appends, appends, fc.array(stream), bad, (before, after, refused, disclosure) => {
        const packing = new Packing();
        for (const streams of before) pack(packing, streams);
        const fails = (): void => {
          for (const { facts } of refused)
            for (const { pieces, disclosures, about } of facts) packing.fact(pieces, disclosures, about);
          packing.fact(['', '', ''], [disclosure], 'one');
        };
        expect(() => packing.append(asAppends(refused), fails)).toThrow(LedgerError);
        for (const streams of after) pack(packing, streams);
        expect(packing.appends).toBe(before.length + after.length);
        const unpacking = sent(packing);
        for (const streams of [...before, ...after]) mustBe(unpacking, streams, 7);
        expect(unpacking.next()).toBe(false);
      }),
    );
  });

  it('says of each append what it erases', () => {
    const packing = new Packing();
    const erasure = { subjects: ['one'], facts: 1, disclosures: 2 };
    const facts = (): void => packing.fact(['', '', ''], ['x'], 'two');
    packing.append(asAppends([]), facts);
    packing.append(asAppends([]), facts, erasure);
    const unpacking = sent(packing);
    unpacking.next();
    expect(unpacking.erasure).toBeUndefined();
    unpacking.next();
    expect(unpacking.erasure).toEqual(erasure);
    packing.append(asAppends([]), facts);
    expect(packing.take().erasures.size).toBe(0);
  });

  it('grows for what is large, and begins anew in a buffer that came back', () => {
    const packing = new Packing();
    const large = (size: number): GivenStream[] => [
      {
        name: 'a',
        expected: 1,
        version: 1,
        facts: [
          {
            pieces: ['h', 'é'.repeat(size), '☃'.repeat(size)],
            disclosures: ['x'.repeat(size), 'y'],
            about: 'one',
          },
        ],
      },
    ];
    for (const size of [10, 60_000, 500_000]) {
      expect(pack(packing, large(size))).toBe(1 + 5 * size + 32 + size + 2);
      const packet = packing.take();
      mustBe(new Unpacking(packet), large(size), 0);
      packing.reuse(packet.bytes.buffer);
      expect(packing.sizeBytes).toBe(0);
    }
  });
});
