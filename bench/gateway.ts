// What Surety adds to a call: `npm run bench gateway [-- --quick --json --rate 200 --seconds 5]`.
// The same `tools/call` on loopback to the server itself, through nginx, through a bare Node hop, and through
// `surety up` with its ledger on disk, its sealer and a witness: a read, and a payment with everything on. Then
// the same server over stdio, behind two bridges and behind Surety.

import { setTimeout as pause } from 'node:timers/promises';
import { largeBytes, orders, smallBytes } from './rig/calls.ts';
import { Disk, scratchFolder } from './rig/disk.ts';
import { closedLoop, type Measured, openLoop, type Subject } from './rig/load.ts';
import { missing } from './rig/peers.ts';
import { cpuUs, ownCpuUs, peakMb, residentMb } from './rig/processes.ts';
import { asked, type Figure, figure, publish, say } from './rig/report.ts';
import { overRounds, percentile } from './rig/statistics.ts';
import { type Measuring, raise } from './rig/subjects.ts';

const options = asked(['rate', 'cpu-rate', 'seconds', 'rounds', 'calls']);
const rate = options.number('rate', 50);
const seconds = options.number('seconds', options.quick ? 0.4 : 4);
const rounds = options.number('rounds', options.quick ? 1 : 3);
const callsForMemory = options.number('calls', options.quick ? 300 : 20_000);
const connectionCounts = options.quick ? [1, 16] : [1, 16, 64];
const agents = Math.max(...connectionCounts);

const scratch = scratchFolder();
const disk = new Disk(scratch);

/** A refused call is cheaper than a governed one: with any failure the figures mean nothing. */
function whole(subject: Subject, measured: Measured): Measured {
  if (measured.failed > 0)
    throw new Error(`${measured.failed} of ${measured.calls} calls of \`${subject.name}\` were not answered`);
  return measured;
}

type Found<T> = ReadonlyMap<string, T[]>;

async function inTurns<T>(
  subjects: readonly Measuring[],
  measure: (subject: Measuring) => Promise<T>,
): Promise<Found<T>> {
  const found = new Map<string, T[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const subject of subjects) {
      found.get(subject.name)?.push(await measure(subject));
      disk.syncs(10);
    }
  return found;
}

const at = <T>(found: Found<T>, name: string): T[] => found.get(name) ?? [];
const governed = ({ name }: Subject): boolean => /^(local-)?(read|pay)/.test(name);

/** Every connection asks again at once. CPU is warm here and nobody waits, so it is the steadiest figure. */
async function maxRates(
  subjects: readonly Measuring[],
  connections: number,
): Promise<{ figures: Figure[]; lowest: number }> {
  say(`gateway: as fast as it goes, ${connections} connections`);
  const ms = 1000 * Math.min(seconds, 2);
  const found = await inTurns(subjects, async (subject) => {
    const before = cpuUs(subject.pids);
    const { calls, seconds: took } = whole(subject, await closedLoop(subject, connections, ms));
    return { perSecond: calls / took, cpuUs: (cpuUs(subject.pids) - before) / calls };
  });
  const of = (name: string, member: 'perSecond' | 'cpuUs'): number =>
    overRounds(at(found, name), (each) => each[member]);
  const figures = subjects.flatMap(({ name, title, pids }) => [
    figure(`max-${name}-calls-per-s`, of(name, 'perSecond'), title),
    ...(pids.length === 0 ? [] : [figure(`max-${name}-cpu-us`, of(name, 'cpuUs'), '  CPU per call')]),
  ]);
  return { figures, lowest: Math.min(...subjects.map(({ name }) => of(name, 'perSecond'))) };
}

/** Added latency over `base` at a fixed rate: the median over rounds of each round's percentile. */
async function latency(
  label: string,
  subjects: readonly Measuring[],
  connections: number,
  targets: boolean,
): Promise<Figure[]> {
  say(`gateway: ${label}, ${rate} calls/s, ${connections} connections`);
  const load = { perSecond: rate, seconds };
  const found = await inTurns(subjects, async (subject) =>
    whole(subject, await openLoop(subject, connections, load)),
  );
  const of = (name: string, share: number): number =>
    overRounds(at(found, name), ({ latenciesMs }) => percentile(latenciesMs, share));
  const base = subjects.find(({ name }) => name === 'direct');
  const hopMs = targets ? of('hop', 0.99) - of('direct', 0.99) + 5 : 0;
  return subjects.flatMap((subject) => {
    const { name, title } = subject;
    const [p50, p99] = [of(name, 0.5), of(name, 0.99)];
    if (base === undefined || subject === base)
      return [
        figure(`${label}-${name}-p50-ms`, p50, `${title}, median`),
        figure(`${label}-${name}-p99-ms`, p99, '  p99'),
      ];
    const aims = targets && governed(subject) ? ['<= 1 ms', `<= the hop's + 5 = ${hopMs.toFixed(2)} ms`] : [];
    return [
      figure(
        `${label}-${name}-added-p50-ms`,
        p50 - of(base.name, 0.5),
        `${title}, added at the median`,
        aims[0],
      ),
      figure(`${label}-${name}-added-p99-ms`, p99 - of(base.name, 0.99), '  added at p99', aims[1]),
    ];
  });
}

