// Both doors over a real house: who may ask what, what a malformed request is told, and that no fault of ours
// tells its text to a stranger.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files, people, referenceIn, TestHouse } from '../house.fixture.ts';
import { publicApp } from './app.ts';
import { adminApp, type CallAsked, type Desk, showVerdict } from './index.ts';

let house: TestHouse;
let token: string;
let apps: { readonly open: ReturnType<typeof publicApp>; readonly admin: ReturnType<typeof adminApp> };
const faults: Error[] = [];

beforeAll(async () => {
  house = await TestHouse.open({
    'surety.yaml': files['surety.yaml']
      .replace('servers: { erp:', 'servers: { desk: { decided: true }, erp:')
      .replace('  erp.note:', '  desk.run: { effect: execute }\n  erp.note:'),
    'policies/agents.cedar': `${files['policies/agents.cedar']}
@id("desk")
permit (principal == Agent::"buyer", action, resource in Server::"desk");`,
  });
  token = (await house.house.issue('desk', 3_600_000)).credential;
  const { house: real } = house;
  // What these tests ask of a desk; the rest is asked over a running one in the tests of the command line.
  const desk = {
    verdict: async (outcome: string, at?: number) => {
      const { judgement, headNote } = await real.verdict(outcome, at);
      return showVerdict(judgement, headNote);
    },
    issue: (identity: string, lifeMs: number) => real.issue(identity, lifeMs),
    openCase: (application: string, opening: { agent: string; user: string; words: string }) =>
      real.openCase(application, opening),
    answer: (offered: { statement: unknown; key: string; signature: string }) => real.answer(offered),
    settle: () => Promise.reject(new Error('CANARY of a fault')),
    affected: (scope: Parameters<typeof real.affected>[0]) => real.affected(scope),
    application: (authorization: string | undefined) => real.application(authorization),
    agent: (authorization: string | undefined) => real.gateway.identify(authorization)?.agent,
    decide: (agent: string, asked: CallAsked) => real.gateway.decide({ agent }, asked),
    settleCall: (agent: string, said: Parameters<typeof real.gateway.settle>[1]) =>
      real.gateway.settle({ agent }, said),
  } as unknown as Desk;
  const onFault = (fault: Error) => void faults.push(fault);
  apps = { open: publicApp(desk, onFault), admin: adminApp(desk, onFault) };
});
afterAll(() => house?.close());

const post = (app: keyof typeof apps, path: string, body: unknown, headers: Record<string, string> = {}) =>
  apps[app].request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const opening = { agent: 'buyer', user: people.sam.id, words: 'Please pay.' };
const asDesk = () => ({ authorization: `Bearer ${token}` });

describe('opening a case', () => {
  test('with the credential of an application', async () => {
    const answer = await post('open', '/v1/cases', opening, asDesk());
    expect(answer.status).toBe(201);
    const { case: id } = (await answer.json()) as { case: string };
    await house.match('W-1', { case: id });
    expect((await house.factsOf('call.settled')).at(-1)).toMatchObject({ case: id, user: people.sam.id });
  });

  test('without one, or with that of an agent: 401, and nothing is recorded', async () => {
    const agent = (await house.house.issue('buyer', 3_600_000)).credential;
    const before = (await house.factsOf('case.opened')).length;
    const headers: Record<string, string>[] = [
      {},
      { authorization: 'Bearer nothing' },
      { authorization: `Bearer ${agent}` },
    ];
    for (const each of headers) {
      const answer = await post('open', '/v1/cases', opening, each);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect(await house.factsOf('case.opened')).toHaveLength(before);
  });

  test.each([
    ['no JSON', '{'],
    ['a member too many', { ...opening, more: 1 }],
    ['a member too few', { agent: 'buyer' }],
    ['an agent that is no name', { ...opening, agent: '../buyer' }],
    ['a user that is no person', { ...opening, user: 'sam' }],
    ['words beyond measure', { ...opening, words: 'x'.repeat(100_001) }],
  ])('with %s: 400', async (_, body) => {
    const answer = await post('open', '/v1/cases', body, asDesk());
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'malformed' } });
  });

  test('for an agent that is not enrolled: 404', async () => {
    const answer = await post('open', '/v1/cases', { ...opening, agent: 'nobody' }, asDesk());
    expect(answer.status).toBe(404);
  });

  test('with a body beyond measure: 413', async () => {
    const answer = await post('open', '/v1/cases', { ...opening, words: 'x'.repeat(300_000) }, asDesk());
    expect(answer.status).toBe(413);
  });
});

