// Recording: what was answered is in the log, in order; what cannot be recorded is not sent; and no value of
// an argument, a result, a name or a secret stands in the log or in a note in the clear.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Fact, isKind } from '@surety/proof/facts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { people, referenceIn, result, TestHouse, told } from '../house.fixture.ts';
import { filesIn } from '../ledger/stores/subjects.fixture.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await TestHouse.open();
});
afterAll(() => house?.close());

const later = 'failed: Refused: this call cannot be recorded now. Try again later.';

describe('reads', () => {
  test('are answered before their facts are durable, and every one of them becomes durable soon', async () => {
    const before = house.log.size();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, nth) => house.call('erp.look', { nth })),
    );
    expect(replies.map(told)).toEqual(Array(100).fill('result'));
    while (house.log.size() < before + 100) await new Promise((resolve) => setTimeout(resolve, 1));
    const facts = (await house.facts()).slice(before);
    expect(facts.map(({ kind }) => kind)).toEqual(Array(100).fill('call.settled'));
    const order = facts.map((fact) =>
      isKind(fact, 'call.settled') ? house.opened(fact, fact.body.args ?? []) : undefined,
    );
    expect(order).toEqual(Array.from({ length: 100 }, (_, nth) => ({ nth })));
  });

  test('that were answered stand before any intent that came after them', async () => {
    const before = house.log.size();
    const calls = Array.from({ length: 30 }, async (_, nth) => {
      await house.match(`O-${nth}`);
      return house.pay(`O-${nth}`, '1.00');
    });
    expect((await Promise.all(calls)).map(told)).toEqual(Array(30).fill('result'));
    const facts = (await house.facts()).slice(before);
    const invoiceOf = (fact: (typeof facts)[number], digests: readonly string[]) =>
      (house.opened(fact, digests) as { invoice: string }).invoice;
    const matchedAt = new Map<string, number>();
    for (const fact of facts) {
      if (isKind(fact, 'call.settled') && fact.body.tool === 'erp.match')
        matchedAt.set(invoiceOf(fact, fact.body.args ?? []), fact.position);
      if (isKind(fact, 'call.intended'))
        expect(matchedAt.get(invoiceOf(fact, fact.body.args))).toBeLessThan(fact.position);
    }
    expect(matchedAt.size).toBe(30);
  });
});

test('while the oldest fact waits too long for the disk, further reads wait for it', async () => {
  await house.log.flushed();
  const store = new DatabaseSync(join(house.folder, 'store/log.sqlite'), { timeout: 5_000 });
  store.exec('BEGIN IMMEDIATE');
  // Nothing can become durable now. The first answers are given all the same.
  expect(told(await house.match('B-1'))).toBe('result');
  await new Promise((resolve) => setTimeout(resolve, 30));
  const second = house.match('B-2');
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(house.sentFor('erp.match', 'B-2')).toBe(0);
  store.exec('ROLLBACK');
  store.close();
  expect(told(await second)).toBe('result');
  expect(house.sentFor('erp.match', 'B-2')).toBe(1);
});

describe('a ledger that cannot record', () => {
  /** The store itself refuses every fact, as a full disk would, until it is let go. */
  const refuse = (): (() => void) => {
    const store = new DatabaseSync(join(house.folder, 'store/log.sqlite'), { timeout: 5_000 });
    store.exec("CREATE TRIGGER refuse BEFORE INSERT ON facts BEGIN SELECT RAISE(FAIL, 'no space'); END");
    return () => {
      store.exec('DROP TRIGGER refuse');
      store.close();
    };
  };

  test('forwards nothing consequential, says so clearly, and works again after', async () => {
    await house.match('F-1');
    await house.log.flushed();
    const sent = house.sent.length;
    const letGo = refuse();
    try {
      expect(told(await house.pay('F-1', '1.00'))).toBe(later);
      expect(told(await house.pay('F-2', '1.00'))).toBe(later);
      expect(told(await house.call('erp.wipe', {}))).toBe(later);
      expect(house.sent.length).toBe(sent);
    } finally {
      letGo();
    }
    expect(told(await house.pay('F-1', '1.00'))).toBe('result');
  });

  test('keeps the facts of what was answered, answers nothing more, and records them first when it can', async () => {
    await house.match('F-3');
    await house.log.flushed();
    const before = house.log.size();
    const answer = { structuredContent: { invoice: 'F-4', status: 'matched' } };
    const letGo = refuse();
    try {
      // The store begins to refuse while this read is under way.
      expect(told(await house.match('F-4'))).toBe('result');
      await house.log.flushed();
      expect(told(await house.match('F-5'))).toBe(later);
      expect(told(await house.pay('F-3', '1.00'))).toBe(later);
      expect(house.sentFor('erp.match', 'F-5')).toBe(0);
      expect(house.notes.join('\n')).toContain('what was answered could not be recorded yet');
    } finally {
      letGo();
    }
    // Its evidence was not lost: the payment passes at once, in one breath with the fact that it stands on.
    expect(told(await house.pay('F-4', '1.00'))).toBe('result');
    const [first, second] = (await house.facts()).slice(before);
    expect(first && isKind(first, 'call.settled') && house.opened(first, first.body.result)).toEqual(
      answer.structuredContent,
    );
    expect(second?.kind).toBe('call.intended');
    expect(house.notes.at(-1)).toBe('the ledger records again');
  });

  test('keeps the settlement of what took effect', async () => {
    await house.match('F-6');
    await house.log.flushed();
    let letGo = () => {};
    const reply = await house.pay('F-6', '1.00', {
      answer: (tool, args) => {
        letGo = refuse();
        return house.answer(tool, args);
      },
    });
    expect(told(reply)).toBe('result');
    expect(told(await house.match('F-7'))).toBe('result');
    await house.log.flushed();
    expect(told(await house.match('F-8'))).toBe(later);
    letGo();
    expect(told(await house.match('F-8'))).toBe('result');
    const settled = (await house.factsOf('call.settled')).slice(-3);
    expect(settled.map(({ body }) => [body.tool, body.settlement])).toEqual([
      ['erp.pay', 'ok'],
      ['erp.match', 'ok'],
      ['erp.match', 'ok'],
    ]);
    await house.house.settle();
    expect((await house.verified(house.now())).failed).toEqual([]);
  });
});

