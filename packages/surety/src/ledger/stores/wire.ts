// What the main thread and the writer thread say to each other. Facts travel as three pieces of text,
// between which the writer puts the numbers that only it knows; it parses nothing.

import type { LedgerErrorCode } from '../errors.ts';

export interface WireAppend {
  /** Stream, expected version (-1: any), number of facts. */
  readonly streams: readonly (readonly [stream: string, expected: number, facts: number])[];
  /** Three for each fact: up to the stream version, up to the emitter sequence, the rest. */
  readonly pieces: readonly string[];
  /** For those facts that have any, by index of the fact within the append. */
  /** The disclosures of a fact are one text, a line each: a call has dozens, and one row is far cheaper than many. */
  readonly disclosures: readonly (readonly [fact: number, texts: string])[];
}

export type ToWriter = { readonly appends: readonly WireAppend[] } | { readonly close: true };

/** Answers come in the order of the appends. */
export type WireAnswer =
  | {
      /** Position and emitter sequence of the first fact; the others follow densely. */
      readonly position: number;
      readonly emitterSeq: number;
      /** Version of each of the append's streams before its facts. */
      readonly versions: readonly number[];
    }
  | { readonly conflict: string }
  | { readonly code: LedgerErrorCode; readonly message: string };

export type FromWriter =
  | { readonly opened: number }
  | { readonly failed: LedgerErrorCode; readonly message: string }
  | { readonly answers: readonly WireAnswer[] }
  | { readonly closed: true };

export interface WriterData {
  readonly folder: string;
  readonly program: string;
}

/** Appends in one transaction. */
export const batchMax = 256;
/** In `user_version` of the store: another number is another format. */
export const storeFormat = 1;
/** In `application_id`: "Srty". */
export const applicationId = 0x53727479;
export const storeFile = 'log.sqlite';
