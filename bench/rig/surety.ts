// Surety as `surety up` runs it, for the load: a folder with its files, a witness, the gateway with its
// sealer and the ledger on disk, and a credential and a session for every agent.

import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { ensureLogKey } from '../../packages/surety/src/ledger/seal.ts';
import { agentName, writeBusiness } from './business.ts';
import { type Child, start } from './processes.ts';

const product = join(import.meta.dirname, '../../packages/surety/src');
const origin = 'bench.example/surety';
const stdioServer = join(import.meta.dirname, 'upstream.ts');

/** One checkpoint with evidence for each server: an order that was matched within the month. */
const checkpoints = ['erp', 'local']
  .map(
    (server) => `  - id: matched-${server}
    before: ${server}.pay_invoice
    require: { call: ${server}.match_invoice, where: "prior.args.order_id == args.order_id && prior.result.status == 'matched'" }
    within: 30d
`,
  )
  .join('');

type Headers = Readonly<Record<string, string>>;
type ServerName = 'erp' | 'local';
type Entered = Readonly<Record<ServerName, Headers>>;

export interface Surety {
  readonly port: number;
  readonly gateway: Child;
  readonly witness: Child;
  /** Headers with which this agent calls a server. */
  headers(agent: number, server?: ServerName): Headers;
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
    likeErp: ['local'],
    servers: [
      `  erp: { http: "http://127.0.0.1:${upstreamPort}/mcp", pins: observe }`,
      `  local: { stdio: ["${process.execPath}", "${stdioServer}", stdio], pins: observe }`,
    ].join('\n'),
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
  const sessions: Entered[] = [];
  for (let agent = 0; agent < agents; agent++) sessions.push(await enter(folder, port, agentName(agent)));
  return {
    port,
    gateway,
    witness,
    headers: (agent, server = 'erp') => (sessions[agent % agents] as Entered)[server],
    stop: async () => {
      await gateway.stop();
      await witness.stop();
    },
  };
}

/** A credential from the administrator's socket, and a session of MCP at each server opened with it. */
async function enter(folder: string, port: number, identity: string): Promise<Entered> {
  const socketPath = join(folder, 'store', 'admin.sock');
  const issued = await post({ socketPath, path: '/credentials' }, {}, { identity, lifeMs: 86_400_000 });
  const { credential } = JSON.parse(issued.text) as { credential: string };
  const headers = { authorization: `Bearer ${credential}` };
  return {
    erp: await openSession({ port, path: '/mcp/erp' }, headers),
    local: await openSession({ port, path: '/mcp/local' }, headers),
  };
}

/** Headers of a session of MCP 2025-11-25, opened at any endpoint. */
export async function openSession(
  at: { readonly port: number; readonly path: string },
  headers: Headers = {},
): Promise<Headers> {
  const { session } = await post({ host: '127.0.0.1', ...at }, headers, {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '0.0.0' },
    },
  });
  const opened = { ...headers, 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': session };
  await post({ host: '127.0.0.1', ...at }, opened, { jsonrpc: '2.0', method: 'notifications/initialized' });
  return opened;
}

export function post(
  at: { socketPath: string; path: string } | { host: string; port: number; path: string },
  headers: Headers,
  body: unknown,
): Promise<{ text: string; session: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ text: string; session: string }>();
  const accept = 'application/json, text/event-stream';
  const sent = { ...headers, 'content-type': 'application/json', accept };
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
