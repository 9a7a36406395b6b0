// A parcel: the disclosures about one subject in one transaction, encrypted together (AES-256-GCM, SP 800-38D)
// under that subject's data key. Once erased, a parcel holds the digests of what was in it, in the clear: they
// are salted, they stand in facts anyway, and the root over the rows of an extract needs them.

import { createCipheriv, createDecipheriv, type KeyObject, randomFillSync } from 'node:crypto';
import { LedgerError } from '../errors.ts';

/** The disclosures, or the digests, of one fact about one subject. */
export interface Parcelled {
  readonly position: number;
  /** Which of the fact's disclosures they are, where others are about somebody else. */
  readonly nths?: readonly number[];
  /** UTF-8 lines. */
  readonly lines: Uint8Array;
}

/** Where a parcel stands. What is moved elsewhere does not open. */
export interface Place {
  readonly id: number;
  /** The subject's name in the store. */
  readonly subject: string;
}

/** Parcels of one transaction: their ids are its first position times this, and counted on from there. */
export const parcelsMax = 2 ** 21;
export const firstPosition = (id: number): number => Math.floor(id / parcelsMax);

const lineFeed = 0x0a;

/** Each fact's after a line of its own: offset from the first position, bytes and, where they are some, which. */
export function parcel(from: number, parcelled: readonly Parcelled[]): Buffer {
  let sizeBytes = 0;
  const heads = parcelled.map(({ position, nths, lines }) => {
    const which = nths === undefined ? '' : ` ${nths.join(',')}`;
    const head = `${position - from} ${lines.length}${which}\n`;
    sizeBytes += head.length + lines.length;
    return head;
  });
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  for (const [index, { lines }] of parcelled.entries()) {
    at += bytes.write(heads[index] as string, at, 'latin1');
    bytes.set(lines, at);
    at += lines.length;
  }
  return bytes;
}

export function unparcel(from: number, content: Uint8Array): Parcelled[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const parcelled: Parcelled[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(lineFeed, at);
    const [offset, length, nths] = bytes.toString('latin1', at, end).split(' ');
    at = end + 1 + Number(length);
    const lines = bytes.subarray(end + 1, at);
    const position = from + Number(offset);
    parcelled.push({ position, lines, ...(nths === undefined ? {} : { nths: nths.split(',').map(Number) }) });
  }
  return parcelled;
}

/** The lines one by one. */
export const linesOf = (lines: Uint8Array): string[] =>
  Buffer.from(lines.buffer, lines.byteOffset, lines.length).toString().split('\n');

const nonceBytes = 12;
const tagBytes = 16;
/** Nonces are random: positions come again after a transaction was undone, or a backup restored. */
const nonces = Buffer.alloc(nonceBytes * 512);
let drawn = nonces.length;

function nonce(): Buffer {
  if (drawn === nonces.length) {
    randomFillSync(nonces);
    drawn = 0;
  }
  drawn += nonceBytes;
  return nonces.subarray(drawn - nonceBytes, drawn);
}

const placeOf = ({ id, subject }: Place): Buffer => Buffer.from(`surety-disclosures/1 ${id} ${subject}`);

export function encrypt(key: KeyObject, place: Place, plain: Buffer): Buffer {
  const own = nonce();
  const cipher = createCipheriv('aes-256-gcm', key, own);
  cipher.setAAD(placeOf(place));
  const content = cipher.update(plain);
  cipher.final();
  return Buffer.concat([own, content, cipher.getAuthTag()]);
}

/** Throws `corrupt` if it was changed or moved. */
export function decrypt(key: KeyObject, place: Place, content: Uint8Array): Buffer {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, content.subarray(0, nonceBytes));
    decipher.setAAD(placeOf(place));
    decipher.setAuthTag(content.subarray(content.length - tagBytes));
    const plain = decipher.update(content.subarray(nonceBytes, content.length - tagBytes));
    decipher.final();
    return plain;
  } catch {
    throw new LedgerError('corrupt', `the disclosures from fact ${firstPosition(place.id)} on are damaged`);
  }
}
