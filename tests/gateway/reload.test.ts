// A running Surety whose files change, and one that is asked to end: real processes, the official client, a server that
// says which of its versions answered. Nothing that a client began is lost, and nothing weakens without its owner.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Program } from './program.fixture.ts';

/** Answers at once with its version; with `wait`, once a file of that name is there. */
const server = `
const { existsSync, watch } = require('node:fs');
const { createInterface } = require('node:readline');
const version = process.env.VERSION;
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
const tool = { name: 'look', inputSchema: { type: 'object' } };
const answered = (id) => say({ id, result: { content: [{ type: 'text', text: version }] } });
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'initialize')
    say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'x', version } } });
  else if (method === 'tools/list') say({ id, result: { tools: [tool] } });
  else if (method === 'tools/call') {
    const { wait } = params.arguments;
    if (wait === undefined || existsSync(wait)) return answered(id);
    process.stderr.write('waits\\n');
    const watching = watch('.', () => {
      if (!existsSync(wait)) return;
      watching.close();
      answered(id);
    });
  } else if (id !== undefined) say({ id, error: { code: -32601, message: 'unknown' } });
}).on('close', () => process.exit(0));
`;

let here: Program;
let child: ChildProcess;
let said: () => string;
let url: string;
let credential: string;
const clients: Client[] = [];

const serversLine = /^servers: .*$/m;
const serving = (erp: string, crm: string): string =>
  `servers: { erp: { stdio: [node, server.cjs], env: { VERSION: "${erp}" }, pins: observe }, crm: { stdio: [node, server.cjs], env: { VERSION: "${crm}" }, pins: observe } }`;

async function start(): Promise<void> {
  ({ child, said, url } = await here.up());
}

beforeEach(async () => {
  here = new Program();
  here.write('server.cjs', server);
  const key = (await here.run('key', 'tove.key')).stdout.trim();
  here.edit('surety.yaml', (text) =>
    text
      .replace(serversLine, serving('erp-1', 'crm-1'))
      .replace('tools:\n', 'tools:\n  crm.look: { effect: read }\n')
      .replace('name: Tove Canaryname }', `name: Tove Canaryname, keys: ["${key}"] }`),
  );
  here.edit(
    'policies/agents.cedar',
    (text) => `${text}\n@id("looks")\npermit (principal, action == Action::"crm.look", resource);\n`,
  );
  credential = await here.credential('buyer');
  await start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close().catch(() => undefined);
  await here.remove();
});

async function connected(of: string): Promise<Client> {
  const client = new Client({ name: 'buyer', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${credential}` } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${url}/mcp/${of}`), { requestInit }) as never,
  );
  clients.push(client);
  return client;
}

async function look(client: Client, args: Record<string, unknown> = {}): Promise<string> {
  const { content } = await client.callTool({ name: 'look', arguments: args });
  return (content as { text: string }[])[0]?.text ?? '';
}

/** What `surety reload` asks, without starting a program for it. */
function reload(): Promise<{
  ok: boolean;
  restart?: string[];
  pending?: { change: string; stream: string }[];
}> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: here.path('store/admin.sock'),
        method: 'POST',
        path: '/reload',
        headers: { host: 'surety' },
      },
      async (answer) => {
        let text = '';
        for await (const part of answer) text += String(part);
        resolve(JSON.parse(text));
      },
    );
    asked.on('error', reject).end();
  });
}

/** Resolves when the running Surety has said this. */
async function hears(what: RegExp): Promise<void> {
  while (!what.test(said())) await once(child.stderr as NodeJS.ReadableStream, 'data');
}

const version = (crm: string) => (text: string) => text.replace(serversLine, serving('erp-1', crm));

test('twenty reloads under clients that never pause: every call is answered, in the end by the last', async () => {
  const callers = await Promise.all([connected('crm'), connected('crm'), connected('erp')]);
  let isOver = false;
  const seen = callers.map(() => [] as string[]);
  const calling = callers.map(async (client, at) => {
    while (!isOver) seen[at]?.push(await look(client));
  });
  for (let nth = 2; nth <= 21; nth++) {
    here.edit('surety.yaml', version(`crm-${nth}`));
    expect(await reload()).toMatchObject({ ok: true, restart: [], pending: [] });
  }
  isOver = true;
  await Promise.all(calling);
  const [first = new Client({ name: '', version: '' })] = callers;
  expect(await look(first)).toBe('crm-21');
  const order = seen[0]?.map((each) => Number(each.slice('crm-'.length))) ?? [];
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(new Set(seen[2])).toEqual(new Set(['erp-1']));
});

test('a call under way ends where it began, and the server that it kept ends after it; SIGHUP reloads', async () => {
  const [before, after] = [await connected('crm'), await connected('crm')];
  const waiting = look(before, { wait: 'go' });
  await look(after);
  here.edit('surety.yaml', version('crm-2'));
  child.kill('SIGHUP');
  await hears(/reloaded: 1 declarations took force/);
  expect(await look(after)).toBe('crm-2');
  expect(said()).not.toContain('crm: closed');
  here.write('go', '');
  expect(await waiting).toBe('crm-1');
  await hears(/crm: closed, nothing under way needs it any more/);
  expect(await look(before)).toBe('crm-2');
});

