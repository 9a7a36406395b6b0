// Holds and approvals: who may approve, what exactly, how often it counts, and that all of it survives
// restarts. People sign with real keys; nothing here is told to the agent.

import { approvalText } from '@surety/proof/rules';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hourMs, type Person, people, referenceIn, signed, TestHouse, told } from '../house.fixture.ts';

let house: TestHouse;
let mine: string;
beforeAll(async () => {
  house = await TestHouse.open();
  mine = await house.openCase();
});
afterAll(() => house?.close());

const heldWords =
  'held: Held for approval. Reference <ref>. Repeat the same call, unchanged, after it has been approved.';
const { ines, sam, lena, paul } = people;
const large = '14250.00';

/** A matched invoice above the limit, held. */
async function held(invoice: string): Promise<string> {
  await house.match(invoice, { case: mine });
  const reply = await house.pay(invoice, large, { case: mine });
  expect(told(reply)).toBe(heldWords);
  return referenceIn(reply);
}
const retry = (invoice: string, amount = large, of = mine) => house.pay(invoice, amount, { case: of });

describe('who may approve (PraisonAI 3529: the wrong person is asked)', () => {
  let hold: string;
  beforeAll(async () => {
    hold = await held('A-1');
  });

  const refusals: [string, () => Promise<unknown>, object][] = [
    [
      'the requester',
      () => house.answerHold(hold, sam),
      { code: 'not-yours', message: 'the requester cannot approve' },
    ],
    ['the owner of the agent', () => house.answerHold(hold, lena), { code: 'not-yours' }],
    ['a person without the function', () => house.answerHold(hold, paul), { code: 'not-yours' }],
    [
      'a person who claims another function',
      () => house.answerHold(hold, paul, { function: 'legal' }),
      { code: 'not-yours' },
    ],
    ['the key of somebody else', () => house.answerHold(hold, ines, {}, paul), { code: 'bad-signature' }],
    ['another action', () => house.answerHold(hold, ines, { action: 'A'.repeat(43) }), { code: 'malformed' }],
    ['another case', () => house.answerHold(hold, ines, { case: 'k-other' }), { code: 'not-yours' }],
    ['another agent', () => house.answerHold(hold, ines, { agent: 'second' }), { code: 'not-yours' }],
    ['another user', () => house.answerHold(hold, ines, { user: paul.id }), { code: 'not-yours' }],
    ['another rule', () => house.answerHold(hold, ines, { rule: 'B'.repeat(43) }), { code: 'malformed' }],
    [
      'longer than the hold lasts',
      () => house.answerHold(hold, ines, { expires: house.now() + 100 * hourMs }),
      { code: 'malformed' },
    ],
    ['already over', () => house.answerHold(hold, ines, { expires: 1 }), { code: 'not-yours' }],
    [
      'a person whom nobody enrolled',
      () => house.answerHold(hold, ines, { person: 'eve@acme.example' }),
      { code: 'bad-signature' },
    ],
    [
      'a hold that does not exist',
      () =>
        house.house.answer({
          statement: { ...house.statementFor(hold, ines), hold: 'h-none' },
          key: ines.keyId,
          signature: '',
        }),
      { code: 'no-hold' },
    ],
    [
      'no statement at all',
      () => house.house.answer({ statement: {}, key: '', signature: '' }),
      { code: 'malformed' },
    ],
    [
      'more than a statement',
      () =>
        house.house.answer({
          statement: { ...house.statementFor(hold, ines), more: 1 },
          key: ines.keyId,
          signature: '',
        }),
      { code: 'malformed' },
    ],
    [
      'a signature that is no base64',
      () =>
        house.house.answer({ statement: house.statementFor(hold, ines), key: ines.keyId, signature: '%%' }),
      { code: 'bad-signature' },
    ],
  ];
  test.each(refusals)('not %s', async (_, attempt, error) => {
    await expect(attempt()).rejects.toMatchObject(error);
  });

  test('none of these let the call pass, nor were they recorded', async () => {
    expect(referenceIn(await retry('A-1'))).toBe(hold);
    expect(await house.factsOf('approval.given')).toEqual([]);
    expect(house.sentFor('erp.pay', 'A-1')).toBe(0);
  });

  test('a signature over one statement is none over another', async () => {
    const statement = house.statementFor(hold, ines);
    const signature = signed(ines, approvalText({ ...statement, decision: 'refuse' }));
    const offered = { statement, key: ines.keyId, signature };
    await expect(house.house.answer(offered)).rejects.toMatchObject({ code: 'bad-signature' });
  });
});

