// Everything that a session of the earlier era can do, between the official SDK's client and the official reference
// server: what the client sees through the gateway is what it sees without it.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HttpUpstream } from './http.ts';
import type { Governor } from './port.ts';
import { StdioUpstream } from './stdio.ts';
import { freePort, Permissive, type Served, serve, token } from './surroundings.fixture.ts';
import type { Upstream } from './upstream.ts';

const program = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const everything = { command: process.execPath, args: [program] };

let governor: Permissive;
let served: Served;
let far: ChildProcess;
const upstreams: Upstream[] = [];
let permissionsChanged = () => {};

beforeAll(async () => {
  const port = await freePort();
  far = spawn(process.execPath, [program, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve) => {
    far.stderr?.on('data', (text: Buffer) => text.includes('listening') && resolve());
  });
  upstreams.push(
    new StdioUpstream({ server: 'near', ...everything }),
    new HttpUpstream({ server: 'far', url: `http://127.0.0.1:${port}/mcp` }),
  );
  const turning: Governor = {
    identify: (authorization) => governor.identify(authorization),
    mayUse: (caller, tool) => governor.mayUse(caller, tool),
    call: (caller, request) => governor.call(caller, request),
    onPermissions: (listener) => {
      permissionsChanged = listener;
    },
  };
  served = await serve({ governor: turning, upstreams });
});
beforeEach(() => {
  governor = new Permissive();
});
afterAll(async () => {
  await served?.close();
  await Promise.all(upstreams.map((each) => each.close()));
  far?.kill();
});

const answers = { action: 'accept' as const, content: { name: 'Ines', check: true } };
const roots = { roots: [{ uri: 'file:///srv/acme', name: 'acme' }] };
const sampled = { model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text: 'Paris' } };

/** A client that can be asked everything. */
function newClient() {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { elicitation: {}, sampling: {}, roots: { listChanged: true } } },
  );
  client.setRequestHandler(ElicitRequestSchema, async () => answers);
  client.setRequestHandler(ListRootsRequestSchema, async () => roots);
  client.setRequestHandler(CreateMessageRequestSchema, async () => sampled);
  return client;
}

const overHttp = (path: string, credential = token) =>
  // The SDK's own types disagree with each other under `exactOptionalPropertyTypes`.
  new StreamableHTTPClientTransport(new URL(`${served.url}${path}`), {
    requestInit: { headers: { Authorization: credential } },
  }) as Transport;

async function connected(path: string, credential = token): Promise<Client> {
  const client = newClient();
  await client.connect(overHttp(path, credential));
  return client;
}

/** Does the same with and without the gateway. */
async function bothWays(path: string, work: (client: Client) => Promise<unknown>): Promise<unknown[]> {
  const direct = newClient();
  await direct.connect(new StdioClientTransport({ ...everything, stderr: 'ignore' }) as Transport);
  const through = await connected(path);
  try {
    return [await work(through), await work(direct)];
  } finally {
    await through.close();
    await direct.close();
  }
}

