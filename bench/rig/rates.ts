// How many a second, and at what cost of CPU on which thread.

export interface Rate {
  readonly perSecond: number;
  /** Microseconds of all threads, and of the one that calls, for each. */
  readonly cpuUs: number;
  readonly mainUs: number;
}

/** Runs `work`, which says how many it did until `end` (of `performance.now()`), and what that took. */
export async function rateOf(roundMs: number, work: (end: number) => Promise<number>): Promise<Rate> {
  const [all, main, from] = [process.cpuUsage(), process.threadCpuUsage(), performance.now()];
  const count = await work(from + roundMs);
  const tookMs = performance.now() - from;
  const each = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / count;
  return {
    perSecond: (1000 * count) / tookMs,
    cpuUs: each(process.cpuUsage(all)),
    mainUs: each(process.threadCpuUsage(main)),
  };
}
