// Calls that run as tasks, between clients and servers of the official SDK, over a real ledger, in both eras.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolResultSchema,
  CreateTaskResultSchema,
  ElicitRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files, TestHouse } from '../house.fixture.ts';
import { HttpUpstream } from './mcp/http.ts';
import { modern, raw, type Served, serve } from './mcp/surroundings.fixture.ts';
import { modernTasks, sessionTasks, type TasksServer, textResult } from './mcp/tasks-server.fixture.ts';

let house: TestHouse;
let served: Served;
let older: TasksServer;
let newer: TasksServer;
const upstreams: HttpUpstream[] = [];
const credentials = new Map<string, string>();
/** What the server of the newer era calls its next tasks. */
const names: string[] = [];

const surety = files['surety.yaml']
  .replace('servers: {', 'servers: { newer: { stdio: [node, newer.js], pins: observe },')
  .replace('  erp.note:', '  newer.note: { effect: write }\n  erp.note:');
const policy = (agent: string) =>
  `@id("${agent}-newer")\npermit (principal == Agent::"${agent}", action, resource in Server::"newer");\n`;

beforeAll(async () => {
  older = await sessionTasks();
  let count = 0;
  newer = await modernTasks(() => names.shift() ?? `task-${++count}`);
  upstreams.push(
    new HttpUpstream({ server: 'erp', url: older.url }),
    new HttpUpstream({ server: 'newer', url: newer.url }),
  );
  const policies = files['policies/agents.cedar'] + policy('buyer') + policy('second');
  house = await TestHouse.open({ 'surety.yaml': surety, 'policies/agents.cedar': policies });
  for (const agent of ['buyer', 'second'])
    credentials.set(agent, (await house.house.issue(agent, 600_000)).credential);
  served = await serve({ governor: house.house.gateway, upstreams });
});
afterAll(async () => {
  await served.close();
  for (const each of [...upstreams, older, newer]) await each.close();
  await house.close();
});

const authorization = (agent: string) => `Bearer ${credentials.get(agent)}`;

/** What became of calls since a position: each fact about a call, with how it was settled. */
async function since(position: number): Promise<string[]> {
  return (await house.facts()).slice(position).flatMap(({ kind, body }) => {
    const { settlement } = body as { settlement?: string };
    return kind.startsWith('call.') ? [settlement === undefined ? kind : `${kind} ${settlement}`] : [];
  });
}
async function here(): Promise<number> {
  await house.house.gateway.caughtUp();
  return house.log.size();
}
const settledValue = async () => {
  const settled = (await house.factsOf('call.settled')).at(-1);
  return settled && house.opened(settled, settled.body.result);
};

