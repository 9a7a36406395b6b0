// An answer that never came: the call stays open, an identical one waits, and the record alone settles it,
// once, or releases what it reserved when it shows that nothing happened.

import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { isKind } from '@surety/proof/facts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, hourMs, referenceIn, TestHouse, told } from '../house.fixture.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await TestHouse.open();
});
afterAll(() => house?.close());

const lost: Answer = () => ({ is: 'lost', cause: 'the server ended' });
const payThenLose: Answer = (_, args) => {
  house.row(args);
  return { is: 'lost', cause: 'the server ended' };
};
const unknown = 'failed: Not known whether this took effect. Reference <ref>. Do not assume either way.';
const waits = 'held: Held: the outcome of an identical call is not known yet. Reference <ref>.';

const settlementsOf = async (call: string) =>
  (await house.factsOf('call.settled')).filter(({ body }) => body.call === call).map(({ body }) => body);

/** What was given back, as the fold reads it. */
const amountsIn = (facts: Awaited<ReturnType<TestHouse['facts']>>): readonly unknown[] =>
  facts.flatMap((fact) => (isKind(fact, 'budget.released') ? [house.opened(fact, fact.body.amount)] : []));

test('docker/mcp-gateway 505: paid, and the answer lost: settled from the record, exactly once', async () => {
  await house.match('L-1');
  const reply = await house.pay('L-1', '10.00', { answer: payThenLose });
  expect(told(reply)).toBe(unknown);
  const call = referenceIn(reply);
  expect(referenceIn(await house.pay('L-1', '10.00'))).toMatch(/^c-/);
  await Promise.all([house.house.settle(), house.house.settle(), house.house.settle()]);
  expect(await settlementsOf(call)).toMatchObject([{ settlement: 'ok', by: 'record' }]);
  // Its evidence is used up, so the same invoice is not paid again.
  await house.match('L-1');
  expect(told(await house.pay('L-1', '10.00'))).toBe('refused: Refused. Reference <ref>.');
  expect(await house.whyRefused()).toBe('checkpoint: matched: its evidence was used before');
  expect(house.sentFor('erp.pay', 'L-1')).toBe(1);
});

test('not paid: waits until a late row can no longer come, then may be paid', async () => {
  await house.match('L-2');
  const first = await house.pay('L-2', '20.00', { answer: lost });
  expect(told(await house.pay('L-2', '20.00'))).toBe(waits);
  await house.house.settle();
  expect(told(await house.pay('L-2', '20.00'))).toBe(waits);
  expect(await settlementsOf(referenceIn(first))).toEqual([]);
  house.advance(hourMs + 1);
  await house.house.settle();
  expect(await settlementsOf(referenceIn(first))).toMatchObject([{ settlement: 'none', by: 'record' }]);
  const released = (await house.facts()).filter(({ kind }) => kind.endsWith('.released'));
  expect(released.map(({ kind }) => kind).sort()).toEqual(['budget.released', 'evidence.released']);
  expect(amountsIn(released)).toEqual([{ amountMinor: 2_000, currency: 'USD' }]);
  expect(told(await house.pay('L-2', '20.00'))).toBe('result');
  expect(house.sentFor('erp.pay', 'L-2')).toBe(2);
});

test('a row that the record dates a little before the intent releases nothing: its clock may be behind', async () => {
  await house.match('L-3');
  const behind: Answer = (_, args) => {
    house.row(args, 'gateway', house.now() - 60_000);
    return { is: 'lost', cause: 'the server ended' };
  };
  const reply = await house.pay('L-3', '30.00', { answer: behind });
  house.advance(2 * hourMs);
  await house.house.settle();
  expect(await settlementsOf(referenceIn(reply))).toEqual([]);
  expect(told(await house.pay('L-3', '30.00'))).toBe(waits);
});

test('two rows of one call settle nothing: a person must look', async () => {
  await house.match('L-4');
  const twice: Answer = (_, args) => {
    house.row(args);
    house.row(args);
    return { is: 'lost', cause: 'the server ended' };
  };
  const reply = await house.pay('L-4', '40.00', { answer: twice });
  house.advance(2 * hourMs);
  await house.house.settle();
  expect(await settlementsOf(referenceIn(reply))).toEqual([]);
});

test('a row that says something else settles nothing', async () => {
  await house.match('L-5');
  const other: Answer = (_, args) => {
    house.row({ ...args, amount: '50.01' });
    return { is: 'lost', cause: 'the server ended' };
  };
  const reply = await house.pay('L-5', '50.00', { answer: other });
  await house.house.settle();
  expect(await settlementsOf(referenceIn(reply))).toEqual([]);
});

