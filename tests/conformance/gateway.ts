// Surety as anybody would run it, in front of one server: a folder with its files, `surety up`, a credential, and a
// forwarder that shows this credential for a client that cannot send headers of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { forward } from './forwarder.ts';

const main = join(import.meta.dirname, '../../packages/surety/src/main.ts');

/** Every tool is a read that the one agent may use: what is compared is the protocol, not the policy. */
const files = (url: string): Readonly<Record<string, string>> => ({
  'surety.yaml': `origin: conformance.example/surety
store: store
servers:
  fixture: { http: "${url}", pins: observe }
tools:
  fixture.*: { effect: read }
people:
  - { id: owner@conformance.example, functions: [it], simulated: true }
agents:
  suite: { owner: owner@conformance.example }
`,
  'policies/suite.cedar': `permit (principal == Agent::"suite", action, resource in Server::"fixture");\n`,
});

export interface Gateway {
  /** Of the server behind it, under its own names. */
  readonly url: string;
  readonly authorization: string;
  stop(): Promise<void>;
}

export async function raiseGateway(upstreamUrl: string): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'surety-conformance-'));
  for (const [name, text] of Object.entries(files(upstreamUrl))) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const child = spawn(process.execPath, [main, 'up', '--port', '0', '--with-parent'], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const address = await ready(child);
    const credential = await issue(join(folder, 'store/admin.sock'));
    return { url: `${address}/mcp/fixture`, authorization: `Bearer ${credential}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Through the administrator's socket, as `surety credential` does it. */
async function issue(socketPath: string): Promise<string> {
  const asked = request({ socketPath, path: '/credentials', method: 'POST' });
  asked.setHeader('content-type', 'application/json');
  asked.end(JSON.stringify({ identity: 'suite', lifeMs: 86_400_000 }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { credential } = JSON.parse(await text(answer)) as { credential: string };
  return credential;
}

/** Its address, once it answers. */
function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      const address = /Surety is up: (http:\/\/[\d.]+:\d+)\/mcp/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () => reject(new Error(`surety did not start: ${said}`)));
  });
}

/** As above, at an address that needs no credential. */
export async function raiseOpenGateway(upstreamUrl: string): Promise<{ url: string; stop(): Promise<void> }> {
  const gateway = await raiseGateway(upstreamUrl);
  const forwarder = await forward(gateway.url, gateway.authorization);
  return {
    url: forwarder.url,
    stop: async () => {
      await forwarder.stop();
      await gateway.stop();
    },
  };
}
