// Signed notes (C2SP signed-note v1.0.0): a text and signature lines, each by a named key.
// INVARIANT: a note that is accepted prints again as the same text.
// Signatures by unknown keys are counted and ignored, as the spec asks; a false one by a known key
// makes the whole note refused.

import { concat, fromBase64, toBase64, toHex, utf8 } from '../values/bytes.ts';
import { sha256 } from '../values/sha256.ts';
import { type Algorithm, publicBytesOf, type Sign, verifySignature } from './algorithms.ts';

export type NoteErrorCode =
  | 'malformed'
  | 'bad-key'
  /** A key of a type that is not in the table below; the message names it. */
  | 'unknown-algorithm'
  | 'bad-name'
  | 'bad-signature'
  | 'unsigned'
  | 'too-large';

export class NoteError extends Error {
  readonly code: NoteErrorCode;
  constructor(code: NoteErrorCode, message: string) {
    super(message);
    this.name = 'NoteError';
    this.code = code;
  }
}

/** The signature types of the spec that are used here. */
export const NOTE_ED25519 = 0x01;
export const NOTE_COSIGNATURE = 0x04;

/** The algorithm behind a type, and what it signs: the note's own text, or a head under the witness's time. */
const keyTypes = {
  [NOTE_ED25519]: { algorithm: 'ed25519', signs: 'text' },
  [NOTE_COSIGNATURE]: { algorithm: 'ed25519', signs: 'cosignature' },
} as const satisfies Record<number, { algorithm: Algorithm; signs: 'text' | 'cosignature' }>;
export type KeyType = keyof typeof keyTypes;
const isKeyType = (type: number): type is KeyType => Object.hasOwn(keyTypes, type);

/** Types that the spec assigns and nobody here verifies: said by name, so that people know what they hold. */
const otherTypes: Readonly<Record<number, string>> = {
  2: 'ECDSA',
  5: 'an RFC 6962 tree head signature',
  6: 'an ML-DSA-44 cosignature',
  255: 'one without a number',
};

/** Room for the 16 signatures that the spec asks for, be they of the longest kind. */
const CHARS_MAX = 128 * 1024;
const SIGNATURES_MAX = 64;
/** Unicode spaces, `+` and control characters would let a name run into what stands beside it. */
const NAME = /^[^\s+\p{Cc}\p{Z}]{1,255}$/u;
const SIGNATURE_LINE = /^\u2014 ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/;

