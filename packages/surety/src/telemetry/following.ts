// Facts in their order, each at least once, from where a cursor stands: the loop behind `surety export --follow`.
// INVARIANT: the cursor is written after what it covers is delivered, so a crash repeats facts and leaves none out.

import { setTimeout as pause } from 'node:timers/promises';
import { LedgerError } from '../ledger/errors.ts';
import type { LogReader } from '../ledger/log.ts';
import { writeCursor } from './cursor.ts';
import type { Delivery } from './delivery.ts';
import { type LineFormat, leafOf, lineOf } from './lines.ts';

export interface Following {
  readonly log: Pick<LogReader, 'origin' | 'read' | 'size'>;
  readonly from: number;
  readonly format: LineFormat;
  readonly delivery: Delivery;
  readonly cursor?: string;
  /** Go on as facts come; else end with those that are there. */
  readonly follow: boolean;
  readonly stop: AbortSignal;
}

const pageMax = 128;
const pollMs = 200;

/** Resolves to how many facts were written. */
export async function exportFacts(asked: Following): Promise<number> {
  const { log, from, format, delivery, follow, stop } = asked;
  let next = from;
  /** Leaf hashes of what is written and not yet covered by the cursor. */
  const leaves: string[] = [];
  let covered = from;
  while (!stop.aborted) {
    const entries = log.read(next, pageMax);
    if (entries.length === 0) {
      if (!follow) break;
      await pause(pollMs);
      continue;
    }
    entries.forEach(({ position }, at) => {
      if (position !== next + at)
        throw new LedgerError('corrupt', `fact ${next + at} is not there: nothing after it is exported`);
    });
    const delivered = await delivery.write(entries.map((entry) => lineOf(entry, format)));
    next += entries.length;
    leaves.push(...entries.map(({ bytes }) => leafOf(bytes)));
    const sure = from + delivered;
    if (asked.cursor === undefined || sure <= covered) continue;
    writeCursor(asked.cursor, log, sure, leaves[sure - covered - 1] as string);
    leaves.splice(0, sure - covered);
    covered = sure;
  }
  return next - from;
}
