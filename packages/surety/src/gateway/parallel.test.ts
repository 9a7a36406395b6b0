// Rules that must hold whatever races: evidence is used once, a budget is never exceeded and never left
// unused, and nothing that was identical goes out twice.

import { isKind } from '@surety/proof/facts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, files, people, referenceIn, TestHouse, told } from '../house.fixture.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await TestHouse.open();
});
afterAll(() => house?.close());

const refusedWords = 'refused: Refused. Reference <ref>.';
const times = <T>(count: number, work: (nth: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, nth) => work(nth)));

test('without its evidence a call is refused; with it, it passes', async () => {
  expect(told(await house.pay('P-1', '5.00'))).toBe(refusedWords);
  expect(await house.whyRefused()).toMatch(/^checkpoint: matched: no settled call of erp.match/);
  const mismatched: Answer = (_, { invoice }) => {
    const value = { structuredContent: { invoice, status: 'mismatched' } };
    return { is: 'result', text: JSON.stringify(value), value };
  };
  await house.match('P-1', { answer: mismatched });
  await house.match('P-1', { answer: () => ({ is: 'error', text: '{}', code: 1, message: '' }) });
  await house.match('P-other');
  expect(told(await house.pay('P-1', '5.00'))).toBe(refusedWords);
  await house.match('P-1');
  expect(told(await house.pay('P-1', '5.00'))).toBe('result');
  const intent = (await house.factsOf('call.intended')).at(-1);
  const [matched] = intent?.body.checkpoints ?? [];
  const evidence = (await house.facts())[matched?.evidence[0] ?? -1];
  expect(evidence && isKind(evidence, 'call.settled') && evidence.body.tool).toBe('erp.match');
});

test('a match of another agent counts unless the rule says otherwise, and is used once all the same', async () => {
  await house.match('P-2', { agent: 'second' });
  expect(told(await house.pay('P-2', '5.00'))).toBe('result');
  expect(told(await house.pay('P-2', '5.00', { agent: 'second' }))).toBe(refusedWords);
});

test('of 50 identical calls at once exactly one goes out', async () => {
  await house.match('P-3');
  const replies = await times(50, () => house.pay('P-3', '7.00'));
  expect(replies.filter((reply) => told(reply) === 'result')).toHaveLength(1);
  expect(house.sentFor('erp.pay', 'P-3')).toBe(1);
});

test('of 50 calls at once that differ and need the same evidence exactly one goes out', async () => {
  await house.match('P-4');
  const agents = ['buyer', 'second'];
  const replies = await times(50, (nth) =>
    house.pay('P-4', `${nth + 1}.00`, { agent: agents[nth % 2] ?? 'buyer' }),
  );
  expect(replies.filter((reply) => told(reply) === 'result')).toHaveLength(1);
  expect(replies.filter((reply) => told(reply) === refusedWords)).toHaveLength(49);
  expect(house.sentFor('erp.pay', 'P-4')).toBe(1);
});

test('of 200 calls at once a budget lets through exactly what it holds', async () => {
  // 70.00 in all, 1.00 each.
  const gift = (nth: number) =>
    house.call('erp.gift', { to: `G-${nth}`, amount: '1.00', currency: 'USD' }, { agent: 'saver' });
  const replies = await times(200, gift);
  expect(replies.filter((reply) => told(reply) === 'result')).toHaveLength(70);
  expect(replies.filter((reply) => told(reply) === refusedWords)).toHaveLength(130);
  expect(house.sent.filter(({ tool }) => tool === 'erp.gift')).toHaveLength(70);
  expect(await house.whyRefused()).toMatch(/^budget: 1.00 USD is more than the 0.00 left/);
  await house.restart();
  expect(told(await gift(500))).toBe(refusedWords);
  // The next day it is full again.
  house.advance(24 * 3_600_000);
  expect(told(await gift(501))).toBe('result');
});

test('of 1,000 calls that are held at once, each approved, each passes once, however often it is tried', async () => {
  const asks = 'notify: { asks: { agent: 1000, person: 1000 } }\n';
  const rich = files['surety.yaml'].replaceAll('amount: 1000000,', 'amount: 100000000,') + asks;
  const held = await TestHouse.open({ 'surety.yaml': rich });
  try {
    const of = await held.openCase('second');
    const gift = (nth: number) =>
      held.call(
        'erp.gift',
        { to: `G-${nth}`, amount: '6000.00', currency: 'USD' },
        { agent: 'second', case: of },
      );
    const holds = (await times(1_000, gift)).map(referenceIn);
    expect(new Set(holds).size).toBe(1_000);
    for (const who of [people.ines, people.sam])
      await Promise.all(holds.map((hold) => held.answerHold(hold, who)));
    const tried = await times(2_000, (nth) => gift(nth % 1_000));
    expect(tried.filter((reply) => told(reply) === 'result')).toHaveLength(1_000);
    expect(new Set(held.sent.map(({ args }) => args.to)).size).toBe(1_000);
    expect(held.sent).toHaveLength(1_000);
  } finally {
    await held.close();
  }
});

test('what was not sent goes back to its budget, an error and a lost answer do not', async () => {
  const gift = (to: string, amount: string, answer: Answer) =>
    house.call('erp.gift', { to, amount, currency: 'USD' }, { agent: 'saver', answer });
  const whole = '69.00';
  expect(told(await gift('R-1', whole, () => ({ is: 'not-sent', cause: '' })))).toMatch(/^failed: Not sent/);
  expect(told(await gift('R-2', '30.00', () => ({ is: 'error', text: '{}', code: 1, message: '' })))).toBe(
    'error',
  );
  expect(told(await gift('R-3', '30.00', () => ({ is: 'lost', cause: '' })))).toMatch(/^failed: Not known/);
  expect(told(await gift('R-4', '9.01', house.answer))).toBe(refusedWords);
  expect(told(await gift('R-5', '9.00', house.answer))).toBe('result');
});

test('the verifier agrees with every decision of the gate', async () => {
  const { failed, reasons } = await house.verified(Date.parse('2026-03-02T12:00:00Z'));
  expect(failed).toEqual([]);
  for (const code of ['checkpoint-passed-over', 'not-permitted', 'limit-exceeded', 'row-repeated'] as const)
    expect(reasons).not.toContain(code);
});
