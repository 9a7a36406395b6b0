// Auditor-seeded sampling: which facts an auditor looks at follows from the signed head and from a nonce that the auditor
// gives after it, so nobody who made the log could know them, and anybody can draw them again.
//
//   seed   SHA-256 of `surety-sample/v1`, a line feed, the three lines of the head, the nonce in UTF-8
//   draw   SHA-256 of the seed and a count in eight bytes, big-endian, from 0; its first eight bytes are a number x
//   index  x modulo the size, if x lies below the largest multiple of the size that 64 bits hold, so that every fact is
//          as likely as every other, and if it was not drawn before; else the next count is tried
//
// A longer sample begins with the shorter ones.

import { concat, type Sha256, utf8 } from '../values/bytes.ts';
import { type Head, printHead } from './heads.ts';

/** Far more than anybody looks at. */
export const sampleMax = 10_000;

export interface Drawing {
  readonly head: Head;
  /** What the auditor said after the head was signed. */
  readonly nonce: string;
  /** How many facts; all of them, if the log has no more. */
  readonly count: number;
}

/** Positions in the order in which they are drawn. Throws RangeError for a sample that nobody can draw. */
export function drawSample({ head, nonce, count }: Drawing, sha256: Sha256): readonly number[] {
  if (!Number.isSafeInteger(count) || count < 1 || count > sampleMax)
    throw new RangeError(`a sample has 1 to ${sampleMax} facts`);
  if (nonce === '') throw new RangeError('a nonce has at least one character');
  const seed = sha256(utf8(`surety-sample/v1\n${printHead(head)}${nonce}`));
  const size = BigInt(head.size);
  const drawn = new Set<number>();
  for (let at = 0n; drawn.size < Math.min(count, head.size); at++) {
    const x = numberIn(sha256(concat(seed, bytesOf(at))));
    if (x < (2n ** 64n / size) * size) drawn.add(Number(x % size));
  }
  return [...drawn];
}

const numberIn = (bytes: Uint8Array): bigint =>
  new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);

function bytesOf(count: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, count);
  return bytes;
}
