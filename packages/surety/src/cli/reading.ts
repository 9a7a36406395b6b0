// Files that a person names on the command line: read whole, bounded, and refused in words that help.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
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
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new CommandError(`there is no ${what} at \`${file}\``);
    const error = explain(cause);
    throw error instanceof CommandError && !error.message.includes('`')
      ? new CommandError(`\`${file}\`: ${error.message}`, error.help, error.exit)
      : error;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
