// Heads: what the log and its witnesses sign (C2SP tlog-checkpoint, tlog-cosignature v1).
// A head is a signed note of exactly three lines: origin, size, root. Extension lines are refused, since
// nobody could say what a witness meant by signing them.

import { concat, fromBase64, toBase64, toHex, utf8 } from '../values/bytes.ts';
import { type Sign, signatureBytesOf } from './algorithms.ts';
import {
  algorithmOf,
  isBy,
  isSignedBy,
  NoteError,
  type NoteSignature,
  openNote,
  printVerifier,
  signNote,
  signsOf,
  type Verifier,
} from './note.ts';

export interface Head {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

export interface Cosigned {
  readonly witness: string;
  /** The verifier key: whoever declares a witness chooses its name. */
  readonly key: string;
  /** Seconds since the epoch, by the witness's clock. */
  readonly timeSeconds: number;
}

export interface OpenedHead extends Head {
  /** Names of the log keys that signed; at least one. */
  readonly logKeys: readonly string[];
  readonly cosigned: readonly Cosigned[];
  /** Signatures by keys, or of kinds, that nobody here knows: ignored, as the spec asks. */
  readonly unknown: number;
}

export const printHead = ({ origin, size, root }: Head): string => `${origin}\n${size}\n${toBase64(root)}\n`;

/** Strict: the text must be what printing the head gives. */
export function parseHead(text: string): Head {
  const [origin = '', sizeText = '', rootText = ''] = text.split('\n');
  const size = Number(sizeText);
  let root: Uint8Array;
  try {
    root = fromBase64(rootText);
  } catch {
    throw new NoteError('malformed', 'root is not base64');
  }
  const head = { origin, size, root };
  if (
    origin === '' ||
    !Number.isSafeInteger(size) ||
    size < 0 ||
    root.length !== 32 ||
    printHead(head) !== text
  )
    throw new NoteError('malformed', 'head is not origin, size and root');
  return head;
}

/**
 * As other logs may write it (C2SP tlog-checkpoint): lines of their own may follow the three. A witness signs them
 * with the rest, unread.
 */
export function parseExtendedHead(text: string): Head {
  const [origin = '', size = '', root = '', ...more] = text.split('\n');
  if (more.pop() !== '' || more.includes('')) throw new NoteError('malformed', 'head has an empty line');
  return parseHead(`${origin}\n${size}\n${root}\n`);
}

/** The head as a note signed by the log's key, whose name is the origin. */
export function signHead(head: Head, publicKey: Uint8Array, sign: Sign): Promise<string> {
  const text = printHead(head);
  parseHead(text);
  return signNote(text, head.origin, publicKey, sign);
}

/** What a witness signs: the head under its time, which no plain note can imitate. */
const cosignedMessage = (text: string, timeSeconds: number): Uint8Array =>
  utf8(`cosignature/v1\ntime ${timeSeconds}\n${text}`);

/** A witness's signature of a head's text; its key must be of a type that cosigns (0x04). */
export async function cosign(
  text: string,
  key: Verifier,
  timeSeconds: number,
  sign: Sign,
): Promise<NoteSignature> {
  parseExtendedHead(text);
  if (signsOf(key) !== 'cosignature') throw new NoteError('bad-key', `\`${key.name}\` is no witness key`);
  if (!Number.isSafeInteger(timeSeconds) || timeSeconds < 0)
    throw new NoteError('malformed', 'time is not in seconds');
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(timeSeconds));
  const signature = concat(time, await sign(cosignedMessage(text, timeSeconds)));
  return { name: key.name, keyId: key.keyId, signature };
}

/** A head that at least one log key signed. Any known key's false signature refuses the whole. */
export async function openHead(
  noteText: string,
  keys: { readonly log: readonly Verifier[]; readonly witnesses: readonly Verifier[] },
): Promise<OpenedHead> {
  // A cosignature does not say its signer's name: one key under two names would be counted twice.
  const all = [...keys.log, ...keys.witnesses];
  if (new Set(all.map((key) => toHex(key.publicKey))).size < all.length)
    throw new NoteError('bad-key', 'a public key is listed twice');
  const { text, verified, unknown } = await openNote(noteText, keys.log);
  const head = parseHead(text);
  const cosigned = new Map<Verifier, Cosigned>();
  let others = 0;
  for (const each of unknown) {
    const key = keys.witnesses.find((known) => signsOf(known) === 'cosignature' && isBy(each, known));
    if (key === undefined) others++;
    else if (cosigned.has(key)) throw new NoteError('bad-signature', `\`${key.name}\` cosigned twice`);
    else cosigned.set(key, await openCosignature(text, key, each.signature));
  }
  return {
    ...head,
    logKeys: verified.map((key) => key.name),
    cosigned: [...cosigned.values()],
    unknown: others,
  };
}

/** Who cosigned this text, and when; throws if the signature is not by this key. */
export async function openCosignature(text: string, key: Verifier, signature: Uint8Array): Promise<Cosigned> {
  const view = new DataView(signature.buffer, signature.byteOffset, signature.length);
  const isWhole = signature.length === 8 + signatureBytesOf(algorithmOf(key));
  const timeSeconds = isWhole ? Number(view.getBigUint64(0)) : Number.NaN;
  const message = cosignedMessage(text, timeSeconds);
  if (!Number.isSafeInteger(timeSeconds) || !(await isSignedBy(key, message, signature.subarray(8))))
    throw new NoteError('bad-signature', `cosignature by \`${key.name}\` is false`);
  return { witness: key.name, key: printVerifier(key), timeSeconds };
}
