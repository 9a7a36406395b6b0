// A sample of a proof: the facts that the head and an auditor's nonce draw, each with its inclusion proof and with what
// is disclosed of it. Whoever is handed a sample checks it against the head alone: nothing in it is taken on trust.

import { commitmentsIn, parseFact } from '../facts.ts';
import { type Drawing, drawSample } from '../records/sample.ts';
import { decodeEntries, TILE_WIDTH } from '../records/tiles.ts';
import {
  inclusionProof,
  leafHash,
  type Subtree,
  subtreeOf,
  treeRoot,
  verifyInclusion,
} from '../records/tree.ts';
import type { Sha256 } from '../values/bytes.ts';
import { digestOf } from '../values/commitment.ts';
import { type Hashes, linesIn, type Part, ProofReader, type Source } from './index.ts';

export interface SampledFact {
  readonly index: number;
  /** Exactly as it is hashed. */
  readonly entry: Uint8Array;
  /** From the leaf's sibling up. */
  readonly proof: readonly Uint8Array[];
  readonly disclosures: readonly string[];
}

/** In the order in which they are drawn. */
export type Sample = readonly SampledFact[];

export interface SampleStep {
  readonly check: 'sample-drawn' | 'sample-included' | 'sample-disclosed';
  /** Undefined if it holds, else what is wrong. */
  readonly run: (sample: Sample, drawing: Drawing, sha256: Sha256) => string | undefined;
}

export const sampleSteps: readonly SampleStep[] = [
  { check: 'sample-drawn', run: wrongDraw },
  { check: 'sample-included', run: notIncluded },
  { check: 'sample-disclosed', run: notDisclosed },
];

/** The facts of this sample are those that this head and this nonce draw: none other, none left out, in this order. */
function wrongDraw(sample: Sample, drawing: Drawing, sha256: Sha256): string | undefined {
  const drawn = drawSample(drawing, sha256);
  if (drawn.length !== sample.length) return `${drawn.length} facts are drawn, here are ${sample.length}`;
  const at = drawn.findIndex((index, place) => index !== sample[place]?.index);
  return at === -1 ? undefined : `fact ${drawn[at]} is drawn, here is fact ${sample[at]?.index}`;
}

function notIncluded(sample: Sample, { head }: Drawing, sha256: Sha256): string | undefined {
  const wrong = sample.find(
    ({ index, entry, proof }) =>
      !verifyInclusion(leafHash(entry, sha256), index, head.size, proof, head.root, sha256),
  );
  return wrong && `fact ${wrong.index} does not lead to the root of the head`;
}

function notDisclosed(sample: Sample, _: Drawing, sha256: Sha256): string | undefined {
  const wrong = sample.find(({ index, entry, disclosures }) => {
    const known = new Set(commitmentsIn(parseFact(entry, index)));
    return disclosures.some((each) => !known.has(digestOf(each, sha256)));
  });
  return wrong && `fact ${wrong.index} does not commit to a value that is shown with it`;
}

/** Reads the sample out of a proof, in one pass. Throws what `ProofReader` throws; check what it gives. */
export async function readSample(source: Source, drawing: Drawing, hashes: Hashes): Promise<Sample> {
  const proof = await ProofReader.open(source, hashes);
  const { sha256 } = hashes;
  const drawn = drawSample(drawing, sha256);
  const reading = new Reading(drawn, drawing.head.size, sha256);
  for await (const part of proof.parts()) reading.take(part);
  const { facts, subtree } = reading;
  return drawn.map((index): SampledFact => {
    const { entry = new Uint8Array(), disclosures = [] } = facts.get(index) ?? {};
    const path = inclusionProof(index, drawing.head.size, subtree, sha256);
    return { index, entry, proof: path, disclosures };
  });
}

interface Found {
  readonly entry: Uint8Array;
  readonly commitments: ReadonlySet<string>;
  readonly disclosures: string[];
}

/** Keeps the drawn facts, one hash for each bundle, and the leaves of bundles in which a fact was drawn. */
class Reading {
  readonly facts = new Map<number, Found>();
  readonly #wanted: ReadonlySet<number>;
  readonly #size: number;
  readonly #sha256: Sha256;
  readonly #bundles: Uint8Array[] = [];
  readonly #leaves = new Map<number, Subtree>();
  /** Drawn facts of the bundle at hand. */
  #here: readonly Found[] = [];
  #above: Subtree | undefined;

  constructor(drawn: readonly number[], size: number, sha256: Sha256) {
    this.#wanted = new Set(drawn);
    this.#size = size;
    this.#sha256 = sha256;
  }

  take(part: Part): void {
    if (part.is === 'bundle') this.#bundle(part);
    else if (this.#here.length > 0)
      for (const line of linesIn(part.text)) {
        const digest = digestOf(line, this.#sha256);
        this.#here.find(({ commitments }) => commitments.has(digest))?.disclosures.push(line);
      }
  }

  #bundle({ from, width, bytes }: Extract<Part, { readonly is: 'bundle' }>): void {
    const entries = decodeEntries(bytes, width);
    const leaves = entries.map((entry) => leafHash(entry, this.#sha256));
    this.#here = entries.flatMap((entry, at) =>
      this.#wanted.has(from + at) ? [this.#keep(from + at, entry.slice())] : [],
    );
    // The last bundle may be the right edge of any path.
    if (this.#here.length > 0 || from + width === this.#size)
      this.#leaves.set(from / TILE_WIDTH, subtreeOf(leaves, this.#sha256));
    if (width === TILE_WIDTH) this.#bundles.push(treeRoot(leaves, this.#sha256));
  }

  #keep(index: number, entry: Uint8Array): Found {
    const found = { entry, commitments: new Set(commitmentsIn(parseFact(entry, index))), disclosures: [] };
    this.facts.set(index, found);
    return found;
  }

  /** Hashes of the tree, as far as the paths of the drawn facts need them. */
  readonly subtree: Subtree = (level, index) => {
    const tile = Math.log2(TILE_WIDTH);
    if (level >= tile) {
      this.#above ??= subtreeOf(this.#bundles, this.#sha256);
      return this.#above(level - tile, index);
    }
    const bundle = Math.floor((index * 2 ** level) / TILE_WIDTH);
    const leaves = this.#leaves.get(bundle);
    if (leaves === undefined) throw new RangeError(`no leaves of bundle ${bundle}`);
    return leaves(level, index - (bundle * TILE_WIDTH) / 2 ** level);
  };
}