test('no value of an argument, a result, a name or a secret stands in the log or a note in the clear', async () => {
  const canary = (what: string) => `CANARY-${what}-7f3a`;
  const mine = await house.openCase('buyer', people.sam.id, canary('words'));
  const { credential } = await house.house.issue('buyer', 60_000);
  house.house.gateway.identify(`Bearer ${credential}x`);
  const look = { text: canary('argument'), deep: { list: [canary('deep')] } };
  const secret = result({ iban: canary('result') });
  await house.call('erp.look', look, { case: mine, answer: () => secret });
  await house.call('erp.note', look, { case: mine, answer: () => secret });
  await house.call(
    'erp.note',
    { text: canary('lost') },
    { answer: () => ({ is: 'lost', cause: canary('cause') }) },
  );
  await house.call('erp.wipe', { text: canary('refused') });
  await house.call('erp.pay', { invoice: canary('invoice'), amount: canary('amount'), currency: 'USD' });
  await house.call('erp.look', { n: 1 }, { case: canary('case') });
  await house.match(canary('held'), { case: mine });
  const held = await house.pay(canary('held'), '14291.37', { case: mine });
  await house.answerHold(referenceIn(held), people.ines);
  await house
    .answerHold(referenceIn(held), people.ines, {}, people.sam)
    .catch((error: Error) => house.notes.push(error.message));
  expect(told(await house.pay(canary('held'), '14291.37', { case: mine }))).toBe('result');
  house.row({ invoice: canary('held'), amount: '14291.37', currency: 'USD' });
  await house.call('erp.look', { text: canary('large'), more: 'x'.repeat(5 * 1024 * 1024) });
  const paidAt = house.now();
  house.advance(2 * 86_400_000);
  const { judgement } = await house.house.verdict('payments', paidAt);
  expect(judgement.verdict).not.toBe('holding');
  await house.log.flushed();

  const taken = (await house.facts()).find(
    (fact) => isKind(fact, 'record.extracted') && fact.body.extract === 'population',
  ) as Fact<'record.extracted'>;
  const { USD: total } = house.opened(taken, taken.body.totals) as { readonly USD: number };
  expect(total).toBeGreaterThanOrEqual(1_429_137);

  // Facts exactly as they are hashed, and sealed.
  const facts = Buffer.concat(house.log.read(0, house.log.size()).map(({ bytes }) => bytes));
  const plain = [facts, Buffer.from(house.notes.join('\n'))];
  for (const text of plain) {
    expect(text.includes('CANARY')).toBe(false);
    expect(text.includes('Canaryname')).toBe(false);
    // The amount as it was asked for, in minor units, and in the total of its day.
    for (const amount of ['14291.37', '1429137', String(total)]) expect(text.includes(amount)).toBe(false);
    expect(text.includes(credential)).toBe(false);
  }
  // The credential is nowhere at all; values are nowhere in the store, the disclosures beside the log included.
  for (const { name, bytes } of filesIn(house.folder)) {
    expect(bytes.includes(credential)).toBe(false);
    if (!name.startsWith(join(house.folder, 'store'))) continue;
    for (const text of ['CANARY', 'Canaryname', 'Q0FOQVJZ']) expect(bytes.includes(text)).toBe(false);
  }
  // The disclosures lie beside it: this test would see a canary if it were there.
  const disclosed = house.log
    .disclosures(0, house.log.size())
    .map(([, each]) => Buffer.from(each, 'base64url'));
  const shown = Buffer.concat(disclosed).toString();
  expect(shown).toContain('CANARY-argument');
  // Of the hold and of the reservation.
  expect(shown.split('1429137')).toHaveLength(3);
});
