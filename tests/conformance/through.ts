// What the suite starts in place of its client for the way through the gateway: `node through.ts <server-url>` raises
// Surety in front of that server, and lets the client call there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { raiseGateway } from './gateway.ts';

const gateway = await raiseGateway(process.argv.at(-1) as string);
const client = spawn(process.execPath, [join(import.meta.dirname, 'fixture/client.ts'), gateway.url], {
  stdio: 'inherit',
  env: { ...process.env, CONFORMANCE_AUTHORIZATION: gateway.authorization },
});
const ended = once(client, 'exit') as Promise<[number | null]>;
// The suite ends a client that takes too long.
process.once('SIGTERM', () => client.kill());
const [code] = await ended;
await gateway.stop();
process.exitCode = code ?? 1;
