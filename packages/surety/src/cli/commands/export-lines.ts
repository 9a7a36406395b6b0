// `surety export` without a folder: facts as lines, for a SIEM or any other program, whether or not Surety runs.
// Each at least once and none left out, from where a cursor stands; no disclosure goes with them.

import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { openReader } from '../../ledger/stores/reader.ts';
import {
  CursorError,
  DeliveryError,
  exportFacts,
  type LineFormat,
  lineStarts,
  readCursor,
  toFile,
  toStream,
} from '../../telemetry/index.ts';
import { configWithoutSecrets } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

export interface LinesAsked {
  readonly folder: string;
  readonly format?: LineFormat;
  readonly follow?: boolean;
  readonly cursor?: string;
  readonly from?: number;
  readonly out?: string;
}

export async function exportLines(terminal: Terminal, asked: LinesAsked): Promise<Exit> {
  const { store } = await configWithoutSecrets(terminal, asked.folder);
  const format = asked.format ?? 'jsonl';
  const reader = openReader(store);
  try {
    const at = (name: string): string => resolve(terminal.cwd, name);
    const cursor = asked.cursor === undefined ? undefined : at(asked.cursor);
    if (cursor !== undefined) mkdirSync(dirname(cursor), { recursive: true });
    const from = (cursor === undefined ? undefined : readCursor(cursor, reader)) ?? asked.from ?? 0;
    if (from > reader.size()) throw new CommandError(`there is no fact ${from}, only ${reader.size()}`);
    const delivery =
      asked.out === undefined ? toStream(process.stdout) : toFile(at(asked.out), lineStarts[format]);
    await exportFacts({
      ...{ log: reader, from, format, delivery },
      follow: asked.follow === true,
      stop: terminal.unread,
      ...(cursor === undefined ? {} : { cursor }),
    });
    return exit.ok;
  } catch (error) {
    // Nobody reads any more: the cursor stands where reading is certain.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return exit.ok;
    throw told(error);
  } finally {
    reader.close();
  }
}

function told(error: unknown): unknown {
  if (error instanceof CursorError)
    return new CommandError(
      error.message,
      error.code === 'damaged'
        ? 'name another file, or remove it and say with `--from` where to begin'
        : 'the log was restored or replaced: remove the cursor, and say with `--from` where to begin',
    );
  return error instanceof DeliveryError ? new CommandError(error.message, 'name another file') : error;
}
