// Calls that never cross the gateway: their caller asks, does, and says what came of it.

import { isKind } from '@surety/proof/facts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files, hourMs, people, TestHouse } from '../house.fixture.ts';

const changed = {
  'surety.yaml': files['surety.yaml']
    .replace('servers: { erp:', 'servers: { desk: { decided: true }, erp:')
    .replace(
      '  erp.note:',
      `  desk.match: { effect: read }
  desk.pay: { effect: spend, money: { amount: args.amount, unit: major, currency: args.currency } }
  desk.run: { effect: execute }
  erp.note:`,
    ),
  'policies/agents.cedar': `${files['policies/agents.cedar']}
@id("desk")
permit (principal == Agent::"buyer", action, resource in Server::"desk");
`,
  'outcomes/desk.yaml': `
outcome: desk
statement: Nothing is paid from the desk without a match and, above 100, a second pair of eyes.
owner: tove@acme.example
appetite: { amount: 5000000, currency: USD, per: day }
checkpoints:
  - id: matched
    before: desk.pay
    require: { call: desk.match, where: "prior.args.invoice == args.invoice && prior.result.status == 'matched'" }
    within: 30d
    once: [args.invoice]
  - id: four-eyes
    before: desk.pay
    when: "money > 10000"
    approve: { function: finance, count: 1, not: [requester, agent-owner] }
`,
};

let house: TestHouse;
let mine: string;
beforeAll(async () => {
  house = await TestHouse.open(changed);
  mine = await house.openCase();
});
afterAll(() => house?.close());

const buyer = { agent: 'buyer' };
const decide = (tool: string, args: Record<string, unknown>, caller = buyer) =>
  house.house.gateway.decide(caller, { tool, args, case: mine });
const settle = (call: string, result: unknown, caller = buyer, settlement: 'ok' | 'error' = 'ok') =>
  house.house.gateway.settle(caller, { call, settlement, result });
const pay = (invoice: string, amount = '10.00') => decide('desk.pay', { invoice, amount, currency: 'USD' });

async function allowed(asked: ReturnType<typeof decide>): Promise<string> {
  const answer = await asked;
  if (answer.decision !== 'allow') throw new Error(answer.message);
  return answer.call;
}
async function matched(invoice: string): Promise<void> {
  const call = await allowed(decide('desk.match', { invoice }));
  expect(await settle(call, { status: 'matched' })).toBe('settled');
}
const refusal = { decision: 'refuse', message: expect.stringMatching(/^Refused\. Reference c-/) };

describe('a call past the gateway', () => {
  test('is intended before it is made, settled by its caller, and is evidence for the next', async () => {
    expect(await pay('D-1')).toEqual(refusal);
    await matched('D-1');
    const call = await allowed(pay('D-1'));
    const intent = (await house.facts()).find(
      (fact) => isKind(fact, 'call.intended') && fact.body.call === call,
    );
    expect(intent).toMatchObject({ case: mine, agent: 'buyer', body: { tool: 'desk.pay', effect: 'spend' } });
    expect(await settle(call, { payment_id: 'X-1' })).toBe('settled');
    const [settled] = (await house.factsOf('call.settled')).slice(-1);
    expect(settled).toMatchObject({
      body: { call, by: 'caller', settlement: 'ok', intent: intent?.position },
    });
    // Its evidence is used up.
    expect(await pay('D-1', '11.00')).toEqual(refusal);
  });

  test('is held for a person like any other', async () => {
    await matched('D-2');
    const held = await pay('D-2', '500.00');
    expect(held).toMatchObject({ decision: 'hold', message: expect.stringMatching(/Reference h-/) });
    const hold = /h-[\w-]+/.exec(JSON.stringify(held))?.[0] ?? '';
    await house.answerHold(hold, people.ines);
    expect(await settle(await allowed(pay('D-2', '500.00')), {})).toBe('settled');
  });

  test('waits while an identical one is open, also after a restart', async () => {
    await matched('D-3');
    const call = await allowed(pay('D-3'));
    expect(await pay('D-3')).toMatchObject({ decision: 'hold' });
    await house.restart();
    expect(await pay('D-3')).toMatchObject({ decision: 'hold' });
    expect(await settle(call, undefined, buyer, 'error')).toBe('settled');
    const released = (await house.facts()).filter(
      ({ kind, position }) => kind.endsWith('.released') && position > 0,
    );
    // An error gives nothing back: only the record could.
    expect(released).toEqual([]);
  });
});

describe('nobody', () => {
  test('asks here about a tool that is called through the gateway, and settles it by word', async () => {
    await house.match('D-4');
    const sent = house.sent.length;
    expect(await decide('erp.pay', { invoice: 'D-4', amount: '1.00', currency: 'USD' })).toEqual(refusal);
    expect(await house.whyRefused()).toBe('wrong-way: this tool is called through the gateway');
    expect(house.sent.length).toBe(sent);
    const lost = house.pay('D-4', '1.00', { answer: () => ({ is: 'lost', cause: 'gone' }) });
    const call = /c-[\w-]+/.exec(JSON.stringify(await lost))?.[0] ?? '';
    expect(await settle(call, { payment_id: 'X' })).toBe('unknown');
  });

  test('settles the call of another agent, an unknown one, or one twice at once', async () => {
    const call = await allowed(decide('desk.run', { command: 'ls' }));
    expect(await settle(call, {}, { agent: 'second' })).toBe('unknown');
    expect(await settle('c-nothing', {})).toBe('unknown');
    const both = await Promise.all([settle(call, { exit: 0 }), settle(call, { exit: 1 })]);
    expect(both.sort()).toEqual(['settled', 'unknown']);
    const read = await allowed(decide('desk.match', { invoice: 'D-5' }));
    const reads = await Promise.all([settle(read, {}), settle(read, {}), settle(read, {})]);
    expect(reads.sort()).toEqual(['settled', 'unknown', 'unknown']);
    expect(await settle(read, {})).toBe('unknown');
  });

  test('is told more than a reference, and an agent without permission nothing at all', async () => {
    const answer = await decide(
      'desk.pay',
      { invoice: 'D-6', amount: 1, currency: 'USD' },
      { agent: 'second' },
    );
    expect(answer).toEqual(refusal);
    expect(await house.house.gateway.decide({ agent: 'nobody' }, { tool: 'desk.run', args: {} })).toEqual({
      decision: 'refuse',
      message: 'Refused.',
    });
  });
});

test('a verdict on such calls is observed and at most C2, and the proof of all this holds', async () => {
  const day = house.now();
  house.advance(26 * hourMs);
  const { judgement } = await house.house.verdict('desk', day);
  expect(judgement).toMatchObject({ grade: 'observed' });
  expect(['C0', 'C1', 'C2']).toContain(judgement.rung);
  expect((await house.verified(day)).failed).toEqual([]);
});
