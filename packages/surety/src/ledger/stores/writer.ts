// The one that writes the store, on whichever thread it is made. It gives each fact its position, stream
// version and emitter sequence, and parses nothing. `stage` puts appends into the open transaction, `commit`
// makes them durable; only then is anything answered.

import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { makeFolder, ownFile } from '../durable.ts';
import { LedgerError, storeError } from '../errors.ts';
import { type Exclusive, takeExclusive } from '../exclusive.ts';
import { DisclosureWriter, disclosureTables } from './disclosures.ts';
import { type Packet, type Row, Unpacking } from './packet.ts';
import { upgradeStore } from './upgrades.ts';
import {
  type Answers,
  applicationId,
  batchMax,
  type Refusal,
  storeFile,
  storeFormat,
  type WriterData,
} from './wire.ts';

/** Same as `factBytesMax`: this thread loads no parser. */
const factBytesMax = 65_535;
/** Stream versions kept in memory, for speed only. */
const streamsMax = 100_000;
/** Bytes written between checkpoints of the write-ahead log: small, so that syncs overwrite and seldom extend it. */
const checkpointBytes = 4 * 1024 * 1024;

const schema = `
  CREATE TABLE facts (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE streams (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  ${disclosureTables}
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${storeFormat};
`;

/** A stream's version as the open transaction leaves it. */
interface Stream {
  readonly name: string;
  version: number;
  /** Among those that the transaction has to write. */
  changed: boolean;
}

export class Writer {
  readonly #lock: Exclusive;
  readonly #database: DatabaseSync;
  readonly #statements: Record<'begin' | 'commit' | 'insert' | 'version' | 'setVersion', StatementSync>;
  readonly #disclosures: DisclosureWriter;
  readonly #streams = new Map<string, Stream>();
  #changed: Stream[] = [];
  #size: number;
  #emitterSeq = 0;
  #uncheckpointedBytes = 0;
  /** Of the open transaction. */
  #staged = 0;
  #refused: [number, Refusal][] = [];
  #versions: number[] = [];
  #first: { position: number; emitterSeq: number } | undefined;
  /** Why nothing of it will be written. */
  #failure: LedgerError | undefined;

