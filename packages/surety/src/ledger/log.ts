// The log: the one durable thing. Everything else is a view folded from it.
// `append` is atomic over streams and conditional on their versions; positions are dense.
// What it returns is on disk (full sync). The stores are in `stores/`.

import type { Fact, UnknownFact } from '@surety/proof/facts';
import type { NewFact, Subject } from '../facts/index.ts';

export interface Append {
  readonly stream: string;
  /** Number of facts that the stream must hold now (0: it must not exist). Omitted: any. */
  readonly expected?: number;
  /** May be empty: then only the version is asserted. */
  readonly facts: readonly NewFact[];
}

/** Subjects, by name, that one append erases, and how much of them it knows of: if there is more, that is a conflict. */
export interface Erasure {
  readonly subjects: readonly string[];
  readonly facts: number;
  readonly disclosures: number;
}

export type AppendAnswer =
  | { readonly positions: readonly number[] }
  /** Nothing was written: this stream no longer has the expected version. Fold and decide again. */
  | { readonly conflict: string };

export interface Entry {
  readonly position: number;
  /** Exactly the bytes that are hashed. */
  readonly bytes: Uint8Array;
}

/** A durable fact with the disclosures that were stored with it. */
export interface Recorded {
  readonly fact: Fact | UnknownFact;
  readonly disclosures: readonly string[];
}

/** What a reader of the log can do. */
export interface LogReader {
  /** This log's origin, as in its signed heads. */
  readonly origin: string;
  /** Position of the fact by which it took that name, if it had another before. */
  readonly succeededAt?: number | undefined;
  /** Number of durable facts. */
  size(): number;
  /** Up to `limit` entries from `from` on. */
  read(from: number, limit: number): readonly Entry[];
  /** The disclosures stored with the facts in `[from, to)` and not erased, as `[position, disclosure]`. */
  disclosures(from: number, to: number): readonly (readonly [number, string])[];
  /** What was stored with one fact, in its order: of a disclosure that was erased, its digest. */
  kept(position: number): readonly Kept[];
  /** Positions and disclosures that are stored about a subject, by its name in the store. */
  about(name: string): readonly (readonly [position: number, disclosure: string])[];
  /** Names of the subjects that the disclosures of one fact are about and that were not erased. */
  subjectsOf(position: number): readonly string[];
}

/** `subject` is the name of whom it is about. */
export type Kept = { readonly disclosure: string; readonly subject: string } | { readonly digest: string };

/**
 * One log, one writer. Throws `LedgerError` (`errors.ts`) when it cannot record:
 * `full` (queue or disk), `too-large`, `closed`, `held` (another process has the store).
 */
export interface Log extends LogReader {
  /**
   * Durable when it resolves. Appends resolve in the order they were made. With `erases`, what is stored about
   * these subjects is gone when it resolves: conflict on the first of them if there is more than it knows of.
   */
  append(appends: readonly Append[], erases?: Erasure): Promise<AppendAnswer>;
  /** The name of a subject in this log's store and facts. */
  subjectName(subject: Subject): string;
  /** The version (number of facts) of a stream, including what is durable only. */
  version(stream: string): Promise<number>;
  /**
   * Called after every durable batch with what it recorded, in order, and before the appends of that batch
   * resolve: who appended finds its own facts folded. Returns the way to stop.
   */
  subscribe(listener: (recorded: readonly Recorded[]) => void): () => void;
  /** Resolves when everything appended so far is durable. */
  flushed(): Promise<void>;
  /** Says `process.stopped` and closes the store. */
  close(): Promise<void>;
}
