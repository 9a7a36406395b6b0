// What the main thread and the writer thread say to each other, and what names the store on disk.

import type { LedgerErrorCode } from '../errors.ts';
import type { Packet } from './packet.ts';

export type ToWriter =
  /** `more` says that the rest of the same turn of the event loop follows: it may share the transaction. */
  { readonly packet: Packet; readonly more: boolean } | { readonly close: true };

/** Why nothing of an append was written. */
export type Refusal =
  | { readonly conflict: string }
  | { readonly code: LedgerErrorCode; readonly message: string };

/** What became of the appends of one transaction, in the order in which they were made. */
export interface Answers {
  readonly appends: number;
  /** Those that were not written, by index; all others were. */
  readonly refused: readonly (readonly [index: number, why: Refusal])[];
  /** Position and emitter sequence of the first fact written; the others follow densely. */
  readonly position: number;
  readonly emitterSeq: number;
  /** The version of each stream of each append written, before its facts. */
  readonly versions: Float64Array;
}

export type FromWriter =
  | { readonly opened: number }
  | { readonly failed: LedgerErrorCode; readonly message: string }
  /** `spent` are buffers to fill again. */
  | { readonly answers: Answers; readonly spent: readonly ArrayBuffer[] }
  | { readonly closed: true };

export interface WriterData {
  readonly folder: string;
  readonly program: string;
}

/** Appends in one transaction. */
export const batchMax = 256;
/** In `user_version` of the store: another number is another format. */
export const storeFormat = 2;
/** In `application_id`: "Srty". */
export const applicationId = 0x53727479;
export const storeFile = 'log.sqlite';