describe.each(['/mcp/near', '/mcp/far'])('%s', (path) => {
  test('resources, templates, prompts and completions are as without the gateway', async () => {
    const [through, direct] = await bothWays(path, async (client) => {
      const { resources } = await client.listResources();
      const { resourceTemplates } = await client.listResourceTemplates();
      const { prompts } = await client.listPrompts();
      const uri = String(resources[0]?.uri);
      return {
        resources,
        resourceTemplates,
        prompts,
        read: await client.readResource({ uri }),
        prompt: await client.getPrompt({ name: 'args-prompt', arguments: { city: 'Vilnius' } }),
        completed: await client.complete({
          ref: { type: 'ref/prompt', name: 'completable-prompt' },
          argument: { name: 'department', value: 'E' },
        }),
        missing: await client.readResource({ uri: 'nowhere://x' }).catch((error: Error) => error.message),
      };
    });
    expect(through).toEqual(direct);
    expect(governor.requests.map(({ tool }) => tool.replace(/^\w+\./, ''))).toEqual([
      'resources/read',
      'prompts/get',
      'completion/complete',
      'resources/read',
    ]);
  });

  test('ContextForge 4302: progress arrives while the call is under way, in order', async () => {
    const client = await connected(path);
    const seen: number[] = [];
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 4 } },
      undefined,
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    expect(seen).toEqual([1, 2, 3, 4]);
    await client.close();
  });

  test.each(['trigger-elicitation-request', 'trigger-sampling-request', 'get-roots-list'])(
    'the client that is asked by `%s` is the one that called, and its answer is recorded',
    async (name) => {
      const asked = { name, arguments: name === 'trigger-sampling-request' ? { prompt: 'Capital?' } : {} };
      const [through, direct] = await bothWays(path, async (client) => {
        // Roots are asked for when the session begins, and kept.
        if (name === 'get-roots-list')
          await expect
            .poll(async () => (await client.listTools()).tools.some((tool) => tool.name === name))
            .toBe(true);
        return client.callTool(asked);
      });
      expect(through).toEqual(direct);
      if (name === 'get-roots-list') return expect(JSON.stringify(through)).toContain('file:///srv/acme');
      expect(governor.inputs).toHaveLength(1);
      expect(governor.inputs[0]?.response).toEqual(name.includes('sampling') ? sampled : answers);
    },
  );

  test('a call that may not go on does not hear the answer', async () => {
    governor.reply = async (request) => ({
      is: 'upstream',
      reply: await request.forward({
        onInput: () => Promise.reject(new Error('withdrawn')),
        mayLeave: () => true,
      }),
    });
    const client = await connected(path);
    const result = await client.callTool({ name: 'trigger-elicitation-request', arguments: {} });
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result)).not.toContain('Ines');
    await client.close();
  });

  test('a subscription tells of updates, to its client alone', async () => {
    const [client, other] = [await connected(path), await connected(path, `${token}-2`)];
    const heard: string[] = [];
    const told: string[] = [];
    client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(params.uri),
    );
    other.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void told.push(params.uri),
    );
    const uri = 'demo://resource/dynamic/text/1';
    await client.subscribeResource({ uri });
    await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
    await expect.poll(() => heard).toContain(uri);
    expect(told).toEqual([]);
    await client.unsubscribeResource({ uri });
    await expect(client.unsubscribeResource({ uri })).rejects.toThrow('no such subscription');
    await Promise.all([client.close(), other.close()]);
  });

  test('log messages come at the level that the client set', async () => {
    const client = await connected(path);
    const heard: string[] = [];
    client.setNotificationHandler(
      LoggingMessageNotificationSchema,
      ({ params }) => void heard.push(params.level),
    );
    await client.setLoggingLevel('debug');
    await client.callTool({ name: 'toggle-simulated-logging', arguments: {} });
    await expect.poll(() => heard.length, { timeout: 15_000 }).toBeGreaterThan(0);
    await client.close();
  });

  test('what a cancelled call was waited for is told to the server', async () => {
    const client = await connected(path);
    const abort = new AbortController();
    const call = client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 60, steps: 600 } },
      undefined,
      { signal: abort.signal, onprogress: () => abort.abort('enough') },
    );
    await expect(call).rejects.toThrow('enough');
    // The server still works for others, and for this one.
    const sum = await client.callTool({ name: 'get-sum', arguments: { a: 1, b: 2 } });
    expect(JSON.stringify(sum)).toContain('3');
    await client.close();
  });

  test('when the agent may use something else than before, its client is told', async () => {
    const client = await connected(path);
    let told = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void told++);
    const before = (await client.listTools()).tools.length;
    permissionsChanged();
    governor.hidden.add(`${path.slice(5)}.echo`);
    permissionsChanged();
    await expect.poll(() => told).toBeGreaterThan(0);
    expect((await client.listTools()).tools).toHaveLength(before - 1);
    await client.close();
  });
});

test('merged: what several servers have is told apart by name, or not offered', async () => {
  const client = await connected('/mcp');
  const { prompts } = await client.listPrompts();
  expect(prompts.map(({ name }) => name)).toContain('near_args-prompt');
  const prompt = await client.getPrompt({ name: 'far_args-prompt', arguments: { city: 'Vilnius' } });
  expect(JSON.stringify(prompt)).toContain('Vilnius');
  expect(governor.requests.at(-1)).toMatchObject({ tool: 'far.prompts/get', args: { name: 'args-prompt' } });
  // Both servers have the same addresses, so none of them means one server.
  expect((await client.listResources()).resources).toEqual([]);
  await expect(client.readResource({ uri: 'demo://resource/dynamic/text/1' })).rejects.toThrow(
    'no such resource',
  );
  const asked = await client.callTool({ name: 'far_trigger-elicitation-request', arguments: {} });
  expect(JSON.stringify(asked)).toContain('Ines');
  await client.close();
});

test('what an agent may not read or get is neither offered nor listed', async () => {
  for (const aside of ['resources/read', 'prompts/get', 'resources/subscribe', 'completion/complete'])
    governor.hidden.add(`near.${aside}`);
  const client = await connected('/mcp/near');
  expect(client.getServerCapabilities()).not.toHaveProperty('resources');
  expect(client.getServerCapabilities()).not.toHaveProperty('prompts');
  expect(client.getServerCapabilities()).not.toHaveProperty('completions');
  await client.close();
});
