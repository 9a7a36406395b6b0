// Calls that wait for people and that clients of 2025-11-25 follow as tasks of the gateway: between clients and servers of
// the official SDK, over a real ledger, with people who sign.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  CreateTaskResultSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contain, lift, of } from '../governance/contained.fixture.ts';
import { hourMs, people, type TestHouse } from '../house.fixture.ts';
import { textResult } from './mcp/tasks-server.fixture.ts';
import { surety, WaitingHouse } from './waiting-house.fixture.ts';

const { ines, sam } = people;
let waiting: WaitingHouse;
let house: TestHouse;
beforeAll(async () => {
  waiting = await WaitingHouse.open();
  house = waiting.house;
});
afterAll(() => waiting?.close());

describe('in a session of 2025-11-25', () => {
  const connect = async (path = '/mcp', agent = 'buyer') => {
    const client = new Client({ name: 't', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, async () => ({
      action: 'accept',
      content: { sure: true },
    }));
    const requestInit = { headers: { Authorization: waiting.authorization(agent) } };
    const url = new URL(`${waiting.served.url}${path}`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Transport);
    return client;
  };
  const begin = async (client: Client, text: string, name = 'desk_note') => {
    const params = { name, arguments: { text }, task: { ttl: 60_000 } };
    return client.request({ method: 'tools/call', params }, CreateTaskResultSchema);
  };
  const look = (client: Client, id: string) => client.experimental.tasks.getTask(id);
  const fetched = (client: Client, id: string) =>
    client.experimental.tasks.getTaskResult(id, CallToolResultSchema);

  test('it is a task that works until somebody has approved; then the call is made, once, and is its result', async () => {
    const client = await connect();
    const from = await waiting.here();
    const { task, _meta } = await begin(client, 'big 1');
    const hold = await waiting.hold();
    expect(task).toMatchObject({ status: 'working', taskId: expect.stringMatching(/^held-/) });
    expect(task.ttl).toBeGreaterThan(23 * hourMs);
    expect(task.ttl).toBeLessThanOrEqual(24 * hourMs);
    const said = `Held for approval. Reference ${hold}. Repeat the same call, unchanged, after it has been approved.`;
    expect(_meta).toEqual({ 'io.modelcontextprotocol/model-immediate-response': said });
    expect(await look(client, task.taskId)).toMatchObject({ status: 'working', statusMessage: said });
    expect(await waiting.since(from)).toEqual(['call.held']);
    const coming = fetched(client, task.taskId);
    await house.answerHold(hold, ines);
    const result = await coming;
    expect(result).toMatchObject(textResult('noted big 1 null'));
    expect(result._meta).toMatchObject({
      'io.modelcontextprotocol/related-task': { taskId: task.taskId },
    });
    expect(await look(client, task.taskId)).toMatchObject({ status: 'completed' });
    expect(await fetched(client, task.taskId)).toEqual(result);
    expect(await waiting.since(from)).toEqual([
      ...['call.held', 'approval.given', 'call.intended', 'approval.consumed', 'call.settled'],
    ]);
    expect(waiting.noted('big 1')).toBe(1);
    await client.close();
  });

  test('a call that needs no approval is what it was', async () => {
    const client = await connect();
    const params = { name: 'desk_note', arguments: { text: 'small' }, task: { ttl: 60_000 } };
    const result = await client.request({ method: 'tools/call', params }, CallToolResultSchema);
    expect(result).toMatchObject(textResult('noted small null'));
    await client.close();
  });

  test('nothing is made while nobody who shows the credential of the agent asks', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big unasked');
    await house.answerHold(await waiting.hold(), ines);
    await waiting.here();
    expect(waiting.noted('big unasked')).toBe(0);
    // Another connection of the same agent finds it.
    const again = await connect();
    expect(await fetched(again, task.taskId)).toMatchObject(textResult('noted big unasked null'));
    await Promise.all([client.close(), again.close()]);
  });

  test('where its server runs tasks, it goes on as one of them, under the name that its client knows', async () => {
    const client = await connect('/mcp/erp');
    const from = await waiting.here();
    const { task } = await begin(client, 'big 2', 'note');
    await house.answerHold(await waiting.hold(), ines);
    const result = fetched(client, task.taskId);
    await expect.poll(() => waiting.noted('big 2')).toBe(1);
    await waiting.older.finish(textResult('done'));
    expect(await result).toMatchObject(textResult('done'));
    expect(await look(client, task.taskId)).toMatchObject({ taskId: task.taskId, status: 'completed' });
    expect((await waiting.since(from)).at(-1)).toBe('call.settled');
    await client.close();
  });

  test('what its server asks in the middle reaches the client', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big asks');
    await house.answerHold(await waiting.hold(), ines);
    const result = await fetched(client, task.taskId);
    expect(JSON.stringify(result)).toContain('sure');
    await client.close();
  });

  test('a tool that fails fails the task', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big fails');
    await house.answerHold(await waiting.hold(), ines);
    expect(await fetched(client, task.taskId)).toMatchObject({ isError: true });
    expect(await look(client, task.taskId)).toMatchObject({ status: 'failed' });
    await client.close();
  });

  test('the same call twice is one task; a task and a retry that race make the call once', async () => {
    const client = await connect();
    const [first, second] = [await begin(client, 'big race'), await begin(client, 'big race')];
    expect(second.task.taskId).toBe(first.task.taskId);
    await house.answerHold(await waiting.hold(), ines);
    const plainly = () =>
      client.callTool({ name: 'desk_note', arguments: { text: 'big race' } }) as Promise<{
        isError?: boolean;
      }>;
    const [, ...replies] = await Promise.all([
      fetched(client, first.task.taskId),
      ...Array.from({ length: 10 }, plainly),
      ...Array.from({ length: 10 }, () => look(client, first.task.taskId)),
    ]);
    expect(replies).toHaveLength(20);
    expect(waiting.noted('big race')).toBe(1);
    const consumed = await house.factsOf('approval.consumed');
    expect(new Set(consumed.map(({ body }) => body.hold)).size).toBe(consumed.length);
    await client.close();
  });

  test('one whose approval somebody else used asks nobody again', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big used');
    await house.answerHold(await waiting.hold(), ines);
    await client.callTool({ name: 'desk_note', arguments: { text: 'big used' } });
    expect(waiting.noted('big used')).toBe(1);
    const from = await waiting.here();
    expect(await fetched(client, task.taskId)).toMatchObject({ isError: true });
    expect(await waiting.since(from)).toEqual(['call.refused']);
    expect(await house.whyRefused()).toMatch(/^conflict: h-\S+, for which it was made again, was used/);
    await client.close();
  });

  test('one that is refused has failed, and says no more than any refusal does', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big refused');
    await house.answerHold(await waiting.hold(), ines, { decision: 'refuse' });
    const { content, isError } = await fetched(client, task.taskId);
    expect(isError).toBe(true);
    expect(JSON.stringify(content)).toMatch(
      /^\[\{"type":"text","text":"Refused. Reference c-[\w-]{12}."\}\]$/,
    );
    expect(await look(client, task.taskId)).toMatchObject({ status: 'failed' });
    expect(waiting.noted('big refused')).toBe(0);
    await client.close();
  });

  test('one that is cancelled is not made, whoever approves it later; a plain call then still is', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big cancelled');
    const result = fetched(client, task.taskId);
    expect(await client.experimental.tasks.cancelTask(task.taskId)).toMatchObject({ status: 'cancelled' });
    await expect(result).rejects.toMatchObject({ code: -32010 });
    await expect(client.experimental.tasks.cancelTask(task.taskId)).rejects.toMatchObject({ code: -32602 });
    await house.answerHold(await waiting.hold(), ines);
    expect(await look(client, task.taskId)).toMatchObject({ status: 'cancelled' });
    expect(waiting.noted('big cancelled')).toBe(0);
    await client.callTool({ name: 'desk_note', arguments: { text: 'big cancelled' } });
    expect(waiting.noted('big cancelled')).toBe(1);
    await client.close();
  });

  test('another agent finds no such task, nor does another endpoint', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big mine');
    const others = [await connect('/mcp', 'second'), await connect('/mcp/erp')];
    await house.answerHold(await waiting.hold(), ines);
    for (const other of others) {
      for (const tried of [
        look(other, task.taskId),
        fetched(other, task.taskId),
        other.experimental.tasks.cancelTask(task.taskId),
      ])
        await expect(tried).rejects.toMatchObject({ code: -32602 });
      const { tasks } = await other.experimental.tasks.listTasks();
      expect(tasks.map(({ taskId }) => taskId)).not.toContain(task.taskId);
    }
    expect(waiting.noted('big mine')).toBe(0);
    const { tasks } = await client.experimental.tasks.listTasks();
    expect(tasks.map(({ taskId }) => taskId)).toContain(task.taskId);
    await Promise.all([client, ...others].map((each) => each.close()));
  });

  test('what the requester signs approves nothing, in a task as elsewhere', async () => {
    const client = await connect();
    const mine = await house.openCase();
    const params = {
      name: 'desk_note',
      arguments: { text: 'big own' },
      task: {},
      _meta: { 'surety/case': mine },
    };
    const { task } = await client.request({ method: 'tools/call', params }, CreateTaskResultSchema);
    await expect(house.answerHold(await waiting.hold(), sam)).rejects.toMatchObject({ code: 'not-yours' });
    expect(await look(client, task.taskId)).toMatchObject({ status: 'working' });
    await house.answerHold(await waiting.hold(), ines);
    expect(await fetched(client, task.taskId)).toMatchObject(textResult('noted big own null'));
    await client.close();
  });

  test('contained while it waits, it is refused when it is approved; lifted, a plain call is made', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big contained');
    const hold = await waiting.hold();
    const { order } = await contain(house, of('tool', 'desk.note'));
    await house.answerHold(hold, ines);
    expect(await fetched(client, task.taskId)).toMatchObject({ isError: true });
    expect(await house.whyRefused()).toMatch(/^contained: /);
    expect(waiting.noted('big contained')).toBe(0);
    await lift(house, order);
    await client.callTool({ name: 'desk_note', arguments: { text: 'big contained' } });
    expect(waiting.noted('big contained')).toBe(1);
    await client.close();
  });

  test('after a restart there is no such task, and the reference still is redeemed', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big restart');
    await house.answerHold(await waiting.hold(), ines);
    await waiting.begin();
    const later = await connect();
    await expect(look(later, task.taskId)).rejects.toMatchObject({ code: -32602 });
    await later.callTool({ name: 'desk_note', arguments: { text: 'big restart' } });
    expect(waiting.noted('big restart')).toBe(1);
    await later.close();
    await client.close();
  });

  test('whoever waits for it holds up neither a reload nor the end', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big end');
    const result = expect(fetched(client, task.taskId)).rejects.toMatchObject({ code: -32603 });
    await look(client, task.taskId);
    await waiting.served.idle();
    await waiting.served.end();
    await result;
    await client.close();
    await waiting.begin();
  });

  test('over when nobody answered in time: failed, and nobody is asked again', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big late');
    const from = await waiting.here();
    house.advance(24 * hourMs + 1_000);
    // The credential is over by then too; the agent has a new one.
    await waiting.issue();
    const later = await connect();
    expect(await fetched(later, task.taskId)).toMatchObject({ isError: true });
    expect((await waiting.since(from)).filter((kind) => kind === 'call.held')).toEqual([]);
    await Promise.all([client.close(), later.close()]);
  });

  // The last: back again would weaken, and wait for an owner.
  test('approved, but its contract has to be approved too by now: refused', async () => {
    const client = await connect();
    const { task } = await begin(client, 'big pinned');
    await house.answerHold(await waiting.hold(), ines);
    const pinned = surety.replace('desk.js], pins: observe', 'desk.js]');
    expect(pinned).not.toBe(surety);
    await house.reload({ 'surety.yaml': pinned });
    expect(await fetched(client, task.taskId)).toMatchObject({ isError: true });
    expect(await house.whyRefused()).toMatch(/^contract-unapproved: /);
    expect(waiting.noted('big pinned')).toBe(0);
    await client.close();
  });
});

test('the log that all this left is sound', async () => {
  expect((await house.verified(Date.parse('2026-03-02T12:00:00Z'))).failed).toEqual([]);
});
