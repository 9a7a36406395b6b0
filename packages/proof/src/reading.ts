// One pass over a proof, from its first fact to its last file. Each part is taken by both halves: is the record sound
// (soundness.ts), and what does it tell (the book). Nothing is kept but what the verdict needs; what is found wrong on
// the way is noted, and the checks in verify.ts say it.

import { Fold, unread } from './book/index.ts';
import { linesIn, type Part, type ProofReader } from './bundle/index.ts';
import { commitmentsIn, type Fact, isKind, type UnknownFact } from './facts.ts';
import { parseHead } from './records/heads.ts';
import { parseNote } from './records/note.ts';
import { decodeEntries } from './records/tiles.ts';
import { appendLeaf, emptyFrontier, leafHash, rootOf } from './records/tree.ts';
import {
  factIn,
  nowhere,
  type Records,
  type RecordsAsked,
  type Sound,
  Soundness,
  type Told,
} from './soundness.ts';
import { type Sha256, toBase64url, utf8 } from './values/bytes.ts';
import { openCommitments, parseDisclosure } from './values/commitment.ts';
import { canonicalJson } from './values/json.ts';
import { type Book, type Extract as Extracted, type Row, rowMoney } from './verdict/index.ts';

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
  const waiting: (readonly [Part, Told | Promise<Told>])[] = [];
  const next = async (): Promise<void> => {
    const [part, told] = waiting.shift() as (typeof waiting)[number];
    await story.take(part, await told);
  };
  for await (const part of proof.parts()) {
    const told = records.take(part);
    // It is awaited in its turn; until then nobody is to be told that it failed.
    if (told instanceof Promise) told.catch(() => undefined);
    waiting.push([part, told]);
    if (options.records === undefined || waiting.length > aheadMax) await next();
  }
  while (waiting.length > 0) await next();
  await story.end();
  const sound = await records.end();
  const { book, totals } = story;
  book.chain = sound.chain;
  const rows = new Rows(book, totals, sha256);
  for await (const extract of proof.extracts()) await rows.read(extract);
  await proof.people();
  return { sound, book, falseExtract: rows.wrong, rows: rows.of };
}

/** Its signature is checked elsewhere; here it only says after which fact a root is to be kept. */
function sizeOf(note: string | undefined): number | undefined {
  try {
    return note === undefined ? undefined : parseHead(parseNote(note).text).size;
  } catch {
    return undefined;
  }
}

type Totals = ReadonlyMap<number, ReturnType<typeof openCommitments>>;

interface OpenFact {
  readonly fact: Fact | UnknownFact | undefined;
  readonly commitments: readonly string[];
}

/** What the facts tell, with what is disclosed of each: folded into the book one after the other. */
class Story {
  /** Control totals as disclosed, by the position of their extract. */
  readonly totals = new Map<number, ReturnType<typeof openCommitments>>();
  readonly #fold: Fold;
  readonly #shown = new Map<string, string>();
  #facts: (index: number) => Fact | UnknownFact | undefined = () => undefined;
  #width = 0;
  #next = 0;
  /** The fact at `#next`, once something is disclosed of it. */
  #current: OpenFact | undefined;

  constructor(sha256: Sha256) {
    this.#fold = new Fold({ sha256, find: (digest) => this.#shown.get(digest) });
  }

  get book(): Book {
    return this.#fold.book;
  }

  async take(part: Part, told: Told): Promise<void> {
    if (part.is === 'bundle') {
      await this.end();
      this.#facts = factsOf(part, told);
      this.#width = part.width;
      this.#next = 0;
    } else await this.#lines(part.text, told.places ?? new Uint16Array());
  }

  /** Folds what is left of the bundle at hand. */
  async end(): Promise<void> {
    await this.#foldTo(this.#width);
  }

  async #lines(text: string, places: Uint16Array): Promise<void> {
    let start = 0;
    for (let at = 0; at < places.length; at += 2) {
      const end = text.indexOf('\n', start);
      const [fact, commitment] = [places[at] as number, places[at + 1] as number];
      if (fact !== nowhere) {
        if (fact > this.#next) await this.#foldTo(fact);
        this.#current ??= this.#open();
        const digest = this.#current.commitments[commitment];
        if (digest !== undefined) this.#shown.set(digest, text.slice(start, end));
      }
      start = end + 1;
    }
  }