describe('in a session of 2025-11-25', () => {
  const connect = async (path = '/mcp/erp', agent = 'buyer') => {
    const client = new Client({ name: 't', version: '1' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, async () => ({
      action: 'accept',
      content: { sure: true },
    }));
    const requestInit = { headers: { Authorization: authorization(agent) } };
    const url = new URL(`${served.url}${path}`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Transport);
    return client;
  };
  const begin = async (client: Client, text: string, name = 'note') => {
    const params = { name, arguments: { text }, task: { ttl: 60_000 } };
    const { task } = await client.request({ method: 'tools/call', params }, CreateTaskResultSchema);
    return task;
  };
  const fetched = (client: Client, id: string) =>
    client.experimental.tasks.getTaskResult(id, CallToolResultSchema);

  test('the intent is durable before the task begins, and its result settles the call', async () => {
    const client = await connect();
    expect(client.getServerCapabilities()?.tasks).toEqual({
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    });
    const from = await here();
    const { taskId, status } = await begin(client, 'a');
    expect(status).toBe('working');
    expect(await since(from)).toEqual(['call.intended']);
    await older.finish(textResult('{"kept":1}'));
    expect(await fetched(client, taskId)).toMatchObject(textResult('{"kept":1}'));
    await expect.poll(() => since(from)).toEqual(['call.intended', 'call.settled ok']);
    expect(await settledValue()).toEqual({ kept: 1 });
    await client.close();
  });

  test('a client that only looks settles the call with its result, before it hears that it is over', async () => {
    const client = await connect();
    const from = await here();
    const { taskId } = await begin(client, 'b');
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'working' });
    expect(await since(from)).toEqual(['call.intended']);
    await older.finish(textResult('no', true));
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'failed' });
    await expect.poll(() => since(from)).toEqual(['call.intended', 'call.settled error']);
    await client.close();
  });

  test('many that ask at once settle it once', async () => {
    const client = await connect();
    const from = await here();
    const { taskId } = await begin(client, 'at once');
    const waiting = Array.from({ length: 5 }, () => fetched(client, taskId));
    await older.finish(textResult('done'));
    const looking = Array.from({ length: 5 }, () => client.experimental.tasks.getTask(taskId));
    await Promise.all([...waiting, ...looking, client.experimental.tasks.cancelTask(taskId).catch(() => 0)]);
    await house.house.gateway.caughtUp();
    expect(await since(from)).toEqual(['call.intended', 'call.settled ok']);
    await client.close();
  });

  test('the SDK’s own way through a task', async () => {
    const client = await connect();
    const from = await here();
    const types: string[] = [];
    const params = { name: 'note', arguments: { text: 'c' } };
    for await (const { type } of client.experimental.tasks.callToolStream(params, CallToolResultSchema, {
      task: { ttl: 60_000 },
    })) {
      if (types.at(-1) !== type) types.push(type);
      if (type === 'taskCreated') await older.finish(textResult('done'));
    }
    expect(types).toEqual(['taskCreated', 'taskStatus', 'result']);
    await expect.poll(() => since(from)).toEqual(['call.intended', 'call.settled ok']);
    await client.close();
  });

  test('while a task runs an identical call waits', async () => {
    const client = await connect();
    const { taskId } = await begin(client, 'd');
    const again = await client.callTool({ name: 'note', arguments: { text: 'd' } });
    expect(JSON.stringify(again)).toContain('Held');
    expect(older.noted.filter((text) => text === 'd')).toHaveLength(1);
    await client.experimental.tasks.cancelTask(taskId);
    await client.close();
  });

  test('one that is cancelled is settled as such', async () => {
    const client = await connect();
    const from = await here();
    const { taskId } = await begin(client, 'e');
    expect(await client.experimental.tasks.cancelTask(taskId)).toMatchObject({ taskId, status: 'cancelled' });
    await expect.poll(() => since(from)).toEqual(['call.intended', 'call.settled error']);
    await client.close();
  });

  test('what the server asks in the middle is of the call, and durable before it is answered', async () => {
    const client = await connect();
    const from = await here();
    const { taskId } = await begin(client, 'asks');
    expect(await fetched(client, taskId)).toMatchObject(textResult('{"sure":true}'));
    const kinds = ['call.intended', 'call.continued', 'call.settled ok'];
    await expect.poll(() => since(from)).toEqual(kinds);
    await client.close();
  });

  test('CVE-2026-52870 (MCP Python SDK): another agent finds no such task, by whatever it tries', async () => {
    const [client, other] = [await connect(), await connect('/mcp/erp', 'second')];
    const { taskId } = await begin(client, 'f');
    const { experimental } = other;
    for (const tried of [
      experimental.tasks.getTask(taskId),
      experimental.tasks.cancelTask(taskId),
      fetched(other, taskId),
    ])
      await expect(tried).rejects.toMatchObject({ code: -32602 });
    expect((await experimental.tasks.listTasks()).tasks).toEqual([]);
    const { tasks } = await client.experimental.tasks.listTasks();
    expect(tasks.map((task) => task.taskId)).toContain(taskId);
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ status: 'working' });
    await client.experimental.tasks.cancelTask(taskId);
    await Promise.all([client.close(), other.close()]);
  });

  test('on the merged endpoint it has its server in its name', async () => {
    const client = await connect('/mcp');
    const from = await here();
    const { taskId } = await begin(client, 'g', 'erp_note');
    expect(taskId).toMatch(/^erp_/);
    await older.finish(textResult('done'));
    expect(await client.experimental.tasks.getTask(taskId)).toMatchObject({ taskId, status: 'completed' });
    const result = await fetched(client, taskId);
    expect(result._meta).toEqual({ 'io.modelcontextprotocol/related-task': { taskId } });
    expect((await client.experimental.tasks.listTasks()).tasks).toMatchObject([{ taskId }]);
    await expect.poll(() => since(from)).toEqual(['call.intended', 'call.settled ok']);
    await client.close();
  });

  test('a server of the newer era has none for it, and takes the call as it is', async () => {
    const client = await connect('/mcp/newer');
    expect(client.getServerCapabilities()?.tasks).toBe(undefined);
    const params = { name: 'note', arguments: { text: 'h' }, task: { ttl: 1 } };
    expect(await client.request({ method: 'tools/call', params }, CallToolResultSchema)).toMatchObject(
      textResult('at once'),
    );
    await client.close();
  });

  test.each([[{ ttl: -1 }], [{ ttl: 1, more: 'hidden' }], ['x']])(
    'what says %j of a task is refused',
    async (task) => {
      const client = await connect();
      const from = await here();
      const params = { name: 'note', arguments: { text: 'i' }, task } as never;
      await expect(
        client.request({ method: 'tools/call', params }, CallToolResultSchema),
      ).rejects.toMatchObject({
        code: -32602,
      });
      expect(await since(from)).toEqual([]);
      await client.close();
    },
  );
});

