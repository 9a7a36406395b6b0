// What is not allowed does not go out: every refusal leaves nothing at the upstream, a fact with its reason
// for people, and the same words for the agent.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CallOptions, result, TestHouse, told } from '../house.fixture.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await TestHouse.open();
});
afterAll(() => house?.close());

/** Expects a refusal for this reason, with nothing sent. */
async function refused(
  tool: string,
  args: Record<string, unknown>,
  why: string,
  options: CallOptions = {},
): Promise<void> {
  const sent = house.sent.length;
  const reply = await house.call(tool, args, options);
  expect(told(reply)).toBe('refused: Refused. Reference <ref>.');
  expect(house.sent.length).toBe(sent);
  expect(await house.whyRefused()).toMatch(new RegExp(`^${why}`));
}

describe('default deny', () => {
  test('a tool that nobody labelled', () => refused('erp.unknown', {}, 'unknown-tool'));
  test('a server that nobody declared', () => refused('bank.pay', {}, 'unknown-tool'));
  test('an agent that no policy permits', () => refused('erp.look', {}, 'permission', { agent: 'stranger' }));
  test('a tool that a policy forbids to everybody', () => refused('erp.wipe', {}, 'permission'));
  test('a permitted read passes and is recorded with its arguments and its result', async () => {
    const reply = await house.call('erp.look', { for: 'tea' });
    expect(told(reply)).toBe('result');
    const read = (await house.factsOf('call.settled')).at(-1);
    if (read === undefined) throw new Error('no fact of the read');
    expect(read.body).toMatchObject({ tool: 'erp.look', effect: 'read', settlement: 'ok', by: 'upstream' });
    expect(house.opened(read, read.body.args ?? [])).toEqual({ for: 'tea' });
    expect(house.opened(read, read.body.result)).toEqual({ done: true });
  });
  test('an identity that is no longer enrolled', async () => {
    expect(told(await house.call('erp.look', {}, { agent: 'nobody' }))).toBe('refused: Refused.');
  });
});

describe('money', () => {
  test.each([
    ['missing', { invoice: 'M-1', currency: 'USD' }],
    ['inexact', { invoice: 'M-1', amount: '10.001', currency: 'USD' }],
    ['an inexact number', { invoice: 'M-1', amount: 10.001, currency: 'USD' }],
    ['negative', { invoice: 'M-1', amount: '-5.00', currency: 'USD' }],
    ['too large to count', { invoice: 'M-1', amount: '99999999999999999999', currency: 'USD' }],
    ['no number', { invoice: 'M-1', amount: 'all', currency: 'USD' }],
    ['an object', { invoice: 'M-1', amount: { toString: 1 }, currency: 'USD' }],
    ['without a currency', { invoice: 'M-1', amount: '5.00' }],
    ['in a currency that does not exist', { invoice: 'M-1', amount: '5.00', currency: 'ABC' }],
    ['in a currency that is no text', { invoice: 'M-1', amount: '5.00', currency: ['USD'] }],
  ])('%s', (_, args) => refused('erp.pay', args, 'money'));

  test('in another currency than the outcome counts: its rule is an error, and an error does not pass', async () => {
    await house.match('M-2');
    await refused('erp.pay', { invoice: 'M-2', amount: '5.00', currency: 'EUR' }, 'checkpoint');
    await house.factsOf('call.refused').then((all) => expect(all.at(-1)?.body.step).toBe('checkpoint'));
  });

  test('in another currency than the budget', () =>
    refused('erp.tip', { amount: '5.00', currency: 'EUR' }, 'budget'));
});

describe('cases', () => {
  test('one that was never opened', () => refused('erp.look', {}, 'unknown-case', { case: 'k-never' }));

  test('one that was opened for another agent: nobody borrows a user', async () => {
    const other = await house.openCase('second');
    await refused('erp.look', {}, 'unknown-case', { case: other });
    const fact = (await house.factsOf('call.refused')).at(-1);
    expect(fact?.user).toBeUndefined();
    expect(fact?.case).toBe('implicit:buyer:2026-03-02');
  });

  test('a named case carries its user, the implicit case of an agent and day has none', async () => {
    const mine = await house.openCase('buyer', 'sam@acme.example');
    await house.call('erp.look', { n: 1 }, { case: mine });
    await house.call('erp.look', { n: 2 });
    const [named, implicit] = (await house.factsOf('call.settled')).slice(-2);
    expect([named?.case, named?.user]).toEqual([mine, 'sam@acme.example']);
    expect([implicit?.case, implicit?.user]).toEqual(['implicit:buyer:2026-03-02', undefined]);
  });

  test('is opened for agents only', async () => {
    await expect(house.openCase('desk')).rejects.toThrow('no agent `desk` is enrolled');
    await expect(house.openCase('nobody')).rejects.toThrow('no agent `nobody` is enrolled');
  });
});

