// Files that a command makes: each appears whole or not at all, and only a name that the person gave is ever
// written over.

import { existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommandError, type Terminal } from './terminal.ts';

/** Writes `named`, or `out` if the person gave one; gives the path. `what` is for the message. */
export function writeWhole(
  { cwd }: Terminal,
  content: Uint8Array | string,
  { named, out, what }: { readonly named: string; readonly out: string | undefined; readonly what: string },
): string {
  const file = resolve(cwd, out ?? named);
  if (out === undefined && existsSync(file))
    throw new CommandError(
      `\`${named}\` exists`,
      `an earlier ${what} is never written over: name this one with --out`,
    );
  const whole = `${file}.${process.pid}.new`;
  try {
    writeFileSync(whole, content, { flag: 'wx' });
    renameSync(whole, file);
  } catch (cause) {
    rmSync(whole, { force: true });
    throw cause;
  }
  return file;
}

/** A place that cannot be written to is said before the work. */
export function checkPlace({ cwd }: Terminal, out: string | undefined): void {
  if (out === undefined) return;
  const file = resolve(cwd, out);
  if (statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CommandError(`there is no folder for \`${out}\``, 'make it first');
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new CommandError(`\`${out}\` is a folder`, 'name the file in it');
}
