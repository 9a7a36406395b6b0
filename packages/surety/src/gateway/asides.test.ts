// What is asked of a server beside its tools, and what it asks back, is decided and recorded like its tools' calls.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files, result, TestHouse } from '../house.fixture.ts';

let house: TestHouse;
beforeAll(async () => {
  const surety = files['surety.yaml'].replace(
    'erp.look: { effect: read }',
    'erp.look: { effect: read }\n  erp.resources/read: { effect: read }',
  );
  house = await TestHouse.open({ 'surety.yaml': surety });
});
afterAll(() => house.close());

const contents = { contents: [{ uri: 'erp://terms', text: 'net 30' }] };
const readTerms = (agent = 'buyer') =>
  house.call(
    'erp.resources/read',
    { uri: 'erp://terms' },
    {
      agent,
      answer: () => ({ is: 'result', text: JSON.stringify(contents), value: contents }),
    },
  );

describe('reading a resource', () => {
  test('is a read, recorded with its address and with what it holds', async () => {
    expect(await readTerms()).toMatchObject({ is: 'upstream' });
    const settled = (await house.factsOf('call.settled')).at(-1);
    expect(settled?.body).toMatchObject({ tool: 'erp.resources/read', effect: 'read', settlement: 'ok' });
    expect(house.opened(settled ?? { position: 0 }, settled?.body.args ?? [])).toEqual({
      uri: 'erp://terms',
    });
    expect(house.opened(settled ?? { position: 0 }, settled?.body.result ?? [])).toEqual(contents);
  });

  test('that no policy permits, or that nobody labelled, is refused', async () => {
    const { length } = house.sent;
    expect(await readTerms('stranger')).toMatchObject({ is: 'refused' });
    expect(await house.whyRefused()).toMatch(/^permission/);
    expect(await house.call('erp.prompts/get', { name: 'p', arguments: {} })).toMatchObject({
      is: 'refused',
    });
    expect(await house.whyRefused()).toMatch(/^unknown-tool/);
    expect(house.sent).toHaveLength(length);
  });
});

const asked = { method: 'elicitation/create', params: { message: 'Sure?' } };
const said = { action: 'accept', content: { code: '4711-secret' } };

describe('an answer to a server in the middle of a call', () => {
  test('is durable before the server hears it; the call keeps its one intent and its one settlement', async () => {
    const before = house.log.size();
    let heard = 0;
    await house.call(
      'erp.note',
      { text: 'asks' },
      {
        answer: async (_tool, _args, governed) => {
          await governed?.onInput({ request: asked, response: said });
          heard = house.log.size();
          return result({ done: true });
        },
      },
    );
    const facts = (await house.facts()).slice(before).filter(({ kind }) => kind.startsWith('call.'));
    expect(facts.map(({ kind }) => kind)).toEqual(['call.intended', 'call.continued', 'call.settled']);
    const [continued] = await house.factsOf('call.continued');
    expect(continued?.position).toBeLessThan(heard);
    expect(JSON.stringify(continued)).not.toContain('4711');
    expect(house.opened(continued ?? { position: 0 }, continued?.body.input ?? [])).toEqual({
      request: asked,
      response: said,
    });
  });

  test('is not passed on once the agent may no longer make the call; that is recorded', async () => {
    let passedOn = true;
    await house.call(
      'erp.note',
      { text: 'withdrawn' },
      {
        answer: async (_tool, _args, governed) => {
          const permit = house.log.read(0, house.log.size()).length;
          await house.log.append([
            {
              stream: 'withdrawal/policy/agents.cedar#1',
              facts: [{ kind: 'declaration.withdrawn', body: { stream: policyOfBuyer() } }],
            },
          ]);
          expect(house.log.size()).toBeGreaterThan(permit);
          passedOn = await (governed?.onInput({ request: asked, response: said }) ?? Promise.resolve()).then(
            () => true,
            () => false,
          );
          return result({ done: false });
        },
      },
    );
    expect(passedOn).toBe(false);
    expect(await house.whyRefused()).toMatch(/^permission/);
  });

  test('leaves a proof sound', async () => {
    expect((await house.verified(house.now())).failed).toEqual([]);
  });
});

/** The stream of the policy that permits it. */
function policyOfBuyer(): string {
  const facts = house.log
    .read(0, house.log.size())
    .map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()));
  const policy = facts.find(
    ({ kind, body }) => kind === 'policy.activated' && JSON.stringify(body.cedar).includes('buyer'),
  );
  return policy.stream;
}
