// Orders about disclosures over a real house: who may give them, what stands against them, and that what was erased is
// neither in a file nor in memory, nor counts as free afterwards.

import { join } from 'node:path';
import { type Fact, isKind } from '@surety/proof/facts';
import { afterEach, expect, test } from 'vitest';
import { files, hourMs, people, referenceIn, TestHouse, told } from '../house.fixture.ts';
import { filesWith as withAny } from '../ledger/stores/subjects.fixture.ts';
import { order as ordered } from './orders.fixture.ts';

const { dora, paul, sam } = people;
let house: TestHouse;
afterEach(() => house?.close());

/** Every call of these tools is about a vendor. */
const labelled = {
  'surety.yaml': files['surety.yaml']
    .replace('erp.match: { effect: read }', 'erp.match: { effect: read, subject: { vendor: args.vendor } }')
    .replace('erp.pay: { effect: spend,', 'erp.pay: { effect: spend, subject: { vendor: args.vendor_id },')
    .replace(
      'records: { erp: { sqlite: books.db,',
      'records: { erp: { sqlite: books.db, subject: { vendor: invoice },',
    ),
};
const match = (invoice: string, vendor: string) => house.call('erp.match', { invoice, vendor });
const pay = (invoice: string, vendor: string, amount = '40.00', of?: string) =>
  house.call(
    'erp.pay',
    { invoice, amount, currency: 'USD', vendor_id: vendor },
    of === undefined ? {} : { case: of },
  );
const vendor = (id: string): string => house.log.subjectName(`vendor/${id}`);
const about = (id: string) => house.log.about(vendor(id));
const erase = (subject: string, who = dora) =>
  ordered(house, 'erase', who, { subject, basis: 'gdpr-17-1-a' });
const codeOf = (doing: Promise<unknown>): Promise<unknown> =>
  doing.then(
    () => 'done',
    (cause: { code?: string }) => cause.code ?? cause,
  );

/** Files of the store that hold one of these. */
const filesWith = (...needles: string[]): string[] => withAny(join(house.folder, 'store'), ...needles);

test('what calls disclose is about whom their labels say, rows about whom their record says, else about the case', async () => {
  house = await TestHouse.open(labelled);
  const of = await house.openCase();
  await match('V-1', 'V-1');
  await pay('V-1', 'V-1', '40.00', of);
  await house.call('erp.look', { page: 1 }, { case: of });
  const day = house.now();
  house.advance(26 * hourMs);
  await house.house.verdict('payments', day);
  const kinds = new Set(
    (await house.facts())
      .filter(({ position }) => about('V-1').some(([at]) => at === position))
      .map(({ kind }) => kind),
  );
  expect([...kinds].toSorted()).toEqual([
    'budget.reserved',
    'call.intended',
    'call.settled',
    'record.extracted',
  ]);
  const inCase = house.log.about(house.log.subjectName(`case/${of}`)).map(([at]) => at);
  const facts = await house.facts();
  expect(new Set(inCase.map((at) => facts[at]?.kind))).toEqual(new Set(['case.opened', 'call.settled']));
});

test('a person for data protection erases a vendor: nothing of it is left, and it is a fact', async () => {
  house = await TestHouse.open(labelled);
  await match('CANARY-1', 'V-1');
  await pay('CANARY-1', 'V-1');
  await match('KEPT-2', 'V-2');
  const survey = await house.house.survey(vendor('V-1'));
  const before = about('V-1').length;
  expect(survey).toMatchObject({ disclosures: before, holds: [], open: [], kinds: { 'call.intended': 1 } });
  const { order } = await erase(vendor('V-1'));
  expect(about('V-1')).toEqual([]);
  expect(about('V-2').length).toBeGreaterThan(0);
  const [fact] = await house.factsOf('disclosure.erased');
  expect(fact?.body).toMatchObject({
    ...{ order, subject: vendor('V-1'), person: dora.id, basis: 'gdpr-17-1-a' },
    ...{
      facts: survey.positions.length,
      disclosures: before,
      first: survey.positions[0],
      last: survey.positions.at(-1),
    },
  });
  // Why is for people: it lies behind a commitment, under a subject of its own.
  expect(house.opened(fact as Fact, fact?.body.statement ?? [])).toMatchObject({
    reason: 'They asked for it.',
  });
  const facts = Buffer.concat(house.log.read(0, house.log.size()).map(({ bytes }) => bytes));
  expect(facts.includes('They asked')).toBe(false);
  expect(filesWith('CANARY-1', 'They asked', 'vendor/V-1')).toEqual([]);
  // And again after a restart.
  await house.restart();
  expect(about('V-1')).toEqual([]);
});

