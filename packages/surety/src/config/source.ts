// Reads the files of a configuration folder: bounded, UTF-8, and found by a pattern that cannot leave the
// folder. A pack or a pull request may bring a symbolic link: what a pattern matches must really lie inside.

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { type Problem, problemWith } from './problem.ts';

export interface Source {
  /** Relative to the configuration folder, with `/`. */
  readonly file: string;
  readonly text: string;
}

const fileBytesMax = 1_048_576;
const filesMax = 512;

/** Line and column (from 1) of an offset, and that line. */
export function placeOf({ text }: Source, offset: number): { line: number; column: number; text: string } {
  const at = Math.min(Math.max(offset, 0), text.length);
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  let line = 1;
  for (let next = text.indexOf('\n'); next !== -1 && next < start; next = text.indexOf('\n', next + 1))
    line += 1;
  const whole = text.slice(start, end === -1 ? text.length : end);
  return { line, column: at - start + 1, text: whole.endsWith('\r') ? whole.slice(0, -1) : whole };
}

/** Reads one file of the folder, or says why not. */
export function readSource(folder: string, file: string): Source | Problem {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a named pipe must not wait for a writer; it is refused just below.
    descriptor = openSync(join(folder, file), constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(descriptor);
    if (!status.isFile()) return problemWith(file, `${file} is not a file`, 'put a regular file there');
    const bytes = readBounded(descriptor);
    if (bytes === undefined) {
      return problemWith(
        file,
        `larger than ${fileBytesMax} bytes`,
        'split it, or remove what does not belong there',
      );
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { file, text };
  } catch (error) {
    return unreadable(file, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Reads to the end rather than to the size that was told: the file may grow meanwhile. */
function readBounded(descriptor: number): Uint8Array | undefined {
  const buffer = Buffer.alloc(fileBytesMax + 1);
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (count === 0) return buffer.subarray(0, length);
    length += count;
    if (length > fileBytesMax) return undefined;
  }
}

function unreadable(file: string, error: unknown): Problem {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return problemWith(file, 'no such file', `create it, or run \`surety init\``);
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return problemWith(file, 'not UTF-8 text', 'save it as UTF-8');
  return problemWith(file, `cannot be read: ${code ?? 'unknown cause'}`, 'make it readable for this user');
}

interface Found {
  readonly files: readonly string[];
  readonly problems: readonly { readonly problem: string; readonly remedy: string }[];
}

/** Files that match `folder/part*.ext`: a star in the last segment only. Sorted, so that every start is the same. */
export function findFiles(folder: string, pattern: string): Found {
  const segments = pattern.split('/');
  const last = segments.pop() ?? '';
  if (
    segments.some((each) => each === '' || each === '..' || each.includes('*')) ||
    /[?[\]{}\\]|\*\*/.test(pattern)
  ) {
    const remedy = 'write a path below this folder with `*` in its last part only, such as `outcomes/*.yaml`';
    return { files: [], problems: [{ problem: `the pattern \`${pattern}\` is not supported`, remedy }] };
  }
  const shape = new RegExp(`^${last.split('*').map(literal).join('[^/]*')}$`);
  const below = segments.filter((each) => each !== '.');
  const names = listFolder(join(folder, ...below)).filter(
    (name) => shape.test(name) && !name.startsWith('.'),
  );
  if (names.length > filesMax) {
    return {
      files: [],
      problems: [{ problem: `more than ${filesMax} files match`, remedy: 'narrow the pattern' }],
    };
  }
  const files = names.sort().map((name) => [...below, name].join('/'));
  const outside = files.filter((file) => !liesInside(folder, file));
  return {
    files: files.filter((file) => !outside.includes(file)),
    problems: outside.map((file) => ({
      problem: `\`${file}\` is a link that leads outside the folder`,
      remedy: 'put the file itself there',
    })),
  };
}

const literal = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

function listFolder(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return []; // A folder that is not there matches nothing, which the caller reports.
  }
}

function liesInside(folder: string, file: string): boolean {
  try {
    return realpathSync(join(folder, file)).startsWith(realpathSync(folder) + sep);
  } catch {
    return false; // A dangling link leads nowhere that can be checked.
  }
}
