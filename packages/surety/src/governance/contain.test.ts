// Containing and lifting: who may, and what is stopped and what is not. What is under way: gateway/contained.test.ts.

import { afterEach, describe, expect, test } from 'vitest';
import { type CallOptions, people, referenceIn, TestHouse, told } from '../house.fixture.ts';
import { changed, contain, lift, of, refusedWords } from './contained.fixture.ts';
import { Containing } from './index.ts';
import { offeredOrder, order } from './orders.fixture.ts';

let house: TestHouse;
afterEach(() => house?.close());

const { paul, lena, sam, dora, tove } = people;
const codeOf = (ordered: Promise<unknown>): Promise<unknown> =>
  ordered.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );
const look = async (options: CallOptions = {}) => told(await house.call('erp.look', { at: 1 }, options));

test('an agent does nothing more, reads too, over restarts, until it is lifted; others go on', async () => {
  house = await TestHouse.open(changed);
  expect(await look()).toBe('result');
  const { order: made, inFlightCount } = await contain(house, of('agent', 'buyer'));
  expect(inFlightCount).toBe(0);
  expect(await look()).toBe(refusedWords);
  expect(await house.whyRefused()).toBe(`contained: agent buyer is contained by ${made} of ${paul.id}`);
  expect(told(await house.pay('1', '5.00'))).toBe(refusedWords);
  expect(await look({ agent: 'second' })).toBe('result');
  await house.restart();
  expect(await look()).toBe(refusedWords);
  expect(await lift(house, made)).toMatchObject({ lifts: made, scope: of('agent', 'buyer') });
  expect(await look()).toBe('result');
  await house.restart();
  expect(await look()).toBe('result');
});

describe('each scope', () => {
  test.each([
    [of('everything'), [true, true, true, true]],
    [of('agent', 'second'), [false, true, false, false]],
    [of('server', 'erp'), [true, true, true, true]],
    [of('tool', 'erp.look'), [true, true, true, false]],
    [of('user', 'sam@acme.example'), [false, false, true, false]],
    [of('outcome', 'payments'), [false, false, false, true]],
  ])('%j', async (scope, stopped) => {
    house = await TestHouse.open(changed);
    const ofSam = await house.openCase('buyer', sam.id);
    await contain(house, scope);
    const said = [
      await look(),
      await look({ agent: 'second' }),
      await look({ case: ofSam }),
      told(await house.match('1')),
    ];
    expect(said.map((each) => each === refusedWords)).toEqual(stopped);
  });

  test('a user is whoever acts under an account of that person', async () => {
    const yaml = changed['surety.yaml'].replace(
      '{ id: sam@acme.example,',
      '{ id: sam@acme.example, accounts: [sammy@acme.example],',
    );
    house = await TestHouse.open({ 'surety.yaml': yaml });
    const ofSam = await house.openCase('buyer', 'sammy@acme.example');
    await contain(house, of('user', sam.id));
    expect(await look({ case: ofSam })).toBe(refusedWords);
  });

  test('an outcome stays contained with the tools that it had, whatever is declared later', async () => {
    house = await TestHouse.open({
      ...changed,
      'outcomes/notes.yaml':
        'outcome: notes\nstatement: Notes are few.\nowner: tove@acme.example\ncheckpoints: [{ id: few, before: erp.note, when: "true", require: { call: erp.look } }]\n',
    });
    await contain(house, of('outcome', 'notes'));
    await house.reload({
      'outcomes/notes.yaml':
        'outcome: notes\nstatement: Notes are few.\nowner: tove@acme.example\ncheckpoints: [{ id: few, before: erp.tip, when: "true", require: { call: erp.look } }]\n',
    });
    expect(told(await house.call('erp.note', {}))).toBe(refusedWords);
    expect(await house.whyRefused()).toMatch(/^contained: /);
  });
});

test('two orders are two: one that is left stops it still', async () => {
  house = await TestHouse.open(changed);
  const [first, second] = [
    await contain(house, of('agent', 'buyer')),
    await contain(house, of('everything')),
  ];
  await lift(house, first.order);
  expect(await look()).toBe(refusedWords);
  await lift(house, second.order);
  expect(await look()).toBe('result');
});