test.each([
  ['somebody of another function', 'not-yours', () => erase(vendor('V-1'), sam)],
  ['legal, who may not erase', 'not-yours', () => erase(vendor('V-1'), paul)],
  [
    'a function that is not theirs',
    'not-yours',
    () => ordered(house, 'erase', sam, { subject: vendor('V-1'), basis: 'b', function: 'data-protection' }),
  ],
  [
    'another key',
    'bad-signature',
    () => ordered(house, 'erase', dora, { subject: vendor('V-1'), basis: 'b' }, sam),
  ],
  [
    'an old order',
    'stale',
    () => ordered(house, 'erase', dora, { subject: vendor('V-1'), basis: 'b', at: house.now() - hourMs }),
  ],
  [
    'an order from the future',
    'stale',
    () => ordered(house, 'erase', dora, { subject: vendor('V-1'), basis: 'b', at: house.now() + hourMs }),
  ],
  [
    'an order for another log',
    'malformed',
    () => ordered(house, 'erase', dora, { subject: vendor('V-1'), basis: 'b', log: 'other.example/log' }),
  ],
  ['no basis', 'malformed', () => ordered(house, 'erase', dora, { subject: vendor('V-1') })],
  [
    'a reason that says nothing',
    'malformed',
    () => ordered(house, 'erase', dora, { subject: vendor('V-1'), basis: 'b', reason: ' ' }),
  ],
  [
    'members of another deed',
    'malformed',
    () => ordered(house, 'erase', dora, { subject: vendor('V-1'), basis: 'b', to: 'x' }),
  ],
  [
    'a name that is no order',
    'malformed',
    () => ordered(house, 'erase', dora, { subject: vendor('V-1'), basis: 'b', order: 'o-1' }),
  ],
  ['a subject of which nothing is kept', 'not-kept', () => erase(vendor('V-9'))],
  ['the log itself', 'not-kept', () => erase(house.log.subjectName('log/own'))],
])('%s erases nothing: `%s`', async (_, code, order) => {
  house = await TestHouse.open(labelled);
  await match('1', 'V-1');
  await house.log.flushed();
  const [kept, size] = [about('V-1'), house.log.size()];
  expect(await codeOf(order())).toBe(code);
  expect([about('V-1'), house.log.size()]).toEqual([kept, size]);
});

test('an order is carried out once; erasing twice says that it was done', async () => {
  house = await TestHouse.open(labelled);
  await match('1', 'V-1');
  await house.log.flushed();
  const same = { subject: vendor('V-1'), basis: 'b', order: 'o-AAAAAAAAAAAA' };
  const both = await Promise.all([0, 1].map(() => codeOf(ordered(house, 'erase', dora, same))));
  expect(both.toSorted()).toEqual(['done', 'stale']);
  expect(await codeOf(erase(vendor('V-1')))).toBe('done-already');
  await match('2', 'V-1');
  await house.log.flushed();
  expect(await codeOf(ordered(house, 'erase', dora, same))).toBe('stale');
  await house.restart();
  expect(await codeOf(ordered(house, 'erase', dora, same))).toBe('stale');
  expect(about('V-1').length).toBeGreaterThan(0);
});

