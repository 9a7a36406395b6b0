// One pass over a proof, from its first fact to its last file: every fact is parsed, hashed and folded once, every
// disclosure is matched with the fact that it stands behind, and nothing of it is kept but what the verdict needs.
// What is found wrong on the way is noted; the checks in verify.ts say it.

import { ProofError, type ProofReader } from './bundle/index.ts';
import { commitmentsIn, type Fact, isKind, parseFact, type UnknownFact } from './facts.ts';
import { parseHead } from './records/heads.ts';
import { parseNote } from './records/note.ts';
import { appendLeaf, emptyFrontier, leafHash, rootOf } from './records/tree.ts';
import { fromBase64url, type Sha256, toBase64url } from './values/bytes.ts';
import { openCommitments, parseDisclosure } from './values/commitment.ts';
import { canonicalJson } from './values/json.ts';
import { type Book, type Extract, Fold, type Row, rowMoney } from './verdict/index.ts';

/** What one pass found. A text says what is wrong; undefined, that nothing is. */
export interface Found {
  readonly book: Book;
  readonly root: Uint8Array;
  /** The root over as many facts as an earlier head counts; undefined if there is no such head, or too few facts. */
  readonly earlierRoot: Uint8Array | undefined;
  readonly foreign: string | undefined;
  readonly stray: string | undefined;
  readonly falseExtract: string | undefined;
  /** Commitments whose values are not shown. */
  readonly withheld: number;
  readonly rows: (position: number) => readonly Row[];
}

interface Options {
  readonly sha256: Sha256;
  readonly earlierHead?: string | undefined;
}

export async function readThrough(proof: ProofReader, options: Options): Promise<Found> {
  const facts = new Facts(proof, options);
  for await (const bundle of proof.bundles()) await facts.read(bundle);
  const rows = new Rows(facts, options.sha256);
  for await (const extract of proof.extracts()) await rows.read(extract);
  await proof.people();
  return {
    book: facts.book,
    root: rootOf(facts.frontier, options.sha256),
    earlierRoot: facts.earlierRoot,
    foreign: facts.foreign,
    stray: facts.stray,
    falseExtract: rows.wrong,
    withheld: facts.withheld,
    rows: rows.of,
  };
}

type Bundle = ProofReader extends { bundles(): AsyncGenerator<infer B> } ? B : never;
type ExtractRows = ProofReader extends { extracts(): AsyncGenerator<infer E> } ? E : never;

class Facts {
  readonly book: Book;
  /** Control totals as disclosed, by the position of their extract. */
  readonly totals = new Map<number, { readonly value: unknown; readonly withheld: number }>();
  frontier = emptyFrontier();
  earlierRoot: Uint8Array | undefined;
  foreign: string | undefined;
  stray: string | undefined;
  withheld = 0;
  readonly #origin: string;
  readonly #sha256: Sha256;
  readonly #earlierSize: number | undefined;
  readonly #fold: Fold;
  /** What is disclosed of the fact at hand. */
  #shown: ReadonlyMap<string, string> = new Map();

  constructor({ head }: ProofReader, { sha256, earlierHead }: Options) {
    this.#origin = head.origin;
    this.#sha256 = sha256;
    this.#earlierSize = sizeOf(earlierHead);
    this.#fold = new Fold({ sha256, find: (digest) => this.#shown.get(digest) });
    this.book = this.#fold.book;
  }

