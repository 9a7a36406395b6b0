// A call that waits: handed on when nobody answers, answered by a deputy, ended in time; and none of it lost when the
// gateway dies.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { files, hourMs, people, referenceIn, TestHouse } from '../house.fixture.ts';

let house: TestHouse;
afterEach(() => house?.close());
const { ines, paul } = people;

const replaced = (text: string, from: string, to: string): string => {
  if (!text.includes(from)) throw new Error(`\`${from}\` is not there`);
  return text.replace(from, to);
};
const outcome = replaced(
  files['outcomes/payments.yaml'],
  'approve: { function: finance, count: 1, not: [requester, agent-owner] }',
  'approve: { function: finance, count: 1, not: [requester, agent-owner], escalate: { after: 4h, function: legal } }',
);
const deputised = (day: string) =>
  replaced(
    files['surety.yaml'],
    `functions: [finance], keys: ["${ines.line}"]`,
    `functions: [finance], keys: ["${ines.line}"], deputies: [{ person: ${paul.id}, until: "${day}" }]`,
  );

async function held(invoice = 'INV-1'): Promise<{ hold: string; again: () => ReturnType<TestHouse['pay']> }> {
  const mine = await house.openCase();
  await house.match(invoice, { case: mine });
  const pay = () => house.pay(invoice, '20000.00', { case: mine });
  return { hold: referenceIn(await pay()), again: pay };
}

describe('a call that nobody answers', () => {
  test('is handed on, and not before', async () => {
    house = await TestHouse.open({ 'outcomes/payments.yaml': outcome });
    const { hold, again } = await held();
    const early = house.answerHold(hold, paul, { function: 'legal' });
    await expect(early).rejects.toMatchObject({ code: 'not-yours' });
    house.advance(4 * hourMs);
    await house.restart();
    await house.answerHold(hold, paul, { function: 'legal' });
    expect((await again()).is).toBe('upstream');
    expect(await house.verified(house.now() - 4 * hourMs)).toMatchObject({ failed: [] });
  });

  test('ends after a day, and an approval comes too late', async () => {
    house = await TestHouse.open({ 'outcomes/payments.yaml': outcome });
    const { hold, again } = await held();
    house.advance(24 * hourMs + 1);
    await expect(house.answerHold(hold, ines)).rejects.toMatchObject({ code: 'no-hold' });
    expect(referenceIn(await again())).not.toBe(hold);
  });
});

describe('a deputy', () => {
  test('answers in the place of somebody, until the day that was said', async () => {
    house = await TestHouse.open({ 'surety.yaml': deputised('2026-03-02') });
    const { hold, again } = await held();
    await house.answerHold(hold, paul);
    expect((await again()).is).toBe('upstream');
    const next = await held('INV-2');
    house.advance(16 * hourMs);
    await expect(house.answerHold(next.hold, paul)).rejects.toMatchObject({
      code: 'not-yours',
      message: 'its signer does not act for finance',
    });
    await house.answerHold(next.hold, ines);
    expect((await next.again()).is).toBe('upstream');
  });

  test('who is enrolled later waits for the owner of the outcome, who has a key', async () => {
    const { tove } = people;
    const withKey = replaced(
      files['surety.yaml'],
      '{ id: tove@acme.example,',
      `{ id: tove@acme.example, keys: ["${tove.line}"],`,
    );
    house = await TestHouse.open({ 'surety.yaml': withKey });
    const later = replaced(
      withKey,
      `functions: [finance], keys: ["${ines.line}"]`,
      `functions: [finance], keys: ["${ines.line}"], deputies: [{ person: ${paul.id}, until: "2026-03-09" }]`,
    );
    await house.reload({ 'surety.yaml': later });
    const { hold } = await held();
    await expect(house.answerHold(hold, paul)).rejects.toMatchObject({ code: 'not-yours' });
    expect(house.house.changes().map(({ stream }) => stream)).toEqual([`person/${ines.id}`]);
  });
});

test('holds, who answered them and who is still asked outlive kill -9', async () => {
  house = await TestHouse.open();
  const killed = new URL('./waiting-killed.fixture.ts', import.meta.url).pathname;
  let said = '';
  await house.restart(async () => {
    const ran = promisify(execFile)(process.execPath, [killed, house.folder]);
    const died = await ran.catch((error: { readonly stdout: string; readonly signal: string }) => error);
    expect(died).toMatchObject({ signal: 'SIGKILL' });
    said = died.stdout;
  });
  const { one, two, mine } = JSON.parse(said) as { one: string; two: string; mine: string };
  const pay = (invoice: string) => house.pay(invoice, '20000.00', { case: mine });
  // Asked again, it is the same hold; nobody is asked twice.
  expect(referenceIn(await pay('ONE'))).toBe(one);
  expect(await house.factsOf('call.held')).toHaveLength(2);
  await house.answerHold(one, ines);
  await house.answerHold(two, ines);
  const replies = await Promise.all([pay('ONE'), pay('TWO')]);
  expect(replies.map(({ is }) => is)).toEqual(['upstream', 'upstream']);
  expect(house.sentFor('erp.pay', 'ONE')).toBe(1);
});