describe('asking about a call that never crosses the gateway', () => {
  let agent: string;
  beforeAll(async () => {
    agent = (await house.house.issue('buyer', 3_600_000)).credential;
  });
  const asBuyer = () => ({ authorization: `Bearer ${agent}` });
  const run = (command: string) => ({ tool: 'desk.run', arguments: { command } });

  test('with the credential of an agent: allowed, and settled once', async () => {
    const answer = await post('open', '/v1/decide', run('ls'), asBuyer());
    expect(answer.status).toBe(200);
    const { decision, call } = (await answer.json()) as { decision: string; call: string };
    expect(decision).toBe('allow');
    const done = { call, settlement: 'ok', result: { exit: 0 } };
    expect((await post('open', '/v1/settle', done, asBuyer())).status).toBe(200);
    expect((await post('open', '/v1/settle', done, asBuyer())).status).toBe(404);
  });

  test('without one, or with that of an application: 401', async () => {
    for (const path of ['/v1/decide', '/v1/settle'])
      for (const headers of [{}, asDesk(), { authorization: 'Bearer nothing' }]) {
        const answer = await post('open', path, run('ls'), headers as Record<string, string>);
        expect(answer.status).toBe(401);
      }
  });

  test.each([
    ['two members of one name', '{"tool":"desk.run","arguments":{"command":"ls","command":"rm"}}'],
    ['a number that two parsers read differently', '{"tool":"desk.run","arguments":{"n":1e400}}'],
    ['arguments that are no object', { tool: 'desk.run', arguments: [] }],
    ['a case that is no name', { ...run('ls'), case: 'a b' }],
    ['a member too many', { ...run('ls'), user: 'sam@acme.example' }],
  ])('with %s: 400, and nothing is recorded', async (_, body) => {
    const before = house.log.size();
    expect((await post('open', '/v1/decide', body, asBuyer())).status).toBe(400);
    expect(house.log.size()).toBe(before);
  });

  test('a settlement that would give back what was reserved is not the caller’s to say: 400', async () => {
    const said = { call: 'c-1', settlement: 'none' };
    expect((await post('open', '/v1/settle', said, asBuyer())).status).toBe(400);
  });

  test('with more than 256 KiB, up to what can be recorded', async () => {
    const answer = await post('open', '/v1/decide', run('x'.repeat(500_000)), asBuyer());
    expect(await answer.json()).toMatchObject({ decision: 'allow' });
    const beyond = await post('open', '/v1/decide', run('x'.repeat(1_200_000)), asBuyer());
    expect(await beyond.json()).toMatchObject({ decision: 'refuse' });
    expect((await post('open', '/v1/decide', run('x'.repeat(5_000_000)), asBuyer())).status).toBe(413);
  });
});

test('approving at the open door needs nothing but the signature', async () => {
  const held = await house.call('erp.gift', { amount: '6000.00', currency: 'USD' });
  const hold = referenceIn(held);
  const statement = house.statementFor(hold, people.ines);
  const offered = { statement, key: people.ines.keyId, signature: 'AAAA' };
  const answer = await post('open', '/v1/approvals', offered);
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ error: { code: 'bad-signature' } });
  expect(await house.factsOf('approval.given')).toEqual([]);
});

test('the open door has none of what the administrator may', async () => {
  for (const path of ['/verdict', '/prove', '/credentials', '/settle', '/status'])
    expect((await post('open', path, {})).status).toBe(404);
  expect((await apps.open.request('/healthz')).status).toBe(200);
});

describe('the administrator', () => {
  test('asks for a verdict, also on an outcome that is not there', async () => {
    const answer = await post('admin', '/verdict', { outcome: 'payments', at: house.now() });
    expect(await answer.json()).toMatchObject({ outcome: 'payments', verdict: 'holding' });
    const unknown = await post('admin', '/verdict', { outcome: 'nothing' });
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: 'unknown-outcome' } });
    const future = await post('admin', '/verdict', { outcome: 'payments', at: 9_000_000_000_000 });
    expect(await future.json()).toMatchObject({ error: { code: 'bad-window' } });
  });

  test('issues a credential for as long as a year', async () => {
    expect((await post('admin', '/credentials', { identity: 'buyer', lifeMs: 1_000 })).status).toBe(201);
    for (const lifeMs of [0, -1, 1.5, 400 * 86_400_000])
      expect((await post('admin', '/credentials', { identity: 'buyer', lifeMs })).status).toBe(400);
    expect((await post('admin', '/credentials', { identity: 'nobody', lifeMs: 1 })).status).toBe(404);
  });

  test('asks whom a containment would stop, of what can be contained', async () => {
    const answer = await post('admin', '/affected', { scope: { is: 'tool', name: 'erp.pay' } });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ tools: ['erp.pay'], inFlight: [] });
    for (const scope of [
      { is: 'world' },
      { is: 'tool', name: 7 },
      { is: 'tool', also: 'x' },
      'tool',
      undefined,
    ])
      expect((await post('admin', '/affected', { scope })).status).toBe(400);
    expect((await post('open', '/affected', { scope: { is: 'everything' } })).status).toBe(404);
  });

  test('is told of a fault without its text', async () => {
    const answer = await post('admin', '/settle', {});
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('CANARY');
    expect(faults.map(({ message }) => message)).toEqual(['CANARY of a fault']);
  });
});

test.each([
  ['with its length', 'Content-Length: 100'],
  ['in pieces', 'Transfer-Encoding: chunked'],
])('a client that breaks off in the middle of its body, %s, is no fault of ours', async (_, length) => {
  const before = faults.length;
  const server = createServer(getRequestListener(apps.open.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const seen = once(server, 'request');
  socket.write(
    `POST /v1/cases HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n${length}\r\n\r\n5\r\n{"a":`,
  );
  const [, response] = await seen;
  // It has been taken up before it breaks off.
  await new Promise((resolve) => setImmediate(resolve));
  const closed = once(response, 'close');
  socket.resetAndDestroy();
  await closed;
  await new Promise((resolve) => server.close(resolve));
  expect(faults.slice(before)).toEqual([]);
});
