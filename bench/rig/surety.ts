// Surety as `surety up` runs it, for the load: a folder with its files, a witness, the gateway with its
// sealer and the ledger on disk, and a credential and a session for every agent.

import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { ensureLogKey } from '../../packages/surety/src/ledger/seal.ts';
import { agentName, writeBusiness } from './business.ts';
import { type Child, start } from './processes.ts';

const product = join(import.meta.dirname, '../../packages/surety/src');
const origin = 'bench.example/surety';

/** One checkpoint with evidence: an order that was matched within the month. */
const checkpoints = `  - id: matched
    before: erp.pay_invoice
    require: { call: erp.match_invoice, where: "prior.args.order_id == args.order_id && prior.result.status == 'matched'" }
    within: 30d
`;

export interface Surety {
  readonly port: number;
  readonly gateway: Child;
  readonly witness: Child;
  /** Headers with which this agent calls. */
  headers(agent: number): Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function raiseSurety(folder: string, upstreamPort: number, agents: number): Promise<Surety> {
  const logKey = await ensureLogKey(join(folder, 'store', 'keys'), origin);
  const witness = await start(
    [
      join(product, 'main.ts'),
      ...['witness', '--folder', join(folder, 'witness'), '--name', 'bench.example/witness'],
      ...['--log', logKey, '--listen', '127.0.0.1:0', '--json', '--with-parent'],
    ],
    { log: join(folder, 'witness.log') },
  );
  const { vkey, port: witnessPort } = witness.ready;
  await writeBusiness(folder, {
    agents,
    otherRules: 0,
    otherPolicies: 2,
    checkpoints,
    servers: `  erp: { http: "http://127.0.0.1:${upstreamPort}/mcp" }`,
    witnesses: `[{ url: "http://127.0.0.1:${witnessPort}", key: "${vkey}" }]`,
  });
  const gateway = await start([join(product, 'main.ts'), 'up', '--port', '0', '--with-parent'], {
    cwd: folder,
    log: join(folder, 'surety.log'),
    readyLine: (line) => {
      const port = /Surety is up: http:\/\/127\.0\.0\.1:(\d+)\/mcp/.exec(line)?.[1];
      return port === undefined ? undefined : { port: Number(port) };
    },
  });
  const port = Number(gateway.ready['port']);
  const sessions: Readonly<Record<string, string>>[] = [];
  for (let agent = 0; agent < agents; agent++) sessions.push(await enter(folder, port, agentName(agent)));
  return {
    port,
    gateway,
    witness,
    headers: (agent) => sessions[agent % agents] as Readonly<Record<string, string>>,
    stop: async () => {
      await gateway.stop();
      await witness.stop();
    },
  };
}

/** A credential from the administrator's socket, and a session of MCP opened with it. */
async function enter(folder: string, port: number, identity: string): Promise<Record<string, string>> {
  const socketPath = join(folder, 'store', 'admin.sock');
  const issued = await post({ socketPath, path: '/credentials' }, {}, { identity, lifeMs: 86_400_000 });
  const { credential } = JSON.parse(issued.text) as { credential: string };
  const headers = { authorization: `Bearer ${credential}`, 'mcp-protocol-version': '2025-11-25' };
  const opened = await post({ host: '127.0.0.1', port, path: '/mcp/erp' }, headers, {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '0.0.0' },
    },
  });
  return { ...headers, 'mcp-session-id': opened.session };
}

function post(
  at: { socketPath: string; path: string } | { host: string; port: number; path: string },
  headers: Readonly<Record<string, string>>,
  body: unknown,
): Promise<{ text: string; session: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ text: string; session: string }>();
  const sent = { ...headers, 'content-type': 'application/json' };
  const asked = httpRequest({ ...at, method: 'POST', headers: sent }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => {
      const text = Buffer.concat(parts).toString();
      const status = response.statusCode ?? 0;
      if (status >= 300) reject(new Error(`\`${at.path}\` answered ${status}: ${text}`));
      else resolve({ text, session: String(response.headers['mcp-session-id']) });
    });
  });
  asked.on('error', reject);
  asked.end(JSON.stringify(body));
  return promise;
}
