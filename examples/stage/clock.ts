// The time in a story's own servers: the machine's, or a told one. With SURETY_CLOCK naming a file
// `{"at": ms, "real": ms}` it is `at` plus what has passed since `real`, so that three days can be told in a minute.

import { readFileSync } from 'node:fs';

/** Integer milliseconds since the epoch, UTC. The file is read anew each time: the next day may have begun. */
export function nowMs(file: string | undefined): number {
  if (file === undefined || file === '') return Date.now();
  const { at, real } = JSON.parse(readFileSync(file, 'utf8')) as { at?: unknown; real?: unknown };
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(real))
    throw new Error(`clock \`${file}\` has no integers \`at\` and \`real\``);
  return (at as number) + (Date.now() - (real as number));
}

/** RFC 3339 UTC with milliseconds: `2026-03-02T09:00:00.000Z`. */
export const timestamp = (ms: number): string => new Date(ms).toISOString();
