// Are the records sound? One half of reading a proof: every fact is parsed strictly, hashed into the tree and set in
// its place in its stream and process, every disclosed value is found in the fact that it stands behind. It asks nothing
// about outcomes, and takes parts one after the other, so a second thread can do it beside the other half (reading.ts).

import { Chain, type ChainFound } from './book/index.ts';
import { linesIn, type Part, ProofError } from './bundle/index.ts';
import { commitmentsIn, type Fact, isKind, parseFact, type UnknownFact } from './facts.ts';
import { decodeEntries } from './records/tiles.ts';
import { appendLeaf, emptyFrontier, leafHash, rootOf } from './records/tree.ts';
import { type Sha256, toBase64url } from './values/bytes.ts';

/** A value of a call has a mebibyte at most, and a fact commits to few values. */
const disclosedBytesMax = 8 * 1024 * 1024;
/** No fact: the line belongs to none. */
export const nowhere = 0xffff;

/** What one part was found to be. */
export interface Told {
  /** The facts of a bundle; left out if they were parsed in another thread. */
  readonly facts?: readonly (Fact | UnknownFact)[];
  /** For each line: its fact's place in the bundle, or `nowhere`, and the commitment's place in that fact. */
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
  readonly stray: string | undefined;
  /** Commitments whose values are not shown. */
  readonly withheld: number;
  readonly chain: ChainFound;
}

/** Whoever takes the parts in order: this thread or another. */
export interface Records {
  take(part: Part): Told | Promise<Told>;
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
  #frontier = emptyFrontier();
  #earlierRoot: Uint8Array | undefined;
  #foreign: string | undefined;
  /** Of the log until here: it goes on under another name where a fact says so. */
  #origin: string | undefined;
  readonly #successions: Uint8Array[] = [];
  #stray: string | undefined;
  #withheld = 0;
  /** Of the bundle at hand: what its facts commit to, and how far lines have been found in it. */
  #commitments: readonly (readonly string[])[] = [];
  #fact = 0;
  #commitment = 0;
  #disclosedBytes = 0;

  constructor(asked: RecordsAsked, sha256: Sha256) {
    this.#asked = asked;
    this.#sha256 = sha256;
  }

  take(part: Part): Told {
    return part.is === 'bundle' ? this.#bundle(part) : { places: this.#places(part.bytes) };
  }

  end(): Sound {
    return {
      root: rootOf(this.#frontier, this.#sha256),
      earlierRoot: this.#earlierRoot,
      foreign: this.#foreign ?? this.#otherEnd(),
      successions: this.#successions,
      stray: this.#stray,
      withheld: this.#withheld,
      chain: this.#chain.found,
    };
  }

  #bundle({ bytes, from, width }: Extract<Part, { readonly is: 'bundle' }>): Told {
    const entries = entriesIn(bytes, width);
    this.#keepRoot();
    const facts = entries.map((entry, index) => {
      const fact = factIn(entry, from + index);
      this.#place(fact);
      this.#frontier = appendLeaf(this.#frontier, leafHash(entry, this.#sha256), this.#sha256);
      this.#keepRoot();
      this.#chain.add(fact);
      return fact;
    });
    this.#commitments = facts.map(commitmentsIn);
    this.#fact = 0;
    this.#commitment = 0;
    this.#disclosedBytes = 0;
    for (const { length } of this.#commitments) this.#withheld += length;
    return { facts };
  }

  #place(fact: Fact | UnknownFact): void {
    this.#origin ??= fact.log;
    if (isKind(fact, 'log.succeeded')) {
      this.#successions.push(rootOf(this.#frontier, this.#sha256));
      if (fact.body.predecessor !== this.#origin)
        this.#foreign ??= `fact ${fact.position} succeeds the log \`${fact.body.predecessor}\``;
      this.#origin = fact.body.origin;
    }
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

  /** Lines stand in the order of the facts and of the commitments in them, so each is looked for from the last on. */
  #places(bytes: Uint8Array): Uint16Array {
    const places: number[] = [];
    for (const line of linesIn(bytes)) {
      const digest = toBase64url(this.#sha256(line));
      if (this.#find(digest)) {
        places.push(this.#fact, this.#commitment);
        this.#commitment += 1;
        this.#withheld -= 1;
        this.#disclosedBytes += line.length;
        if (this.#disclosedBytes > disclosedBytesMax)
          throw new ProofError('layout', 'a fact discloses more than it can hold');
      } else {
        this.#stray ??= `a disclosure belongs to no fact that it stands behind (${digest})`;
        places.push(nowhere, 0);
      }
    }
    return Uint16Array.from(places);
  }

  #find(digest: string): boolean {
    for (let fact = this.#fact; fact < this.#commitments.length; fact++) {
      const commitments = this.#commitments[fact] as readonly string[];
      const at = commitments.indexOf(digest, fact === this.#fact ? this.#commitment : 0);
      if (at === -1) continue;
      if (fact !== this.#fact) this.#disclosedBytes = 0;
      this.#fact = fact;
      this.#commitment = at;
      return true;
    }
    return false;
  }
}

function entriesIn(bytes: Uint8Array, width: number): Uint8Array[] {
  try {
    return decodeEntries(bytes, width);
  } catch (error) {
    throw new ProofError('layout', (error as Error).message);
  }
}

export function factIn(bytes: Uint8Array, position: number): Fact | UnknownFact {
  try {
    return parseFact(bytes, position);
  } catch (error) {
    throw new ProofError('facts', `fact ${position}: ${(error as Error).message}`);
  }
}
