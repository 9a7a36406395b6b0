// Acme's cloud as it stands on the morning of 15 June 2026: three databases on three volumes, and every backup on the volume
// that it is a backup of. Ids say nothing of what is behind them, as in real clouds. `node cloud/seed.ts <folder>`.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createDatabase, inTransaction } from './database.ts';
import { Disks } from './volumes.ts';

export const production = { volume: 'vol-7f3a', database: 'db-bookings-production' } as const;

interface Held {
  readonly volume: string;
  readonly database: string;
  readonly environment: 'production' | 'staging';
  readonly table: string;
  readonly rows: number;
  readonly backups: readonly (readonly [id: string, takenAt: string])[];
}

export const held: readonly Held[] = [
  {
    ...{ ...production, environment: 'production', table: 'bookings', rows: 18_412 },
    backups: [
      ['BK-0001', '2026-06-12T02:00:00.000Z'],
      ['BK-0002', '2026-06-13T02:00:00.000Z'],
      ['BK-0003', '2026-06-14T02:00:00.000Z'],
    ],
  },
  {
    ...{ volume: 'vol-2c91', database: 'db-bookings-staging', environment: 'staging' },
    ...{ table: 'bookings', rows: 240 },
    backups: [['BK-0004', '2026-06-14T02:10:00.000Z']],
  },
  {
    ...{ volume: 'vol-5e08', database: 'db-search-trial', environment: 'staging' },
    ...{ table: 'documents', rows: 2_310 },
    backups: [],
  },
];

/** From the second day on, for the summer sale. */
const freeze = ['production', '2026-06-16T00:00:00.000Z', '2026-06-20T00:00:00.000Z', 'summer sale'] as const;

/** Throws if there is a cloud in the folder already. */
export function seed(folder: string): void {
  const db = createDatabase(join(folder, 'cloud.db'));
  const disks = new Disks(folder);
  try {
    inTransaction(db, () => {
      const environment = db.prepare('INSERT INTO environments VALUES (?, ?)');
      environment.run('production', 'eu-1');
      environment.run('staging', 'eu-1');
      db.prepare('INSERT INTO freezes VALUES (?, ?, ?, ?)').run(...freeze);
      for (const each of held) write(db, disks, each);
    });
  } finally {
    db.close();
  }
}

function write(db: DatabaseSync, disks: Disks, { volume, database, environment, ...of }: Held): void {
  disks.make(volume);
  fill(disks.data(volume), of.table, of.rows);
  const made = '2025-11-03T08:00:00.000Z';
  db.prepare('INSERT INTO volumes VALUES (?, ?, ?, NULL)').run(volume, environment, made);
  db.prepare('INSERT INTO databases VALUES (?, ?, ?, ?)').run(database, environment, volume, 'cred-1');
  const row = db.prepare('INSERT INTO backups VALUES (?, ?, ?, ?, ?, ?, ?, NULL)');
  for (const [id, takenAt] of of.backups) {
    const { rows, sha256 } = disks.copyOut(volume, id, volume);
    row.run(id, database, volume, 'eu-1', rows, sha256, takenAt);
  }
}

/** A database with so many rows. The table's name is one of ours. */
function fill(file: string, table: string, rows: number): void {
  const db = new DatabaseSync(file);
  db.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, guest TEXT NOT NULL, day TEXT NOT NULL) STRICT`);
  db.exec(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
     INSERT INTO ${table} SELECT i, 'guest ' || (i * 7919 % 9973), date('2026-06-15', (i % 400) || ' days') FROM n`,
  );
  db.close();
}

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) {
    process.stderr.write('usage: node cloud/seed.ts <folder>\n');
    process.exitCode = 64;
  } else {
    seed(folder);
  }
}
