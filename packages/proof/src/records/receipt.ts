// A receipt: one file that shows, offline, that one entry stands in the log (C2SP tlog-proof v1): the entry's
// position, its inclusion proof, and the signed head that it leads to, with the cosignatures of its witnesses.
// The entry itself may travel in the `extra` line. That line is signed by nobody: it counts only because its
// hash leads to the root. INVARIANT: a receipt that is accepted prints again as the same text.

import { equal, fromBase64, type Sha256, toBase64 } from '../values/bytes.ts';
import { type OpenedHead, openHead, parseHead } from './heads.ts';
import { parseNote, type Verifier } from './note.ts';
import { ENTRY_BYTES_MAX } from './tiles.ts';
import { inclusionProof, leafHash, type Subtree, verifyInclusion } from './tree.ts';

export interface Receipt {
  /** The position of the entry in the log, from 0. */
  readonly index: number;
  /** From the leaf's sibling up; at most 53 hashes of 32 bytes. */
  readonly proof: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly head: string;
  /** The entry, exactly as it is hashed, unless whoever verifies has it from elsewhere. */
  readonly entry?: Uint8Array;
}

/** What a receipt that holds shows. */
export interface OpenedReceipt {
  readonly index: number;
  readonly entry: Uint8Array;
  readonly head: OpenedHead;
}

export type ReceiptErrorCode =
  | 'malformed'
  | 'too-large'
  /** Neither the receipt nor the caller has the entry. */
  | 'no-entry'
  /** The receipt has another entry than the caller. */
  | 'other-entry'
  /** The head names another log than the one whose key signed it. */
  | 'wrong-log'
  /** The entry at this position does not lead to the root of the head. */
  | 'not-included';

export class ReceiptError extends Error {
  readonly code: ReceiptErrorCode;
  constructor(code: ReceiptErrorCode, message: string) {
    super(message);
    this.name = 'ReceiptError';
    this.code = code;
  }
}

export const RECEIPT_MARK = 'c2sp.org/tlog-proof@v1\n';
/** An entry in base64, a proof and a note, each as large as it may be. */
const CHARS_MAX = 160 * 1024;
const HASHES_MAX = 53;
const HASH_BYTES = 32;

/** `subtree` must be of the tree that the head is over. Throws RangeError for an index that is not in it. */
export function makeReceipt(
  { index, entry, head }: Omit<Receipt, 'proof'>,
  subtree: Subtree,
  sha256: Sha256,
): Receipt {
  const { size } = parseHead(parseNote(head).text);
  const proof = inclusionProof(index, size, subtree, sha256);
  return { index, proof, head, ...(entry === undefined ? {} : { entry }) };
}

export function printReceipt({ index, proof, head, entry }: Receipt): string {
  const extra = entry === undefined ? '' : `extra ${toBase64(entry)}\n`;
  const hashes = proof.map((hash) => `${toBase64(hash)}\n`).join('');
  return `${RECEIPT_MARK}${extra}index ${index}\n${hashes}\n${head}`;
}

/** Strict: the text must be what printing the receipt gives. The note in it is still to be opened. */
export function parseReceipt(text: string): Receipt {
  if (text.length > CHARS_MAX)
    throw new ReceiptError('too-large', `receipt has ${text.length} characters, at most ${CHARS_MAX}`);
  // The first empty line divides: nothing before the note may be empty.
  const divide = text.indexOf('\n\n');
  if (!text.startsWith(RECEIPT_MARK) || divide < 0) throw malformed('it is not a tlog-proof of version 1');
  const lines = text.slice(RECEIPT_MARK.length, divide).split('\n');
  const extra = lines[0]?.startsWith('extra ') === true ? lines.shift()?.slice(6) : undefined;
  const index = Number(/^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(index)) throw malformed('its index is no position');
  if (extra === '' || lines.length > HASHES_MAX) throw malformed('it has an empty line, or too many hashes');
  const proof = lines.map(bytesOf);
  if (proof.some((hash) => hash.length !== HASH_BYTES)) throw malformed('a hash has not 32 bytes');
  const entry = extra === undefined ? {} : { entry: bytesOf(extra) };
  if (entry.entry !== undefined && entry.entry.length > ENTRY_BYTES_MAX)
    throw new ReceiptError('too-large', `its entry has ${entry.entry.length} bytes`);
  return { index, proof, head: text.slice(divide + 2), ...entry };
}

/**
 * The entry and the head that this receipt shows it under. Throws ReceiptError, and NoteError if the head is
 * not signed by one of these log keys or a known key's signature is false. Which witnesses suffice is for the
 * caller to judge, by `head.cosigned`.
 */
export async function openReceipt(
  text: string,
  keys: { readonly log: readonly Verifier[]; readonly witnesses: readonly Verifier[] },
  { sha256, entry: known }: { readonly sha256: Sha256; readonly entry?: Uint8Array },
): Promise<OpenedReceipt> {
  const { index, proof, head: note, entry = known } = parseReceipt(text);
  if (entry === undefined)
    throw new ReceiptError('no-entry', 'the receipt holds no entry, and none was given');
  if (known !== undefined && !equal(known, entry))
    throw new ReceiptError('other-entry', 'the receipt is of another entry than the one given');
  const head = await openHead(note, keys);
  // The key of one log that is trusted must not speak for another.
  if (!head.logKeys.includes(head.origin))
    throw new ReceiptError('wrong-log', `no key of the log \`${head.origin}\` signed the head`);
  if (!verifyInclusion(leafHash(entry, sha256), index, head.size, proof, head.root, sha256))
    throw new ReceiptError('not-included', `the entry does not stand at ${index} under this head`);
  return { index, entry, head };
}

const malformed = (why: string): ReceiptError =>
  new ReceiptError('malformed', `receipt is malformed: ${why}`);

function bytesOf(base64: string): Uint8Array {
  try {
    return fromBase64(base64);
  } catch {
    throw malformed('base64 is malformed');
  }
}
