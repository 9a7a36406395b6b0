// Files that a person names on the command line: read whole and bounded, or in places, and refused in words that help.

import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { bytesSource, type Source } from '@surety/proof/verify';
import { explain } from './explain.ts';
import { CommandError, type Terminal } from './terminal.ts';

const smallBytesMax = 1024 * 1024;

/** A key, a trust file, a head. */
export const readSmallFile = (terminal: Terminal, file: string, what: string) =>
  readWholeFile(terminal, file, what, smallBytesMax);

/** One open file is looked at and read, so that what was checked is what is read. */
export function readWholeFile(
  { cwd }: Terminal,
  file: string,
  what: string,
  bytesMax: number,
): { bytes: Buffer; mode: number } {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(resolve(cwd, file), 'r');
    const stat = fstatSync(descriptor);
    // A pipe (`<(...)`) is read as a file would be; a device might never end.
    if (!stat.isFile() && !stat.isFIFO()) throw new CommandError(`\`${file}\` is no file, so no ${what}`);
    if (stat.size > bytesMax)
      throw new CommandError(`\`${file}\` is too large to be a ${what}: ${stat.size} bytes`);
    return { bytes: readFileSync(descriptor), mode: stat.mode };
  } catch (cause) {
    throw readingError(cause, file, what);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A file that may be larger than memory, opened once and read in places. A pipe has no places: it is read whole. */
export async function withSource<T>(
  { cwd }: Terminal,
  file: string,
  what: string,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(resolve(cwd, file), 'r');
    const stat = fstatSync(descriptor);
    if (!stat.isFile() && !stat.isFIFO()) throw new CommandError(`\`${file}\` is no file, so no ${what}`);
    if (stat.isFIFO()) return await work(bytesSource(readFileSync(descriptor)));
    const failures: unknown[] = [];
    const done = await work(placesIn(descriptor, stat.size, failures));
    // A disk that cannot be read says nothing about what is on it.
    if (failures.length > 0) throw failures[0];
    return done;
  } catch (cause) {
    throw readingError(cause, file, what);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** What could not be read is also put into `failures`. */
export const placesIn = (descriptor: number, sizeBytes: number, failures: unknown[]): Source => ({
  sizeBytes,
  read: async (from, to) => {
    const bytes = new Uint8Array(to - from);
    try {
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(descriptor, bytes, at, bytes.length - at, from + at);
        if (read === 0) throw new CommandError('the file was changed while it was read');
        at += read;
      }
      return bytes;
    } catch (cause) {
      failures.push(cause);
      throw cause;
    }
  },
});

function readingError(cause: unknown, file: string, what: string): unknown {
  if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
    return new CommandError(`there is no ${what} at \`${file}\``);
  const error = explain(cause);
  return error instanceof CommandError && !error.message.includes('`')
    ? new CommandError(`\`${file}\`: ${error.message}`, error.help, error.exit)
    : error;
}