describe('with the extension of 2026-07-28', () => {
  const extension = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const ask = async (
    method: string,
    params: Record<string, unknown>,
    { agent = 'buyer', path = '/mcp/newer', capabilities = extension as object, headers = {} } = {},
  ) => {
    const named = typeof params.taskId === 'string' ? { 'mcp-name': params.taskId } : {};
    const _meta = { 'io.modelcontextprotocol/clientCapabilities': capabilities };
    const asked = modern(method, { ...params, _meta }, { ...named, ...headers });
    const reply = await raw(served.port, path, asked.body, {
      ...asked.headers,
      authorization: authorization(agent),
    });
    const { result, error } = JSON.parse(reply.text) as {
      result: Record<string, unknown>;
      error: { code: number };
    };
    return { status: reply.status, result, code: error?.code };
  };
  const begin = async (text: string) => {
    const { result } = await ask('tools/call', { name: 'note', arguments: { text } });
    expect(result).toMatchObject({ resultType: 'task', status: expect.any(String) });
    return result.taskId as string;
  };

  test('is offered where the server has it, and a server begins tasks only for who follows them', async () => {
    const { result } = await ask('server/discover', {});
    expect(result.capabilities).toMatchObject(extension);
    const plain = await ask('tools/call', { name: 'note', arguments: { text: 'p' } }, { capabilities: {} });
    expect(plain.result).toMatchObject({ resultType: 'complete', ...textResult('at once') });
  });

  test('a task settles its call with what the client sees of it', async () => {
    const from = await here();
    const taskId = await begin('q');
    expect((await ask('tasks/get', { taskId })).result).toMatchObject({
      resultType: 'complete',
      status: 'working',
    });
    expect(await since(from)).toEqual(['call.intended']);
    await newer.finish(textResult('{"kept":2}'));
    expect((await ask('tasks/get', { taskId })).result).toMatchObject({ result: textResult('{"kept":2}') });
    await expect.poll(() => since(from)).toEqual(['call.intended', 'call.settled ok']);
    expect(await settledValue()).toEqual({ kept: 2 });
    // What the server says later changes nothing.
    await newer.finish(textResult('other', true));
    await ask('tasks/get', { taskId });
    expect(await since(from)).toEqual(['call.intended', 'call.settled ok']);
  });

  test('inputs go to the server that asked for them, once they are durable', async () => {
    const from = await here();
    const taskId = await begin('asks r');
    const inputResponses = { confirm: { action: 'accept', content: {} } };
    const more = { ...inputResponses, other: {} };
    // Before the client was told what the server wants, it answers nothing.
    expect((await ask('tasks/update', { taskId, inputResponses: more })).result).toMatchObject({
      resultType: 'complete',
    });
    expect(newer.heard.at(-1)).toMatchObject({ taskId, inputResponses: {} });
    expect((await ask('tasks/get', { taskId })).result).toMatchObject({ status: 'input_required' });
    expect(await since(from)).toEqual(['call.intended']);
    await ask('tasks/update', { taskId, inputResponses: more, more: 'hidden' });
    expect(newer.heard.at(-1)).toMatchObject({ taskId });
    expect(newer.heard.at(-1)?.['inputResponses']).toEqual(inputResponses);
    expect(newer.heard.at(-1)).not.toHaveProperty('more');
    await ask('tasks/get', { taskId });
    const kinds = ['call.intended', 'call.continued', 'call.settled ok'];
    await expect.poll(() => since(from)).toEqual(kinds);
    await ask('tasks/update', { taskId, inputResponses });
    expect(newer.heard.at(-1)?.['inputResponses']).toEqual({});
    expect((await ask('tasks/update', { taskId, inputResponses: [] })).code).toBe(-32602);
  });

  test('one that is cancelled is settled as such', async () => {
    const from = await here();
    const taskId = await begin('s');
    expect((await ask('tasks/cancel', { taskId })).result).toMatchObject({ resultType: 'complete' });
    await expect.poll(() => since(from)).toEqual(['call.intended', 'call.settled error']);
  });

  test('another agent finds no such task, and who does not declare the extension is told so', async () => {
    const taskId = await begin('t');
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update']) {
      const params = { taskId, inputResponses: {} };
      expect(await ask(method, params, { agent: 'second' })).toMatchObject({ status: 200, code: -32602 });
      expect(await ask(method, params, { capabilities: {} })).toMatchObject({ status: 400, code: -32021 });
      expect(await ask(method, params, { headers: { 'mcp-name': 'other' } })).toMatchObject({ code: -32020 });
    }
    for (const method of ['tasks/result', 'tasks/list'])
      expect(await ask(method, { taskId })).toMatchObject({ status: 404, code: -32601 });
    expect((await ask('tasks/get', { taskId })).result).toMatchObject({ status: 'working' });
    const merged = await ask('tasks/get', { taskId: `newer_${taskId}` }, { path: '/mcp' });
    expect(merged.result).toMatchObject({ taskId: `newer_${taskId}` });
  });

  test('a server that speaks of another task than it was asked about settles none', async () => {
    const from = await here();
    const taskId = await begin('lies');
    const other = await begin('lied about');
    await newer.finish(textResult('done'));
    expect(await ask('tasks/get', { taskId })).toMatchObject({ status: 502, code: -32603 });
    await house.house.gateway.caughtUp();
    expect(await since(from)).toEqual(['call.intended', 'call.intended']);
    expect((await ask('tasks/get', { taskId: other })).result).toMatchObject({ status: 'completed' });
  });

  test('a server that names two tasks alike has lost the second', async () => {
    names.push('same', 'same');
    await begin('u');
    const { result } = await ask('tools/call', { name: 'note', arguments: { text: 'v' } });
    expect(result).toMatchObject({ isError: true });
    expect(JSON.stringify(result)).toContain('not known whether this took effect');
    expect((await ask('tasks/get', { taskId: 'same' })).result).toMatchObject({ status: 'working' });
  });
});
