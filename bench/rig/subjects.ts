// Everybody whom `bench gateway` asks, started and entered: the server itself, nginx and a bare hop before it,
// Surety, and the same server over stdio behind bridges and behind Surety.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callText, httpRequest, largeBytes, type Wanted } from './calls.ts';
import type { Reply } from './connection.ts';
import type { Subject } from './load.ts';
import { bridgesHere, nginx, type Peer } from './peers.ts';
import { type Child, start } from './processes.ts';
import { openSession, raiseSurety, type Surety } from './surety.ts';

export interface Measuring extends Subject {
  /** For people. */
  readonly title: string;
  /** Its processes, without the load; without the server too, unless that is its own child over stdio. */
  readonly pids: readonly number[];
}

export interface Raised {
  readonly over: Readonly<Record<'http' | 'large' | 'events' | 'stdio', readonly Measuring[]>>;
  /** What has to be asked once for every order, before payments pass. */
  readonly matches: readonly Subject[];
  readonly oneAgent: Subject;
  readonly bridges: readonly Peer[];
  readonly gateway: Child;
  readonly witness: Child;
  readonly hop: Child;
  stop(): Promise<void>;
}

const isAnswered = ({ status, body }: Reply): boolean =>
  status === 200 && body.includes('"status":"matched"') && !body.includes('"isError":true');

type HeadersOf = (connection: number) => Readonly<Record<string, string>>;

const through =
  (path: string, tool: string, headers: HeadersOf = () => ({}), wanted: Wanted = {}) =>
  (n: number, connection: number): Buffer =>
    httpRequest(path, headers(connection), callText(tool, n, wanted));

const serverProgram = fileURLToPath(new URL('./upstream.ts', import.meta.url));
const hopProgram = fileURLToPath(new URL('./hop.ts', import.meta.url));

export async function raise(scratch: string, agents: number): Promise<Raised> {
  const server = await start([serverProgram], { log: join(scratch, 'upstream.log') });
  const serverPort = Number(server.ready['port']);
  const hop = await start([hopProgram, String(serverPort)], { log: join(scratch, 'hop.log') });
  const proxy = await nginx(scratch, serverPort);
  const bridges = await bridgesHere(scratch);
  const surety = await raiseSurety(scratch, serverPort, agents);
  const overHttp = (wanted: Wanted): Measuring[] => {
    const plain = { isAnswered, request: through('/mcp', 'get_invoice', undefined, wanted) };
    const hopPort = Number(hop.ready['port']);
    return [
      { ...plain, name: 'direct', title: 'direct to the server', port: serverPort, pids: [] },
      ...(proxy === undefined ? [] : [{ ...plain, ...proxy, pids: [proxy.child.pid] }]),
      { ...plain, name: 'hop', title: 'bare node:http + undici hop', port: hopPort, pids: [hop.pid] },
      ...ofSurety(surety, 'erp', wanted),
    ];
  };
  return {
    over: {
      http: overHttp({}),
      large: overHttp({ bytes: largeBytes }),
      events: overHttp({ progress: true }),
      stdio: [
        ...(await Promise.all(bridges.map((bridge) => ofBridge(bridge, 16)))),
        ...ofSurety(surety, 'local'),
      ],
    },
    matches: (['erp', 'local'] as const).map((id) => asking(surety, id, 'match_invoice')),
    oneAgent: asking(surety, 'erp', 'pay_invoice', () => surety.headers(0)),
    ...{ bridges, gateway: surety.gateway, witness: surety.witness, hop },
    stop: async () => {
      await surety.stop();
      for (const { child } of [...bridges, ...(proxy === undefined ? [] : [proxy])]) await child.stop();
      await hop.stop();
      await server.stop();
    },
  };
}

function asking(
  surety: Surety,
  server: 'erp' | 'local',
  tool: string,
  headers: HeadersOf = (connection) => surety.headers(connection, server),
  wanted: Wanted = {},
): Subject {
  const request = through(`/mcp/${server}`, tool, headers, wanted);
  return { name: tool, port: surety.port, isAnswered, request };
}

function ofSurety(surety: Surety, server: 'erp' | 'local', wanted: Wanted = {}): Measuring[] {
  const pids = [surety.gateway.pid, surety.witness.pid];
  const prefix = server === 'erp' ? '' : 'local-';
  const ask = (tool: string) => asking(surety, server, tool, undefined, wanted);
  return [
    { ...ask('get_invoice'), name: `${prefix}read`, title: 'Surety, a read', pids },
    { ...ask('pay_invoice'), name: `${prefix}pay`, title: 'Surety, a payment', pids },
  ];
}

async function ofBridge({ name, title, port, path, child }: Peer, sessions: number): Promise<Measuring> {
  const headers: Readonly<Record<string, string>>[] = [];
  for (let opened = 0; opened < sessions; opened++) headers.push(await openSession({ port, path }));
  const request = through(path, 'get_invoice', (connection) => headers[connection % sessions] ?? {});
  return { name, title, port, pids: [child.pid], isAnswered, request };
}
