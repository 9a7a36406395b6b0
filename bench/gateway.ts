// What Surety adds to a call: `npm run bench gateway [-- --quick --json --rate 200 --seconds 5]`.
// The same `tools/call` of 2 kB on loopback to the server itself, through a bare Node hop, and through
// `surety up` with its ledger on disk, its sealer and a witness: a read, and a payment with everything on.

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { callText, httpRequest, orders } from './rig/calls.ts';
import type { Reply } from './rig/connection.ts';
import { Disk, scratchFolder } from './rig/disk.ts';
import { closedLoop, type Measured, openLoop, type Subject } from './rig/load.ts';
import { cpuUs, ownCpuUs, peakMb, residentMb, start } from './rig/processes.ts';
import { asked, type Figure, figure, publish, say } from './rig/report.ts';
import { overRounds, percentile } from './rig/statistics.ts';
import { raiseSurety } from './rig/surety.ts';

const options = asked(['rate', 'cpu-rate', 'seconds', 'rounds']);
const rate = options.number('rate', 50);
const seconds = options.number('seconds', options.quick ? 0.4 : 4);
const rounds = options.number('rounds', options.quick ? 1 : 3);
const connectionCounts = options.quick ? [1, 16] : [1, 16, 64];
const agents = Math.max(...connectionCounts);

const scratch = scratchFolder();
const disk = new Disk(scratch);

interface Measuring extends Subject {
  /** Its processes, without the upstream and the load. */
  readonly pids: readonly number[];
}

const isAnswered = ({ status, body }: Reply): boolean =>
  status === 200 && body.includes('"status":"matched"') && !body.includes('"isError":true');

const upstream = await start([fileURLToPath(new URL('./rig/upstream.ts', import.meta.url))], {
  log: join(scratch, 'upstream.log'),
});
const upstreamPort = Number(upstream.ready['port']);
const hop = await start([fileURLToPath(new URL('./rig/hop.ts', import.meta.url)), String(upstreamPort)], {
  log: join(scratch, 'hop.log'),
});
const surety = await raiseSurety(scratch, upstreamPort, agents);
const suretyPids = [surety.gateway.pid, surety.witness.pid];

const through =
  (path: string, tool: string, headers: (connection: number) => Readonly<Record<string, string>>) =>
  (n: number, connection: number): Buffer =>
    httpRequest(path, headers(connection), callText(tool, n));
const ofSurety = (tool: string, headers = surety.headers) => through('/mcp/erp', tool, headers);

const direct: Measuring = {
  name: 'direct',
  port: upstreamPort,
  pids: [],
  isAnswered,
  request: through('/mcp', 'get_invoice', () => ({})),
};
const bare: Measuring = { ...direct, name: 'hop', port: Number(hop.ready['port']), pids: [hop.pid] };
const read: Measuring = {
  name: 'read',
  port: surety.port,
  pids: suretyPids,
  isAnswered,
  request: ofSurety('get_invoice'),
};
const pay: Measuring = { ...read, name: 'pay', request: ofSurety('pay_invoice') };
const oneAgent: Measuring = {
  ...read,
  name: 'one-agent',
  request: ofSurety('pay_invoice', () => surety.headers(0)),
};
const subjects = [direct, bare, read, pay];

const titles: Readonly<Record<string, string>> = {
  direct: 'direct to the server',
  hop: 'bare node:http + undici hop',
  read: 'Surety, a read',
  pay: 'Surety, a payment',
};

/** A refused call is cheaper than a governed one: with any failure the figures mean nothing. */
function whole(subject: Subject, measured: Measured): Measured {
  if (measured.failed > 0)
    throw new Error(`${measured.failed} of ${measured.calls} calls of \`${subject.name}\` were not answered`);
  return measured;
}

async function inTurns<T>(measure: (subject: Measuring) => Promise<T>): Promise<Map<string, T[]>> {
  const found = new Map<string, T[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const subject of subjects) {
      found.get(subject.name)?.push(await measure(subject));
      disk.syncs(10);
    }
  return found;
}

