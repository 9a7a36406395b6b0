// On a breach: a verdict that finds one contains the outcome by itself, as the outcome says, once for each thing it found.

import { afterEach, describe, expect, test } from 'vitest';
import { changed, lift, refusedWords } from '../governance/contained.fixture.ts';
import { files, hourMs, TestHouse, told } from '../house.fixture.ts';

let house: TestHouse;
afterEach(() => house?.close());

const openWith = async (onBreach: 'alert' | 'hold' | 'contain') => {
  const outcome = `${files['outcomes/payments.yaml']}on-breach: ${onBreach}\n`;
  house = await TestHouse.open({ ...changed, 'outcomes/payments.yaml': outcome });
};
/** A payment that nobody made through the gateway, and the verdict on its day when that is over. */
async function breach(at = house.now()): Promise<string> {
  house.row({ invoice: `stray-${at}`, amount: 5, currency: 'USD' }, 'somebody', at);
  return verdictOn(at);
}
const verdictOn = async (at: number) => (await house.house.verdict('payments', at)).judgement.verdict;
const read = async () => told(await house.match('1'));
const pay = async () => told(await house.pay('1', '5.00'));
const note = async () => told(await house.call('erp.note', { at: house.now() }));

test('`contain` stops every call of its tools, over restarts, until a person lifts it', async () => {
  await openWith('contain');
  const at = house.now();
  house.advance(26 * hourMs);
  expect(await breach(at)).toBe('violated');
  expect([await read(), await pay(), await note()]).toEqual([refusedWords, refusedWords, 'result']);
  expect(await house.whyRefused()).toMatch(
    /^contained: outcome payments is contained by o-[\w-]{12} of Surety/,
  );
  const [verdict] = await house.factsOf('verdict.given');
  const [ordered, more] = await house.factsOf('containment.ordered');
  expect(more).toBeUndefined();
  expect(ordered?.body).toMatchObject({
    ...{ by: 'surety', verdict: verdict?.position, stops: 'everything', statement: [] },
    ...{ scope: { is: 'outcome', name: 'payments' }, tools: ['erp.pay', 'erp.match', 'erp.gift'] },
  });
  expect(house.notes.filter((each) => each.includes('found a breach'))).toHaveLength(1);
  await house.restart();
  expect(await read()).toBe(refusedWords);
  await lift(house, ordered?.body.order ?? '');
  expect([await read(), await pay()]).toEqual(['result', 'result']);
});

test('what was lifted is not contained again for the same, and is for something else', async () => {
  await openWith('contain');
  const at = house.now();
  house.advance(26 * hourMs);
  await breach(at);
  const [ordered] = await house.factsOf('containment.ordered');
  await lift(house, ordered?.body.order ?? '');
  expect(await verdictOn(at)).toBe('violated');
  await house.restart();
  expect(await verdictOn(at)).toBe('violated');
  expect(await house.factsOf('containment.ordered')).toHaveLength(1);
  expect(await read()).toBe('result');
  expect(await breach(at + hourMs)).toBe('violated');
  expect(await house.factsOf('containment.ordered')).toHaveLength(2);
  expect(await read()).toBe(refusedWords);
  // Nothing was missed, and whoever has the proof sees that: only what the agents read and send is not known.
  const today = house.now();
  const { failed } = await house.verified(today);
  const { judgement } = await house.house.verdict('payments', today);
  const bounded = judgement.questions.find(({ question }) => question === 'bounded');
  expect(failed).toEqual([]);
  expect(bounded?.reasons.map(({ text }) => text)).not.toContainEqual(
    expect.stringContaining('is declared, and was not done'),
  );
});

test('`hold` lets reads go on', async () => {
  await openWith('hold');
  const at = house.now();
  house.advance(26 * hourMs);
  await breach(at);
  expect([await read(), await pay(), await note()]).toEqual(['result', refusedWords, 'result']);
  const [ordered] = await house.factsOf('containment.ordered');
  expect(ordered?.body.stops).toBe('consequential');
  await lift(house, ordered?.body.order ?? '');
  expect(await pay()).toBe('result');
});

test('`alert` stops nothing', async () => {
  await openWith('alert');
  const at = house.now();
  house.advance(26 * hourMs);
  expect(await breach(at)).toBe('violated');
  expect(await read()).toBe('result');
  expect(await house.factsOf('containment.ordered')).toEqual([]);
  const [verdict] = await house.factsOf('verdict.given');
  // So that the owner is told once of each thing.
  expect(verdict?.body.breach).not.toEqual([]);
});

describe('between a verdict and its order', () => {
  test('it is contained already, and a Surety that died there records the order when it is back', async () => {
    await openWith('contain');
    const [from, to] = [house.now() - 24 * hourMs, house.now()];
    const body = {
      ...{ outcome: 'payments', from, to, verdict: 'violated' as const, ledgerSize: 1 },
      ...{ judgement: 'j'.repeat(43), breach: ['b'.repeat(43)] },
    };
    await house.log.append([{ stream: 'outcome/payments', facts: [{ kind: 'verdict.given', body }] }]);
    expect(await house.factsOf('containment.ordered')).toEqual([]);
    expect(await read()).toBe(refusedWords);
    await house.restart();
    const [verdict] = await house.factsOf('verdict.given');
    const [ordered] = await house.factsOf('containment.ordered');
    expect(ordered?.body).toMatchObject({ by: 'surety', verdict: verdict?.position });
    await lift(house, ordered?.body.order ?? '');
    await house.restart();
    expect(await read()).toBe('result');
  });
});
