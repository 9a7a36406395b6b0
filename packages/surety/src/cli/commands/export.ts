// `surety export`: the log as a folder in a public format (C2SP tlog-tiles), for a web server, a mirror or an
// auditor's own tools; without a folder, facts as lines. Facts as they stand, so ids and times in the clear; no
// disclosure ever leaves with them.

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exportLog as exportFiles } from '../../ledger/export.ts';
import { openReader } from '../../ledger/stores/reader.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';
import { exportLines, type LinesAsked } from './export-lines.ts';

interface Asked extends LinesAsked {
  readonly json?: boolean;
}

const ofLines = ['format', 'follow', 'cursor', 'from', 'out'] as const;

const saidEveryMs = 1_000;

export async function exportLog(terminal: Terminal, named: string | undefined, asked: Asked): Promise<Exit> {
  const line = ofLines.find((option) => asked[option] !== undefined);
  if (named === undefined && line === undefined)
    throw new CommandError(
      'neither a folder nor a format is named',
      '`surety export FOLDER` writes the log as files; `surety export --format jsonl` prints facts as lines',
      exit.usage,
    );
  if (named !== undefined && line !== undefined)
    throw new CommandError(`\`--${line}\` is about facts as lines`, 'leave out the folder', exit.usage);
  return named === undefined ? exportLines(terminal, asked) : exportTo(terminal, named, asked);
}

async function exportTo(terminal: Terminal, named: string, asked: Asked): Promise<Exit> {
  const { store } = await configOf(terminal, asked.folder);
  const to = resolve(terminal.cwd, named);
  checkFolder(to, named);
  const reader = openReader(store);
  try {
    let saidAt = performance.now();
    const onProgress = (done: number, size: number): void => {
      if (performance.now() - saidAt < saidEveryMs) return;
      saidAt = performance.now();
      terminal.note(terminal.paint('dim', `${done} of ${size} facts`));
    };
    const { repaired, ...exported } = await exportFiles({ store, reader, to, onProgress });
    const { size, added, origin } = exported;
    if (repaired) terminal.note('files of the last export were gone or damaged: all were made again');
    const unsealed = reader.size() - size;
    if (unsealed > 0)
      terminal.note(`${unsealed} newer facts are under no head yet: \`surety up\` seals them`);
    if (asked.json === true) terminal.out(JSON.stringify({ folder: to, ...exported }));
    else terminal.out(`${to}: ${size} facts of ${origin}, ${added} of them new`);
    return exit.ok;
  } finally {
    reader.close();
  }
}

/** Nobody's files are mixed with an export by a slip of the hand. */
function checkFolder(to: string, named: string): void {
  if (!existsSync(to)) return;
  const isExport = ['checkpoint', 'tile'].some((name) => existsSync(join(to, name)));
  if (isExport || readdirSync(to).length === 0) return;
  throw new CommandError(`\`${named}\` holds other files, and no export`, 'name a new folder');
}
