// The one clock. The system's, or an injected one: with `SURETY_CLOCK` naming a file `{"at": ms, "real": ms}`
// the time is `at` plus what has passed since `real`, in every process of one story alike. Times are claims
// (the log's positions are the order), but an injected clock is said so in `process.started`.

import { readFileSync, statSync } from 'node:fs';

export interface Clock {
  /** Integer milliseconds since the epoch, UTC. May run backwards. */
  now(): number;
  readonly kind: 'system' | 'injected';
}

/** Throws if `SURETY_CLOCK` names no readable clock: a story must not run on another time in silence. */
export function clockFrom(env: Readonly<Record<string, string | undefined>>): Clock {
  const file = env['SURETY_CLOCK'];
  if (file === undefined || file === '') return { now: () => Date.now(), kind: 'system' };
  return injectedClock(file);
}

function injectedClock(file: string): Clock {
  let stamp = stampOf(file);
  let offset = readOffset(file);
  return {
    kind: 'injected',
    now: () => {
      const current = stampOf(file);
      if (current !== '' && current !== stamp) {
        offset = readOffset(file);
        stamp = current;
      }
      return Date.now() + offset;
    },
  };
}

/** Changes when the file does; empty while it is being replaced, when the last offset still holds. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
}

function readOffset(file: string): number {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`clock \`${file}\` cannot be read: ${cause instanceof Error ? cause.message : ''}`);
  }
  const { at, real } = (read ?? {}) as { at?: unknown; real?: unknown };
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(real))
    throw new Error(`clock \`${file}\` has no integers \`at\` and \`real\``);
  return (at as number) - (real as number);
}
