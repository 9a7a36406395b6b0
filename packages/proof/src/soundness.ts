// Are the records sound? One half of reading a proof: every fact and every disclosed value is parsed strictly, every fact
// hashed into the tree and set in its place in its stream and process, every value found in the fact that it stands
// behind. It asks nothing about outcomes, and takes the parts one after the other: a second thread can do it beside the
// other half (reading.ts).

import { Chain, type ChainFound, isRead } from './book/index.ts';
import { linesIn, type Part, ProofError, withheldMark } from './bundle/index.ts';
import { commitmentsIn, type Fact, isKind, parseFact, type UnknownFact } from './facts.ts';
import { RecentRoots } from './records/rotation.ts';
import { decodeEntries } from './records/tiles.ts';
import { appendLeaf, emptyFrontier, leafHash, rootOf } from './records/tree.ts';
import { fromBase64url, type Sha256, toBase64url } from './values/bytes.ts';
import { type Disclosed, digestOf, parseDisclosure } from './values/commitment.ts';

/** A value of a call has a mebibyte at most, and a fact commits to few values. */
const disclosedCharsMax = 8 * 1024 * 1024;
/** Before the bytes of a leaf when it is hashed (RFC 6962 section 2.1). */
const LEAF = 0;
/** The line belongs to no fact, or to one that the book does not read. */
export const nowhere = 0xffff;

/** Lines of the extract at this position, in place of values behind a bundle. */
export type Taken = Part & { readonly rowsOf?: number };

/** What one part was found to hold. */
export interface Told {
  /** The facts of a bundle; undefined where the book reads nothing in it. */
  readonly facts?: readonly (Fact | UnknownFact | undefined)[];
  /** What each line discloses; a row where it is one. */
  readonly disclosed?: readonly Disclosed[];
  /**
   * For each line behind a bundle: its fact's place there, or `nowhere` where the book reads no such fact; and the
   * commitment's place in that fact.
   */
  readonly places?: Uint16Array;
}

/** What all of them were found to be. A text says what is wrong; undefined, that nothing is. */
export interface Sound {
  readonly root: Uint8Array;
  /** The root over as many facts as an earlier head counts; undefined if there are fewer. */
  readonly earlierRoot: Uint8Array | undefined;
  readonly foreign: string | undefined;
  /** The root over the facts ahead of each `log.succeeded`. */
  readonly successions: readonly Uint8Array[];
  /** The root over as many facts as each `key.rotated` says that it follows, in base64, by its position. */
  readonly rotated: ReadonlyMap<number, string | undefined>;
  readonly stray: string | undefined;
  /** Commitments whose values are not shown. */
  readonly withheld: number;
  readonly chain: ChainFound;
  /** The root over the rows of each extract that are here, in base64url. */
  readonly rowRoots: ReadonlyMap<number, string>;
}

/** Whoever takes the parts in order: this thread or another. */
export interface Records {
  take(part: Taken): Told | Promise<Told>;
  end(): Sound | Promise<Sound>;
}

export interface RecordsAsked {
  readonly origin: string;
  /** The size of a head that the auditor kept. */
  readonly earlierSize: number | undefined;
}

export class Soundness implements Records {
  readonly #asked: RecordsAsked;
  readonly #sha256: Sha256;
  readonly #chain = new Chain();
  readonly #rows = new Map<number, ReturnType<typeof emptyFrontier>>();
  #frontier = emptyFrontier();
  #earlierRoot: Uint8Array | undefined;
  #foreign: string | undefined;
  /** Of the log until here: it goes on under another name where a fact says so. */
  #origin: string | undefined;
  readonly #successions: Uint8Array[] = [];
  readonly #recent: RecentRoots;
  readonly #rotated = new Map<number, string | undefined>();
  #stray: string | undefined;
  #withheld = 0;
  /** Of the bundle at hand: what its facts commit to, and how far lines have been found in it. */
  #commitments: readonly (readonly string[])[] = [];
  /** Which of its facts the book reads. */
  #isRead: readonly boolean[] = [];
  #fact = 0;
  #commitment = 0;
  #disclosedChars = 0;

  constructor(asked: RecordsAsked, sha256: Sha256) {
    this.#asked = asked;
    this.#sha256 = sha256;
    this.#recent = new RecentRoots(sha256);
  }

