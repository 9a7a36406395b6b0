// The cursor: how far a reader of facts has come, as a small file that survives a power cut. It names the last fact
// by the hash of its bytes: on a log that is not the one it followed, it says so instead of passing facts over.

import { existsSync, readFileSync } from 'node:fs';
import { writeDurable } from '../ledger/durable.ts';
import type { LogReader } from '../ledger/log.ts';
import { leafOf } from './lines.ts';

/** `damaged`: the file is no cursor. `other-log`: it is about facts that this log does not have. */
type CursorErrorCode = 'damaged' | 'other-log';

export class CursorError extends Error {
  readonly code: CursorErrorCode;
  constructor(code: CursorErrorCode, message: string) {
    super(message);
    this.name = 'CursorError';
    this.code = code;
  }
}

type Read = Pick<LogReader, 'origin' | 'read' | 'size'>;

/** The position to go on from; undefined if there is no such file yet. Throws CursorError. */
export function readCursor(file: string, log: Read): number | undefined {
  if (!existsSync(file)) return undefined;
  const { next, last } = parsed(file);
  if (next > log.size())
    throw new CursorError('other-log', `the cursor stands at ${next}, and the log has ${log.size()} facts`);
  if (next === 0) return 0;
  const [before] = log.read(next - 1, 1);
  if (before === undefined || leafOf(before.bytes) !== last)
    throw new CursorError('other-log', `fact ${next - 1} is not the one that the cursor followed`);
  return next;
}

/** Durable when it returns. `last` is the leaf hash of the fact before `next`. */
export function writeCursor(file: string, { origin }: Read, next: number, last: string): void {
  writeDurable(file, `${JSON.stringify({ log: origin, next, last })}\n`);
}

function parsed(file: string): { readonly next: number; readonly last: string } {
  try {
    const { next, last } = (JSON.parse(readFileSync(file, 'utf8')) ?? {}) as Record<string, unknown>;
    if (Number.isSafeInteger(next) && Number(next) >= 0 && typeof last === 'string')
      return { next: Number(next), last };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new CursorError('damaged', `\`${file}\` is no cursor`);
}
