import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as TransportV1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpUpstream } from './http.ts';
import { StdioUpstream } from './stdio.ts';
import { freePort, Permissive, type Served, serve, token } from './surroundings.fixture.ts';
import type { Upstream } from './upstream.ts';

interface Asked {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}
interface Peer {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(asked: Asked): Promise<unknown>;
  close(): Promise<void>;
}
type Process = { command: string; args: string[] };
interface Kind {
  readonly name: string;
  /** A tool as this client knows tools: 2026-07-28 has no `execution` in them any more. */
  readonly drops?: string;
  over(url: string): Promise<Peer>;
  beside(process: Process): Promise<Peer>;
}

const info = { name: 'test', version: '1' };
const requestInit = { headers: { Authorization: token } };

async function v1(transport: HttpV1 | StdioV1): Promise<Peer> {
  const client = new ClientV1(info);
  // The SDK's own types disagree with each other under `exactOptionalPropertyTypes`.
  await client.connect(transport as TransportV1);
  return client as unknown as Peer;
}

async function v2(transport: HttpV2 | StdioV2, mode: 'legacy' | 'auto'): Promise<Peer> {
  const client = new ClientV2(info, { versionNegotiation: { mode } });
  await client.connect(transport);
  if (transport instanceof HttpV2)
    expect(client.getProtocolEra()).toBe(mode === 'auto' ? 'modern' : 'legacy');
  return client as unknown as Peer;
}

const kinds: Kind[] = [
  {
    name: 'SDK v1',
    over: (url) => v1(new HttpV1(new URL(url), { requestInit })),
    beside: (process) => v1(new StdioV1({ ...process, stderr: 'ignore' })),
  },
  {
    name: 'SDK v2, as it comes',
    over: (url) => v2(new HttpV2(new URL(url), { requestInit }), 'legacy'),
    beside: (process) => v2(new StdioV2({ ...process, stderr: 'ignore' }), 'legacy'),
  },
  {
    name: 'SDK v2, 2026-07-28',
    drops: 'execution',
    over: (url) => v2(new HttpV2(new URL(url), { requestInit }), 'auto'),
    beside: (process) => v2(new StdioV2({ ...process, stderr: 'ignore' }), 'legacy'),
  },
];

const program = (name: string) =>
  fileURLToPath(import.meta.resolve(`@modelcontextprotocol/${name}/dist/index.js`));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'surety-peers-')));
const everything: Process = { command: process.execPath, args: [program('server-everything')] };
const filesystem: Process = { command: process.execPath, args: [program('server-filesystem'), folder] };

const calls: Record<string, Asked[]> = {
  everything: [
    { name: 'echo', arguments: { message: 'schön, 日本, 🎉 \u2028' } },
    { name: 'get-sum', arguments: { a: 1.5, b: -2 } },
    { name: 'get-structured-content', arguments: { location: 'Chicago' } },
    { name: 'get-tiny-image', arguments: {} },
    { name: 'get-annotated-message', arguments: { messageType: 'error', includeImage: true } },
    { name: 'get-sum', arguments: { a: 'no number' } },
    { name: 'no-such-tool', arguments: {} },
  ],
  filesystem: [
    { name: 'read_text_file', arguments: { path: join(folder, 'hello.txt') } },
    { name: 'list_directory', arguments: { path: folder } },
    { name: 'read_text_file', arguments: { path: '/etc/passwd' } },
  ],
};

const upstreams: Upstream[] = [];
let everythingOverHttp: ChildProcess;
let served: Served;

beforeAll(async () => {
  writeFileSync(join(folder, 'hello.txt'), 'hello\n');
  const port = await freePort();
  everythingOverHttp = spawn(process.execPath, [program('server-everything'), 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve) => {
    everythingOverHttp.stderr?.on('data', (text: Buffer) => text.includes('listening') && resolve());
  });
  upstreams.push(
    new StdioUpstream({ server: 'everything', ...everything }),
    new StdioUpstream({ server: 'filesystem', ...filesystem }),
    new HttpUpstream({ server: 'far', url: `http://127.0.0.1:${port}/mcp` }),
  );
  served = await serve({ governor: new Permissive(), upstreams });
});

afterAll(async () => {
  await served?.close();
  await Promise.all(upstreams.map((each) => each.close()));
  everythingOverHttp?.kill();
  rmSync(folder, { recursive: true });
});

/** The result, or the error that the client makes of it. */
const outcome = (peer: Peer, asked: Asked): Promise<unknown> =>
  peer
    .callTool(asked)
    .catch((error: Error & { code?: unknown }) => ({ code: error.code, message: error.message }));

describe.each(kinds)('$name', ({ over, beside, drops }) => {
  const known = (tools: { name: string }[]) =>
    tools.map((tool) => ({ ...tool, ...(drops === undefined ? {} : { [drops]: undefined }) }));

  test.each([
    ['everything', everything],
    ['filesystem', filesystem],
    ['far', everything],
  ] as const)('on the endpoint of `%s` all is as without the gateway', async (server, process) => {
    const [through, direct] = [await over(`${served.url}/mcp/${server}`), await beside(process)];
    try {
      const { tools } = await through.listTools();
      expect(tools.length).toBeGreaterThan(5);
      expect(tools).toEqual(known((await direct.listTools()).tools));
      for (const asked of calls[server] ?? calls.everything ?? [])
        expect(await outcome(through, asked)).toEqual(await outcome(direct, asked));
    } finally {
      await through.close();
      await direct.close();
    }
  });

  test('on the merged endpoint too, but for the names', async () => {
    const [through, direct] = [await over(`${served.url}/mcp`), await beside(filesystem)];
    try {
      const { tools } = await through.listTools();
      const native = known((await direct.listTools()).tools).map((tool) => ({
        ...tool,
        name: `filesystem_${tool.name}`,
      }));
      expect(tools.filter(({ name }) => name.startsWith('filesystem_'))).toEqual(native);
      expect(new Set(tools.map(({ name }) => name.split('_')[0]))).toEqual(
        new Set(['everything', 'filesystem', 'far']),
      );
      for (const asked of calls.filesystem ?? []) {
        const merged = { ...asked, name: `filesystem_${asked.name}` };
        expect(await outcome(through, merged)).toEqual(await outcome(direct, asked));
      }
    } finally {
      await through.close();
      await direct.close();
    }
  });
});
