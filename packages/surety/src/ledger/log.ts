// The log: the one durable thing. Everything else is a view folded from it.
// `append` is atomic over streams and conditional on their versions; positions are dense.
// What it returns is on disk (full sync). The stores are in `stores/`.

import type { Fact, UnknownFact } from '@surety/proof/facts';
import type { NewFact } from '../facts/index.ts';

export interface Append {
  readonly stream: string;
  /** Number of facts that the stream must hold now (0: it must not exist). Omitted: any. */
  readonly expected?: number;
  /** May be empty: then only the version is asserted. */
  readonly facts: readonly NewFact[];
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
  /** Number of durable facts. */
  size(): number;
  /** Up to `limit` entries from `from` on. */
  read(from: number, limit: number): readonly Entry[];
  /** The disclosures stored with the facts in `[from, to)`, as `[position, disclosure]`. */
  disclosures(from: number, to: number): readonly (readonly [number, string])[];
}

/**
 * One log, one writer. Throws `LedgerError` (`errors.ts`) when it cannot record:
 * `full` (queue or disk), `too-large`, `closed`, `held` (another process has the store).
 */
export interface Log extends LogReader {
  /** Durable when it resolves. Appends resolve in the order they were made. */
  append(appends: readonly Append[]): Promise<AppendAnswer>;
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