const at = <T>(found: ReadonlyMap<string, T[]>, name: string): T[] => found.get(name) ?? [];

/** Every connection asks again at once. CPU is warm here and nobody waits, so it is the steadiest figure. */
async function maxRates(connections: number): Promise<{ figures: Figure[]; lowest: number }> {
  say(`gateway: as fast as it goes, ${connections} connections`);
  const ms = 1000 * Math.min(seconds, 2);
  const found = await inTurns(async (subject) => {
    const before = cpuUs(subject.pids);
    const { calls, seconds: took } = whole(subject, await closedLoop(subject, connections, ms));
    return { perSecond: calls / took, cpuUs: (cpuUs(subject.pids) - before) / calls };
  });
  const of = (name: string, member: 'perSecond' | 'cpuUs'): number =>
    overRounds(at(found, name), (each) => each[member]);
  const figures = subjects.flatMap(({ name }) => [
    figure(`max-${name}-calls-per-s`, of(name, 'perSecond'), titles[name] ?? name),
    ...(name === 'direct' ? [] : [figure(`max-${name}-cpu-us`, of(name, 'cpuUs'), '  CPU per call')]),
  ]);
  return { figures, lowest: Math.min(...subjects.map(({ name }) => of(name, 'perSecond'))) };
}

/** Added latency over direct at a fixed rate: the median over rounds of each round's percentile. */
async function latency(connections: number): Promise<Figure[]> {
  say(`gateway: ${rate} calls/s, ${connections} connections`);
  const load = { perSecond: rate, seconds };
  const found = await inTurns(async (subject) => whole(subject, await openLoop(subject, connections, load)));
  const of = (name: string, share: number): number =>
    overRounds(at(found, name), ({ latenciesMs }) => percentile(latenciesMs, share));
  const allowedMs = of('hop', 0.99) - of('direct', 0.99) + 5;
  const targets = ['<= 1 ms', `<= the hop's + 5 = ${allowedMs.toFixed(2)} ms`];
  return subjects.flatMap(({ name }) => {
    const title = titles[name] ?? name;
    if (name === 'direct')
      return [
        figure(`c${connections}-direct-p50-ms`, of(name, 0.5), `${title}, median`),
        figure(`c${connections}-direct-p99-ms`, of(name, 0.99), '  p99'),
      ];
    const [p50, p99] = [0.5, 0.99].map((share) => of(name, share) - of('direct', share));
    const governed = name !== 'hop';
    return [
      figure(
        `c${connections}-${name}-added-p50-ms`,
        p50 ?? 0,
        `${title}, added at the median`,
        governed ? targets[0] : undefined,
      ),
      figure(
        `c${connections}-${name}-added-p99-ms`,
        p99 ?? 0,
        '  added at p99',
        governed ? targets[1] : undefined,
      ),
    ];
  });
}

interface Cost {
  readonly allUs: number;
  /** Of Surety's processes, one by one. */
  readonly gatewayUs: number;
  readonly sealerUs: number;
  readonly witnessUs: number;
}

function spent(pids: readonly number[]): Cost {
  const [gateway, witness] = [ownCpuUs(surety.gateway.pid), ownCpuUs(surety.witness.pid)];
  const sealerUs = cpuUs([surety.gateway.pid]) - gateway;
  return { allUs: cpuUs(pids), gatewayUs: gateway, sealerUs, witnessUs: witness };
}