  take(part: Taken): Told {
    if (part.is === 'bundle') return this.#bundle(part);
    const lines = linesIn(part.text);
    if (part.rowsOf !== undefined) this.#hashRows(part.rowsOf, lines);
    const places = part.rowsOf === undefined ? { places: this.#places(lines) } : {};
    return { disclosed: lines.map(part.rowsOf === undefined ? parseDisclosure : rowIn), ...places };
  }

  end(): Sound {
    const roots = [...this.#rows].map(([position, rows]): [number, string] => [
      position,
      toBase64url(rootOf(rows, this.#sha256)),
    ]);
    return {
      root: rootOf(this.#frontier, this.#sha256),
      earlierRoot: this.#earlierRoot,
      foreign: this.#foreign ?? this.#otherEnd(),
      successions: this.#successions,
      rotated: this.#rotated,
      stray: this.#stray,
      withheld: this.#withheld,
      chain: this.#chain.found,
      rowRoots: new Map(roots),
    };
  }

  #bundle({ bytes, from, width }: Extract<Part, { readonly is: 'bundle' }>): Told {
    const own = bytes.slice();
    const entries = entriesIn(own, width);
    this.#keepRoot();
    const facts = entries.map((entry, index) => {
      const fact = factIn(entry, from + index);
      this.#place(fact);
      const leaf = this.#leafOf(own, entry);
      this.#frontier = appendLeaf(this.#frontier, leaf, this.#sha256);
      this.#recent.add(leaf);
      this.#keepRoot();
      this.#chain.add(fact);
      return fact;
    });
    this.#commitments = facts.map(commitmentsIn);
    this.#isRead = facts.map(isRead);
    this.#fact = 0;
    this.#commitment = 0;
    this.#disclosedChars = 0;
    for (const { length } of this.#commitments) this.#withheld += length;
    return { facts: facts.map((fact, at) => (this.#isRead[at] === true ? (fact as Fact) : undefined)) };
  }

  /** The hash of the leaf, without a copy: its length stands before it, and is read already. */
  #leafOf(bundle: Uint8Array, entry: Uint8Array): Uint8Array {
    const from = entry.byteOffset - bundle.byteOffset - 1;
    bundle[from] = LEAF;
    return this.#sha256(bundle.subarray(from, from + 1 + entry.length));
  }

  #place(fact: Fact | UnknownFact): void {
    this.#origin ??= fact.log;
    if (isKind(fact, 'log.succeeded')) {
      this.#successions.push(rootOf(this.#frontier, this.#sha256));
      if (fact.body.predecessor !== this.#origin)
        this.#foreign ??= `fact ${fact.position} succeeds the log \`${fact.body.predecessor}\``;
      this.#origin = fact.body.origin;
    }
    if (isKind(fact, 'key.rotated')) this.#rotated.set(fact.position, this.#recent.at(fact.body.size));
    if (fact.log !== this.#origin)
      this.#foreign ??= `fact ${fact.position} belongs to the log \`${fact.log}\``;
  }

  #otherEnd(): string | undefined {
    const { origin } = this.#asked;
    return this.#origin === origin
      ? undefined
      : `the facts are of the log \`${this.#origin}\`, the head of \`${origin}\``;
  }

  #keepRoot(): void {
    if (this.#frontier.size === this.#asked.earlierSize)
      this.#earlierRoot = rootOf(this.#frontier, this.#sha256);
  }

  #hashRows(position: number, lines: readonly string[]): void {
    let rows = this.#rows.get(position) ?? emptyFrontier();
    for (const line of lines) {
      const isWithheld = line.startsWith(withheldMark);
      const commitment = fromBase64url(isWithheld ? line.slice(1) : digestOf(line, this.#sha256));
      rows = appendLeaf(rows, leafHash(commitment, this.#sha256), this.#sha256);
    }
    this.#rows.set(position, rows);
  }

  /** Lines stand in the order of the facts and of the commitments in them, so each is looked for from the last on. */
  #places(lines: readonly string[]): Uint16Array {
    const places = new Uint16Array(2 * lines.length);
    for (const [at, line] of lines.entries()) {
      const digest = digestOf(line, this.#sha256);
      if (this.#find(digest)) {
        places[2 * at] = this.#isRead[this.#fact] === true ? this.#fact : nowhere;
        places[2 * at + 1] = this.#commitment;
        this.#commitment += 1;
        this.#withheld -= 1;
        this.#disclosedChars += line.length;
        if (this.#disclosedChars > disclosedCharsMax)
          throw new ProofError('layout', 'a fact discloses more than it can hold');
      } else {
        this.#stray ??= `a disclosure belongs to no fact that it stands behind (${digest})`;
        places[2 * at] = nowhere;
      }
    }
    return places;
  }

  #find(digest: string): boolean {
    for (let fact = this.#fact; fact < this.#commitments.length; fact++) {
      const commitments = this.#commitments[fact] as readonly string[];
      const at = commitments.indexOf(digest, fact === this.#fact ? this.#commitment : 0);
      if (at === -1) continue;
      if (fact !== this.#fact) this.#disclosedChars = 0;
      this.#fact = fact;
      this.#commitment = at;
      return true;
    }
    return false;
  }
}

/** A row that is withheld has its digest in its place. */
function rowIn(line: string): Disclosed {
  if (!line.startsWith(withheldMark)) return parseDisclosure(line);
  if (!/^.[A-Za-z0-9_-]{43}$/.test(line))
    throw new ProofError('layout', 'a row that is withheld has no digest');
  return { pointer: withheldMark, value: null };
}

function entriesIn(bytes: Uint8Array, width: number): Uint8Array[] {
  try {
    return decodeEntries(bytes, width);
  } catch (error) {
    throw new ProofError('layout', (error as Error).message);
  }
}

function factIn(bytes: Uint8Array, position: number): Fact | UnknownFact {
  try {
    return parseFact(bytes, position);
  } catch (error) {
    throw new ProofError('facts', `fact ${position}: ${(error as Error).message}`);
  }
}
