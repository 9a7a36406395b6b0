// The fuzzer for as long as a test may take, with a seed of its own each time; a longer run: `node tests/fuzz/wire.ts`.

import { expect, test } from 'vitest';
import { corpus } from './cases.fixture.ts';
import { fuzz } from './wire.ts';

const seed = Number(process.env['SURETY_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(`whatever is sent: no fault, no half-taken request, nothing that JSON.parse reads otherwise (SURETY_FUZZ_SEED=${seed})`, async () => {
  const { broken, statuses } = await fuzz(1_500, seed);
  expect(broken).toEqual([]);
  // It gets past the framing, and is also turned away.
  expect(statuses[200]).toBeGreaterThan(100);
  expect(statuses[400]).toBeGreaterThan(100);
}, 300_000);

test('a corpus file does what its name says', async () => {
  const named = (word: string) => corpus().filter(({ name }) => name.startsWith(word));
  expect(
    [named('accepted').length, named('refused').length, named('smuggled').length].every((count) => count > 3),
  ).toBe(true);
  const accepted = await fuzz(0, seed, named('accepted'));
  expect(accepted).toMatchObject({ broken: [], statuses: { 200: named('accepted').length } });
  const others = corpus().filter(({ name }) => !/^(accepted|error)-/.test(name));
  const refused = await fuzz(0, seed, others);
  expect(refused.broken).toEqual([]);
  expect(refused.statuses[200]).toBeUndefined();
}, 300_000);
