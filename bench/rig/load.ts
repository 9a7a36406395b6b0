// The load. Open loop: requests are due at a fixed rate whatever the answers do, and latency counts from
// when a request was due, not from when it could be sent, so a stall delays all that were due in it
// (no coordinated omission). Closed loop: every connection asks again as soon as it is answered.

import { Worker } from 'node:worker_threads';
import { firstCall } from './calls.ts';
import { Connection, type Reply } from './connection.ts';
import type { Pace } from './pacer.ts';

/** Who is asked, and how. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /** The whole HTTP request, number `n` of this run, on this connection. */
  readonly request: (n: number, connection: number) => Buffer;
  readonly isAnswered: (reply: Reply) => boolean;
}

export interface Measured {
  readonly latenciesMs: readonly number[];
  /** Until the first byte of the answer; of an open loop only. */
  readonly firstsMs: readonly number[];
  readonly calls: number;
  readonly failed: number;
  readonly seconds: number;
}

/** Serves as the number of every call of this process: no two are alike, on whatever connection. */
let lastCall = firstCall;

const withConnections = async <T>(
  { port }: Subject,
  count: number,
  use: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> => {
  const connections = await Promise.all(Array.from({ length: count }, () => Connection.open(port)));
  try {
    return await use(connections);
  } finally {
    for (const connection of connections) connection.close();
  }
};

export const closedLoop = (subject: Subject, connections: number, ms: number): Promise<Measured> =>
  withConnections(subject, connections, async (opened) => {
    const latenciesMs: number[] = [];
    let failed = 0;
    const from = performance.now();
    const lane = async (connection: Connection, index: number): Promise<void> => {
      for (let sent = performance.now(); sent < from + ms; sent = performance.now()) {
        const reply = await connection.ask(subject.request(++lastCall, index));
        latenciesMs.push(performance.now() - sent);
        if (!subject.isAnswered(reply)) failed++;
      }
    };
    await Promise.all(opened.map(lane));
    const seconds = (performance.now() - from) / 1000;
    return { latenciesMs, firstsMs: [], calls: latenciesMs.length, failed, seconds };
  });

export const openLoop = (
  subject: Subject,
  connections: number,
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<Measured> =>
  withConnections(subject, connections, (opened) => {
    const { promise, resolve, reject } = Promise.withResolvers<Measured>();
    const count = Math.max(1, Math.round(perSecond * seconds));
    const pace: Pace = {
      startNs: process.hrtime.bigint() + 50_000_000n,
      everyNs: BigInt(Math.round(1e9 / perSecond)),
      count,
    };
    const latenciesMs: number[] = [];
    const firstsMs: number[] = [];
    const free = opened.map((connection, index) => ({ connection, index }));
    let [due, next, failed] = [0, 0, 0];
    const sinceDueMs = (n: number, now = process.hrtime.bigint()): number =>
      Number(now - pace.startNs - BigInt(n) * pace.everyNs) / 1e6;
    const send = async (lane: (typeof free)[number], n: number): Promise<void> => {
      const reply = await lane.connection.ask(subject.request(++lastCall, lane.index));
      latenciesMs.push(sinceDueMs(n));
      firstsMs.push(sinceDueMs(n, reply.firstNs));
      if (!subject.isAnswered(reply)) failed++;
      free.push(lane);
      pump();
      if (latenciesMs.length === count)
        resolve({ latenciesMs, firstsMs, calls: count, failed, seconds: sinceDueMs(0) / 1000 });
    };
    const pump = (): void => {
      // The connection that has been free for longest is next: all of them are in use.
      while (next < due && free.length > 0) send(free.shift() as (typeof free)[number], next++).catch(reject);
    };
    const pacer = new Worker(new URL('./pacer.ts', import.meta.url));
    pacer.on('error', reject);
    pacer.on('message', (now: number) => {
      due = now;
      pump();
    });
    pacer.postMessage(pace);
    return promise.finally(() => pacer.terminate());
  });
