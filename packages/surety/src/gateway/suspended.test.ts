// Calls that wait for inputs when the gateway ends: nobody comes back for them, and each leaves a fact.

import { afterEach, expect, test } from 'vitest';
import { type Answer, TestHouse } from '../house.fixture.ts';

let house: TestHouse | undefined;
afterEach(() => house?.close());

const asks: Answer = () => {
  const value = { resultType: 'input_required', inputRequests: { q: { method: 'elicitation/create' } } };
  return { is: 'asks', text: JSON.stringify(value), value };
};

test('a read is recorded, as one without an answer; a payment stays open, for the record to tell', async () => {
  house = await TestHouse.open();
  await house.match('S-1');
  await house.call('erp.look', { page: 1 }, { answer: asks });
  await house.pay('S-1', '5.00', { answer: asks });
  const looked = async () =>
    (await house?.factsOf('call.settled'))?.filter(({ body }) => body.tool === 'erp.look') ?? [];
  expect(await looked()).toEqual([]);
  await house.restart();
  expect((await looked()).map(({ body }) => body.settlement)).toEqual(['error']);
  const paid = (await house.factsOf('call.intended')).find(({ body }) => body.tool === 'erp.pay');
  expect([...house.house.gateway.logic.open.keys()]).toEqual([paid?.body.call]);
});