  async read({ from, entries, disclosures }: Bundle): Promise<void> {
    const sha256 = this.#sha256;
    if (this.frontier.size === this.#earlierSize) this.earlierRoot = rootOf(this.frontier, sha256);
    for (const [index, bytes] of entries.entries()) {
      this.frontier = appendLeaf(this.frontier, leafHash(bytes, sha256), sha256);
      if (this.frontier.size === this.#earlierSize) this.earlierRoot = rootOf(this.frontier, sha256);
      const fact = factIn(bytes, from + index);
      if (fact.log !== this.#origin)
        this.foreign ??= `fact ${fact.position} belongs to the log \`${fact.log}\``;
      const commitments = commitmentsIn(fact);
      this.#shown = await disclosures.of(commitments);
      this.withheld += commitments.length - this.#shown.size;
      const signing = this.#fold.add(fact);
      if (signing !== undefined) await signing;
      if (isKind(fact, 'record.extracted'))
        this.totals.set(
          fact.position,
          openCommitments(fact.body.totals, (digest) => this.#shown.get(digest)),
        );
    }
    if (disclosures.isPending) await disclosures.more();
    if (disclosures.digest !== undefined)
      this.stray ??= `a disclosure behind fact ${from} belongs to no fact there (${disclosures.digest})`;
  }
}

/** Its signature is checked elsewhere; here it only says after which fact a root is to be kept. */
function sizeOf(note: string | undefined): number | undefined {
  try {
    return note === undefined ? undefined : parseHead(parseNote(note).text).size;
  } catch {
    return undefined;
  }
}

function factIn(bytes: Uint8Array, position: number): Fact | UnknownFact {
  try {
    return parseFact(bytes, position);
  } catch (error) {
    throw new ProofError('facts', `fact ${position}: ${(error as Error).message}`);
  }
}

/** The rows of the extracts, hashed, counted and added up as their facts were when they were recorded. */
class Rows {
  wrong: string | undefined;
  readonly #facts: Facts;
  readonly #sha256: Sha256;
  readonly #extracts: ReadonlyMap<number, Extract>;
  readonly #rows = new Map<number, readonly string[]>();

  constructor(facts: Facts, sha256: Sha256) {
    this.#facts = facts;
    this.#sha256 = sha256;
    this.#extracts = new Map(facts.book.extracts.map((extract) => [extract.position, extract]));
  }

  readonly of = (position: number): readonly Row[] => (this.#rows.get(position) ?? []).map(rowIn);

  async read({ position, rows }: ExtractRows): Promise<void> {
    const extract = this.#extracts.get(position);
    const lines: string[] = [];
    let frontier = emptyFrontier();
    for (;;) {
      if (rows.isPending) await rows.more();
      if (rows.digest === undefined) break;
      frontier = appendLeaf(frontier, leafHash(fromBase64url(rows.digest), this.#sha256), this.#sha256);
      lines.push(rows.take());
    }
    this.#rows.set(position, lines);
    this.wrong ??=
      extract === undefined
        ? `the rows of fact ${position} belong to no extract`
        : this.#contradiction(extract, rootOf(frontier, this.#sha256), lines);
  }

  #contradiction(extract: Extract, root: Uint8Array, lines: readonly string[]): string | undefined {
    const { position, body } = extract;
    if (toBase64url(root) !== body.rowRoot) return `the rows of fact ${position} are not its own`;
    if (lines.length !== body.count)
      return `fact ${position} counts ${body.count} rows, here are ${lines.length}`;
    const { value, withheld } = this.#facts.totals.get(position) ?? { value: undefined, withheld: 0 };
    if (withheld > 0) return `fact ${position} shows its rows and withholds their control totals`;
    if (body.answer === 'ok' && canonicalJson(totalsOf(extract, lines)) !== canonicalJson(value))
      return `the control totals of fact ${position} are false`;
    return undefined;
  }
}

const rowIn = (disclosure: string): Row => parseDisclosure(disclosure).value as Row;

/** Control totals by currency, from the rows themselves, as money was declared when they were read. */
function totalsOf({ declared }: Extract, rows: readonly string[]): Record<string, number> {
  const totals: Record<string, number> = {};
  const { money } = declared?.reconcile ?? {};
  if (money === undefined) return totals;
  for (const each of rows) {
    const read = rowMoney({ money }, rowIn(each) ?? {});
    // A row without exact money adds nothing to the totals; `reconciled` names it.
    if (read !== 'unreadable' && read.currency !== undefined)
      totals[read.currency] = (totals[read.currency] ?? 0) + (read.amountMinor ?? 0);
  }
  return totals;
}
