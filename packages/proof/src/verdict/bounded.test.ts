// What `bounded` says of containment: a drill in the window, and every breach of it contained once.

import { describe, expect, test } from 'vitest';
import { at, type Day, hashOf, who } from '../verify.fixture.ts';
import { breach, channels, containOn, drill, pager, tell, withDay } from './cases.fixture.ts';

const [first, second] = [hashOf('first'), hashOf('second')];
const notDone = 'on a breach `hold` is declared, and was not done';

async function said(change: (day: Day) => unknown, options = {}) {
  const { questions } = await withDay((day) => void change(day), options)().judged();
  const reasons = questions.find(({ question }) => question === 'bounded')?.reasons ?? [];
  return reasons.filter(({ text }) => !text.startsWith('what the agents'));
}
const texts = async (change: (day: Day) => unknown, options = {}) =>
  (await said((day) => [drill(day, 'enforced'), change(day)], options)).map(({ text }) => text);

test('a drill of the window is enough, its latest counts, and one of another day does not', async () => {
  expect(await said((day) => drill(day, 'enforced'))).toEqual([]);
  const [failed] = await said((day) => [drill(day, 'enforced'), drill(day, 'not-enforced', at(14))]);
  expect(failed).toMatchObject({ code: 'test-expired', text: 'the latest drill contained nobody' });
  expect(await said((day) => [drill(day, 'not-enforced'), drill(day, 'enforced', at(14))])).toEqual([]);
  const [other] = await said((day) => drill(day, 'enforced', at(24)));
  expect(other).toMatchObject({ code: 'test-expired', facts: [] });
});

test('a breach is contained by an order of Surety itself that names its verdict', async () => {
  expect(await texts((day) => containOn(day, breach(day)))).toEqual([]);
  expect(await texts((day) => breach(day))).toEqual([notDone]);
  for (const changed of [
    { by: 'person' },
    { scope: { is: 'outcome', name: 'other' } },
    { scope: { is: 'tool', name: 'supplier-payments' } },
    { verdict: 3 },
  ])
    expect(await texts((day) => containOn(day, breach(day), changed))).toEqual([notDone]);
  const contain = { outcome: { onBreach: 'contain' } };
  expect(await texts((day) => containOn(day, breach(day), { stops: 'everything' }), contain)).toEqual([]);
  expect(await texts((day) => containOn(day, breach(day)), contain)).toEqual([
    'on a breach `contain` is declared, and was not done',
  ]);
});

test('what was contained for before need not be again, and what was not named was not', async () => {
  expect(await texts((day) => [containOn(day, breach(day, [first])), breach(day, [first], 16)])).toEqual([]);
  expect(await texts((day) => [containOn(day, breach(day, [first])), breach(day, [], 16)])).toEqual([]);
  for (const found of [[second], [first, second]])
    expect(await texts((day) => [containOn(day, breach(day, [first])), breach(day, found, 16)])).toEqual([
      notDone,
    ]);
  expect(await texts((day) => breach(day, []))).toEqual([notDone]);
  expect(await texts((day) => [breach(day, [first]), breach(day, [first], 16)])).toEqual([notDone]);
});

test('a breach of another day is no matter of this one', async () => {
  expect(await texts((day) => breach(day, [first], 24))).toEqual([]);
});

describe('with `on-breach: alert`', () => {
  const alert = { outcome: { onBreach: 'alert' } };
  const missed = 'on a breach `alert` is declared, and the owner was not told';
  const without = 'on a breach `alert` is declared, and nothing reaches the owner';

  test('something must reach the owner, and the owner is told of every breach', async () => {
    expect(await texts(() => undefined, alert)).toEqual([without]);
    expect(await texts((day) => channels(day), alert)).toEqual([]);
    expect(await texts((day) => channels(day, { webhooks: [pager('own', who.tove)] }), alert)).toEqual([]);
    expect(await texts((day) => [channels(day), breach(day)], alert)).toEqual([missed]);
    expect(await texts((day) => [channels(day), tell(day, breach(day))], alert)).toEqual([]);
  });

  test('once for each reason', async () => {
    const told = (day: Day) => [channels(day), tell(day, breach(day, [first]))];
    expect(await texts((day) => [told(day), breach(day, [first], 16)], alert)).toEqual([]);
    expect(await texts((day) => [told(day), breach(day, [second], 16)], alert)).toEqual([missed]);
  });

  test.each([
    ['given up', { answer: 'given-up' }],
    ['to somebody else', { person: who.ines }],
    ['to a program', { by: 'webhook', webhook: 'siem', person: undefined }],
    ['about another verdict', { of: [3] }],
  ])('a message %s does not count', async (_, changed) => {
    expect(await texts((day) => [channels(day), tell(day, breach(day), changed)], alert)).toEqual([missed]);
  });
});
