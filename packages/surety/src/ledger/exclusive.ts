// One process at a time. The lock is an open SQLite transaction on a file of its own: the operating
// system drops it when the process dies, however it dies, so there is never a stale lock to clear.
// The holder's name lies in a second file, for the message only: opening and closing the locked file
// itself would drop POSIX locks.

import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ownFile } from './durable.ts';
import { LedgerError } from './errors.ts';

export interface Exclusive {
  release(): void;
}

/** Takes `<path>.lock` or throws `held`, naming who has it. `waitMs` is how long to wait for it. */
export function takeExclusive(path: string, program: string, waitMs = 0): Exclusive {
  ownFile(`${path}.lock`);
  const database = new DatabaseSync(`${path}.lock`, { timeout: waitMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch {
    database.close();
    throw new LedgerError('held', `\`${path}\` is in use: ${holder(path)}`);
  }
  writeFileSync(`${path}.holder`, JSON.stringify({ pid: process.pid, program }), { mode: 0o600 });
  return { release: () => database.close() };
}

function holder(path: string): string {
  try {
    const { pid, program } = JSON.parse(readFileSync(`${path}.holder`, 'utf8')) as Record<string, unknown>;
    return `process ${Number(pid)} (${String(program).slice(0, 64)}) has it`;
  } catch {
    return 'another process has it';
  }
}
