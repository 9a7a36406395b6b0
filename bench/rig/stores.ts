// What the ledger is compared with, on the same disk in the same run: plain SQLite rows of equal bytes, and
// the product's own writer called on the main thread, without the second thread that the ledger has.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Append } from '../../packages/surety/src/ledger/log.ts';
import { Envelopes } from '../../packages/surety/src/ledger/stores/envelope.ts';
import { Packing } from '../../packages/surety/src/ledger/stores/packet.ts';
import { Writer } from '../../packages/surety/src/ledger/stores/writer.ts';
import { SubjectNames } from '../../packages/surety/src/ledger/subject.ts';
import type { Reads } from './facts.ts';

/** Plain SQLite: one table, one prepared insert, one transaction a batch, the same settings. */
export class PlainRows {
  readonly #database: DatabaseSync;
  readonly #row: Buffer;
  readonly #run: (batch: number) => void;
  #position = 0;

  constructor(folder: string, rowBytes: number) {
    this.#row = Buffer.alloc(rowBytes, 0x61);
    this.#database = new DatabaseSync(join(folder, 'plain.sqlite'));
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE facts (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT`);
    const insert = this.#database.prepare('INSERT INTO facts (position, bytes) VALUES (?, ?)');
    const begin = this.#database.prepare('BEGIN IMMEDIATE');
    const commit = this.#database.prepare('COMMIT');
    this.#run = (batch) => {
      begin.run();
      for (let at = 0; at < batch; at++) insert.run(this.#position++, this.#row);
      commit.run();
    };
  }

  /** One durable transaction of so many rows. */
  commit(batch: number): void {
    this.#run(batch);
  }

  close(): void {
    this.#database.close();
  }
}

/**
 * Envelope, shapes, packing, stream checks, disclosures and commit as in the product, all on the calling
 * thread, which waits for the disk. No queue, no promises and no listeners: it is flattered.
 */
export class SameThread {
  readonly #envelopes = new Envelopes('bench.example/same-thread', 'A'.repeat(22));
  readonly #packing = new Packing();
  readonly #writer: Writer;
  readonly #names = new SubjectNames(Buffer.alloc(16, 7));
  readonly #reads: Reads;

  constructor(folder: string, reads: Reads) {
    this.#writer = new Writer({ folder, program: 'command' });
    this.#reads = reads;
  }

  /** One durable transaction of so many appends, each of which states its stream's version. */
  commit(batch: number): void {
    for (let at = 0; at < batch; at++) this.#append(this.#reads.next(), Date.now());
    const packet = this.#packing.take();
    const mustBeWritten = ({ refused }: { readonly refused: readonly unknown[] }): void => {
      if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused[0])}`);
    };
    this.#writer.stage(packet, mustBeWritten);
    this.#writer.commit(mustBeWritten);
    this.#packing.reuse(packet.bytes.buffer);
  }

  close(): void {
    this.#writer.close();
  }

  #append(append: Append, time: number): void {
    this.#packing.append([append], () => {
      for (const fact of append.facts) {
        const { pieces } = this.#envelopes.prepare(append.stream, fact, time);
        this.#packing.fact(pieces, fact.disclosures ?? [], this.#names.name(`case/${fact.case}`));
      }
    });
  }
}