describe('an order', () => {
  test('is given by whoever may, signed, once, about something that is there', async () => {
    house = await TestHouse.open(changed);
    const buyer = of('agent', 'buyer');
    expect(await codeOf(contain(house, buyer, dora, 'data-protection'))).toBe('not-yours');
    expect(await codeOf(contain(house, buyer, sam, 'legal'))).toBe('not-yours');
    expect(await codeOf(contain(house, buyer, paul, 'legal', sam))).toBe('bad-signature');
    expect(await codeOf(order(house, 'contain', paul, {}))).toBe('malformed');
    expect(await codeOf(order(house, 'contain', paul, { scope: buyer, lifts: 'o-AAAAAAAAAAAA' }))).toBe(
      'malformed',
    );
    expect(await codeOf(order(house, 'contain', paul, { scope: buyer, reason: ' ' }))).toBe('malformed');
    for (const unknown of [
      of('agent', 'byuer'),
      of('agent', 'desk'),
      of('tool', 'erp.nothing'),
      of('tool', ''),
      of('server', 'crm'),
      of('outcome', 'peace'),
      of('user', 'nobody'),
      of('everything', 'buyer'),
      of('agent'),
    ])
      expect([unknown, await codeOf(contain(house, unknown))]).toEqual([unknown, 'unknown']);
    expect(await look()).toBe('result');
    const named = { scope: buyer, order: 'o-BBBBBBBBBBBB' };
    await order(house, 'contain', paul, named);
    expect(await codeOf(order(house, 'contain', paul, named))).toBe('stale');
    await lift(house, 'o-BBBBBBBBBBBB');
    await house.restart();
    expect(await codeOf(order(house, 'contain', paul, named))).toBe('stale');
    expect(await look()).toBe('result');
  });

  test('is lifted by whoever may, while it is in force', async () => {
    house = await TestHouse.open(changed);
    const { order: made } = await contain(house, of('agent', 'buyer'), lena, 'finance');
    expect(await codeOf(lift(house, made, lena, 'finance'))).toBe('not-yours');
    expect(await codeOf(lift(house, 'o-AAAAAAAAAAAA'))).toBe('not-in-force');
    expect(await Promise.all([codeOf(lift(house, made)), codeOf(lift(house, made))])).toEqual([
      'done',
      'not-in-force',
    ]);
    expect(await codeOf(lift(house, made))).toBe('not-in-force');
    expect(await house.factsOf('containment.lifted')).toHaveLength(1);
  });

  test("on an outcome is lifted by its owner's function too", async () => {
    const yaml = changed['surety.yaml'].replace(
      '{ id: tove@acme.example, name: Tove Canaryname }',
      `{ id: tove@acme.example, functions: [payments], keys: ["${tove.line}"] }`,
    );
    house = await TestHouse.open({ 'surety.yaml': yaml });
    const [first, second] = [
      await contain(house, of('outcome', 'payments')),
      await contain(house, of('agent', 'buyer')),
    ];
    expect(await codeOf(lift(house, second.order, tove, 'payments'))).toBe('not-yours');
    expect(await lift(house, first.order, tove, 'payments')).toMatchObject({
      scope: of('outcome', 'payments'),
    });
  });

  test('that the ledger cannot record never was', async () => {
    house = await TestHouse.open(changed);
    await house.house.log.close();
    expect(await codeOf(contain(house, of('agent', 'buyer')))).toBe('closed');
    expect(house.house.gateway.containments.inForce).toEqual([]);
  });

  test('by default is given and lifted by operations and security', async () => {
    house = await TestHouse.open();
    await expect(contain(house, of('everything'))).rejects.toThrow(
      '`legal` may not order this: operations or security may',
    );
  });

  test('names whom it would affect before it is given', async () => {
    house = await TestHouse.open(changed);
    const inCase = await house.openCase('buyer', sam.id);
    await house.match('9', { case: inCase });
    const hold = referenceIn(await house.pay('9', '20000.00', { case: inCase }));
    expect(house.house.affected(of('tool', 'erp.pay'))).toEqual({
      agents: ['buyer', 'second', 'saver'],
      tools: ['erp.pay'],
      outcomes: [{ outcome: 'payments', owner: tove.id }],
      inFlight: [],
      holds: [hold],
    });
    expect(house.house.affected(of('agent', 'second'))).toMatchObject({ agents: ['second'], holds: [] });
    expect(house.house.affected(of('agent', 'stranger'))).toMatchObject({ agents: [], tools: [] });
    expect(await house.factsOf('containment.ordered')).toEqual([]);
  });
});

describe('a drill', () => {
  test('contains an agent that nobody is, says how long that took, and leaves nothing contained', async () => {
    house = await TestHouse.open(changed);
    const answer = await order(house, 'drill-containment', paul, {});
    const [ordered] = await house.factsOf('containment.ordered');
    const [drilled] = await house.factsOf('containment.drilled');
    const { order: made, refusedUs, durableUs } = answer as never as Record<string, number>;
    expect(answer).toMatchObject({ did: 'drill-containment', answer: 'enforced' });
    expect(drilled?.body).toMatchObject({
      ...{ order: made, person: paul.id, answer: 'enforced', refusedUs, durableUs },
    });
    expect(refusedUs).toBeGreaterThan(0);
    expect(ordered?.body).toMatchObject({
      ...{ order: made, inFlightCount: 0, by: 'person', stops: 'everything' },
      scope: { is: 'agent', name: expect.stringMatching(/^drill-[0-9a-f]{18}$/) },
    });
    expect(house.house.gateway.containments.inForce).toEqual([]);
    expect(await look()).toBe('result');
    await house.restart();
    expect(house.house.gateway.containments.inForce).toEqual([]);
  });

  test('has nothing to measure while everything is contained, and is ordered by whoever may contain', async () => {
    house = await TestHouse.open(changed);
    expect(await codeOf(order(house, 'drill-containment', dora, {}))).toBe('not-yours');
    await contain(house, of('everything'));
    expect(await codeOf(order(house, 'drill-containment', paul, {}))).toBe('done-already');
    expect(await house.factsOf('containment.drilled')).toEqual([]);
  });

  test('that nothing enforced is recorded as that', async () => {
    house = await TestHouse.open(changed);
    const { gateway } = house.house;
    const containing = new Containing({
      ...{ log: house.log, people: gateway.people, containments: gateway.containments },
      ...{ inFlight: () => [], unknownIn: () => undefined, refuses: () => false },
      ...{ now: () => house.now(), patienceMs: 1 },
    });
    const answer = await containing.order(offeredOrder(house, 'drill-containment', paul, {}));
    expect(answer).toMatchObject({ answer: 'not-enforced' });
    const [drilled] = await house.factsOf('containment.drilled');
    expect(drilled?.body.answer).toBe('not-enforced');
  });
});
