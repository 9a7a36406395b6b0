// Bytes and text: UTF-8, base64 and base64url (RFC 4648), hexadecimal.
// Every decoder is strict: exactly one text stands for given bytes, so what is compared as text
// is equal as bytes. One portable path, no Buffer: browsers and Node run the same lines.

export interface Sha256 {
  (bytes: Uint8Array): Uint8Array;
  /** Where the platform has a shorter way to the same: the digest of well-formed text in UTF-8, as base64url. */
  readonly ofText?: (text: string) => string;
}

export type BytesErrorCode = 'not-utf8' | 'not-unicode' | 'not-base64';

export class BytesError extends Error {
  readonly code: BytesErrorCode;
  constructor(code: BytesErrorCode, message: string) {
    super(message);
    this.name = 'BytesError';
    this.code = code;
  }
}

const encoder = new TextEncoder();
// `ignoreBOM` keeps a byte order mark as a character: dropping it would give two byte strings one text.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The encoder would turn a lone surrogate into U+FFFD, and two texts into the same bytes: refused. */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new BytesError('not-unicode', 'text has a lone surrogate');
  return encoder.encode(text);
}

export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new BytesError('not-utf8', 'bytes are not utf-8');
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Not constant-time: nothing in a proof is compared with a secret. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

interface Alphabet {
  /** The character code of each value. */
  readonly codes: Uint8Array;
  /** The value of each byte of a text in UTF-8; 64 is no digit. */
  readonly values: Uint8Array;
}

function alphabet(last: string): Alphabet {
  const chars = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${last}`;
  const codes = encoder.encode(chars);
  const values = new Uint8Array(256).fill(64);
  for (const [value, code] of codes.entries()) values[code] = value;
  return { codes, values };
}

const standard = alphabet('+/');
const urlSafe = alphabet('-_');

// Scratch space, overwritten by every call: what most texts here take is small, and they are many.
const SCRATCH_BYTES = 8 * 1024;
const scratch = {
  bytes: new Uint8Array(SCRATCH_BYTES),
  digits: new Uint8Array(2 * SCRATCH_BYTES),
  decoded: new Uint8Array(SCRATCH_BYTES),
};

/** RFC 4648 section 5, unpadded. */
export const toBase64url = (bytes: Uint8Array): string => encode(bytes, bytes.length, urlSafe);
export const fromBase64url = (text: string): Uint8Array => decode(text, urlSafe);

/** The same as `toBase64url(utf8(text))`. */
export function textToBase64url(text: string): string {
  // A UTF-16 code unit takes at most three bytes.
  if (3 * text.length > SCRATCH_BYTES || !text.isWellFormed()) return toBase64url(utf8(text));
  return encode(scratch.bytes, encoder.encodeInto(text, scratch.bytes).written, urlSafe);
}

/** The same as `fromUtf8(fromBase64url(text))`: a small array of its own would be moved before it is read as text. */
export function textFromBase64url(text: string): string {
  const length = Math.floor((text.length * 3) / 4);
  const isSmall = length <= SCRATCH_BYTES;
  return fromUtf8(decode(text, urlSafe, isSmall ? scratch.decoded.subarray(0, length) : undefined));
}

/** RFC 4648 section 4, padded. */
export const toBase64 = (bytes: Uint8Array): string =>
  encode(bytes, bytes.length, standard) + '='.repeat((3 - (bytes.length % 3)) % 3);

export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw notBase64();
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode(text.slice(0, text.length - padding), standard);
}

/** The first `length` bytes, unpadded. */
function encode(bytes: Uint8Array, length: number, { codes }: Alphabet): string {
  const digits = length <= SCRATCH_BYTES ? scratch.digits : new Uint8Array(Math.ceil((length * 4) / 3));
  const whole = length - (length % 3);
  let to = 0;
  let group = 0;
  for (let at = 0; at < whole; at += 3) {
    group = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    digits[to++] = codes[group >> 18] as number;
    digits[to++] = codes[(group >> 12) & 63] as number;
    digits[to++] = codes[(group >> 6) & 63] as number;
    digits[to++] = codes[group & 63] as number;
  }
  if (length > whole) {
    const second = length - whole === 2 ? (bytes[whole + 1] as number) : 0;
    group = ((bytes[whole] as number) << 8) | second;
    digits[to++] = codes[group >> 10] as number;
    digits[to++] = codes[(group >> 4) & 63] as number;
    if (length - whole === 2) digits[to++] = codes[(group & 15) << 2] as number;
  }
  return decoder.decode(digits.subarray(0, to));
}

/** Into `bytes`, if they are given: as many as the text asks for. */
function decode(
  text: string,
  { values }: Alphabet,
  bytes = new Uint8Array(Math.floor((text.length * 3) / 4)),
): Uint8Array {
  const { length } = text;
  const rest = length % 4;
  if (rest === 1) throw notBase64();
  // What is no ASCII takes bytes that are no digits; a lone surrogate, those of U+FFFD.
  const small = 3 * length <= SCRATCH_BYTES;
  const digits = small ? scratch.bytes : encoder.encode(text);
  if (small) encoder.encodeInto(text, digits);
  const value = (at: number): number => values[digits[at] as number] as number;
  let to = 0;
  let at = 0;
  let seen = 0;
  for (; at + 4 <= length; at += 4) {
    const a = value(at);
    const b = value(at + 1);
    const c = value(at + 2);
    const d = value(at + 3);
    seen |= a | b | c | d;
    bytes[to++] = (a << 2) | (b >> 4);
    bytes[to++] = (b << 4) | (c >> 2);
    bytes[to++] = (c << 6) | d;
  }
  if (rest > 0) {
    const a = value(at);
    const b = value(at + 1);
    const c = rest === 3 ? value(at + 2) : 0;
    seen |= a | b | c;
    bytes[to++] = (a << 2) | (b >> 4);
    if (rest === 3) bytes[to] = (b << 4) | (c >> 2);
    // Left-over bits must be zero, or several texts would stand for the same bytes.
    if ((rest === 2 ? b & 15 : c & 3) !== 0) throw notBase64();
  }
  if (seen > 63) throw notBase64();
  return bytes;
}

const notBase64 = (): BytesError => new BytesError('not-base64', 'text is not canonical base64');
