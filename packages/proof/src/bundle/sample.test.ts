// INVARIANT: every check of a sample has a mutant that it kills, and that lives without it.

import { describe, expect, it } from 'vitest';
import { headOf, salt } from '../log.fixture.ts';
import { commitScalar, type Drawing, drawSample } from '../records/index.ts';
import { type Day, honestDay, sha256 } from '../verify.fixture.ts';
import { bytesSource } from './index.ts';
import { readSample, type Sample, type SampledFact, sampleSteps } from './sample.ts';

const nonce = 'said on the phone, 4 March';

/** An honest day with so many more facts that the tree has more than one bundle. */
function longDay(facts: number): Day {
  const day = honestDay().close();
  while (day.log.drafts.length < facts) day.log.drafts.push(structuredClone(day.log.drafts[2]) as never);
  day.log.renumber();
  return day;
}

const sampleIn = async (day: Day, count: number) => {
  const { origin, entries } = day.log;
  const drawing: Drawing = { head: headOf(origin, entries), nonce, count };
  const sample = await readSample(bytesSource(await day.proof()), drawing, { sha256 });
  return { drawing, sample };
};
const failing = (sample: Sample, drawing: Drawing, without = ''): string[] =>
  sampleSteps.flatMap(({ check, run }) =>
    check !== without && run(sample, drawing, sha256) !== undefined ? [check] : [],
  );

describe('a sample of a proof', () => {
  it.each([40, 255, 256, 257, 511, 512, 600])(
    'of %i facts is drawn, included and disclosed',
    async (facts) => {
      const day = longDay(facts);
      const { sample, drawing } = await sampleIn(day, 25);
      expect(sample.map(({ index }) => index)).toEqual(drawSample(drawing, sha256));
      expect(failing(sample, drawing)).toEqual([]);
      for (const { index, entry } of sample) expect(entry).toEqual(day.log.entries[index]);
    },
    60_000,
  );

  it('shows of every fact what the proof discloses of it', async () => {
    const day = honestDay().close();
    const { sample } = await sampleIn(day, 10_000);
    const shown = sample.flatMap(({ disclosures }) => disclosures);
    expect(shown.sort()).toEqual([...day.log.disclosures].sort());
  });
});

describe('a mutant', () => {
  const mutants: readonly (readonly [string, string, (sample: Sample, all: Sample) => Sample])[] = [
    ['a fact that is not the one drawn', 'sample-drawn', (sample, all) => sample.with(2, other(sample, all))],
    ['a fact that was drawn left out', 'sample-drawn', (sample) => sample.slice(1)],
    ['a fact more', 'sample-drawn', (sample, all) => [...sample, other(sample, all)]],
    ['facts in another order', 'sample-drawn', (sample) => sample.toReversed()],
    [
      'a path that leads elsewhere',
      'sample-included',
      changed(({ proof }) => ({ proof: proof.toReversed() })),
    ],
    ['a path that is cut', 'sample-included', changed(({ proof }) => ({ proof: proof.slice(1) }))],
    [
      'the entry of another fact',
      'sample-included',
      (sample) => sample.with(0, { ...at(sample, 0), entry: at(sample, 1).entry, disclosures: [] }),
    ],
    ['a value of another fact', 'sample-disclosed', changed(() => ({ disclosures: [stray] }))],
  ];
  const at = (sample: Sample, index: number): SampledFact => sample[index] as SampledFact;
  const other = (sample: Sample, all: Sample): SampledFact =>
    all.find(({ index }) => sample.every((each) => each.index !== index)) as SampledFact;
  const stray = commitScalar('nice words', '', salt, sha256).disclosure;
  function changed(change: (fact: SampledFact) => Partial<SampledFact>) {
    return (sample: Sample): Sample => sample.with(3, { ...at(sample, 3), ...change(at(sample, 3)) });
  }

  it.each(mutants)('%s: killed by %s, and by nothing else', async (_, check, change) => {
    const day = honestDay().close();
    const all = (await sampleIn(day, 10_000)).sample;
    const { sample, drawing } = await sampleIn(day, 8);
    const mutant = change(sample, all);
    expect(failing(mutant, drawing)).toEqual([check]);
    expect(failing(mutant, drawing, check)).toEqual([]);
  });

  it('that was drawn without the nonce, or by another: killed by sample-drawn', async () => {
    const day = honestDay().close();
    const { drawing } = await sampleIn(day, 8);
    const proof = bytesSource(await day.proof());
    for (const instead of ['another', `${nonce} `]) {
      const sample = await readSample(proof, { ...drawing, nonce: instead }, { sha256 });
      expect(failing(sample, drawing)).toEqual(['sample-drawn']);
    }
  });

  it('exists for every check', () => {
    const killed = new Set(mutants.map(([, check]) => check));
    expect(sampleSteps.map(({ check }) => check).filter((check) => !killed.has(check))).toEqual([]);
  });
});