/** Of an answer in twenty events and a result: until the first of them is here, and until the last. */
async function events(subjects: readonly Measuring[]): Promise<Figure[]> {
  say(`gateway: answers in events, ${rate} calls/s, 16 connections`);
  const load = { perSecond: rate, seconds };
  const found = await inTurns(subjects, async (subject) => whole(subject, await openLoop(subject, 16, load)));
  return subjects.flatMap(({ name, title }) => [
    figure(
      `events-${name}-first-p50-ms`,
      overRounds(at(found, name), ({ firstsMs }) => percentile(firstsMs, 0.5)),
      `${title}, the first event, median`,
    ),
    figure(
      `events-${name}-last-p50-ms`,
      overRounds(at(found, name), ({ latenciesMs }) => percentile(latenciesMs, 0.5)),
      '  the last, median',
    ),
  ]);
}

interface Cost {
  readonly allUs: number;
  /** Of Surety's processes, one by one. */
  readonly gatewayUs: number;
  readonly sealerUs: number;
  readonly witnessUs: number;
}

/** CPU per call of all of a subject's processes at one rate that each of them carries. */
async function costs(
  subjects: readonly Measuring[],
  perSecond: number,
  [gatewayPid, witnessPid]: readonly [number, number],
): Promise<Figure[]> {
  say(`gateway: CPU at ${perSecond} calls/s, 16 connections`);
  const spent = (pids: readonly number[]): Cost => {
    const gatewayUs = ownCpuUs(gatewayPid);
    const sealerUs = cpuUs([gatewayPid]) - gatewayUs;
    return { allUs: cpuUs(pids), gatewayUs, sealerUs, witnessUs: ownCpuUs(witnessPid) };
  };
  const load = { perSecond, seconds: options.quick ? 1 : Math.max(2, seconds) };
  const found = await inTurns(subjects, async (subject): Promise<Cost> => {
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
  return [
    figure('cpu-rate-per-s', perSecond, 'the rate', '>= 1,000'),
    ...subjects
      .filter(({ pids }) => pids.length > 0)
      .flatMap((subject) => {
        const { name, title } = subject;
        const all = figure(`cpu-${name}-us`, us(name, 'allUs'), `${title}, CPU per call`);
        if (!governed(subject)) return [all];
        return [
          all,
          figure(`cpu-${name}-hop-ratio`, us(name, 'allUs') / us('hop', 'allUs'), '  bare hops', '<= 3'),
          figure(`cpu-${name}-gateway-us`, us(name, 'gatewayUs'), '  gateway and its ledger thread'),
          figure(`cpu-${name}-sealer-us`, us(name, 'sealerUs'), '  sealer'),
          figure(`cpu-${name}-witness-us`, us(name, 'witnessUs'), '  witness'),
        ];
      }),
  ];
}

/** All connections spend from one budget: every payment then races for the same stream. */
async function contended(oneAgent: Subject): Promise<Figure[]> {
  say('gateway: one agent on 16 connections');
  const { calls, failed, seconds: took } = await closedLoop(oneAgent, 16, 1000 * Math.min(seconds, 2));
  return [
    figure('one-agent-calls-per-s', (calls - failed) / took, 'payments of one agent on 16 connections'),
    figure('one-agent-refused-share', (100 * failed) / calls, '  refused after 32 conflicts, or failed'),
  ];
}

/** Whether a call leaves something in memory for good: a line through what is resident, fifth by fifth. */
async function memoryOver(subject: Measuring, gatewayPid: number): Promise<Figure[]> {
  say(`gateway: memory over ${callsForMemory} reads`);
  const samples: number[] = [];
  const started = residentMb([gatewayPid]);
  for (let done = 0, fifth = 1; fifth <= 5; fifth++) {
    while (done < (callsForMemory * fifth) / 5)
      done += whole(subject, await closedLoop(subject, 16, options.quick ? 100 : 1_000)).calls;
    samples.push(residentMb([gatewayPid]));
  }
  return [
    figure('memory-calls', callsForMemory, 'reads'),
    figure('memory-before-mb', started, 'gateway and sealer before them'),
    ...samples.map((mb, index) => figure(`memory-fifth-${index + 1}-mb`, mb, `  after fifth ${index + 1}`)),
  ];
}

async function prepare(raised: Awaited<ReturnType<typeof raise>>): Promise<void> {
  // The evidence that payments need: one match of every order.
  for (const match of raised.matches) {
    let matched = 0;
    while (matched < orders) matched += whole(match, await closedLoop(match, 1, 200)).calls;
  }
  const ms = options.quick ? 200 : 1500;
  for (const subject of [...raised.over.http, ...raised.over.large, ...raised.over.stdio])
    whole(subject, await closedLoop(subject, 16, ms));
}

async function main(raised: Awaited<ReturnType<typeof raise>>): Promise<void> {
  const { over, gateway, witness, hop } = raised;
  say('gateway: warming up');
  await prepare(raised);
  const fastest = await maxRates(over.http, agents);
  const fastestBridges = await maxRates(over.stdio, 16);
  const alone = await contended(raised.oneAgent);
  const latencies = [];
  for (const connections of connectionCounts)
    latencies.push({
      title: `${connections} connections, ${rate} calls/s, ${smallBytes / 1000} kB each way`,
      figures: await latency(`c${connections}`, over.http, connections, true),
    });
  latencies.push({
    title: `16 connections, ${rate} calls/s, ${largeBytes / 1000} kB each way`,
    figures: await latency('large', over.large, 16, false),
  });
  latencies.push({
    title: `16 connections, ${rate} calls/s, answered in twenty events and a result`,
    figures: await events(over.events),
  });
  latencies.push({
    title: `16 connections, ${rate} calls/s, the server over stdio`,
    figures: await latency('stdio', over.stdio, 16, false),
  });
  const lowest = Math.min(fastest.lowest, fastestBridges.lowest);
  const carried = Math.max(1, Math.floor(Math.min(1000, 0.6 * lowest)));
  const perSecond = options.number('cpu-rate', carried);
  const spent = await costs([...over.http, ...over.stdio], perSecond, [gateway.pid, witness.pid]);
  const read = over.http.find(({ name }) => name === 'read') as Measuring;
  const memory = [
    figure('rss-hop-mb', residentMb([hop.pid]), 'bare hop'),
    ...raised.bridges.map(({ name, child }) => figure(`rss-${name}-mb`, residentMb([child.pid]), name)),
    figure('rss-surety-mb', residentMb([gateway.pid]), 'Surety: gateway, sealer and the server over stdio'),
    figure('rss-gateway-peak-mb', peakMb(gateway.pid), '  gateway alone, at its peak'),
    figure('rss-witness-mb', residentMb([witness.pid]), 'witness'),
  ];
  publish(
    {
      bench: 'gateway',
      ran: [
        ...['identify', 'parse', 'contain', 'label', 'permit', 'once-at-a-time', 'checkpoint', 'budget'],
        ...['record intent', 'forward', 'settle'],
      ] as const as Parameters<typeof publish>[0]['ran'],
      conditions: [
        `${rounds} interleaved rounds of ${seconds} s, medians over rounds; open loop: latency from when a call was due`,
        'load, server, gateway, sealer and witness share this machine; an agent for each connection',
        'payment: durable intent, budget, one checkpoint with evidence; read: its fact follows the answer',
        ...(missing.length === 0 ? [] : [`not here, hence not measured: ${missing.join(', ')}`]),
      ],
      sections: [
        ...latencies,
        { title: 'CPU, all processes of the subject, 16 connections', figures: spent },
        { title: `as fast as it goes, ${agents} connections`, figures: [...fastest.figures, ...alone] },
        {
          title: 'as fast as it goes, the server over stdio, 16 connections',
          figures: fastestBridges.figures,
        },
        { title: 'resident memory after the load', figures: memory },
        { title: 'memory over many calls', figures: await memoryOver(read, gateway.pid) },
      ],
    },
    disk,
    scratch,
    options.json,
  );
}

const raised = await raise(scratch, agents);
try {
  await main(raised);
} finally {
  await raised.stop();
}
