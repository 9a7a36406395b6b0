// What Surety needs of the machine: the version of Node, the clock, space on the disk.

import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { clockFrom } from '../../clock.ts';
import { fail, ok, type Row, warn } from './row.ts';

const needed = [24, 15] as const;

export function nodeVersion(version: string = process.versions.node): Row {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > needed[0] || (major === needed[0] && minor >= needed[1]);
  const found = `Node ${version}`;
  return enough
    ? ok('node', found)
    : fail(
        'node',
        `${found}, needed is ${needed.join('.')} or later`,
        'install a newer Node, or use `npm run surety --`',
      );
}

export function clock(env: Readonly<Record<string, string | undefined>>): Row {
  const { kind, now } = clockFrom(env);
  const at = new Date(now()).toISOString();
  return kind === 'system'
    ? ok('clock', `the system's: ${at}`)
    : warn('clock', `injected: ${at}`, 'unset SURETY_CLOCK, unless this is a story or a drill');
}

const mebibyte = 1024 ** 2;

/** Of the disk that the store is on, or will be. */
export function freeDisk(store: string): Row {
  const { bavail, bsize } = statfsSync(existing(store));
  return ofFreeBytes(bavail * bsize);
}

export function ofFreeBytes(freeBytes: number): Row {
  const found = `${Math.floor(freeBytes / mebibyte)} MiB free`;
  const remedy = 'make space: with a full disk every consequential call is refused';
  if (freeBytes < 100 * mebibyte) return fail('disk', found, remedy);
  return freeBytes < 1024 * mebibyte ? warn('disk', found, remedy) : ok('disk', found);
}

function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}
