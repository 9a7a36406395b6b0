// What the ledger is compared with, on the same disk in the same run: plain SQLite rows of equal bytes, and
// the product's own writer called on the main thread, without the second thread that the ledger has.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { NewFact } from '../../packages/surety/src/facts/index.ts';
import type { Append } from '../../packages/surety/src/ledger/log.ts';
import { Envelopes } from '../../packages/surety/src/ledger/stores/envelope.ts';
import { Packing } from '../../packages/surety/src/ledger/stores/packet.ts';
import { Writer } from '../../packages/surety/src/ledger/stores/writer.ts';

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
  readonly #forms: readonly NewFact[];
  readonly #versions: number[];
  #turn = 0;

  /** Appends these facts in turn, in so many streams. */
  constructor(folder: string, forms: readonly NewFact[], streams: number) {
    this.#writer = new Writer({ folder, program: 'command' });
    this.#forms = forms;
    this.#versions = new Array(streams).fill(0);
  }

  /** One durable transaction of so many appends, each of which states its stream's version. */
  commit(batch: number): void {
    for (let at = 0; at < batch; at++) {
      const index = this.#turn % this.#versions.length;
      const expected = this.#versions[index] as number;
      const fact = this.#forms[this.#turn++ % this.#forms.length] as NewFact;
      this.#append([{ stream: `case/k-${index}`, expected, facts: [fact] }], Date.now());
      this.#versions[index] = expected + 1;
    }
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

  #append(appends: readonly Append[], time: number): void {
    this.#packing.append(appends, () => {
      for (const { stream, facts } of appends)
        for (const fact of facts)
          this.#packing.fact(
            this.#envelopes.prepare(stream, fact, time).pieces,
            fact.disclosures ?? [],
            'bench',
          );
    });
  }
}
