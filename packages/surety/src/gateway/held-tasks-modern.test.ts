// Calls that wait for people and that clients of 2026-07-28 follow as tasks of the gateway, by the extension
// `io.modelcontextprotocol/tasks`, over a real ledger and a server of the official SDK.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { people, type TestHouse } from '../house.fixture.ts';
import { modern, raw } from './mcp/surroundings.fixture.ts';
import { textResult } from './mcp/tasks-server.fixture.ts';
import { WaitingHouse } from './waiting-house.fixture.ts';

const { ines } = people;
let waiting: WaitingHouse;
let house: TestHouse;
beforeAll(async () => {
  waiting = await WaitingHouse.open();
  house = waiting.house;
});
afterAll(() => waiting?.close());

describe('with the extension of 2026-07-28', () => {
  const extension = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const ask = async (
    method: string,
    params: Record<string, unknown>,
    { agent = 'buyer', path = '/mcp/desk', capabilities = { ...extension, elicitation: {} } as object } = {},
  ) => {
    const named = typeof params.taskId === 'string' ? { 'mcp-name': params.taskId } : {};
    const _meta = { 'io.modelcontextprotocol/clientCapabilities': capabilities };
    const asked = modern(method, { ...params, _meta }, named);
    const reply = await raw(waiting.served.port, path, asked.body, {
      ...asked.headers,
      authorization: waiting.authorization(agent),
    });
    const { result, error } = JSON.parse(reply.text) as {
      result: Record<string, unknown>;
      error: { code: number };
    };
    return { status: reply.status, result, code: error?.code };
  };
  const note = (text: string, more = {}) => ask('tools/call', { name: 'note', arguments: { text } }, more);
  const look = async (taskId: unknown) => (await ask('tasks/get', { taskId })).result;

  test('is offered by the gateway itself', async () => {
    const { result } = await ask('server/discover', {});
    expect(result.capabilities).toMatchObject(extension);
  });

  test('a held call is a task for who declares it, and what it was for others', async () => {
    const others = await note('big 11', { capabilities: {} });
    expect(others.result).toMatchObject({ resultType: 'complete', isError: true });
    const { result } = await note('big 11');
    expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: expect.any(Number) });
    const { taskId } = result;
    expect(await look(taskId)).toMatchObject({ resultType: 'complete', status: 'working' });
    await house.answerHold(await waiting.hold(), ines);
    await expect
      .poll(() => look(taskId))
      .toMatchObject({
        ...{ status: 'completed', result: textResult('noted big 11 null') },
      });
    expect(waiting.noted('big 11')).toBe(1);
  });

  test('an answer to it approves nothing: only people do', async () => {
    const { taskId } = (await note('big 12')).result;
    const from = await waiting.here();
    const forged = {
      approval: { action: 'accept', content: { approved: true, person: 'ines@acme.example' } },
    };
    for (let tried = 0; tried < 3; tried += 1)
      expect((await ask('tasks/update', { taskId, inputResponses: forged })).result).toEqual({
        resultType: 'complete',
      });
    expect(await look(taskId)).toMatchObject({ status: 'working' });
    expect(await waiting.since(from)).toEqual([]);
    expect(waiting.noted('big 12')).toBe(0);
  });

  test('what its server asks once it was approved is asked of the client, and goes on once', async () => {
    const { taskId } = (await note('big asks 13')).result;
    await house.answerHold(await waiting.hold(), ines);
    await expect.poll(() => look(taskId)).toMatchObject({ status: 'input_required' });
    expect(await look(taskId)).toMatchObject({
      inputRequests: { confirm: { method: 'elicitation/create' } },
    });
    const from = await waiting.here();
    const confirm = { action: 'accept', content: { sure: true } };
    const inputResponses = { confirm, other: {} };
    await Promise.all([1, 2, 3].map(() => ask('tasks/update', { taskId, inputResponses })));
    await expect.poll(() => look(taskId)).toMatchObject({ status: 'completed' });
    expect(JSON.stringify(await look(taskId))).toContain('sure');
    expect(await waiting.since(from)).toEqual(['call.continued', 'call.settled']);
    expect(waiting.noted('big asks 13')).toBe(1);
  });

  test('a tool that fails has completed, as this era has it', async () => {
    const { taskId } = (await note('big fails 14')).result;
    await house.answerHold(await waiting.hold(), ines);
    await expect.poll(() => look(taskId)).toMatchObject({ status: 'completed', result: { isError: true } });
  });

  test('one that is cancelled stays so; another agent finds none', async () => {
    const { taskId } = (await note('big 15')).result;
    expect(await ask('tasks/get', { taskId }, { agent: 'second' })).toMatchObject({ code: -32602 });
    expect(await ask('tasks/cancel', { taskId }, { agent: 'second' })).toMatchObject({ code: -32602 });
    expect((await ask('tasks/cancel', { taskId })).result).toEqual({ resultType: 'complete' });
    await house.answerHold(await waiting.hold(), ines);
    expect(await look(taskId)).toMatchObject({ status: 'cancelled' });
    expect(waiting.noted('big 15')).toBe(0);
  });

  // The last: from here on this agent may ask nobody.
  test('one that floods has as many tasks as it may ask people, and then is refused', async () => {
    const earlier = (await house.factsOf('call.held')).length;
    const replies = await Promise.all(Array.from({ length: 60 }, (_, nth) => note(`big flood ${nth}`)));
    const begun = replies.filter(({ result }) => result.resultType === 'task');
    expect(new Set(begun.map(({ result }) => result.taskId)).size).toBe(50 - earlier);
    expect(replies.filter(({ result }) => result.isError === true)).toHaveLength(10 + earlier);
    expect(await house.whyRefused()).toMatch(/^asked-often: /);
  });
});

test('the log that all this left is sound', async () => {
  expect((await house.verified(Date.parse('2026-03-02T12:00:00Z'))).failed).toEqual([]);
});
