// SHA-256 as the platform computes it: the one that the product hands to `@surety/proof`.

import { hash, randomFillSync } from 'node:crypto';
import type { Sha256 } from '@surety/proof/records';

/** As text of a byte a character it costs half of what a buffer of its own would, made in the library. */
const ofBytes = (bytes: Uint8Array): Uint8Array => Buffer.from(hash('sha256', bytes, 'binary'), 'latin1');

export const sha256: Sha256 = Object.assign(ofBytes, {
  ofText: (text: string) => hash('sha256', text, 'base64url'),
});

const saltBytes = 16;
const pool = new Uint8Array(saltBytes * 512);
let used = pool.length;

/** 16 unpredictable bytes, each handed out once; drawn many at a time, since a call has a salt a leaf. */
export function salt(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const drawn = pool.slice(used, used + saltBytes);
  // What was handed out is not kept: a later read of this memory tells nothing.
  pool.fill(0, used, used + saltBytes);
  used += saltBytes;
  return drawn;
}