describe('credentials', () => {
  test('known, expired, unknown, malformed, and of an application', async () => {
    const { gateway } = house.house;
    const { credential } = await house.house.issue('buyer', 60_000);
    expect(gateway.identify(`Bearer ${credential}`)).toEqual({ agent: 'buyer' });
    expect(gateway.identify(`bearer ${credential}`)).toEqual({ agent: 'buyer' });
    for (const wrong of [
      undefined,
      '',
      credential,
      `Basic ${credential}`,
      `Bearer  ${credential}`,
      `Bearer ${credential} x`,
      `Bearer ${credential.slice(0, -1)}`,
      `Bearer surety_${'A'.repeat(43)}`,
    ])
      expect(gateway.identify(wrong)).toBeUndefined();
    const desk = await house.house.issue('desk', 60_000);
    expect(gateway.identify(`Bearer ${desk.credential}`)).toBeUndefined();
    expect(house.house.application(`Bearer ${desk.credential}`)).toBe('desk');
    expect(house.house.application(`Bearer ${credential}`)).toBeUndefined();
    house.advance(60_000);
    expect(gateway.identify(`Bearer ${credential}`)).toBeUndefined();
    expect(house.house.application(`Bearer ${desk.credential}`)).toBeUndefined();
  });

  test('revoked', async () => {
    const { credential } = await house.house.issue('buyer', 60_000);
    const [issued] = (await house.factsOf('credential.issued')).slice(-1);
    if (issued === undefined) throw new Error('no fact of the credential');
    const { identity, hash } = issued.body;
    const revoked = { kind: 'credential.revoked', body: { identity, hash } } as const;
    await house.log.append([{ stream: `credentials/${identity}`, facts: [revoked] }]);
    expect(house.house.gateway.identify(`Bearer ${credential}`)).toBeUndefined();
    await expect(house.house.issue('nobody', 1)).rejects.toThrow('no identity `nobody` is enrolled');
  });
});

describe('what cannot be recorded', () => {
  test('arguments that are too large', async () => {
    const large = { text: 'x'.repeat(5 * 1024 * 1024) };
    await refused('erp.look', large, 'not-recordable');
  });

  test('a tool whose name is no name: nothing is sent, the agent is told to try later', async () => {
    const sent = house.sent.length;
    const reply = await house.call('erp.two words', {});
    expect(told(reply)).toBe('failed: Refused: this call cannot be recorded now. Try again later.');
    expect(house.sent.length).toBe(sent);
  });

  test('a result that has no canonical form is recorded as missing, and the call is settled all the same', async () => {
    const odd = { is: 'result', text: '{}', value: { structuredContent: { n: Number.NaN } } } as const;
    const reply = await house.call('erp.note', { n: 7 }, { answer: () => odd });
    expect(told(reply)).toBe('result');
    const settled = (await house.factsOf('call.settled')).at(-1);
    expect(settled?.body).toMatchObject({ tool: 'erp.note', settlement: 'ok', result: [] });
  });
});

test('docker/mcp-gateway 363, agentgateway’s response guards (both fail open): a step that throws is refused', async () => {
  const { logic } = house.house.gateway;
  const judge = logic.judge;
  logic.judge = () => {
    throw new Error('a defect');
  };
  try {
    await refused('erp.note', { n: 8 }, 'fault: checkpoint failed: a defect');
  } finally {
    logic.judge = judge;
  }
});

test('an upstream that throws where it must not leaves an open obligation, never a refusal', async () => {
  const reply = await house.call('erp.note', { n: 9 }, { answer: () => Promise.reject(new Error('boom')) });
  expect(told(reply)).toBe(
    'failed: Not known whether this took effect. Reference <ref>. Do not assume either way.',
  );
  expect(told(await house.call('erp.note', { n: 9 }))).toBe(
    'held: Held: the outcome of an identical call is not known yet. Reference <ref>.',
  );
});

test('a tool that answers with an error is settled as an error', async () => {
  const bad = { isError: true, content: [{ type: 'text', text: 'no' }] };
  const answer = () => ({ is: 'result', text: JSON.stringify(bad), value: bad }) as const;
  expect(told(await house.call('erp.note', { n: 10 }, { answer }))).toBe('result');
  const rpc = { is: 'error', text: '{}', code: -32000, message: 'no' } as const;
  expect(told(await house.call('erp.note', { n: 11 }, { answer: () => rpc }))).toBe('error');
  const [one, two] = (await house.factsOf('call.settled')).slice(-2);
  expect([one?.body.settlement, two?.body.settlement]).toEqual(['error', 'error']);
  // It is closed: the same call may be tried again.
  expect(told(await house.call('erp.note', { n: 10 }, { answer: () => result({}) }))).toBe('result');
});