test('while the record is away nothing is settled and nothing released', async () => {
  await house.match('L-6');
  const reply = await house.pay('L-6', '60.00', { answer: lost });
  const books = join(house.folder, 'books.db');
  renameSync(books, `${books}.away`);
  try {
    house.advance(2 * hourMs);
    await house.house.settle();
    expect(await settlementsOf(referenceIn(reply))).toEqual([]);
    expect(told(await house.pay('L-6', '60.00'))).toBe(waits);
  } finally {
    renameSync(`${books}.away`, books);
  }
  await house.house.settle();
  expect(await settlementsOf(referenceIn(reply))).toMatchObject([{ settlement: 'none', by: 'record' }]);
});

test('after a restart the obligation is still open, and the record still settles it', async () => {
  await house.match('L-7');
  const reply = await house.pay('L-7', '70.00', { answer: lost });
  await house.restart();
  expect(told(await house.pay('L-7', '70.00'))).toBe(waits);
  house.row({ invoice: 'L-7', amount: '70.00', currency: 'USD' });
  await house.house.settle();
  expect(await settlementsOf(referenceIn(reply))).toMatchObject([{ settlement: 'ok', by: 'record' }]);
});

test('a call whose answer is awaited is left to its answer', async () => {
  await house.match('L-8');
  const answered = Promise.withResolvers<void>();
  const paying = house.pay('L-8', '80.00', {
    answer: async (tool, args) => {
      const reply = house.answer(tool, args);
      await answered.promise;
      return reply;
    },
  });
  await house.house.settle();
  house.advance(2 * hourMs);
  await house.house.settle();
  answered.resolve();
  const reply = await paying;
  expect(told(reply)).toBe('result');
  const settled = (await house.factsOf('call.settled')).at(-1);
  expect(settled?.body).toMatchObject({ tool: 'erp.pay', settlement: 'ok', by: 'upstream' });
});

test('if the record settled it first, a late answer writes nothing more, and still reaches the agent', async () => {
  await house.match('L-9');
  const answered = Promise.withResolvers<void>();
  let call = '';
  const paying = house.pay('L-9', '90.00', {
    answer: async (tool, args) => {
      const reply = house.answer(tool, args);
      await answered.promise;
      return reply;
    },
  });
  // Another process, or an edge, that does not know that an answer is awaited.
  while (house.sentFor('erp.pay', 'L-9') === 0) await new Promise((resolve) => setImmediate(resolve));
  const hidden = new Set(house.house.gateway.onTheWay);
  [call = ''] = hidden;
  (house.house.gateway.onTheWay as Set<string>).clear();
  await house.house.settle();
  expect(await settlementsOf(call)).toMatchObject([{ settlement: 'ok', by: 'record' }]);
  answered.resolve();
  expect(told(await paying)).toBe('result');
  await house.log.flushed();
  expect(await settlementsOf(call)).toMatchObject([{ settlement: 'ok', by: 'record' }]);
});

test('what never left the gateway gives everything back at once', async () => {
  await house.match('L-10');
  const before = (await house.facts()).length;
  const answer: Answer = () => ({ is: 'not-sent', cause: 'the server does not start' });
  const reply = await house.pay('L-10', '100.00', { answer });
  expect(told(reply)).toBe('failed: Not sent: the tool could not be reached. Reference <ref>.');
  const facts = (await house.facts()).slice(before);
  expect(amountsIn(facts.filter(({ kind }) => kind === 'budget.released'))).toEqual([
    { amountMinor: 10_000, currency: 'USD' },
  ]);
  const kinds = facts.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind.endsWith('.released')).sort()).toEqual([
    'budget.released',
    'evidence.released',
  ]);
  expect(await settlementsOf(referenceIn(reply))).toMatchObject([{ settlement: 'none', by: 'gateway' }]);
  expect(told(await house.pay('L-10', '100.00'))).toBe('result');
});

test('a verdict names what is open, and the verifier finds no contradiction in all of this', async () => {
  house.advance(26 * hourMs);
  const { failed, reasons } = await house.verified(Date.parse('2026-03-02T12:00:00Z'));
  expect(failed).toEqual([]);
  // L-3 and L-4 are for people to look at; the row beside L-5 is nobody's.
  expect(reasons.filter((code) => code === 'open-obligation')).toHaveLength(2);
  expect(reasons).toContain('orphan');
  expect((await house.facts()).filter((fact) => isKind(fact, 'record.extracted')).length).toBeGreaterThan(0);
});
