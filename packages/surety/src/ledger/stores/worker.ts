// The writer thread: alone writes the store. Commits at once when idle; what queued meanwhile (at most
// 256 appends) is the next transaction, with no timer. An answer is sent after the commit was synced.
// It gives each fact its position, stream version and emitter sequence, and parses nothing.

import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { makeFolder, ownFile } from '../durable.ts';
import { LedgerError, storeError } from '../errors.ts';
import { type Exclusive, takeExclusive } from '../exclusive.ts';
import {
  applicationId,
  batchMax,
  type FromWriter,
  storeFile,
  storeFormat,
  type ToWriter,
  type WireAnswer,
  type WireAppend,
  type WriterData,
} from './wire.ts';

/** Same as `factBytesMax`: this thread loads no parser. */
const factBytesMax = 65_535;
/** Stream versions kept in memory, for speed only. */
const versionsMax = 100_000;
/** Bytes written between checkpoints of the write-ahead log: small, so that syncs overwrite and seldom extend it. */
const checkpointBytes = 4 * 1024 * 1024;

const schema = `
  CREATE TABLE facts (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE streams (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE disclosures (position INTEGER PRIMARY KEY, texts TEXT NOT NULL) STRICT;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${storeFormat};
`;

class Writer {
  readonly #lock: Exclusive;
  readonly #database: DatabaseSync;
  readonly #statements: Record<
    'begin' | 'commit' | 'insert' | 'version' | 'setVersion' | 'disclose',
    StatementSync
  >;
  #size: number;
  #emitterSeq = 0;
  /** Durable versions by stream. */
  readonly #versions = new Map<string, number>();
  /** Versions as this transaction leaves them. */
  readonly #changed = new Map<string, number>();
  #uncheckpointed = 0;

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
      disclose: prepare('INSERT INTO disclosures (position, texts) VALUES (?, ?)'),
    };
    this.#size = this.#stored();
  }

  get size(): number {
    return this.#size;
  }

  /** One transaction. If the store refuses it, all of it is undone and every append of it is answered so. */
  write(batch: readonly WireAppend[]): WireAnswer[] {
    const before = this.#emitterSeq;
    try {
      this.#statements.begin.run();
      const answers = batch.map((append) => this.#append(append));
      for (const [name, version] of this.#changed) this.#statements.setVersion.run(name, version);
      this.#statements.commit.run();
      if (this.#versions.size > versionsMax) this.#versions.clear();
      for (const [name, version] of this.#changed) this.#versions.set(name, version);
      this.#changed.clear();
      return answers;
    } catch (cause) {
      this.#undo(before);
      const { code, message } = storeError(cause, 'the store refused a write');
      return batch.map(() => ({ code, message }));
    }
  }

  /** After the answers are sent, so that no append waits for it. */
  checkpoint(): void {
    if (this.#uncheckpointed < checkpointBytes) return;
    this.#uncheckpointed = 0;
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // The facts are durable in the write-ahead log already; the next checkpoint tries again.
    }
  }

  close(): void {
    this.#database.close();
    this.#lock.release();
  }

  #append(append: WireAppend): WireAnswer {
    // INVARIANT: everything that can refuse an append comes before its first write.
    const versions: number[] = [];
    for (const [stream, expected] of append.streams) {
      const version = this.#version(stream);
      if (expected >= 0 && version !== expected) return { conflict: stream };
      versions.push(version);
    }
    const rows = this.#rows(append, versions);
    if (rows === undefined) return { code: 'too-large', message: `a fact is above ${factBytesMax} bytes` };
    const position = this.#size;
    const emitterSeq = this.#emitterSeq;
    for (const bytes of rows) {
      this.#statements.insert.run(this.#size++, bytes);
      this.#uncheckpointed += bytes.length;
    }
    this.#emitterSeq += rows.length;
    for (const [fact, texts] of append.disclosures) {
      this.#statements.disclose.run(position + fact, texts);
      this.#uncheckpointed += texts.length;
    }
    for (const [index, [stream, , count]] of append.streams.entries())
      if (count > 0) this.#changed.set(stream, (versions[index] as number) + count);
    return { position, emitterSeq, versions };
  }

  /** The bytes of every fact; none if one is too large. */
  #rows(append: WireAppend, versions: readonly number[]): Buffer[] | undefined {
    const { pieces } = append;
    const rows: Buffer[] = [];
    for (const [index, [, , count]] of append.streams.entries()) {
      for (let fact = 0; fact < count; fact++) {
        const at = rows.length * 3;
        const version = (versions[index] as number) + fact;
        const bytes = Buffer.from(
          `${pieces[at]}${version}${pieces[at + 1]}${this.#emitterSeq + rows.length}${pieces[at + 2]}`,
        );
        if (bytes.length > factBytesMax) return undefined;
        rows.push(bytes);
      }
    }
    return rows;
  }

  #version(stream: string): number {
    const known = this.#changed.get(stream) ?? this.#versions.get(stream);
    if (known !== undefined) return known;
    const row = this.#statements.version.get(stream) as { version: number } | undefined;
    const version = row?.version ?? 0;
    this.#versions.set(stream, version);
    return version;
  }

  /** Nothing in memory is trusted after a failure: what counts is what the store holds. */
  #undo(emitterSeq: number): void {
    this.#changed.clear();
    this.#versions.clear();
    this.#emitterSeq = emitterSeq;
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      this.#size = this.#stored();
    } catch {
      // The next batch fails at `begin` or on a position that exists, and is refused likewise.
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
    if (pragma('application_id') !== applicationId || pragma('user_version') !== storeFormat)
      throw new LedgerError('corrupt', `\`${file}\` is not a store of this version`);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

function run(port: MessagePort, data: WriterData): void {
  const say = (message: FromWriter): void => port.postMessage(message);
  let writer: Writer;
  try {
    writer = new Writer(data);
  } catch (cause) {
    const { code, message } = storeError(cause, 'the store did not open');
    say({ failed: code, message });
    port.close();
    return;
  }
  say({ opened: writer.size });
  const queue: WireAppend[] = [];
  let closing = false;
  const take = (message: ToWriter): void => {
    if ('close' in message) closing = true;
    else for (const append of message.appends) queue.push(append);
  };
  port.on('message', (first: ToWriter) => {
    take(first);
    while (queue.length > 0) {
      for (let more = next(port); more !== undefined; more = next(port)) {
        take(more);
        if (queue.length >= batchMax) break;
      }
      say({ answers: writer.write(queue.splice(0, batchMax)) });
      writer.checkpoint();
    }
    if (!closing) return;
    writer.close();
    say({ closed: true });
    port.close();
  });
}

const next = (port: MessagePort): ToWriter | undefined =>
  (receiveMessageOnPort(port) as { message: ToWriter } | undefined)?.message;

if (parentPort !== null) run(parentPort, workerData as WriterData);
