// An order that comes while calls are under way: what has not left is stopped and gives back what it used, what has is
// named, and nothing is forwarded once the order is answered.

import { isKind } from '@surety/proof/facts';
import { afterEach, describe, expect, test } from 'vitest';
import { changed, contain, lift, of, refusedWords } from '../governance/contained.fixture.ts';
import type { ContainAnswer } from '../governance/index.ts';
import { files, people, referenceIn, result, TestHouse, told } from '../house.fixture.ts';
import type { ToolReply, UpstreamReply } from './mcp/index.ts';

const { sam } = people;

let house: TestHouse;
afterEach(() => house?.close());

/** Resolves when the first fact of this kind is durable, within its batch: before whoever appended it hears. */
function when(kind: 'call.intended' | 'call.continued', work: () => void): void {
  const stop = house.log.subscribe((recorded) => {
    if (!recorded.some(({ fact }) => isKind(fact, kind))) return;
    stop();
    work();
  });
}

test('a call whose intent is durable and that has not left is stopped, and what it used is free again', async () => {
  house = await TestHouse.open(changed);
  await house.match('7', { agent: 'saver' });
  const ordered = Promise.withResolvers<ContainAnswer>();
  when('call.intended', () => contain(house, of('agent', 'saver')).then(ordered.resolve, ordered.reject));
  const reply = await house.pay('7', '70.00', { agent: 'saver' });
  const { order: made, inFlightCount } = await ordered.promise;
  expect([told(reply), inFlightCount, house.sentFor('erp.pay', '7')]).toEqual([refusedWords, 0, 0]);
  const [intended] = await house.factsOf('call.intended');
  const settled = (await house.factsOf('call.settled')).at(-1);
  expect(settled?.body).toMatchObject({ intent: intended?.position, settlement: 'none', by: 'gateway' });
  expect(await house.whyRefused()).toMatch(/^contained: /);
  // The whole day's budget and the once-only evidence: a second call gets both.
  await lift(house, made);
  expect(told(await house.pay('7', '70.00', { agent: 'saver' }))).toBe('result');
  expect((await house.verified(house.now())).failed).toEqual([]);
});

test('a connector that waits before it sends asks again, and nothing leaves', async () => {
  house = await TestHouse.open(changed);
  let left = false;
  const answer = async (
    _: string,
    __: object,
    governed?: { mayLeave(): boolean },
  ): Promise<UpstreamReply> => {
    const { inFlight } = await contain(house, of('tool', 'erp.note'));
    // It had not left, and might have.
    expect(inFlight).toHaveLength(1);
    if (governed?.mayLeave() === false) return { is: 'not-sent', cause: 'contained' };
    left = true;
    return result({});
  };
  expect(told(await house.call('erp.note', {}, { answer }))).toBe(refusedWords);
  expect(left).toBe(false);
  const settled = (await house.factsOf('call.settled')).at(-1);
  expect(settled?.body).toMatchObject({ settlement: 'none', by: 'gateway' });
});

test('what was in flight is named, in the answer and in the fact, and its answer still comes', async () => {
  house = await TestHouse.open(changed);
  const [begun, ends] = [Promise.withResolvers<void>(), Promise.withResolvers<UpstreamReply>()];
  const answer = () => {
    begun.resolve();
    return ends.promise;
  };
  const calls = [
    house.call('erp.note', { text: 'a' }, { answer }),
    house.call('erp.look', { at: 7 }, { answer, agent: 'second' }),
  ];
  await begun.promise;
  while (house.sent.length < 2) await new Promise((resolve) => setImmediate(resolve));
  const one = await contain(house, of('agent', 'buyer'));
  const both = await contain(house, of('server', 'erp'));
  expect([one.inFlightCount, both.inFlightCount]).toEqual([1, 2]);
  const [fact] = await house.factsOf('containment.ordered');
  const [intended] = await house.factsOf('call.intended');
  expect(fact?.body).toMatchObject({ by: 'person', inFlight: one.inFlight, inFlightCount: 1 });
  expect(one.inFlight).toEqual([intended?.body.call]);
  ends.resolve(result({ done: true }));
  expect((await Promise.all(calls)).map(told)).toEqual(['result', 'result']);
});

test('of many calls that race an order none is forwarded after it was given', async () => {
  house = await TestHouse.open(changed);
  for (let round = 0; round < 5; round += 1) {
    const replies: Promise<ToolReply>[] = [];
    for (let nth = 0; nth < 40; nth += 1)
      replies.push(
        nth % 2 === 0
          ? house.call('erp.note', { text: `${round}-${nth}` })
          : house.call('erp.look', { at: nth }),
      );
    // Somewhere among their steps, elsewhere in each round.
    for (let tick = 0; tick < round * 3; tick += 1) await new Promise((resolve) => setImmediate(resolve));
    const ordered = contain(house, of('server', 'erp'));
    // It is in force before it is durable.
    const sent = house.sent.length;
    const { order: made } = await ordered;
    replies.push(house.call('erp.look', { at: -1 }), house.call('erp.note', { text: `late-${round}` }));
    const said = (await Promise.all(replies)).map(told);
    expect(house.sent.length).toBe(sent);
    expect(said.slice(-2)).toEqual([refusedWords, refusedWords]);
    expect(said.filter((each) => each === 'result').length).toBeLessThanOrEqual(40);
    await lift(house, made);
  }
  // Whatever was stopped after its intent was settled: nothing stays open.
  await house.facts();
  expect(house.house.gateway.figures.open).toBe(0);
});

