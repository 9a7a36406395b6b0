// The clock of an open-loop load. Timers of an event loop are a millisecond coarse, and spinning would take
// a core from what is measured; this thread sleeps to the microsecond and says which request is due.

import { parentPort } from 'node:worker_threads';

export interface Pace {
  /** Nanoseconds of `process.hrtime`, the same in every thread. */
  readonly startNs: bigint;
  readonly everyNs: bigint;
  readonly count: number;
}

const never = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on('message', ({ startNs, everyNs, count }: Pace) => {
  for (let next = 0; next < count; ) {
    const waitNs = startNs + BigInt(next) * everyNs - process.hrtime.bigint();
    if (waitNs > 0n) Atomics.wait(never, 0, 0, Number(waitNs) / 1e6);
    const due = Math.min(count, 1 + Number((process.hrtime.bigint() - startNs) / everyNs));
    if (due <= next) continue;
    next = due;
    parentPort?.postMessage(due);
  }
});
