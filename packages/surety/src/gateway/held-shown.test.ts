// Calls that wait for people, of clients that can show an address: clients of the official SDK in both eras, over a real
// ledger. Whatever such a client answers, only people who sign release a call.

import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ElicitationCompleteNotificationSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contain, lift, of } from '../governance/contained.fixture.ts';
import { people, type TestHouse } from '../house.fixture.ts';
import { modern, raw } from './mcp/surroundings.fixture.ts';
import { textResult } from './mcp/tasks-server.fixture.ts';
import { WaitingHouse } from './waiting-house.fixture.ts';

const { ines, sam } = people;
/** Nobody is waited for longer than a test takes, unless it says so. */
const pages = { url: 'https://approve.acme.example', waitMs: 60_000 };
let waiting: WaitingHouse;
let house: TestHouse;
beforeAll(async () => {
  waiting = await WaitingHouse.open(pages);
  house = waiting.house;
});
beforeEach(() => {
  pages.waitMs = 60_000;
});
afterAll(() => waiting?.close());

interface Asked {
  readonly mode?: string;
  readonly url?: string;
  readonly message: string;
  readonly elicitationId?: string;
}
type Elicitation = { url: Record<string, never> } | { form: Record<string, never> };
type Answer = (asked: Asked) => Promise<{ action: 'accept' | 'decline' | 'cancel'; content?: object }>;
/** What the clients were asked. */
const asked: Asked[] = [];
const completed: string[] = [];

const info = { name: 't', version: '1' };
const at = () => ({
  url: new URL(`${waiting.served.url}/mcp/desk`),
  options: { requestInit: { headers: { Authorization: waiting.authorization() } } },
});
const eras = ['2025-11-25', '2026-07-28'] as const;

async function connect(era: (typeof eras)[number], answer: Answer, elicitation: Elicitation = { url: {} }) {
  const { url, options } = at();
  const heard = (params: unknown): ReturnType<Answer> => {
    asked.push(params as Asked);
    return answer(params as Asked);
  };
  if (era === '2025-11-25') {
    const client = new ClientV1(info, { capabilities: { elicitation } });
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => (await heard(params)) as never);
    client.setNotificationHandler(
      ElicitationCompleteNotificationSchema,
      ({ params }) => void completed.push(params.elicitationId),
    );
    await client.connect(new HttpV1(url, options) as Transport);
    return client as unknown as ClientV2;
  }
  const client = new ClientV2(info, {
    capabilities: { elicitation },
    versionNegotiation: { mode: { pin: '2026-07-28' } },
  });
  client.setRequestHandler('elicitation/create', async ({ params }) => (await heard(params)) as never);
  await client.connect(new HttpV2(url, options));
  return client;
}

/** The note, with the client's answer to whatever it is asked. */
async function note(era: (typeof eras)[number], text: string, answer: Answer, elicitation?: Elicitation) {
  const client = await connect(era, answer, elicitation);
  try {
    return await client.callTool({ name: 'note', arguments: { text } });
  } finally {
    await client.close();
  }
}
const pendingFor = (hold: string) => ({
  isError: true,
  content: [
    {
      type: 'text',
      text: `Held for approval. Reference ${hold}. Repeat the same call, unchanged, after it has been approved.`,
    },
  ],
  _meta: {
    'surety/hold': { reference: hold, address: `${pages.url}/approve/${hold}` },
  },
});
const forged = { action: 'accept' as const, content: { approved: true, person: ines.id, signature: 'c2ln' } };

