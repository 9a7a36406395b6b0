// The writer's side of the disclosures: gathers those of one transaction by subject, encrypts each lot as a
// parcel, and erases. An erasure is one transaction with its fact; what it leaves to do outside of it (the slot
// in the key ring, the old bytes in the write-ahead log) is finished after, and again at every start until done.

import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LedgerError } from '../errors.ts';
import type { Erasure } from '../log.ts';
import type { Named } from './packet.ts';
import {
  decrypt,
  encrypt,
  firstPosition,
  linesOf,
  type Parcelled,
  parcel,
  parcelsMax,
  unparcel,
} from './parcel.ts';
import { type KeyRing, openRing } from './ring.ts';

/** A subject's `erased` is null while its key lives, 0 while the key is to be destroyed, 1 when it is gone. */
export const disclosureTables = `
  CREATE TABLE disclosures (id INTEGER PRIMARY KEY, slot INTEGER, content BLOB NOT NULL) STRICT;
  CREATE INDEX disclosures_of ON disclosures (slot) WHERE slot IS NOT NULL;
  CREATE TABLE subjects (slot INTEGER PRIMARY KEY, name TEXT NOT NULL, erased INTEGER) STRICT;
  CREATE UNIQUE INDEX subject_named ON subjects (name) WHERE erased IS NULL;
`;

/** Slots by name kept in memory, for speed only. */
const slotsMax = 100_000;
/** Slots that are ready before they are needed. */
const slotsAhead = 64;
/** Bytes in a parcel: what is read for one fact stays small. */
const parcelBytesMax = 1024 * 1024;

type Statements =
  | 'slotOf'
  | 'enrol'
  | 'insert'
  | 'parcels'
  | 'replace'
  | 'remove'
  | 'retire'
  | 'pending'
  | 'done';

export class DisclosureWriter {
  readonly #ring: KeyRing;
  readonly #database: DatabaseSync;
  readonly #sql: Record<Statements, StatementSync>;
  readonly #slots = new Map<string, number>();
  /** What this transaction stores, by subject. */
  readonly #gathered = new Map<string, { parcelled: Parcelled[]; bytes: number }>();
  /** Subjects that this transaction enrols or erases: if it is undone, memory must not know them. */
  readonly #touched: string[] = [];
  #nextSlot: number;
  #id = 0;
  #idMax = 0;
  #erases = false;

