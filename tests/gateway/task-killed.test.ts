// Surety killed while a server goes on with a call as a task: the call stays what it was, open, until somebody who knows
// says what came of it; it is not made again meanwhile, and its task belongs to nobody who asks by its name.

import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { modern, raw } from '../../packages/surety/src/gateway/mcp/surroundings.fixture.ts';
import {
  modernTasks,
  type TasksServer,
  textResult,
} from '../../packages/surety/src/gateway/mcp/tasks-server.fixture.ts';
import { Program } from './program.fixture.ts';

let here: Program;
let server: TasksServer;
let authorization: string;

beforeEach(async () => {
  server = await modernTasks();
  here = new Program();
  here.edit('surety.yaml', (text) =>
    text.replace(/^servers: .*$/m, `servers: { erp: { http: "${server.url}", pins: observe } }`),
  );
  authorization = `Bearer ${await here.credential('buyer')}`;
});
afterEach(async () => {
  await here.remove();
  await server.close();
});

async function ask(port: number, method: string, params: Record<string, unknown>) {
  const extension = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const _meta = { 'io.modelcontextprotocol/clientCapabilities': extension };
  const { taskId } = params;
  const named = typeof taskId === 'string' ? { 'mcp-name': taskId } : {};
  const { body, headers } = modern(method, { ...params, _meta }, { ...named, authorization });
  return JSON.parse((await raw(port, '/mcp/erp', body, headers)).text) as {
    result?: { taskId?: string; isError?: boolean; content?: { text: string }[] };
    error?: { code: number };
  };
}

test('it stays open over kill -9, is asked for nowhere, and is not made twice', async () => {
  const note = { name: 'note', arguments: { text: 'once' } };
  const first = await here.up();
  const begun = await ask(first.port, 'tools/call', note);
  expect(begun.result?.taskId).toBeTypeOf('string');
  const killed = once(first.child, 'close');
  first.child.kill('SIGKILL');
  await killed;
  await server.finish(textResult('{"done":true}'));

  const second = await here.up();
  // The task was bound to a call of a process that is no more.
  const asked = await ask(second.port, 'tasks/get', { taskId: begun.result?.taskId });
  expect(asked.error?.code).toBe(-32602);
  const again = await ask(second.port, 'tools/call', note);
  expect(again.result?.isError).toBe(true);
  expect(again.result?.content?.[0]?.text).toMatch(/c-[A-Za-z0-9_-]{12}/);
  expect(server.noted).toEqual(['once']);
  // Another action is not held up by it.
  const other = await ask(second.port, 'tools/call', { name: 'note', arguments: { text: 'other' } });
  expect(other.result?.taskId).toBeTypeOf('string');
  expect(await here.stop(second.child)).toBe(0);
});
