// The other half of a verification, in a thread of its own: is the record sound? It answers each part in turn, and
// after the first failure only with that.

import { parentPort } from 'node:worker_threads';
import type { Part } from '@surety/proof/bundle';
import { type RecordsAsked, type Sound, Soundness, type Told } from '@surety/proof/verify';
import { sha256 } from '../ledger/hash.ts';

/** First who is asked about, then the parts, then `end`. */
export type ToRecords = { readonly begin: RecordsAsked } | { readonly part: Part } | { readonly end: true };
/** One for each part and for the end; `failed` carries the name of the check, if the error had one. */
export type FromRecords =
  | { readonly told: Told }
  | { readonly sound: Sound }
  | { readonly failed: { readonly code: string | undefined; readonly message: string } };

let soundness: Soundness | undefined;
let failed: Extract<FromRecords, { failed: unknown }> | undefined;

function answer(asked: Exclude<ToRecords, { begin: RecordsAsked }>): FromRecords {
  if (failed !== undefined) return failed;
  try {
    if (soundness === undefined) throw new Error('nothing was begun');
    if ('end' in asked) return { sound: soundness.end() };
    // The facts stay here: to hand them over would cost more than to parse them again.
    const { places } = soundness.take(asked.part);
    return { told: places === undefined ? {} : { places } };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    failed = { failed: { code, message } };
    return failed;
  }
}

parentPort?.on('message', (asked: ToRecords) => {
  if ('begin' in asked) soundness = new Soundness(asked.begin, sha256);
  else parentPort?.postMessage(answer(asked));
});