test('a call that is not settled keeps its values until it is', async () => {
  house = await TestHouse.open(labelled);
  await match('1', 'V-1');
  await house.call(
    'erp.pay',
    { invoice: '1', amount: '40.00', currency: 'USD', vendor_id: 'V-1' },
    { answer: () => ({ is: 'lost', cause: 'no answer' }) },
  );
  expect((await house.house.survey(vendor('V-1'))).open).toHaveLength(1);
  expect(await codeOf(erase(vendor('V-1')))).toBe('unsettled');
  house.row({ invoice: '1', amount: '40.00', currency: 'USD' });
  await house.house.settle();
  expect(await codeOf(erase(vendor('V-1')))).toBe('done');
});

test('what came about it while it was being erased goes too, or stays under a key of its own', async () => {
  house = await TestHouse.open(labelled);
  for (let nth = 0; nth < 5; nth++) await match(`${nth}`, 'V-1');
  const calls = Array.from({ length: 60 }, (_, nth) => match(`later-${nth}`, 'V-1'));
  expect(await codeOf(erase(vendor('V-1')))).toBe('done');
  await Promise.all(calls);
  await house.log.flushed();
  const [fact] = await house.factsOf('disclosure.erased');
  const positions = (house.opened(fact as Fact, fact?.body.positions ?? []) as [number, number][]).flatMap(
    ([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => first + at),
  );
  expect(positions).toHaveLength(fact?.body.facts as number);
  const left = new Set(about('V-1').map(([at]) => at));
  for (const { position } of (await house.facts()).filter((each) => isKind(each, 'call.settled')))
    expect([position, positions.includes(position)]).toEqual([position, !left.has(position)]);
});

test('nothing that rests on erased evidence passes, at once and after a restart', async () => {
  house = await TestHouse.open(labelled);
  await match('1', 'V-1');
  await match('2', 'V-2');
  await erase(vendor('V-1'));
  expect(told(await pay('1', 'V-3'))).toBe('refused: Refused. Reference <ref>.');
  expect(await house.whyRefused()).toMatch(/^checkpoint: matched: no settled call/);
  expect(told(await pay('2', 'V-2'))).toBe('result');
  await house.restart();
  expect(told(await pay('1', 'V-3'))).toBe('refused: Refused. Reference <ref>.');
  // A once-key that was used stays used, whatever is known of its value.
  await erase(vendor('V-2'));
  await house.restart();
  await house.call('erp.match', { invoice: '2', vendor: 'V-4' });
  expect(told(await pay('2', 'V-4', '1.00'))).toBe('refused: Refused. Reference <ref>.');
  expect(await house.whyRefused()).toBe('checkpoint: matched: its evidence was used before');
});

test('an approval whose statement was erased approves nothing, at once and after a restart', async () => {
  house = await TestHouse.open(labelled);
  const of = await house.openCase();
  await match('1', 'V-1');
  const hold = referenceIn(await pay('1', 'V-7', '20000.00', of));
  await house.answerHold(hold, people.ines);
  await erase(vendor('V-7'));
  const again = await pay('1', 'V-7', '20000.00', of);
  expect(told(again)).toMatch(/^held/);
  expect(house.sentFor('erp.pay', '1')).toBe(0);
  await house.restart();
  expect(told(await pay('1', 'V-7', '20000.00', of))).toMatch(/^held/);
});

test('a budget with an erased amount has nothing left that day', async () => {
  house = await TestHouse.open(labelled);
  await match('1', 'V-1');
  await pay('1', 'V-1', '10.00');
  await erase(vendor('V-1'));
  await house.restart();
  await match('2', 'V-2');
  expect(told(await pay('2', 'V-2', '10.00'))).toBe('refused: Refused. Reference <ref>.');
  expect(await house.whyRefused()).toMatch(/^budget: /);
});