  #open(): OpenFact {
    const fact = this.#facts(this.#next);
    return { fact, commitments: fact === undefined ? [] : commitmentsIn(fact) };
  }

  async #foldTo(end: number): Promise<void> {
    for (; this.#next < end; this.#next++) {
      const fact = this.#current === undefined ? this.#facts(this.#next) : this.#current.fact;
      if (fact !== undefined) {
        const signing = this.#fold.add(fact);
        if (signing !== undefined) await signing;
        if (isKind(fact, 'record.extracted'))
          this.totals.set(
            fact.position,
            openCommitments(fact.body.totals, (digest) => this.#shown.get(digest)),
          );
      }
      if (this.#current === undefined) continue;
      this.#current = undefined;
      this.#shown.clear();
    }
  }
}

type BundlePart = Extract<Part, { readonly is: 'bundle' }>;

/** Facts that another thread has parsed are parsed here again if the book reads them, and only then. */
function factsOf(
  { bytes, from, width }: BundlePart,
  { facts }: Told,
): (index: number) => Fact | UnknownFact | undefined {
  if (facts !== undefined) return (index) => facts[index];
  const entries = decodeEntries(bytes, width);
  return (index) => {
    const entry = entries[index] as Uint8Array;
    return unread.has(kindAtStart(entry)) ? undefined : factIn(entry, from + index);
  };
}

const kindStart = utf8('{"v":1,"kind":"');
const QUOTE = 0x22;

/** The kind of a fact that begins as the product writes them; of any other, nothing. */
function kindAtStart(entry: Uint8Array): string {
  for (let at = 0; at < kindStart.length; at++) if (entry[at] !== kindStart[at]) return '';
  const from = kindStart.length;
  return String.fromCharCode(...entry.subarray(from, Math.min(from + 64, entry.indexOf(QUOTE, from))));
}

/** The rows of the extracts, hashed, counted and added up as their facts were when they were recorded. */
class Rows {
  wrong: string | undefined;
  readonly #totals: Totals;
  readonly #sha256: Sha256;
  readonly #extracts: ReadonlyMap<number, Extracted>;
  readonly #rows = new Map<number, readonly Row[]>();

  constructor(book: Book, totals: Totals, sha256: Sha256) {
    this.#totals = totals;
    this.#sha256 = sha256;
    this.#extracts = new Map(book.extracts.map((extract) => [extract.position, extract]));
  }

  readonly of = (position: number): readonly Row[] => this.#rows.get(position) ?? [];

  async read({ position, lines }: ExtractLines): Promise<void> {
    const sha256 = this.#sha256;
    const extract = this.#extracts.get(position);
    const rows: Row[] = [];
    let frontier = emptyFrontier();
    for await (const { bytes, text } of lines) {
      for (const line of linesIn(bytes))
        frontier = appendLeaf(frontier, leafHash(sha256(line), sha256), sha256);
      for (const line of text.slice(0, -1).split('\n')) rows.push(parseDisclosure(line).value as Row);
    }
    this.#rows.set(position, rows);
    this.wrong ??=
      extract === undefined
        ? `the rows of fact ${position} belong to no extract`
        : this.#contradiction(extract, toBase64url(rootOf(frontier, sha256)), rows);
  }

  #contradiction(extract: Extracted, root: string, rows: readonly Row[]): string | undefined {
    const { position, body } = extract;
    if (root !== body.rowRoot) return `the rows of fact ${position} are not its own`;
    if (rows.length !== body.count)
      return `fact ${position} counts ${body.count} rows, here are ${rows.length}`;
    const { value, withheld } = this.#totals.get(position) ?? { value: undefined, withheld: 0 };
    if (withheld > 0) return `fact ${position} shows its rows and withholds their control totals`;
    if (body.answer === 'ok' && canonicalJson(totalsOf(extract, rows)) !== canonicalJson(value))
      return `the control totals of fact ${position} are false`;
    return undefined;
  }
}

type ExtractLines = ReturnType<ProofReader['extracts']> extends AsyncGenerator<infer E> ? E : never;

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
