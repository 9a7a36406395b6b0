// The other half of a verification, in a thread of its own: is the record sound? It answers each part in turn, and
// after the first failure only with that.

import { parentPort } from 'node:worker_threads';
import { type RecordsAsked, type Sound, Soundness, type Taken } from '@surety/proof/verify';
import { sha256 } from '../ledger/hash.ts';

/** First who is asked about, then the parts, then `end`; several in one message. */
export type ToRecords = { readonly begin: RecordsAsked } | { readonly part: Taken } | { readonly end: true };

/** What was told of a part. What was parsed stays here: to hand it over would cost more than to read it again. */
export interface Sent {
  /** For each fact of a bundle, 1 if the book reads it. */
  readonly isRead?: Uint8Array;
  readonly places?: Uint16Array;
}

/** One for each part and for the end; `failed` carries the name of the check, if the error had one. */
export type FromRecords =
  | { readonly told: Sent }
  | { readonly sound: Sound }
  | { readonly failed: { readonly code: string | undefined; readonly message: string } };

let soundness: Soundness | undefined;
let failed: Extract<FromRecords, { failed: unknown }> | undefined;

function answer(asked: Exclude<ToRecords, { begin: RecordsAsked }>): FromRecords {
  if (failed !== undefined) return failed;
  try {
    if (soundness === undefined) throw new Error('nothing was begun');
    return 'end' in asked ? { sound: soundness.end() } : { told: sent(soundness, asked.part) };
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    failed = { failed: { code, message } };
    return failed;
  }
}

function sent(from: Soundness, part: Taken): Sent {
  const { facts, places } = from.take(part);
  if (facts !== undefined) return { isRead: Uint8Array.from(facts, (fact) => (fact === undefined ? 0 : 1)) };
  return places === undefined ? {} : { places };
}

parentPort?.on('message', (all: readonly ToRecords[]) => {
  const answers: FromRecords[] = [];
  for (const asked of all)
    if ('begin' in asked) soundness = new Soundness(asked.begin, sha256);
    else answers.push(answer(asked));
  parentPort?.postMessage(answers);
});
