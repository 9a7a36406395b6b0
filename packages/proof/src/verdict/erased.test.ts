// What was erased is told apart from what is only not shown, and what was found before stands beside what is found now.

import { describe, expect, it } from 'vitest';
import { dayEnd, hashOf, honestDay, hourMs } from '../verify.fixture.ts';
import { withholdArgs } from './cases.fixture.ts';
import { erase, erasedDays, give, positionsOf } from './erased.fixture.ts';
import type { Judgement, Reason } from './index.ts';

const withheldIn = ({ questions }: Judgement): readonly Reason[] =>
  questions.flatMap(({ reasons }) => reasons.filter(({ code }) => code === 'evidence-withheld'));
const dayOf = (name: string) => {
  const found = erasedDays.find((each) => each.name === name);
  if (found === undefined) throw new Error(name);
  return found.day();
};

describe('what was erased', () => {
  it.each(erasedDays.slice(0, 7).map(({ name, day }) => [name, day] as const))(
    'is never asked to be disclosed: %s',
    async (_, make) => {
      const day = make();
      const [erasure] = positionsOf(day, 'disclosure.erased');
      const judgement = await day.judged();
      const reasons = withheldIn(judgement);
      expect(reasons.length).toBeGreaterThan(0);
      for (const { text, who, remedy, erased, facts } of reasons) {
        expect(text).toMatch(/ \(erased\)$/);
        expect([who, erased]).toEqual([[], [erasure]]);
        expect(remedy).not.toContain('disclose');
        expect(facts.length).toBeGreaterThan(0);
      }
      expect(judgement.erased?.by).toEqual([
        { position: erasure, at: dayEnd + 3 * hourMs, basis: 'gdpr-17-1-a' },
      ]);
    },
  );

  it('is told apart from what is only not shown', async () => {
    const judgement = await dayOf(
      'a payment whose values are not shown, and another that was erased',
    ).judged();
    const shown = withheldIn(judgement).map(({ text, erased }) => [
      /call (c-\d+)/.exec(text)?.[1],
      erased !== undefined,
    ]);
    expect(shown).toContainEqual(['c-4101', true]);
    expect(shown).toContainEqual(['c-4102', false]);
    expect(shown).not.toContainEqual(['c-4102', true]);
  });

  it.each([
    'a payment withheld under an erasure that names other facts',
    'a payment withheld after an erasure that names it beforehand',
  ])('is not claimed of %s', async (name) => {
    const judgement = await dayOf(name).judged();
    const reasons = withheldIn(judgement);
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter(({ erased }) => erased !== undefined)).toEqual([]);
    expect(judgement.erased).toBeUndefined();
  });

  it('says nothing where nothing was erased', async () => {
    const day = honestDay().close();
    withholdArgs(day, 'c-4101');
    const judgement = await day.judged();
    expect(withheldIn(judgement).every(({ remedy }) => remedy.startsWith('disclose'))).toBe(true);
    expect(judgement).not.toHaveProperty('erased');
  });

  it('of something that this verdict does not read, changes nothing', async () => {
    const day = honestDay().close();
    erase(day, positionsOf(day, 'call.held'));
    expect(await day.judged()).not.toHaveProperty('erased');
  });
});

describe('the verdict of before', () => {
  it('is the last on this window that stood ahead of the first erasure', async () => {
    const day = honestDay().close();
    give(day, 'holding', dayEnd + hourMs);
    const position = give(day, 'proven', dayEnd + 2 * hourMs);
    give(day, 'violated', dayEnd + 2 * hourMs, dayEnd + 24 * hourMs);
    const intents = positionsOf(day, 'call.intended', '"c-4101"');
    erase(day, intents);
    give(day, 'unproven', dayEnd + 4 * hourMs);
    erase(day, positionsOf(day, 'call.intended', '"c-4102"'), { at: dayEnd + 5 * hourMs });
    const { erased, verdict } = await day.judged();
    expect(erased?.by).toHaveLength(2);
    expect(erased?.earlier).toEqual({
      ...{ position, at: dayEnd + 2 * hourMs, verdict: 'proven', ledgerSize: position },
      judgement: hashOf(`proven ${dayEnd + 2 * hourMs}`),
    });
    // It stands beside, and moves nothing.
    expect(verdict).toBe('unproven');
  });

  it('is absent where none was given', async () => {
    const day = honestDay().close();
    erase(day, positionsOf(day, 'call.intended', '"c-4101"'));
    give(day, 'proven', dayEnd + 4 * hourMs);
    const { erased } = await day.judged();
    expect(erased?.by).toHaveLength(1);
    expect(erased).not.toHaveProperty('earlier');
  });

  it('that was violated stays, whatever was erased', async () => {
    const day = honestDay().close();
    give(day, 'violated');
    erase(day, positionsOf(day, 'call.intended', '"c-4101"'));
    expect(await day.judged()).toMatchObject({
      verdict: 'violated',
      erased: { earlier: { verdict: 'violated' } },
    });
  });
});
