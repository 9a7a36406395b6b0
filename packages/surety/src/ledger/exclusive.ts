// One process at a time. The lock is an open SQLite transaction on a file of its own: the operating
// system drops it when the process dies, however it dies, so there is never a stale lock to clear.
// The holder's name lies in a second file, for the message only: opening and closing the locked file
// itself would drop POSIX locks.

import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ownFile } from './durable.ts';
import { LedgerError, storeError } from './errors.ts';

export interface Exclusive {
  release(): void;
}

/** A connection that nobody refers to is closed when memory is short, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Takes `<path>.lock` or throws `held`, naming who has it; `full` when the disk is. `waitMs` is how long to wait for it.
 */
export function takeExclusive(path: string, program: string, waitMs = 0): Exclusive {
  let database: DatabaseSync | undefined;
  try {
    ownFile(`${path}.lock`);
    database = new DatabaseSync(`${path}.lock`, { timeout: waitMs });
    database.exec('BEGIN EXCLUSIVE');
    writeFileSync(`${path}.holder`, JSON.stringify({ pid: process.pid, program }), { mode: 0o600 });
    const taken = database;
    held.add(taken);
    return {
      release: () => {
        held.delete(taken);
        taken.close();
      },
    };
  } catch (cause) {
    database?.close();
    const error = storeError(cause, `\`${path}\` cannot be locked`);
    throw error.code === 'held' ? new LedgerError('held', `\`${path}\` is in use: ${holder(path)}`) : error;
  }
}

/** A holder that has just taken the lock has not written its name yet: the one before it is there, and dead. */
const nameMsMax = 200;

function holder(path: string): string {
  for (const end = performance.now() + nameMsMax; ; Atomics.wait(idle, 0, 0, 10)) {
    const named = nameIn(path);
    if (named !== undefined && isAlive(named.pid)) return `process ${named.pid} (${named.program}) has it`;
    if (performance.now() > end) return 'another process has it';
  }
}

const idle = new Int32Array(new SharedArrayBuffer(4));

function nameIn(path: string): { pid: number; program: string } | undefined {
  try {
    const { pid, program } = JSON.parse(readFileSync(`${path}.holder`, 'utf8')) as Record<string, unknown>;
    return { pid: Number(pid), program: String(program).slice(0, 64) };
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    // A process id of 0 or below would name a group.
    return pid > 0 && process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}
