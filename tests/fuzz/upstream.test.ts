// The fuzzer of the other side for as long as a test may take, with a seed of its own each time; a longer run:
// `node tests/fuzz/upstream.ts`.

import { expect, test } from 'vitest';
import { corpus } from './hostile.fixture.ts';
import { fuzz } from './upstream.ts';

const seed = Number(process.env['SURETY_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const runs = Number(process.env['SURETY_FUZZ_RUNS'] ?? 160);

test(`whatever a server answers: nothing passes that is not its answer, and each call is settled or open (SURETY_FUZZ_SEED=${seed})`, async () => {
  const { broken, ended, beside } = await fuzz(runs, seed);
  expect(broken).toEqual([]);
  // It gets past the framing, and is also turned away; others were served meanwhile.
  expect(ended.answered).toBeGreaterThan(runs / 10);
  expect(ended.lost).toBeGreaterThan(runs / 10);
  expect(beside).toBeGreaterThan(10);
}, 300_000);

test('each case of the corpus ends as it says', async () => {
  const { http, stdio } = corpus();
  for (const is of ['answered', 'lost'] as const) {
    const only = [
      ...http.map((each) => ({ over: 'http', case: each }) as const),
      ...stdio.map((each) => ({ over: 'stdio', case: each }) as const),
    ].filter((each) => each.case.is === is);
    const { broken, ended } = await fuzz(0, seed, only, is === 'answered' ? 10_000 : 400);
    expect(broken).toEqual([]);
    expect(ended).toEqual({ answered: 0, lost: 0, 'not-sent': 0, [is]: only.length });
  }
}, 300_000);