  constructor({ folder, program }: WriterData) {
    makeFolder(folder, 0o700);
    this.#lock = takeExclusive(join(folder, 'writer'), program);
    this.#database = openStore(join(folder, storeFile));
    const prepare = (sql: string): StatementSync => this.#database.prepare(sql);
    this.#statements = {
      begin: prepare('BEGIN IMMEDIATE'),
      commit: prepare('COMMIT'),
      insert: prepare('INSERT INTO facts (position, bytes) VALUES (?, ?)'),
      version: prepare('SELECT version FROM streams WHERE name = ?'),
      setVersion: prepare(
        'INSERT INTO streams (name, version) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version',
      ),
    };
    this.#disclosures = new DisclosureWriter(this.#database, folder);
    this.#size = this.#stored();
  }

  /** Number of durable facts. */
  get size(): number {
    return this.#first?.position ?? this.#size;
  }

  /** Puts the appends into the open transaction; each time that it is full, it is committed and answered. */
  stage(packet: Packet, answer: (answers: Answers) => void): void {
    const unpacking = new Unpacking(packet);
    while (unpacking.next()) {
      const refusal = this.#try(unpacking);
      if (refusal !== undefined) this.#refused.push([this.#staged, refusal]);
      if (++this.#staged === batchMax) this.commit(answer);
    }
  }

  /** Makes durable what was staged and answers it. If the store refuses, all of it is undone and answered so. */
  commit(answer: (answers: Answers) => void): void {
    if (this.#staged === 0) return;
    try {
      if (this.#failure === undefined) this.#end();
    } catch (cause) {
      this.#fail(cause);
    }
    const appends = this.#staged;
    const { position, emitterSeq } = this.#first ?? { position: this.#size, emitterSeq: this.#emitterSeq };
    const failed = this.#failure && { code: this.#failure.code, message: this.#failure.message };
    const refused = failed
      ? Array.from({ length: appends }, (_, index): [number, Refusal] => [index, failed])
      : this.#refused;
    const versions = Float64Array.from(failed ? [] : this.#versions);
    this.#staged = 0;
    this.#refused = [];
    this.#versions = [];
    this.#first = undefined;
    this.#failure = undefined;
    answer({ appends, refused, position, emitterSeq, versions });
    this.#checkpoint();
  }

  close(): void {
    this.#disclosures.close();
    this.#database.close();
    this.#lock.release();
  }

  #try(append: Unpacking): Refusal | undefined {
    // One answer for all of a failed transaction: no append waits for a store that just refused another.
    if (this.#failure !== undefined) return undefined;
    try {
      if (this.#first === undefined) {
        this.#first = { position: this.#size, emitterSeq: this.#emitterSeq };
        this.#statements.begin.run();
        this.#disclosures.begin(this.#size);
      }
      return this.#append(append);
    } catch (cause) {
      this.#fail(cause);
      return undefined;
    }
  }

  #append(append: Unpacking): Refusal | undefined {
    // INVARIANT: everything that can refuse an append comes before its first write.
    const streams: Stream[] = [];
    const versions: number[] = [];
    for (let index = 0; index < append.streams; index++) {
      const stream = this.#stream(append.nameOf(index));
      const expected = append.expectedOf(index);
      if (expected >= 0 && stream.version !== expected) return { conflict: stream.name };
      streams.push(stream);
      versions.push(stream.version);
    }
    const rows = append.rows(versions, this.#emitterSeq);
    if (rows.some(({ bytes }) => bytes.length > factBytesMax))
      return { code: 'too-large', message: `a fact is above ${factBytesMax} bytes` };
    const { erasure } = append;
    if (erasure !== undefined && !this.#disclosures.isAsOrdered(erasure))
      return { conflict: erasure.subjects[0] ?? '' };
    for (const row of rows) this.#insert(row);
    if (erasure !== undefined) this.#disclosures.erase(erasure);
    for (const [index, stream] of streams.entries()) {
      const facts = append.factsOf(index);
      if (facts > 0 && !stream.changed) this.#changed.push(stream);
      if (facts > 0) stream.changed = true;
      stream.version += facts;
      this.#versions.push(versions[index] as number);
    }
    return undefined;
  }

  #insert({ bytes, disclosures, about }: Row): void {
    this.#statements.insert.run(this.#size, bytes);
    if (disclosures.length > 0) this.#disclosures.add(this.#size, about, disclosures);
    this.#uncheckpointedBytes += bytes.length + disclosures.length;
    this.#size++;
    this.#emitterSeq++;
  }

  #stream(name: string): Stream {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const row = this.#statements.version.get(name) as { version: number } | undefined;
    const stream = { name, version: row?.version ?? 0, changed: false };
    this.#streams.set(name, stream);
    return stream;
  }

  #end(): void {
    for (const stream of this.#changed) {
      this.#statements.setVersion.run(stream.name, stream.version);
      stream.changed = false;
    }
    this.#disclosures.write();
    this.#statements.commit.run();
    this.#disclosures.committed();
    this.#changed = [];
    if (this.#streams.size > streamsMax) this.#streams.clear();
  }

  /** Nothing in memory is trusted after a failure: what counts is what the store holds. */
  #fail(cause: unknown): void {
    this.#failure = storeError(cause, 'the store refused a write');
    this.#streams.clear();
    this.#changed = [];
    this.#disclosures.undone();
    this.#emitterSeq = this.#first?.emitterSeq ?? this.#emitterSeq;
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#size = this.#stored();
    } catch {
      // The next batch fails at `begin` or on a position that exists, and is refused likewise.
    }
  }

  /** After the answers are sent, so that no append of theirs waits for it. */
  #checkpoint(): void {
    this.#disclosures.prepare();
    if (this.#uncheckpointedBytes < checkpointBytes) return;
    this.#uncheckpointedBytes = 0;
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // The facts are durable in the write-ahead log already; the next checkpoint tries again.
    }
  }

  #stored(): number {
    const row = this.#database.prepare('SELECT max(position) AS last FROM facts').get() as {
      last: number | null;
    };
    return row.last === null ? 0 : row.last + 1;
  }
}

function openStore(file: string): DatabaseSync {
  ownFile(file);
  const database = new DatabaseSync(file, { timeout: 5000 });
  const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0');
    if (pragma('journal_mode') !== 'wal') throw new LedgerError('corrupt', 'the folder does not support WAL');
    if (pragma('user_version') === 0 && pragma('application_id') === 0)
      database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
    upgradeStore(database, file);
    // What is erased is overwritten; sorting leaves nothing in files either.
    database.exec('PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY');
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}
