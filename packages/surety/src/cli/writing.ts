// Files that a command makes: each appears whole or not at all, and only a name that the person gave is ever
// written over.

import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Sink } from '@surety/proof/bundle';
import { CommandError, type Terminal } from './terminal.ts';

/** `named` is where the person names no place with `out`; `what` is for the message. */
interface Place<Named> {
  readonly named: Named;
  readonly out: string | undefined;
  readonly what: string;
}

/** Writes `named`, or `out` if the person gave one; gives the path. */
export function writeWhole(
  terminal: Terminal,
  content: Uint8Array | string,
  { named, out, what }: Place<string>,
): string {
  const place = placeOf(terminal, { named, out, what });
  const { whole, descriptor } = begin(terminal, out);
  try {
    write(descriptor, typeof content === 'string' ? Buffer.from(content) : content);
    renameSync(whole, place);
  } catch (cause) {
    rmSync(whole, { force: true });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
  return place;
}

/** As `writeWhole`, for what is made piece by piece, and named by what it turned out to be. */
export async function writeStreamed<T>(
  terminal: Terminal,
  make: (sink: Sink) => Promise<T>,
  { named, out, what }: Place<(made: T) => string>,
): Promise<{ readonly made: T; readonly file: string }> {
  const { whole, descriptor } = begin(terminal, out);
  try {
    const made = await make((bytes) => write(descriptor, bytes));
    const file = placeOf(terminal, { named: named(made), out, what });
    renameSync(whole, file);
    return { made, file };
  } catch (cause) {
    rmSync(whole, { force: true });
    throw cause;
  } finally {
    closeSync(descriptor);
  }
}

function placeOf({ cwd }: Terminal, { named, out, what }: Place<string>): string {
  const file = resolve(cwd, out ?? named);
  if (out === undefined && existsSync(file))
    throw new CommandError(
      `\`${named}\` exists`,
      `an earlier ${what} is never written over: name this one with --out`,
    );
  return file;
}

/** In the folder where it will stand, so that its name is all that is left to change. */
function begin({ cwd }: Terminal, out: string | undefined): { whole: string; descriptor: number } {
  const whole = join(out === undefined ? cwd : dirname(resolve(cwd, out)), `.surety.${process.pid}.new`);
  return { whole, descriptor: openSync(whole, 'wx') };
}

function write(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
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
