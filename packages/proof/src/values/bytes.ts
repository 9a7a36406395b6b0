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
  readonly chars: string;
  /** The two characters of each 12-bit group. */
  readonly pairs: readonly string[];
  /** Value by character code; 64 is no digit. */
  readonly values: Uint8Array;
}

function alphabet(last: string): Alphabet {
  const chars = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${last}`;
  const pairs: string[] = [];
  for (const high of chars) for (const low of chars) pairs.push(high + low);
  const values = new Uint8Array(128).fill(64);
  for (let value = 0; value < 64; value++) values[chars.charCodeAt(value)] = value;
  return { chars, pairs, values };
}

const standard = alphabet('+/');
const urlSafe = alphabet('-_');

/** RFC 4648 section 5, unpadded. */
export const toBase64url = (bytes: Uint8Array): string => encode(bytes, urlSafe, '');
export const fromBase64url = (text: string): Uint8Array => decode(text, urlSafe);

/** The same as `toBase64url(utf8(text))`; ASCII is encoded as it is read. */
export function textToBase64url(text: string): string {
  const { chars, pairs } = urlSafe;
  const whole = text.length - (text.length % 3);
  let encoded = '';
  let seen = 0;
  for (let at = 0; at < whole; at += 3) {
    const a = text.charCodeAt(at);
    const b = text.charCodeAt(at + 1);
    const c = text.charCodeAt(at + 2);
    seen |= a | b | c;
    if (seen > 127) break;
    encoded += (pairs[(a << 4) | (b >> 4)] as string) + (pairs[((b & 15) << 8) | c] as string);
  }
  const rest = text.length - whole;
  const [a, b] = [rest > 0 ? text.charCodeAt(whole) : 0, rest > 1 ? text.charCodeAt(whole + 1) : 0];
  if ((seen | a | b) > 127) return toBase64url(utf8(text));
  if (rest === 0) return encoded;
  encoded += pairs[(a << 4) | (b >> 4)] as string;
  return rest === 1 ? encoded : encoded + chars.charAt((b & 15) << 2);
}

/** RFC 4648 section 4, padded. */
export const toBase64 = (bytes: Uint8Array): string => encode(bytes, standard, '=');

export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw notBase64();
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return decode(text.slice(0, text.length - padding), standard);
}

function encode(bytes: Uint8Array, { chars, pairs }: Alphabet, pad: string): string {
  const whole = bytes.length - (bytes.length % 3);
  let text = '';
  for (let at = 0; at < whole; at += 3) {
    const group =
      ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    text += (pairs[group >> 12] as string) + (pairs[group & 4095] as string);
  }
  const rest = bytes.length - whole;
  if (rest === 1) {
    text += pairs[(bytes[whole] as number) << 4] + pad + pad;
  } else if (rest === 2) {
    const group = ((bytes[whole] as number) << 8) | (bytes[whole + 1] as number);
    text += (pairs[group >> 4] as string) + chars.charAt((group & 15) << 2) + pad;
  }
  return text;
}

function decode(text: string, { values }: Alphabet): Uint8Array {
  const rest = text.length % 4;
  if (rest === 1) throw notBase64();
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  // What is no digit has a bit above the six, whatever else it has.
  const digit = (at: number): number => {
    const code = text.charCodeAt(at);
    return (values[code & 127] as number) | (code & ~127);
  };
  let to = 0;
  let seen = 0;
  let at = 0;
  for (; at + 4 <= text.length; at += 4) {
    const group = [digit(at), digit(at + 1), digit(at + 2), digit(at + 3)] as const;
    seen |= group[0] | group[1] | group[2] | group[3];
    bytes[to++] = (group[0] << 2) | (group[1] >> 4);
    bytes[to++] = (group[1] << 4) | (group[2] >> 2);
    bytes[to++] = (group[2] << 6) | group[3];
  }
  if (rest > 0) {
    const [a, b, c] = [digit(at), digit(at + 1), rest === 3 ? digit(at + 2) : 0];
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