test('files with an error change nothing, and say all of it; what needs a restart is named', async () => {
  const good = readFileSync(here.path('surety.yaml'), 'utf8');
  here.edit('surety.yaml', (text) => `${version('crm-2')(text)}listne: 1\n`);
  here.edit('outcomes/payments.yaml', (text) => text.replace('before: erp.pay', 'before: erp.pya'));
  const { code, stderr } = await here.run('reload');
  expect(code).toBe(1);
  expect(stderr).toMatch(/listne/);
  expect(stderr).toMatch(/erp\.pya/);
  const answer = await reload();
  expect(answer).toMatchObject({
    ok: false,
    problems: [{ file: 'surety.yaml' }, { file: 'outcomes/payments.yaml' }],
  });
  const client = await connected('crm');
  expect(await look(client)).toBe('crm-1');
  here.edit('outcomes/payments.yaml', (text) => text.replace('before: erp.pya', 'before: erp.pay'));
  writeFileSync(here.path('surety.yaml'), `${good}\nlisten: 127.0.0.1:1\nlimits: { idle: 30s, depth: 32 }\n`);
  expect(await reload()).toMatchObject({ ok: true, restart: ['listen', 'limits.idle'] });
  expect(await look(client)).toBe('crm-1');
});

test('a server that an outcome relies on stays until its owner signs, through a restart too', async () => {
  here.edit('surety.yaml', (text) => text.replace(serversLine, serving('erp-2', 'crm-1')));
  const { pending = [] } = await reload();
  expect(pending.map(({ stream }) => stream)).toEqual(['server/erp']);
  expect(await look(await connected('erp'))).toBe('erp-1');
  expect(await here.stop(child)).toBe(0);
  await start();
  const client = await connected('erp');
  expect(await look(client)).toBe('erp-1');
  const shown = await here.run('changes');
  expect(shown.stdout).toMatch(
    /^d-\S{12} {2}server\/erp\n {2}- definition: "\S+"\n {2}\+ definition: "\S+"\n/,
  );
  expect((await here.run('sign', pending[0]?.change ?? '')).code).toBe(4);
  const { stdout, stderr } = await here.run('sign', '--all', '--key', 'tove.key');
  expect(stderr).toContain('server/erp');
  expect(stdout).toBe(`tove@acme.example signed ${pending[0]?.change}: server/erp is in force\n`);
  expect(await look(client)).toBe('erp-2');
  const status = JSON.parse((await here.run('status', '--json')).stdout) as object;
  expect(status).toMatchObject({ changes: [], inForce: { servers: 2, outcomes: 1, checkpoints: 3 } });
});

test('a change that its owner refuses stays out, with the reason, for as long as the files ask for it', async () => {
  here.edit('surety.yaml', (text) => text.replace('erp-1', 'erp-2'));
  const change = (await reload()).pending?.[0]?.change ?? '';
  expect((await here.run('sign', '--all', '--refuse', 'no', '--key', 'tove.key')).code).toBe(64);
  const refused = await here.run('sign', change, '--refuse', 'Nobody asked for it.', '--key', 'tove.key');
  expect(refused.stdout).toBe(`tove@acme.example refused ${change}: server/erp stays as it is\n`);
  expect((await reload()).pending).toEqual([]);
  const shown = (await here.run('changes')).stdout;
  expect(shown).toContain(`${change}  server/erp`);
  expect(shown).toContain('refused by tove@acme.example: "Nobody asked for it."');
  const [one] = JSON.parse((await here.run('changes', '--json')).stdout) as object[];
  expect(one).toMatchObject({ change, missing: [], refused: { person: 'tove@acme.example' } });
  expect((await here.run('tail')).stdout).toContain(`refused the change ${change}`);
  expect(await look(await connected('erp'))).toBe('erp-1');
  here.edit('surety.yaml', (text) => text.replace('erp-2', 'erp-1'));
  await reload();
  expect((await here.run('changes')).stdout).toContain('no change waits');
});

test('a path that opens waits for the owner, and the reload names it', async () => {
  here.edit('surety.yaml', (text) => text.replace('tools:\n', 'tools:\n  crm.send: { effect: send }\n'));
  here.edit(
    'policies/agents.cedar',
    (text) =>
      `${text}\n@id("sends")\npermit (principal == Agent::"buyer", action == Action::"crm.send", resource);\n`,
  );
  const { code, stdout } = await here.run('reload');
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(
      /^in force: tool\/crm\.send\nwaits for tove@acme\.example: policy\/sends {2}surety sign d-\S+\nunguarded: f-\S{12} {2}buyer can call crm\.send \(send\), and no checkpoint stands before it\n$/,
    ),
  ]);
  const again = JSON.parse((await here.run('reload', '--json')).stdout) as object;
  expect(again).toMatchObject({ applied: [], found: [{ kind: 'unguarded', level: 'error' }] });
});

test('asked to end, it answers what is under way and takes nothing more', async () => {
  const client = await connected('crm');
  const waiting = look(client, { wait: 'go' });
  await look(await connected('crm'));
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await hears(/ending/);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  here.write('go', '');
  expect(await waiting).toBe('crm-1');
  expect((await ended)[0]).toBe(0);
});

test('asked twice to end, it waits no longer, and closes its log all the same', async () => {
  const stuck = look(await connected('crm'), { wait: 'never' }).catch(() => 'cut');
  await look(await connected('crm'));
  const gone = once(child, 'close');
  child.kill('SIGTERM');
  await hears(/ending/);
  child.kill('SIGTERM');
  expect((await gone)[0]).toBe(0);
  expect(await stuck).toBe('cut');
  const facts = (await here.run('tail', '--json', '-n', '1')).stdout;
  expect(JSON.parse(facts)).toMatchObject({ kind: 'process.stopped' });
});
