// Servers of the official SDKs whose tool `note` runs as a task, until a test says what came of it: with sessions of
// 2025-11-25 by SDK v1's own tasks, and with the extension of 2026-07-28 by handlers on SDK v2, which has none.

import { randomUUID } from 'node:crypto';
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport as Transport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { type CallToolResult, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { serveWeb, type WebServer } from './web.fixture.ts';

export interface TasksServer extends WebServer {
  /** What `note` was called with. */
  readonly noted: string[];
  /** The params of every request about a task. */
  readonly heard: Record<string, unknown>[];
  /** What came of the task that began last. */
  finish(result: CallToolResult): Promise<void>;
}

const inputSchema = { text: z.string() };
export const textResult = (text: string, isError = false): CallToolResult => ({
  content: [{ type: 'text', text }],
  ...(isError ? { isError } : {}),
});

export async function sessionTasks(): Promise<TasksServer> {
  const noted: string[] = [];
  const sessions = new Map<string, Transport>();
  let finish: TasksServer['finish'] = async () => {};
  const make = () => {
    const taskStore = new InMemoryTaskStore();
    const server = new ServerV1(
      { name: 'tasks', version: '1' },
      {
        capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        taskStore,
        taskMessageQueue: new InMemoryTaskMessageQueue(),
      },
    );
    server.experimental.tasks.registerToolTask(
      'note',
      { inputSchema, execution: { taskSupport: 'optional' } },
      {
        createTask: async ({ text }, extra) => {
          noted.push(text);
          const task = await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 20 });
          const { taskId } = task;
          finish = (result) =>
            extra.taskStore.storeTaskResult(taskId, result.isError ? 'failed' : 'completed', result);
          if (text.startsWith('asks'))
            void extra.taskStore.updateTaskStatus(taskId, 'input_required').then(async () => {
              const params = {
                message: 'Sure?',
                requestedSchema: { type: 'object' as const, properties: {} },
              };
              const request = { method: 'elicitation/create' as const, params };
              const said = await extra.sendRequest(request, ElicitResultSchema, {
                relatedTask: { taskId },
              } as never);
              await finish(textResult(JSON.stringify(said.content)));
            });
          return { task };
        },
        getTask: (_, extra) => extra.taskStore.getTask(extra.taskId) as never,
        getTaskResult: (_, extra) => extra.taskStore.getTaskResult(extra.taskId) as never,
      },
    );
    return server;
  };
  const web = await serveWeb(async (request) => {
    const known = sessions.get(request.headers.get('mcp-session-id') ?? '');
    if (known !== undefined) return known.handleRequest(request);
    const transport = new Transport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await make().connect(transport as never);
    return transport.handleRequest(request);
  });
  return { ...web, noted, heard: [], finish: (result) => finish(result) };
}

interface Running {
  readonly taskId: string;
  status: string;
  result?: CallToolResult;
  error?: unknown;
  inputRequests?: unknown;
}

/** `nameOf` gives the task of the n-th call its name. */
export async function modernTasks(nameOf: () => string = randomUUID): Promise<TasksServer> {
  const noted: string[] = [];
  const heard: Record<string, unknown>[] = [];
  const tasks = new Map<string, Running>();
  let last: Running | undefined;
  let liar: Running | undefined;
  const times = () => ({ createdAt: new Date().toISOString(), lastUpdatedAt: new Date().toISOString() });
  const shown = (task: Running) => ({ ...task, ...times(), ttlMs: 60_000, pollIntervalMs: 20 });
  const about = { params: z.looseObject({ taskId: z.string() }), result: z.looseObject({}) };
  const asks = {
    confirm: { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema: {} } },
  };
  const make = () => {
    const extension = { 'io.modelcontextprotocol/tasks': {} };
    const server = new McpServer(
      { name: 'tasks', version: '1' },
      { capabilities: { extensions: extension } },
    );
    server.registerTool('note', { inputSchema: z.object(inputSchema) }, async ({ text }, ctx) => {
      noted.push(text);
      const { 'io.modelcontextprotocol/clientCapabilities': can } = (ctx.mcpReq.envelope ?? {}) as never;
      if (!JSON.stringify(can ?? {}).includes('io.modelcontextprotocol/tasks')) return textResult('at once');
      last = { taskId: nameOf(), status: text.startsWith('asks') ? 'input_required' : 'working' };
      if (text.startsWith('asks')) last.inputRequests = asks;
      if (text === 'lies') liar = last;
      tasks.set(last.taskId, last);
      const { inputRequests: _, ...begun } = shown(last);
      return { resultType: 'task', ...begun } as never;
    });
    const found = (params: { taskId: string }): Running => {
      heard.push(params);
      const task = tasks.get(params.taskId);
      if (task === undefined) throw new Error('no such task');
      return task;
    };
    server.server.setRequestHandler('tasks/get', about, async (params) => {
      const task = found(params);
      // One that lies speaks of the last task, whichever it was asked about.
      return shown(task === liar ? (last ?? task) : task) as never;
    });
    server.server.setRequestHandler('tasks/cancel', about, async (params) => {
      found(params).status = 'cancelled';
      return {};
    });
    server.server.setRequestHandler('tasks/update', about, async (params, { mcpReq: { inputResponses } }) => {
      const task = found({ ...params, inputResponses } as never);
      if (Object.keys(inputResponses ?? {}).length === 0) return {};
      delete task.inputRequests;
      Object.assign(task, { status: 'completed', result: textResult(JSON.stringify(inputResponses)) });
      return {};
    });
    return server;
  };
  const handler = createMcpHandler(make, { legacy: 'reject' });
  const web = await serveWeb((request) => handler.fetch(request));
  const finish = async (result: CallToolResult) =>
    void (last && Object.assign(last, { status: 'completed', result }));
  return { ...web, noted, heard, finish };
}