/** CPU per call of all of a subject's processes at one rate that each of them carries. */
async function cost(perSecond: number): Promise<Figure[]> {
  say(`gateway: CPU at ${perSecond} calls/s, 16 connections`);
  const load = { perSecond, seconds: options.quick ? 1 : Math.max(2, seconds) };
  const found = await inTurns(async (subject): Promise<Cost> => {
    const before = spent(subject.pids);
    const { calls } = whole(subject, await openLoop(subject, 16, load));
    // What a call leaves behind (its facts, their sealing, the cosignature) is paid before the count is read.
    if (subject.pids.length > 0) await pause(300);
    const after = spent(subject.pids);
    const per = (of: keyof Cost): number => (after[of] - before[of]) / calls;
    return {
      allUs: per('allUs'),
      gatewayUs: per('gatewayUs'),
      sealerUs: per('sealerUs'),
      witnessUs: per('witnessUs'),
    };
  });
  const us = (name: string, of: keyof Cost): number => overRounds(at(found, name), (each) => each[of]);
  const governed = ['read', 'pay'].flatMap((name) => [
    figure(`cpu-${name}-us`, us(name, 'allUs'), `${titles[name]}, CPU per call`),
    figure(`cpu-${name}-hop-ratio`, us(name, 'allUs') / us('hop', 'allUs'), '  bare hops', '<= 3'),
    figure(`cpu-${name}-gateway-us`, us(name, 'gatewayUs'), '  gateway and its ledger thread'),
    figure(`cpu-${name}-sealer-us`, us(name, 'sealerUs'), '  sealer'),
    figure(`cpu-${name}-witness-us`, us(name, 'witnessUs'), '  witness'),
  ]);
  return [
    figure('cpu-rate-per-s', perSecond, 'the rate', '>= 1,000'),
    figure('cpu-hop-us', us('hop', 'allUs'), `${titles['hop']}, CPU per call`),
    ...governed,
  ];
}

/** All connections spend from one budget: every payment then races for the same stream. */
async function contended(): Promise<Figure[]> {
  say('gateway: one agent on 16 connections');
  const { calls, failed, seconds: took } = await closedLoop(oneAgent, 16, 1000 * Math.min(seconds, 2));
  return [
    figure('one-agent-calls-per-s', (calls - failed) / took, 'payments of one agent on 16 connections'),
    figure('one-agent-refused-share', (100 * failed) / calls, '  refused after 32 conflicts, or failed'),
  ];
}

async function prepare(): Promise<void> {
  // The evidence that payments need: one match of every order.
  const match: Subject = { ...read, name: 'match', request: ofSurety('match_invoice') };
  let matched = 0;
  while (matched < orders) matched += whole(match, await closedLoop(match, 1, 200)).calls;
  const ms = options.quick ? 200 : 1500;
  for (const subject of subjects) whole(subject, await closedLoop(subject, 16, ms));
}

async function main(): Promise<void> {
  say('gateway: warming up');
  await prepare();
  const fastest = await maxRates(agents);
  const alone = await contended();
  const latencies = [];
  for (const connections of connectionCounts)
    latencies.push({
      title: `${connections} connections, ${rate} calls/s`,
      figures: await latency(connections),
    });
  const carried = Math.max(1, Math.floor(Math.min(1000, 0.6 * fastest.lowest)));
  const costs = await cost(options.number('cpu-rate', carried));
  const memory = [
    figure('rss-hop-mb', residentMb([hop.pid]), 'bare hop'),
    figure('rss-surety-mb', residentMb([surety.gateway.pid]), 'Surety: gateway and sealer'),
    figure('rss-gateway-peak-mb', peakMb(surety.gateway.pid), '  gateway alone, at its peak'),
    figure('rss-witness-mb', residentMb([surety.witness.pid]), 'witness'),
  ];
  publish(
    {
      bench: 'gateway',
      ran: [
        ...['identify', 'parse', 'label', 'permit', 'once-at-a-time', 'checkpoint', 'budget'],
        ...['record intent', 'forward', 'settle'],
      ] as const as Parameters<typeof publish>[0]['ran'],
      conditions: [
        `${rounds} interleaved rounds of ${seconds} s, medians over rounds; open loop: latency from when a call was due`,
        'load, upstream, gateway, sealer and witness share this machine; an agent for each connection',
        'payment: durable intent, budget, one checkpoint with evidence; read: its fact follows the answer',
      ],
      sections: [
        ...latencies,
        { title: 'CPU, all processes of the subject', figures: costs },
        { title: `as fast as it goes, ${agents} connections`, figures: [...fastest.figures, ...alone] },
        { title: 'memory after the load', figures: memory },
      ],
    },
    disk,
    scratch,
    options.json,
  );
}

try {
  await main();
} finally {
  await surety.stop();
  await hop.stop();
  await upstream.stop();
}