/** A public key under a name. The key id ties both to the kind of signature. */
export interface Verifier {
  readonly name: string;
  readonly type: KeyType;
  readonly publicKey: Uint8Array;
  /** Four bytes in hexadecimal. */
  readonly keyId: string;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

export interface Note {
  /** With its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export function verifier(name: string, type: KeyType, publicKey: Uint8Array): Verifier {
  if (!NAME.test(name)) throw new NoteError('bad-name', `\`${name}\` cannot name a key`);
  const sizeBytes = publicBytesOf(keyTypes[type].algorithm);
  if (publicKey.length !== sizeBytes)
    throw new NoteError('bad-key', `key of \`${name}\` has not ${sizeBytes} bytes`);
  const keyId = toHex(sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).subarray(0, 4));
  return { name, type, publicKey, keyId };
}

/** `name+keyid+base64(type || key)`. */
export const printVerifier = ({ name, keyId, type, publicKey }: Verifier): string =>
  `${name}+${keyId}+${toBase64(concat(Uint8Array.of(type), publicKey))}`;

export function parseVerifier(text: string): Verifier {
  const [name = '', , ...key] = text.split('+');
  const bytes = base64(key.join('+'), 'bad-key');
  const [type] = bytes;
  if (type === undefined) throw new NoteError('bad-key', `there is no key of \`${name}\``);
  if (!isKeyType(type)) throw new NoteError('unknown-algorithm', unknownType(name, type));
  const parsed = verifier(name, type, bytes.subarray(1));
  if (printVerifier(parsed) !== text) throw new NoteError('bad-key', `key id of \`${name}\` does not match`);
  return parsed;
}

function unknownType(name: string, type: number): string {
  const shown = `0x${toHex(Uint8Array.of(type))}`;
  const what = otherTypes[type] === undefined ? shown : `${shown}, ${otherTypes[type]}`;
  return `unknown-algorithm: the key of \`${NAME.test(name) ? name : ''}\` is of type ${what}`;
}

/** Those of a known type; how many are of another. For keys that somebody else chose, such as a witness. */
export function knownVerifiers(texts: readonly string[]): { known: readonly Verifier[]; unknown: number } {
  const known = texts.flatMap((text) => {
    try {
      return [parseVerifier(text)];
    } catch (error) {
      if (error instanceof NoteError && error.code === 'unknown-algorithm') return [];
      throw error;
    }
  });
  return { known, unknown: texts.length - known.length };
}

/** The algorithm that this key's type names. */
export const algorithmOf = ({ type }: Pick<Verifier, 'type'>): Algorithm => keyTypes[type].algorithm;
/** What a key of this type signs. */
export const signsOf = ({ type }: Pick<Verifier, 'type'>): 'text' | 'cosignature' => keyTypes[type].signs;

/** True if this key signed exactly these bytes. */
export const isSignedBy = (key: Verifier, message: Uint8Array, signature: Uint8Array): Promise<boolean> =>
  verifySignature(algorithmOf(key), key.publicKey, message, signature);

export const printNote = ({ text, signatures }: Note): string => `${text}\n${signatures.map(line).join('')}`;

const line = ({ name, keyId, signature }: NoteSignature): string =>
  `\u2014 ${name} ${toBase64(concat(idBytes(keyId), signature))}\n`;

const idBytes = (keyId: string): Uint8Array =>
  Uint8Array.from([0, 2, 4, 6], (at) => Number.parseInt(keyId.slice(at, at + 2), 16));

export function parseNote(noteText: string): Note {
  if (noteText.length > CHARS_MAX) throw new NoteError('too-large', `note has ${noteText.length} characters`);
  // The last empty line divides: the text itself may have empty lines.
  const divide = noteText.lastIndexOf('\n\n');
  if (divide < 0) throw new NoteError('malformed', 'note has no signatures');
  const text = noteText.slice(0, divide + 1);
  checkText(text);
  const lines = noteText.slice(divide + 2).split('\n');
  if (lines.pop() !== '') throw new NoteError('malformed', 'note does not end in a newline');
  if (lines.length === 0) throw new NoteError('malformed', 'note has no signatures');
  if (lines.length > SIGNATURES_MAX) throw new NoteError('too-large', `note has ${lines.length} signatures`);
  return { text, signatures: lines.map(parseLine) };
}

function parseLine(text: string): NoteSignature {
  const [, name = '', encoded = ''] = SIGNATURE_LINE.exec(text) ?? [];
  const bytes = base64(encoded, 'malformed');
  if (!NAME.test(name) || bytes.length < 5) throw new NoteError('malformed', 'signature line is malformed');
  return { name, keyId: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

function checkText(text: string): void {
  // Control characters could make a terminal show another text than the one that was signed.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (!text.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f]/.test(text) || !text.isWellFormed())
    throw new NoteError('malformed', 'note has control characters or no final newline');
}

function base64(text: string, code: NoteErrorCode): Uint8Array {
  try {
    return fromBase64(text);
  } catch {
    throw new NoteError(code, 'base64 is malformed');
  }
}

/** One signature line over the text. */
export async function signText(text: string, key: Verifier, sign: Sign): Promise<NoteSignature> {
  checkText(text);
  return { name: key.name, keyId: key.keyId, signature: await sign(utf8(text)) };
}

/** The text with one Ed25519 signature. */
export async function signNote(
  text: string,
  name: string,
  publicKey: Uint8Array,
  sign: Sign,
): Promise<string> {
  const key = verifier(name, NOTE_ED25519, publicKey);
  return printNote({ text, signatures: [await signText(text, key, sign)] });
}

/**
 * The note's text, if at least one of `verifiers` (of a type that signs notes) signed it. A key's second line is refused:
 * one key is one vote.
 */
export async function openNote(
  noteText: string,
  verifiers: readonly Verifier[],
): Promise<{ text: string; verified: readonly Verifier[]; unknown: readonly NoteSignature[] }> {
  const { text, signatures } = parseNote(noteText);
  const message = utf8(text);
  const verified: Verifier[] = [];
  const unknown: NoteSignature[] = [];
  for (const each of signatures) {
    const key = verifiers.find((known) => signsOf(known) === 'text' && isBy(each, known));
    if (key === undefined) unknown.push(each);
    else if (!verified.includes(key) && (await isSignedBy(key, message, each.signature))) verified.push(key);
    else throw new NoteError('bad-signature', `signature by \`${key.name}\` is false or repeated`);
  }
  if (verified.length === 0) throw new NoteError('unsigned', 'no known key signed this note');
  return { text, verified, unknown };
}

/** Whether the line claims to be by this key; its signature is still to be verified. */
export const isBy = (signature: NoteSignature, key: Verifier): boolean =>
  signature.name === key.name && signature.keyId === key.keyId;
