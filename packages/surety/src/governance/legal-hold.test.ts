// Legal holds over a real house: while one is in force nothing about its subject is erased, and no one person ends it.

import { afterEach, expect, test } from 'vitest';
import { people, TestHouse } from '../house.fixture.ts';
import { order as ordered } from './orders.fixture.ts';

const { dora, paul, sam } = people;
let house: TestHouse;
afterEach(() => house?.close());

const name = (subject: string): string => house.log.subjectName(subject);
const place = (about: string, who = paul) =>
  ordered(house, 'place-legal-hold', who, { subject: name(about), about });
const lift = (about: string, lifts: string, who = paul, signer = who) =>
  ordered(house, 'lift-legal-hold', who, { subject: name(about), about, lifts }, signer);
const erase = (subject: string) =>
  ordered(house, 'erase', dora, { subject: name(subject), basis: 'gdpr-17-1-a' });
const codeOf = (doing: Promise<unknown>): Promise<unknown> =>
  doing.then(
    () => 'done',
    (cause: { code?: string }) => cause.code ?? cause,
  );

test('forbids erasing until two people have lifted it, over restarts', async () => {
  house = await TestHouse.open();
  const of = await house.openCase();
  const subject = `case/${of}`;
  await house.match('1', { case: of });
  const { order } = await place(subject);
  await expect(erase(subject)).rejects.toThrow(
    `the legal hold \`${order}\` by \`${paul.id}\` for legal is in force`,
  );
  await house.restart();
  expect(await codeOf(erase(subject))).toBe('legal-hold');
  expect(await lift(subject, order)).toMatchObject({ state: 'lifting' });
  expect(await codeOf(lift(subject, order))).toBe('done-already');
  expect(await codeOf(erase(subject))).toBe('legal-hold');
  await house.restart();
  expect(await codeOf(erase(subject))).toBe('legal-hold');
  expect(await lift(subject, order, dora)).toMatchObject({ state: 'lifted' });
  expect(house.house.legalHolds()).toEqual([]);
  expect(await codeOf(erase(subject))).toBe('done');
  // What the holds said of their subject was about it, and went with it.
  const [placed] = await house.factsOf('legal-hold.placed');
  expect(house.opened(placed as never, placed?.body.statement ?? [])).toBeUndefined();
});

test.each(['all', 'person/sam@acme.example', 'case'])('on %s covers a case', async (on) => {
  house = await TestHouse.open();
  const of = await house.openCase('buyer', sam.id);
  const other = await house.openCase('second', people.ines.id);
  await place(on === 'case' ? `case/${of}` : on);
  expect(await codeOf(erase(`case/${of}`))).toBe('legal-hold');
  expect(await codeOf(erase(`case/${other}`))).toBe(on === 'all' ? 'legal-hold' : 'done');
});

test('is placed and lifted by whoever may, and by nobody else', async () => {
  house = await TestHouse.open();
  const of = `case/${await house.openCase()}`;
  expect(await codeOf(place(of, sam))).toBe('not-yours');
  const { order } = await place(of, dora);
  expect(await codeOf(lift(of, order, sam))).toBe('not-yours');
  expect(await codeOf(lift(of, order, paul, sam))).toBe('bad-signature');
  expect(await codeOf(lift(of, 'o-AAAAAAAAAAAA'))).toBe('not-kept');
  expect(await codeOf(lift('case/other', order))).toBe('not-kept');
  // Its subject has one name: an order that calls it something else for people to read is none.
  const lying = { subject: name(of), about: 'vendor/harmless' };
  expect(await codeOf(ordered(house, 'place-legal-hold', paul, lying))).toBe('malformed');
});

test('stands with others: one that is left forbids it still', async () => {
  house = await TestHouse.open();
  const of = `case/${await house.openCase()}`;
  const [first, second] = [await place(of), await place(of, dora)];
  await lift(of, first.order);
  await lift(of, first.order, dora);
  expect(house.house.legalHolds().map(({ order }) => order)).toEqual([second.order]);
  expect(await codeOf(erase(of))).toBe('legal-hold');
});
