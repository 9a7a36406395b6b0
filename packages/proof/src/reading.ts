// One pass over a proof, from its first fact to its last row. Each part is taken by both halves: is the record sound
// (soundness.ts), and what does it tell (the book). Nothing is kept but what the verdict needs; what is found wrong on
// the way is noted, and the checks in verify.ts say it.

import { Fold } from './book/index.ts';
import { type ProofReader, withheldMark } from './bundle/index.ts';
import { commitmentsIn, type Fact, isKind, type UnknownFact } from './facts.ts';
import { parseHead } from './records/heads.ts';
import { parseNote } from './records/note.ts';
import { rowMoney } from './rules/index.ts';
import {
  nowhere,
  type Records,
  type RecordsAsked,
  type Sound,
  Soundness,
  type Taken,
  type Told,
} from './soundness.ts';
import type { Sha256 } from './values/bytes.ts';
import { canonicalJson } from './values/canonical.ts';
import { type Disclosed, openCommitments } from './values/commitment.ts';
import type { Book, Extract as Extracted, Row } from './verdict/index.ts';

export interface Found {
  readonly sound: Sound;
  readonly book: Book;
  readonly falseExtract: string | undefined;
  readonly rows: (position: number) => readonly Row[];
}

export interface ReadingOptions {
  readonly sha256: Sha256;
  /** A head that the auditor kept: the log must extend it. */
  readonly earlierHead?: string;
  /** Starts another thread in which a `Soundness` takes the parts; without, this one does both halves. */
  readonly records?: (asked: RecordsAsked) => Records;
}

/** How many parts the other thread may be ahead. */
const aheadMax = 16;

export async function readThrough(proof: ProofReader, options: ReadingOptions): Promise<Found> {
  const { sha256, earlierHead } = options;
  const asked = { origin: proof.head.origin, earlierSize: sizeOf(earlierHead) };
  const records = options.records?.(asked) ?? new Soundness(asked, sha256);
  const story = new Story(sha256);
  const waiting: (readonly [Taken, Told | Promise<Told>])[] = [];
  const next = async (): Promise<void> => {
    const [part, told] = waiting.shift() as (typeof waiting)[number];
    await story.take(part, await told);
  };
  for await (const part of partsOf(proof)) {
    const told = records.take(part);
    // It is awaited in its turn; until then nobody is to be told that it failed.
    if (told instanceof Promise) told.catch(() => undefined);
    waiting.push([part, told]);
    if (options.records === undefined || waiting.length > aheadMax) await next();
  }
  while (waiting.length > 0) await next();
  await story.end();
  await proof.people();
  const sound = await records.end();
  const { book, rows } = story;
  book.chain = sound.chain;
  return { sound, book, falseExtract: falseExtract(story, sound), rows: (at) => rows.get(at) ?? [] };
}

async function* partsOf(proof: ProofReader): AsyncGenerator<Taken> {
  yield* proof.parts();
  for await (const { position, lines } of proof.extracts())
    for await (const part of lines) yield { ...part, rowsOf: position };
}

/** Its signature is checked elsewhere; here it only says after which fact a root is to be kept. */
function sizeOf(note: string | undefined): number | undefined {
  try {
    return note === undefined ? undefined : parseHead(parseNote(note).text).size;
  } catch {
    return undefined;
  }
}

/** What the facts tell, with what is disclosed of each: folded into the book one after the other. */
class Story {
  /** Control totals as disclosed, by the position of their extract; and its rows, in the order read. */
  readonly totals = new Map<number, ReturnType<typeof openCommitments>>();
  readonly rows = new Map<number, Row[]>();
  readonly #fold: Fold;
  /** What is disclosed of the fact at `#next`, by its commitment. */
  readonly #shown = new Map<string, Disclosed>();
  #facts: readonly (Fact | UnknownFact | undefined)[] = [];
  #next = 0;

  constructor(sha256: Sha256) {
    this.#fold = new Fold({ sha256, find: this.#find });
  }

  get book(): Book {
    return this.#fold.book;
  }

  readonly #find = (digest: string): Disclosed | undefined => this.#shown.get(digest);

  async take(part: Taken, { facts = [], disclosed = [], places = new Uint16Array() }: Told): Promise<void> {
    if (part.is === 'bundle') {
      await this.end();
      this.#facts = facts;
      this.#next = 0;
    } else if (part.rowsOf === undefined) await this.#disclose(disclosed, places);
    else this.#read(part.rowsOf, disclosed);
  }

  /** Folds what is left of the bundle at hand. */
  async end(): Promise<void> {
    await this.#foldTo(this.#facts.length);
  }

  async #disclose(disclosed: readonly Disclosed[], places: Uint16Array): Promise<void> {
    for (const [at, each] of disclosed.entries()) {
      const index = places[2 * at] as number;
      if (index === nowhere) continue;
      if (index > this.#next) await this.#foldTo(index);
      const fact = this.#facts[index];
      const digest = fact && commitmentsIn(fact)[places[2 * at + 1] as number];
      if (digest !== undefined) this.#shown.set(digest, each);
    }
  }

  async #foldTo(end: number): Promise<void> {
    for (; this.#next < end; this.#next++) {
      const fact = this.#facts[this.#next];
      if (fact !== undefined) {
        const signing = this.#fold.add(fact);
        if (signing !== undefined) await signing;
        if (isKind(fact, 'record.extracted'))
          this.totals.set(fact.position, openCommitments(fact.body.totals, this.#find));
      }
      if (this.#shown.size > 0) this.#shown.clear();
    }
  }

  #read(position: number, disclosed: readonly Disclosed[]): void {
    const rows = this.rows.get(position) ?? [];
    for (const { pointer, value } of disclosed)
      rows.push(pointer === withheldMark ? undefined : (value as Row));
    this.rows.set(position, rows);
  }
}

/** Rows that are here must be those of their fact: hashed, counted and added up as they were when they were recorded. */
function falseExtract({ book, totals, rows: all }: Story, { rowRoots }: Sound): string | undefined {
  const known = new Set(book.extracts.map(({ position }) => position));
  for (const position of all.keys())
    if (!known.has(position)) return `the rows of fact ${position} belong to no extract`;
  for (const extract of book.extracts) {
    const { position, body } = extract;
    const rows = all.get(position);
    if (rows === undefined) continue;
    if (rowRoots.get(position) !== body.rowRoot) return `the rows of fact ${position} are not its own`;
    if (rows.length !== body.count)
      return `fact ${position} counts ${body.count} rows, here are ${rows.length}`;
    // With a row withheld its totals may be, too: less the rest they would be that row.
    if (rows.includes(undefined)) continue;
    const { value, withheld } = totals.get(position) ?? { value: undefined, withheld: 0 };
    if (withheld > 0) return `fact ${position} shows its rows and withholds their control totals`;
    if (body.answer === 'ok' && canonicalJson(totalsOf(extract, rows)) !== canonicalJson(value))
      return `the control totals of fact ${position} are false`;
  }
  return undefined;
}

/** Control totals by currency, from the rows themselves, as money was declared when they were read. */
function totalsOf({ declared }: Extracted, rows: readonly Row[]): Record<string, number> {
  const totals: Record<string, number> = {};
  const { money } = declared?.reconcile ?? {};
  if (money === undefined) return totals;
  for (const row of rows) {
    const read = rowMoney({ money }, row ?? {});
    // A row without exact money adds nothing to the totals; `reconciled` names it.
    if (read !== 'unreadable' && read.currency !== undefined)
      totals[read.currency] = (totals[read.currency] ?? 0) + (read.amountMinor ?? 0);
  }
  return totals;
}
