// A proof that the small verifier found sound, opened again for an auditor who wants more: the facts that matter to
// other engines, what they disclose, the rows of the extracts, and the judgement that was computed. Holds those in
// memory, unlike the verifier.

import { crc32 } from 'node:zlib';
import { ProofReader, type Source, withheldMark } from '@surety/proof/bundle';
import { commitmentsIn, type Fact, isKind, parseFact, type UnknownFact } from '@surety/proof/facts';
import { decodeEntries, digestOf, openCommitments, parseDisclosure } from '@surety/proof/records';
import { type Book, Fold, type Judgement, type Row } from '@surety/proof/verdict';
import { sha256 } from '../ledger/hash.ts';

export interface OpenedProof {
  /** Policies, withdrawals and calls, in the order of the log. */
  readonly facts: readonly (Fact | UnknownFact)[];
  readonly book: Book;
  readonly judgement: Judgement;
  /** What a commitment of these facts hides, as far as the proof shows it. */
  readonly open: (digests: readonly string[]) => ReturnType<typeof openCommitments>;
  /** The rows of the extract at this position, as far as the proof shows them. */
  readonly rows: (position: number) => readonly Row[];
}

const isKept = (fact: Fact | UnknownFact): boolean =>
  isKind(fact, 'policy.activated') ||
  isKind(fact, 'declaration.withdrawn') ||
  isKind(fact, 'call.intended') ||
  isKind(fact, 'call.settled');

/** A file of lines ends with the end of one. */
const textsIn = (text: string): string[] => text.slice(0, -1).split('\n');

interface Entries {
  readonly from: number;
  readonly entries: readonly Uint8Array[];
}

/** `judgement` is the one that `verify` computed from these bytes. Throws what `ProofReader` throws. */
export async function openAgain(source: Source, judgement: Judgement): Promise<OpenedProof> {
  const reader = await ProofReader.open(source, { sha256, crc32 });
  const disclosed = new Map<string, string>();
  const facts: (Fact | UnknownFact)[] = [];
  let shown = new Map<string, string>();
  const fold = new Fold({ sha256, find: (digest) => shown.get(digest), keepsEvidence: true });
  const take = async ({ from, entries }: Entries) => {
    for (const [index, bytes] of entries.entries()) {
      const fact = parseFact(bytes, from + index);
      await fold.add(fact);
      if (!isKept(fact)) continue;
      facts.push(fact);
      for (const digest of commitmentsIn(fact)) {
        const disclosure = shown.get(digest);
        if (disclosure !== undefined) disclosed.set(digest, disclosure);
      }
    }
  };
  let bundle: Entries = { from: 0, entries: [] };
  // The values of a bundle's facts lie behind it: it is folded when the next one begins.
  for await (const part of reader.parts())
    if (part.is === 'lines') for (const line of textsIn(part.text)) shown.set(digestOf(line, sha256), line);
    else {
      await take(bundle);
      bundle = { from: part.from, entries: decodeEntries(part.bytes, part.width) };
      shown = new Map();
    }
  await take(bundle);
  const extracts = new Map<number, readonly Row[]>();
  for await (const { position, lines } of reader.extracts()) {
    const rows: Row[] = [];
    for await (const { text } of lines)
      for (const line of textsIn(text))
        rows.push(line.startsWith(withheldMark) ? undefined : (parseDisclosure(line).value as Row));
    extracts.set(position, rows);
  }
  return {
    ...{ facts, judgement, book: fold.book },
    open: (digests) => openCommitments(digests, (digest) => disclosed.get(digest)),
    rows: (position) => extracts.get(position) ?? [],
  };
}

/** What was done again with an engine that is not ours, and how it compares. */
export interface Redone {
  /** `cedar`, `cel`, `sql` or `calendar`. */
  readonly check: string;
  readonly engine: string;
  readonly agreed: number;
  readonly disagreed: readonly { readonly text: string; readonly facts: readonly number[] }[];
  /** What could not be done again: the proof withholds a value that it needs. */
  readonly left: number;
}

/** Counts while an engine is asked. */
export class Tally {
  readonly #of: Pick<Redone, 'check' | 'engine'>;
  readonly #disagreed: { readonly text: string; readonly facts: readonly number[] }[] = [];
  #agreed = 0;
  #left = 0;

  constructor(check: string, engine: string) {
    this.#of = { check, engine };
  }

  leave(): void {
    this.#left += 1;
  }

  /** One thing done again; `text` says what differs if it does. */
  compare(agrees: boolean, text: () => string, facts: readonly number[]): void {
    if (agrees) this.#agreed += 1;
    else this.#disagreed.push({ text: text(), facts });
  }

  get redone(): Redone {
    return { ...this.#of, agreed: this.#agreed, disagreed: this.#disagreed, left: this.#left };
  }
}