describe.each(eras)('in %s', (era) => {
  const text = (words: string) => `big ${words} ${era}`;

  test('the client is asked to show the page; approved there meanwhile, the call is made', async () => {
    const result = await note(era, text('secret-4711'), async () => {
      await house.answerHold(await waiting.hold(), ines);
      return { action: 'accept' };
    });
    expect(result).toMatchObject(textResult(`noted ${text('secret-4711')} null`));
    const { mode, url, message, elicitationId } = asked.at(-1) ?? { message: '' };
    expect({ mode, url }).toEqual({ mode: 'url', url: `${pages.url}/approve/${await waiting.hold()}` });
    expect(message).toMatch(/^The call of desk\.note waits for people/);
    expect(JSON.stringify(asked)).not.toContain('4711');
    if (era === '2025-11-25') expect(completed).toContain(elicitationId);
    expect(waiting.noted(text('secret-4711'))).toBe(1);
  });

  test('a client that accepts, with whatever content, has approved nothing', async () => {
    const from = await waiting.here();
    pages.waitMs = 50;
    const result = await note(era, text('forged'), async () => forged);
    expect(result).toMatchObject(pendingFor(await waiting.hold()));
    expect(await waiting.since(from)).toEqual(['call.held']);
    expect(waiting.noted(text('forged'))).toBe(0);
    await house.answerHold(await waiting.hold(), ines);
    const later = await note(era, text('forged'), async () => forged);
    expect(later).toMatchObject(textResult(`noted ${text('forged')} null`));
  });

  test('nor has the requester who opens the page and signs there', async () => {
    const mine = await house.openCase();
    const client = await connect(era, async () => {
      await expect(house.answerHold(await waiting.hold(), sam)).rejects.toMatchObject({ code: 'not-yours' });
      pages.waitMs = 50;
      return { action: 'accept' };
    });
    // How long it waits is settled when it begins to.
    pages.waitMs = 2_000;
    const arguments_ = { text: text('own') };
    const result = await client.callTool({
      ...{ name: 'note', arguments: arguments_, _meta: { 'surety/case': mine } },
    });
    expect(result).toMatchObject({ isError: true });
    expect(await house.factsOf('approval.given')).not.toContainEqual(
      expect.objectContaining({ body: expect.objectContaining({ person: sam.id }) }),
    );
    expect(waiting.noted(text('own'))).toBe(0);
    await client.close();
  });

  test.each(['decline', 'cancel'] as const)(
    'one that answers %s has its reference at once',
    async (action) => {
      const result = await note(era, text(action), async () => ({ action }));
      expect(result).toMatchObject(pendingFor(await waiting.hold()));
    },
  );

  test('one that can only show forms is not asked', async () => {
    const before = asked.length;
    const result = await note(era, text('form'), async () => forged, { form: {} });
    expect(result).toMatchObject(pendingFor(await waiting.hold()));
    expect(asked).toHaveLength(before);
  });

  test('refused meanwhile, or contained meanwhile: refused, in the words of any refusal', async () => {
    const words = [{ type: 'text', text: expect.stringMatching(/^Refused\. Reference c-[\w-]{12}\.$/) }];
    const refused = await note(era, text('refused'), async () => {
      await house.answerHold(await waiting.hold(), ines, { decision: 'refuse' });
      return { action: 'accept' };
    });
    expect(refused).toMatchObject({ isError: true, content: words });
    let order = '';
    const contained = await note(era, text('contained'), async () => {
      const hold = await waiting.hold();
      order = (await contain(house, of('tool', 'desk.note'))).order;
      await house.answerHold(hold, ines);
      return { action: 'accept' };
    });
    expect(contained).toMatchObject({ isError: true, content: words });
    expect(await house.whyRefused()).toMatch(/^contained: /);
    await lift(house, order);
    expect(waiting.noted(text('refused')) + waiting.noted(text('contained'))).toBe(0);
  });

  test('many that are shown the same hold, and plain repeats, make the call once', async () => {
    const approved = Promise.withResolvers<void>();
    const answer: Answer = async () => {
      await approved.promise;
      return { action: 'accept' };
    };
    pages.waitMs = 60_000;
    const before = asked.length;
    const all = Array.from({ length: 4 }, () => note(era, text('many'), answer));
    await expect.poll(() => asked.length).toBe(before + 4);
    await house.answerHold(await waiting.hold(), ines);
    approved.resolve();
    pages.waitMs = 50;
    await Promise.all([
      ...all,
      ...all.map(() => note(era, text('many'), async () => ({ action: 'cancel' }))),
    ]);
    expect(waiting.noted(text('many'))).toBe(1);
  });
});

test('a question that nobody answers is withdrawn', async () => {
  const withdrawn = Promise.withResolvers<void>();
  const { url, options } = at();
  const client = new ClientV1(info, { capabilities: { elicitation: { url: {} } } });
  client.setRequestHandler(ElicitRequestSchema, async (_, { signal }) => {
    signal.addEventListener('abort', () => withdrawn.resolve());
    await withdrawn.promise;
    return { action: 'cancel' as const };
  });
  await client.connect(new HttpV1(url, options) as Transport);
  pages.waitMs = 50;
  const result = await client.callTool({ name: 'note', arguments: { text: 'big silent' } });
  expect(result).toMatchObject(pendingFor(await waiting.hold()));
  await withdrawn.promise;
  await client.close();
});

test('a call that waits holds up neither a reload nor the end, and then has its reference', async () => {
  const shown = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const result = note('2025-11-25', 'big at the end', async () => {
    shown.resolve();
    await ended.promise;
    return { action: 'accept' };
  });
  await shown.promise;
  await waiting.served.idle();
  await waiting.served.end();
  expect(await result).toMatchObject(pendingFor(await waiting.hold()));
  ended.resolve();
  await waiting.begin();
});

describe('the state of 2026-07-28', () => {
  const ask = async (text: string, more: object = {}, agent = 'buyer') => {
    const _meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } } };
    const { body, headers } = modern('tools/call', { name: 'note', arguments: { text }, ...more, _meta });
    const authorization = waiting.authorization(agent);
    const reply = await raw(waiting.served.port, '/mcp/desk', body, { ...headers, authorization });
    return JSON.parse(reply.text) as { result: Record<string, unknown>; error: { code: number } };
  };
  const inputResponses = { 'surety-approval': forged };

  test('is of its agent and tool, cannot be changed, and carries no approval to another call', async () => {
    pages.waitMs = 50;
    const { result } = await ask('big state');
    expect(result).toMatchObject({ resultType: 'input_required' });
    const requestState = String(result.requestState);
    const back = { requestState, inputResponses };
    expect((await ask('big state', back, 'second')).error).toMatchObject({ code: -32602 });
    const bent = { ...back, requestState: `${requestState.slice(0, -2)}AA` };
    expect((await ask('big state', bent)).error).toMatchObject({ code: -32602 });
    await house.answerHold(await waiting.hold(), ines);
    // Another call with the state of one that is approved waits for people like any other.
    const from = await waiting.here();
    expect((await ask('big other', back)).result).toMatchObject({ resultType: 'input_required' });
    expect(await waiting.since(from)).toEqual(['call.held']);
    expect((await ask('big state', back)).result).toMatchObject(textResult('noted big state null'));
    expect(waiting.noted('big state') + waiting.noted('big other')).toBe(1);
  });
});

test('the log that all this left is sound', async () => {
  expect((await house.verified(Date.parse('2026-03-02T12:00:00Z'))).failed).toEqual([]);
});