describe('what an approval is worth', () => {
  test('one retry passes, the next is held again', async () => {
    const hold = await held('A-2');
    await house.answerHold(hold, ines);
    expect(told(await retry('A-2', '14250.01'))).toBe(heldWords);
    expect(told(await retry('A-2', large, await house.openCase()))).toBe(heldWords);
    expect(told(await house.pay('A-2', large, { agent: 'second' }))).toBe(heldWords);
    expect(told(await retry('A-2'))).toBe('result');
    expect(house.sentFor('erp.pay', 'A-2')).toBe(1);
    await expect(house.answerHold(hold, ines)).rejects.toMatchObject({ code: 'no-hold' });
    // Another tool with the same rule of one approval, where no once-key stands in the way.
    const gift = { to: 'A-2', amount: '6000.00', currency: 'USD' };
    const first = await house.call('erp.gift', gift, { case: mine });
    await house.answerHold(referenceIn(first), ines);
    expect(referenceIn(await house.call('erp.gift', gift, { case: mine }))).toBe(referenceIn(first));
    await house.answerHold(referenceIn(first), sam);
    expect(told(await house.call('erp.gift', gift, { case: mine }))).toBe('result');
    const again = await house.call('erp.gift', gift, { case: mine });
    expect(told(again)).toBe(heldWords);
    expect(referenceIn(again)).not.toBe(referenceIn(first));
  });

  test('the same person twice is one person', async () => {
    const gift = { to: 'twice', amount: '6000.00', currency: 'USD' };
    const hold = referenceIn(await house.call('erp.gift', gift, { case: mine }));
    await house.answerHold(hold, ines);
    await house.answerHold(hold, ines);
    expect(told(await house.call('erp.gift', gift, { case: mine }))).toBe(heldWords);
  });

  test('of many retries at once exactly one passes', async () => {
    const hold = await held('A-3');
    await house.answerHold(hold, ines);
    const all = await Promise.all(Array.from({ length: 50 }, () => retry('A-3')));
    expect(all.filter((reply) => told(reply) === 'result')).toHaveLength(1);
    expect(house.sentFor('erp.pay', 'A-3')).toBe(1);
  });

  test('of many identical calls at once one hold comes', async () => {
    await house.match('A-4', { case: mine });
    const all = await Promise.all(Array.from({ length: 50 }, () => retry('A-4')));
    expect(new Set(all.map(referenceIn)).size).toBe(1);
  });

  test('two people who answer at once: one is told to look again', async () => {
    const gift = { to: 'at once', amount: '6000.00', currency: 'USD' };
    const hold = referenceIn(await house.call('erp.gift', gift, { case: mine }));
    const both = await Promise.allSettled([house.answerHold(hold, ines), house.answerHold(hold, sam)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((each) => each.status === 'rejected')).toMatchObject({ reason: { code: 'gone' } });
  });

  test('a refused hold stays refused, whatever anybody approves later', async () => {
    const hold = await held('A-5');
    await expect(house.answerHold(hold, paul, { decision: 'refuse' })).rejects.toMatchObject({
      code: 'not-yours',
    });
    expect(await house.answerHold(hold, ines, { decision: 'refuse' })).toEqual({ hold, decision: 'refuse' });
    await expect(house.answerHold(hold, ines)).rejects.toMatchObject({ code: 'gone' });
    expect(told(await retry('A-5'))).toBe('refused: Refused. Reference <ref>.');
    expect(await house.whyRefused()).toBe('checkpoint: four-eyes: a person has refused it');
    await house.restart();
    expect(told(await retry('A-5'))).toBe('refused: Refused. Reference <ref>.');
    expect(house.sentFor('erp.pay', 'A-5')).toBe(0);
  });

  test('one no outweighs every yes in the same hold', async () => {
    const gift = { to: 'no', amount: '6000.00', currency: 'USD' };
    const hold = referenceIn(await house.call('erp.gift', gift, { case: mine }));
    await house.answerHold(hold, ines);
    await house.answerHold(hold, sam);
    // Enough have said yes; then one of them thinks better of it.
    await house.answerHold(hold, ines, { decision: 'refuse' });
    expect(told(await house.call('erp.gift', gift, { case: mine }))).toBe(
      'refused: Refused. Reference <ref>.',
    );
  });
});

describe('restarts and time', () => {
  test('between hold, approval and retry', async () => {
    const hold = await held('A-6');
    await house.restart();
    expect(referenceIn(await retry('A-6'))).toBe(hold);
    await house.answerHold(hold, ines);
    await house.restart();
    expect(told(await retry('A-6'))).toBe('result');
    await house.restart();
    await house.match('A-6', { case: mine });
    expect(told(await retry('A-6'))).toBe('refused: Refused. Reference <ref>.');
    expect(house.sentFor('erp.pay', 'A-6')).toBe(1);
  });

  test('an approval that was used for a call that never left is given back', async () => {
    const hold = await held('A-7');
    await house.answerHold(hold, ines);
    const answer = () => ({ is: 'not-sent', cause: 'down' }) as const;
    expect(told(await house.pay('A-7', large, { case: mine, answer }))).toMatch(/^failed: Not sent/);
    expect(told(await retry('A-7'))).toBe('result');
  });

  test('an approval given before the evidence got too old does not make up for it', async () => {
    const hold = await held('A-8');
    await house.answerHold(hold, ines);
    house.advance(20 * hourMs);
    expect(told(await retry('A-8'))).toBe('result');
    const late = await held('A-9');
    await house.answerHold(late, ines);
    house.advance(31 * 24 * hourMs);
    expect(told(await retry('A-9'))).toBe('refused: Refused. Reference <ref>.');
  });

  test('after a day nobody can approve, and the call is held anew', async () => {
    const hold = await held('A-10');
    house.advance(24 * hourMs + 1_000);
    await expect(house.answerHold(hold, ines)).rejects.toMatchObject({ code: 'no-hold' });
    const again = referenceIn(await retry('A-10'));
    expect(again).toMatch(/^h-/);
    expect(again).not.toBe(hold);
  });
});

test('the log that all this left is sound', async () => {
  const { failed, reasons } = await house.verified(Date.parse('2026-03-02T12:00:00Z'));
  expect(failed).toEqual([]);
  expect(reasons).not.toContain('checkpoint-passed-over');
  const signers: Person[] = [ines, sam];
  for (const { body } of await house.factsOf('approval.given'))
    expect(signers.map(({ id }) => id)).toContain(body.person);
});
