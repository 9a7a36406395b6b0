// What the cloud does, for its tools and for its console alike. It does what it is told: `deleteVolume` asks neither what is on
// the volume nor where its backups lie.

import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { timestamp } from '../../stage/clock.ts';
import { CloudError, inTransaction, nextId, one, openDatabase, type Row } from './database.ts';
import { Disks, rowsIn } from './volumes.ts';

export class Cloud {
  readonly db: DatabaseSync;
  readonly #disks: Disks;
  /** Whose name stands under what is done. */
  readonly #user: string;
  readonly #now: () => number;

  private constructor(db: DatabaseSync, disks: Disks, user: string, now: () => number) {
    [this.db, this.#disks, this.#user, this.#now] = [db, disks, user, now];
  }

  /** The cloud in a folder; ends first what was begun when whoever worked here before was killed. */
  static open(folder: string, user: string, now: () => number): Cloud {
    const cloud = new Cloud(openDatabase(join(folder, 'cloud.db')), new Disks(folder), user, now);
    for (const { volume_id } of cloud.db.prepare('SELECT volume_id FROM deletions').all())
      cloud.#disks.remove(String(volume_id));
    return cloud;
  }

  close(): void {
    this.db.close();
  }

  list(table: 'databases' | 'volumes' | 'backups' | 'deletions'): Row[] {
    return this.db.prepare(`SELECT * FROM ${table} ORDER BY 1 LIMIT 500`).all();
  }

  describeVolume(volumeId: string): Row {
    const { environment, region, deleted_at } = this.#volume(volumeId);
    const used = this.db.prepare('SELECT database_id FROM databases WHERE volume_id = ?').get(volumeId);
    return {
      ...{ volume_id: volumeId, environment: environment ?? null, region: region ?? null },
      database_id: used?.['database_id'] ?? null,
      rows: deleted_at === null ? rowsIn(this.#disks.data(volumeId)) : 0,
      state: deleted_at === null ? 'there' : 'deleted',
    };
  }

  checkCalendar(environment: string): Row {
    one(this.db, 'environment', 'SELECT environment FROM environments WHERE environment = ?', environment);
    const at = timestamp(this.#now());
    const freeze = this.db
      .prepare('SELECT ends_at, why FROM freezes WHERE environment = ? AND starts_at <= ? AND ends_at > ?')
      .get(environment, at, at);
    const { ends_at: until = null, why = null } = freeze ?? {};
    return { environment, frozen: freeze === undefined ? 0 : 1, until, why };
  }

  /** How many copies of the same database would be left that nobody can delete. */
  countCopies(backupId: string): Row {
    const { database_id } = this.#backup(backupId);
    const found = this.db
      .prepare(
        'SELECT count(*) AS n FROM backups WHERE database_id = ? AND backup_id <> ? AND lies_on IS NULL AND deleted_at IS NULL',
      )
      .get(database_id ?? null, backupId);
    return { backup_id: backupId, immutable: found?.['n'] ?? 0 };
  }

  /** Takes a backup now and puts it where the volume's end does not reach it. */
  copyToVault(volumeId: string, vaultRegion: string): Row {
    const database = this.#databaseOn(volumeId);
    return inTransaction(this.db, () => {
      const id = nextId(this.db, 'backups', 'backup_id', 'BK-');
      const { rows, sha256 } = this.#disks.copyOut(volumeId, id, null);
      const at = timestamp(this.#now());
      this.db
        .prepare('INSERT INTO backups VALUES (?, ?, NULL, ?, ?, ?, ?, NULL)')
        .run(id, database, vaultRegion, rows, sha256, at);
      return { backup_id: id, volume_id: volumeId, region: vaultRegion, rows, taken_at: at };
    });
  }

  /** Brings the newest backup back to try it; one elsewhere, if there is any. */
  testRestore(volumeId: string): Row {
    const backup = one(
      this.db,
      'backup of',
      `SELECT * FROM backups WHERE database_id = ? AND deleted_at IS NULL
       ORDER BY lies_on IS NOT NULL, taken_at DESC, backup_id DESC LIMIT 1`,
      this.#databaseOn(volumeId),
    );
    const [id, liesOn] = [String(backup['backup_id']), backup['lies_on'] as string | null];
    const rows = Number(backup['rows']);
    const restored = this.#disks.comesBack(id, liesOn, String(backup['sha256']), rows) ? 1 : 0;
    return inTransaction(this.db, () => {
      const test = nextId(this.db, 'restore_tests', 'test_id', 'RT-');
      this.db
        .prepare('INSERT INTO restore_tests VALUES (?, ?, ?, ?, ?)')
        .run(test, id, restored, this.#user, timestamp(this.#now()));
      return { volume_id: volumeId, backup_id: id, restored, rows, region: backup['region'] ?? null };
    });
  }

  rotateCredential(databaseId: string): Row {
    return inTransaction(this.db, () => {
      const sql = 'SELECT credential FROM databases WHERE database_id = ?';
      const { credential } = one(this.db, 'database', sql, databaseId);
      const next = `cred-${Number(String(credential).slice(5)) + 1}`;
      this.db.prepare('UPDATE databases SET credential = ? WHERE database_id = ?').run(next, databaseId);
      return { database_id: databaseId, credential: next };
    });
  }

  /** Deletes the volume and all that lies on it. Nothing is asked. The row is first: what was begun is ended at the next start. */
  deleteVolume(volumeId: string): Row {
    const row = inTransaction(this.db, () => {
      const { environment, deleted_at } = this.#volume(volumeId);
      if (deleted_at !== null) throw new CloudError(`volume \`${volumeId}\` was deleted at ${deleted_at}`);
      const at = timestamp(this.#now());
      this.db.prepare('UPDATE volumes SET deleted_at = ? WHERE volume_id = ?').run(at, volumeId);
      const { changes: backups } = this.db
        .prepare('UPDATE backups SET deleted_at = ? WHERE lies_on = ? AND deleted_at IS NULL')
        .run(at, volumeId);
      const id = nextId(this.db, 'deletions', 'deletion_id', 'DEL-');
      this.db
        .prepare('INSERT INTO deletions VALUES (?, ?, ?, ?, ?, ?)')
        .run(id, volumeId, environment ?? null, backups, this.#user, at);
      return { deletion_id: id, volume_id: volumeId, backups: Number(backups) };
    });
    this.#disks.remove(volumeId);
    return row;
  }

  deleteBackup(backupId: string): Row {
    const liesOn = inTransaction(this.db, () => {
      const { lies_on, deleted_at } = this.#backup(backupId);
      if (typeof lies_on !== 'string')
        throw new CloudError(`backup \`${backupId}\` lies in the vault: nobody can delete it`);
      if (deleted_at !== null) throw new CloudError(`backup \`${backupId}\` was deleted at ${deleted_at}`);
      const at = timestamp(this.#now());
      this.db.prepare('UPDATE backups SET deleted_at = ? WHERE backup_id = ?').run(at, backupId);
      return lies_on;
    });
    this.#disks.removeBackup(backupId, liesOn);
    return { backup_id: backupId };
  }

  notice(backupId: string, says: 'to be deleted' | 'to be kept'): Row {
    this.#backup(backupId);
    this.db.prepare('INSERT INTO notices VALUES (?, ?, ?)').run(backupId, says, timestamp(this.#now()));
    return { backup_id: backupId };
  }

  /** Brings a copy from the vault back on a new volume, for its database. */
  bringBack(backupId: string): Row {
    const { lies_on, database_id } = this.#backup(backupId);
    if (lies_on !== null) throw new CloudError(`backup \`${backupId}\` does not lie in the vault`);
    const volumeId = `vol-${backupId.slice(3)}`;
    this.#disks.copyIn(backupId, volumeId);
    inTransaction(this.db, () => {
      this.db
        .prepare(
          `INSERT OR IGNORE INTO volumes SELECT ?, environment, ?, NULL FROM databases WHERE database_id = ?`,
        )
        .run(volumeId, timestamp(this.#now()), database_id ?? null);
      this.db
        .prepare('UPDATE databases SET volume_id = ? WHERE database_id = ?')
        .run(volumeId, database_id ?? null);
    });
    return { volume_id: volumeId, rows: rowsIn(this.#disks.data(volumeId)) };
  }

  #volume(volumeId: string): Row {
    const sql = 'SELECT * FROM volumes JOIN environments USING (environment) WHERE volume_id = ?';
    return one(this.db, 'volume', sql, volumeId);
  }

  #backup(backupId: string): Row {
    return one(this.db, 'backup', 'SELECT * FROM backups WHERE backup_id = ?', backupId);
  }

  #databaseOn(volumeId: string): string {
    const { deleted_at } = this.#volume(volumeId);
    if (deleted_at !== null) throw new CloudError(`volume \`${volumeId}\` was deleted at ${deleted_at}`);
    const sql = 'SELECT database_id FROM databases WHERE volume_id = ?';
    return String(one(this.db, 'database on', sql, volumeId)['database_id']);
  }
}