  constructor(database: DatabaseSync, folder: string) {
    const { used } = database.prepare('SELECT coalesce(max(slot), 0) AS used FROM subjects').get() as {
      used: number;
    };
    this.#database = database;
    this.#ring = openRing(folder, used);
    this.#nextSlot = used + 1;
    const prepare = (sql: string): StatementSync => database.prepare(sql);
    this.#sql = {
      slotOf: prepare('SELECT slot FROM subjects WHERE name = ? AND erased IS NULL'),
      enrol: prepare('INSERT INTO subjects (slot, name) VALUES (?, ?)'),
      insert: prepare('INSERT INTO disclosures (id, slot, content) VALUES (?, ?, ?)'),
      parcels: prepare('SELECT id, content FROM disclosures WHERE slot = ?'),
      replace: prepare('UPDATE disclosures SET slot = NULL, content = ? WHERE id = ?'),
      remove: prepare('DELETE FROM disclosures WHERE id = ?'),
      retire: prepare('UPDATE subjects SET erased = 0 WHERE slot = ?'),
      pending: prepare('SELECT slot FROM subjects WHERE erased = 0'),
      done: prepare('UPDATE subjects SET erased = 1 WHERE erased = 0'),
    };
    this.#erases = this.#sql.pending.get() !== undefined;
    this.#finish();
  }

  /** Begins a transaction whose first fact will have this position. */
  begin(position: number): void {
    this.#id = position * parcelsMax;
    this.#idMax = this.#id + parcelsMax;
  }

  /** `lines` are read when the transaction ends: until then they must stay as they are. */
  add(position: number, about: Named, lines: Uint8Array): void {
    if (typeof about === 'string') this.#add(about, { position, lines });
    else {
      const all = linesOf(lines);
      for (const [subject, nths] of bySubject(about))
        this.#add(subject, { position, nths, lines: Buffer.from(nths.map((nth) => all[nth]).join('\n')) });
    }
  }

  #add(subject: string, parcelled: Parcelled): void {
    let lot = this.#gathered.get(subject);
    if (lot === undefined) {
      lot = { parcelled: [], bytes: 0 };
      this.#gathered.set(subject, lot);
    }
    lot.parcelled.push(parcelled);
    lot.bytes += parcelled.lines.length;
    if (lot.bytes < parcelBytesMax) return;
    this.#gathered.delete(subject);
    this.#store(subject, lot.parcelled);
  }

  /** Before the commit. */
  write(): void {
    for (const [subject, { parcelled }] of this.#gathered) this.#store(subject, parcelled);
    this.#gathered.clear();
  }

  /** After the commit, before anybody is told. */
  committed(): void {
    this.#touched.length = 0;
    if (this.#slots.size > slotsMax) this.#slots.clear();
    try {
      this.#finish();
    } catch {
      // It is ordered and recorded; tried again after the next transaction and at every start, and `doctor` says so.
    }
  }

  /** When nobody waits: slots for the subjects that come next. */
  prepare(): void {
    try {
      this.#ring.reach(this.#nextSlot + slotsAhead);
    } catch {
      // Tried again when a subject needs one, and then it refuses the append.
    }
  }

  undone(): void {
    this.#gathered.clear();
    for (const subject of this.#touched.splice(0)) this.#slots.delete(subject);
  }

  /** Whether the subjects hold exactly what the order was made for; what came since must be looked at first. */
  isAsOrdered({ subjects, facts, disclosures }: Erasure): boolean {
    this.write();
    const positions = new Set<number>();
    let count = 0;
    for (const { parcelled } of subjects.flatMap((subject) => this.#opened(subject)))
      for (const { position, lines } of parcelled) {
        positions.add(position);
        count += linesOf(lines).length;
      }
    return positions.size === facts && count === disclosures;
  }

  /** Within the transaction: the content gives way to its digests. */
  erase({ subjects }: Erasure): void {
    for (const subject of subjects) {
      const slot = this.#slotOf(subject);
      if (slot === undefined) continue;
      for (const { id, parcelled } of this.#opened(subject)) {
        const digests = parcelled.map((each) => ({ ...each, lines: digestsOf(each.lines) }));
        if (digests.length === 0) this.#sql.remove.run(id);
        else this.#sql.replace.run(parcel(firstPosition(id), digests), id);
      }
      this.#sql.retire.run(slot);
      this.#slots.delete(subject);
      this.#touched.push(subject);
      this.#erases = true;
    }
  }

  /**
   * Destroys the keys of what was erased, and has the old bytes overwritten where they lie: those of the store
   * by `secure_delete`, those of the write-ahead log by cutting it off. A reader in the middle of something
   * puts off the latter; then it is tried again after the next transaction.
   */
  #finish(): void {
    if (!this.#erases) return;
    this.#ring.destroy((this.#sql.pending.all() as { slot: number }[]).map(({ slot }) => slot));
    const cut = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
    if (cut.busy !== 0) return;
    this.#sql.done.run();
    this.#erases = false;
  }

  close(): void {
    this.#ring.close();
  }

  #store(subject: string, parcelled: readonly Parcelled[]): void {
    const slot = this.#slotOf(subject) ?? this.#enrol(subject);
    const key = this.#ring.key(slot);
    // Its subject lives and its key is gone: the ring was put back from a time after an erasure that the log lacks.
    if (key === undefined) {
      this.#retire(subject, slot);
      this.#store(subject, parcelled);
      return;
    }
    const id = this.#id++;
    if (id >= this.#idMax) throw new LedgerError('too-large', 'a transaction is about too many subjects');
    this.#sql.insert.run(id, slot, encrypt(key, { id, subject }, parcel(firstPosition(id), parcelled)));
  }

  #slotOf(subject: string): number | undefined {
    const known = this.#slots.get(subject);
    if (known !== undefined) return known;
    const row = this.#sql.slotOf.get(subject) as { slot: number } | undefined;
    if (row !== undefined) this.#slots.set(subject, row.slot);
    return row?.slot;
  }

  #enrol(subject: string): number {
    const slot = this.#nextSlot++;
    this.#ring.reach(slot);
    this.#sql.enrol.run(slot, subject);
    this.#slots.set(subject, slot);
    this.#touched.push(subject);
    return slot;
  }

  #retire(subject: string, slot: number): void {
    this.#sql.retire.run(slot);
    this.#slots.delete(subject);
    this.#touched.push(subject);
    this.#erases = true;
  }

  /** What is stored about a subject; empty parcels where the key is gone already. */
  #opened(subject: string): { readonly id: number; readonly parcelled: readonly Parcelled[] }[] {
    const slot = this.#slotOf(subject);
    if (slot === undefined) return [];
    const key = this.#ring.key(slot);
    return (this.#sql.parcels.all(slot) as { id: number; content: Uint8Array }[]).map(({ id, content }) => ({
      id,
      parcelled: key === undefined ? [] : unparcel(firstPosition(id), decrypt(key, { id, subject }, content)),
    }));
  }
}

/** Which of a fact's disclosures are about whom. */
function bySubject(about: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [nth, subject] of about.entries()) {
    const nths = found.get(subject);
    if (nths === undefined) found.set(subject, [nth]);
    else nths.push(nth);
  }
  return found;
}

/** As facts commit to them: SHA-256 of each text. */
const digestsOf = (lines: Uint8Array): Uint8Array =>
  Buffer.from(
    linesOf(lines)
      .map((text) => hash('sha256', text, 'base64url'))
      .join('\n'),
  );