test('an approved hold is refused while contained, and passes after', async () => {
  house = await TestHouse.open(changed);
  const inCase = await house.openCase('buyer', sam.id);
  await house.match('9', { case: inCase });
  const hold = referenceIn(await house.pay('9', '20000.00', { case: inCase }));
  const { order: made } = await contain(house, of('outcome', 'payments'));
  await house.answerHold(hold, people.ines);
  expect(told(await house.pay('9', '20000.00', { case: inCase }))).toBe(refusedWords);
  await lift(house, made);
  expect(told(await house.pay('9', '20000.00', { case: inCase }))).toBe('result');
});

const asks: UpstreamReply = { is: 'asks', text: '{}', value: { inputRequests: { sure: {} } } };

test('a call that waits for inputs does not go on, and what became of it stays open', async () => {
  house = await TestHouse.open(changed);
  const reply = await house.call('erp.note', { text: 'a' }, { answer: () => asks });
  const suspended = reply.is === 'upstream' ? (reply.suspended ?? '') : '';
  const { inFlight } = await contain(house, of('agent', 'buyer'));
  expect(inFlight).toEqual([suspended]);
  const goOn = () =>
    house.house.gateway.call(
      { agent: 'buyer' },
      {
        ...{ tool: 'erp.note', args: { text: 'a' }, continues: { call: suspended, inputs: { sure: true } } },
        forward: () => Promise.reject(new Error('it was sent')),
      },
    );
  expect(told(await goOn())).toBe(refusedWords);
  await house.facts();
  expect(house.house.gateway.figures.open).toBe(1);
});

test('a call that its server goes on with as a task is in flight until somebody learns what came of it', async () => {
  house = await TestHouse.open(changed);
  const answer = (): UpstreamReply => ({ is: 'task', text: '{}', value: {} });
  const reply = await house.call('erp.note', { text: 'a' }, { answer });
  const running = reply.is === 'upstream' ? reply.running : undefined;
  const [intended] = await house.factsOf('call.intended');
  const { inFlight, order: made } = await contain(house, of('agent', 'buyer'));
  expect(inFlight).toEqual([intended?.body.call]);
  await expect(running?.onInput({ request: {}, response: {} })).rejects.toThrow('may not go on');
  running?.settle({ is: 'result', text: '{}', value: { content: [] } });
  await house.facts();
  await lift(house, made);
  expect((await contain(house, of('agent', 'buyer'))).inFlight).toEqual([]);
});

test('an input on its way is not passed on when the order comes before it is durable', async () => {
  house = await TestHouse.open(changed);
  let heard = false;
  const ordered = Promise.withResolvers<unknown>();
  when('call.continued', () => contain(house, of('agent', 'buyer')).then(ordered.resolve, ordered.reject));
  const reply = await house.call(
    'erp.note',
    { text: 'a' },
    {
      answer: async (_, __, governed) => {
        await governed?.onInput({ request: {}, response: {} }).then(
          () => {
            heard = true;
          },
          () => undefined,
        );
        return result({ done: true });
      },
    },
  );
  await ordered.promise;
  expect([told(reply), heard]).toEqual(['result', false]);
});

describe('a call past the gateway', () => {
  const past = {
    'surety.yaml': changed['surety.yaml']
      .replace('servers: { erp:', 'servers: { desk: { decided: true }, erp:')
      .replace('  erp.note:', '  desk.run: { effect: execute }\n  desk.see: { effect: read }\n  erp.note:'),
    'policies/agents.cedar': `${files['policies/agents.cedar']}
@id("desk")
permit (principal == Agent::"buyer", action, resource in Server::"desk");
`,
  };
  const decide = (tool: string) => house.house.gateway.decide({ agent: 'buyer' }, { tool, args: {} });

  test('is not allowed, and what was allowed before is named', async () => {
    house = await TestHouse.open(past);
    const answer = await decide('desk.run');
    expect(answer.decision).toBe('allow');
    const { inFlight } = await contain(house, of('server', 'desk'));
    expect(inFlight).toEqual([answer.decision === 'allow' ? answer.call : '']);
    expect((await decide('desk.see')).decision).toBe('refuse');
  });

  test('is stopped between its intent and its answer', async () => {
    house = await TestHouse.open(past);
    const ordered = Promise.withResolvers<ContainAnswer>();
    when('call.intended', () => contain(house, of('server', 'desk')).then(ordered.resolve, ordered.reject));
    expect((await decide('desk.run')).decision).toBe('refuse');
    await ordered.promise;
    await house.facts();
    expect(house.house.gateway.figures.open).toBe(0);
  });
});
