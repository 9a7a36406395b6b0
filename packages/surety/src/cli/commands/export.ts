// `surety export`: the log as a folder in a public format (C2SP tlog-tiles), for a web server, a mirror or an
// auditor's own tools. Facts as they stand, so ids and times in the clear; no disclosure ever leaves with them.

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exportLog } from '../../ledger/export.ts';
import { openReader } from '../../ledger/stores/reader.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly json?: boolean;
}

const saidEveryMs = 1_000;

export async function exportTo(terminal: Terminal, named: string, asked: Asked): Promise<Exit> {
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
    const { repaired, ...exported } = await exportLog({ store, reader, to, onProgress });
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
