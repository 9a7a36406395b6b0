// The volumes and the vault as they lie on the disk: folders with real database files. What is deleted here is gone. A volume
// holds `data.sqlite` and, in `backups/`, the backups that are kept on the same volume; the vault is another place.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export class Disks {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  data(volumeId: string): string {
    return join(this.#folder, 'volumes', volumeId, 'data.sqlite');
  }

  /** Where a backup lies: on a volume, or with none in the vault. */
  backup(backupId: string, liesOn: string | null): string {
    const place = liesOn === null ? 'vault' : join('volumes', liesOn, 'backups');
    return join(this.#folder, place, `${backupId}.sqlite`);
  }

  has(volumeId: string): boolean {
    return existsSync(join(this.#folder, 'volumes', volumeId));
  }

  hasBackup(backupId: string, liesOn: string | null): boolean {
    return existsSync(this.backup(backupId, liesOn));
  }

  /** An empty volume, ready for a database. */
  make(volumeId: string): void {
    mkdirSync(join(this.#folder, 'volumes', volumeId, 'backups'), { recursive: true });
    mkdirSync(join(this.#folder, 'vault'), { recursive: true });
  }

  /** With all that lies on it. */
  remove(volumeId: string): void {
    rmSync(join(this.#folder, 'volumes', volumeId), { recursive: true, force: true });
  }

  removeBackup(backupId: string, liesOn: string): void {
    rmSync(this.backup(backupId, liesOn), { force: true });
  }

  /** Whole, or not there: a copy that was cut off never bears the name. */
  copyOut(volumeId: string, backupId: string, liesOn: string | null): { rows: number; sha256: string } {
    const to = this.backup(backupId, liesOn);
    rmSync(`${to}.part`, { force: true });
    const db = new DatabaseSync(this.data(volumeId), { readOnly: true });
    try {
      db.exec(`VACUUM INTO '${`${to}.part`.replaceAll("'", "''")}'`);
    } finally {
      db.close();
    }
    renameSync(`${to}.part`, to);
    return { rows: rowsIn(to), sha256: hashOf(to) };
  }

  copyIn(backupId: string, volumeId: string): void {
    this.make(volumeId);
    copyFileSync(this.backup(backupId, null), `${this.data(volumeId)}.part`);
    renameSync(`${this.data(volumeId)}.part`, this.data(volumeId));
  }

  /** Brought back on the side and read from front to back: the bytes that were taken, a sound database, each row there. */
  comesBack(backupId: string, liesOn: string | null, sha256: string, rows: number): boolean {
    const file = this.backup(backupId, liesOn);
    if (!existsSync(file) || hashOf(file) !== sha256) return false;
    const scratch = join(this.#folder, `restore-test-${process.pid}.sqlite`);
    try {
      copyFileSync(file, scratch);
      const db = new DatabaseSync(scratch, { readOnly: true });
      try {
        return db.prepare('PRAGMA integrity_check').get()?.['integrity_check'] === 'ok' && count(db) === rows;
      } finally {
        db.close();
      }
    } catch {
      return false;
    } finally {
      rmSync(scratch, { force: true });
    }
  }
}

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** How much is in a database, all its tables together. */
export function rowsIn(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return count(db);
  } finally {
    db.close();
  }
}

function count(db: DatabaseSync): number {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return tables.reduce((sum, { name }) => {
    const quoted = `"${String(name).replaceAll('"', '""')}"`;
    return sum + Number(db.prepare(`SELECT count(*) AS n FROM ${quoted}`).get()?.['n']);
  }, 0);
}
