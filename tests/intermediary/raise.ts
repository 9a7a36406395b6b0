// Puts Surety in front of the kit's servers, as packages/intermediary/README.md asks of any gateway: started by the
// kit's command line with the servers' addresses, it prints one line that says where the gateway is, and ends when its
// stdin does.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

const main = join(import.meta.dirname, '../../packages/surety/src/main.ts');
const { INTERMEDIARY_OLD, INTERMEDIARY_NEW, INTERMEDIARY_ODD } = process.env;
const servers = ['old', 'new', 'odd'];

const files: Readonly<Record<string, string>> = {
  'surety.yaml': `origin: intermediary.example/surety
store: store
servers:
  old: { http: "${INTERMEDIARY_OLD}", pins: observe }
  new: { http: "${INTERMEDIARY_NEW}", pins: observe }
  odd: { http: "${INTERMEDIARY_ODD}", pins: observe }
tools:
${servers.map((server) => `  ${server}.*: { effect: read }\n  ${server}.restricted: { effect: read }\n`).join('')}
people:
  - { id: owner@intermediary.example, functions: [it], simulated: true }
agents:
  first: { owner: owner@intermediary.example }
  second: { owner: owner@intermediary.example }
`,
  'policies/agents.cedar': `@id("all")
permit (principal, action, resource);
@id("not-restricted")
forbid (
  principal == Agent::"second",
  action in [${servers.map((server) => `Action::"${server}.restricted"`).join(', ')}],
  resource
);
`,
};

const folder = mkdtempSync(join(tmpdir(), 'surety-intermediary-'));
for (const [name, content] of Object.entries(files)) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}
const surety = spawn(process.execPath, [main, 'up', '--port', '0', '--with-parent'], {
  cwd: folder,
  env: { ...process.env, NO_COLOR: '1' },
  stdio: ['pipe', 'ignore', 'pipe'],
});
const ended = once(surety, 'exit');
process.stdin.resume().once('end', () => surety.stdin.end());

let said = '';
surety.stderr.setEncoding('utf8').on('data', async (part: string) => {
  const wasUp = said.includes('Surety is up');
  said += part;
  const address = /Surety is up: (http:\/\/[\d.]+:\d+)\/mcp/.exec(said)?.[1];
  if (address === undefined || wasUp) return;
  const credentials = [await issue('first'), await issue('second')];
  const endpoints = Object.fromEntries(servers.map((server) => [server, `${address}/mcp/${server}`]));
  const gateway = { ...endpoints, merged: `${address}/mcp`, credentials, restricted: true };
  process.stdout.write(`${JSON.stringify(gateway)}\n`);
});

async function issue(identity: string): Promise<string> {
  const asked = request({
    socketPath: join(folder, 'store/admin.sock'),
    path: '/credentials',
    method: 'POST',
  });
  asked.setHeader('content-type', 'application/json');
  asked.end(JSON.stringify({ identity, lifeMs: 86_400_000 }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return `Bearer ${(JSON.parse(await text(answer)) as { credential: string }).credential}`;
}

const [code] = (await ended) as [number | null];
if (code !== 0) process.stderr.write(said);
rmSync(folder, { recursive: true, force: true });
process.exitCode = code ?? 1;
