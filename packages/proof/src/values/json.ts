// JSON, strictly: RFC 8259 as narrowed by I-JSON (RFC 7493).
// An attacker writes the texts parsed here. Whatever two parsers could read differently is refused:
// duplicate names, lone surrogates, numbers that change value, bytes after the value, excess depth.
// `parseJsonWithSpans` also says where a value's own text lies, so that it is forwarded unchanged.

import { BytesError, fromUtf8 } from './bytes.ts';

export type JsonErrorCode =
  | 'syntax'
  | 'trailing'
  | 'duplicate-name'
  | 'inexact-number'
  | 'not-unicode'
  | 'byte-order-mark'
  | 'too-deep'
  | 'too-large'
  | 'not-json'
  | 'not-a-pointer';

export class JsonError extends Error {
  readonly code: JsonErrorCode;
  /** In UTF-16 code units from the start of the text; -1 where there is no text. */
  readonly offset: number;
  constructor(code: JsonErrorCode, offset: number) {
    super(offset < 0 ? `value is refused: ${code}` : `json is refused at ${offset}: ${code}`);
    this.name = 'JsonError';
    this.code = code;
    this.offset = offset;
  }
}

export interface JsonLimits {
  /** Arrays and objects within each other; default 64. */
  readonly depthMax?: number;
  /** Default 16 MiB. Of a string the UTF-16 code units are counted, never more than its bytes. */
  readonly bytesMax?: number;
}

/** Where a value's text starts and ends, in UTF-16 code units. */
export type Span = readonly [start: number, end: number];

export const DEPTH_MAX = 64;
const BYTES_MAX = 16 * 1024 * 1024;

export function parseJson(input: Uint8Array | string, limits: JsonLimits = {}): unknown {
  if (input.length > (limits.bytesMax ?? BYTES_MAX)) throw new JsonError('too-large', 0);
  return new Parser(typeof input === 'string' ? input : decoded(input), limits).document(undefined);
}

/**
 * Also the span of each named value (JSON pointers, RFC 6901) that exists. The text within a span is
 * itself strict JSON, since all of it was parsed.
 */
export function parseJsonWithSpans(
  text: string,
  pointers: readonly string[],
  limits: JsonLimits = {},
): { value: unknown; spans: ReadonlyMap<string, Span> } {
  if (text.length > (limits.bytesMax ?? BYTES_MAX)) throw new JsonError('too-large', 0);
  const spans = new Map<string, Span>();
  const value = new Parser(text, limits, spans).document(wantedOf(pointers));
  return { value, spans };
}

function decoded(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    if (cause instanceof BytesError) throw new JsonError('not-unicode', 0);
    throw cause;
  }
}

/** The unescaped tokens of a JSON pointer. */
export function pointerTokens(pointer: string): string[] {
  if (pointer === '') return [];
  if (pointer[0] !== '/' || /~(?![01])/.test(pointer)) throw new JsonError('not-a-pointer', -1);
  const tokens = pointer.slice(1).split('/');
  return pointer.includes('~')
    ? tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    : tokens;
}

/** One token, escaped for a JSON pointer. */
export const pointerToken = (name: string): string =>
  /[~/]/.test(name) ? name.replaceAll('~', '~0').replaceAll('/', '~1') : name;

/** Sets an own member whatever its name: plain assignment of `__proto__` would set the prototype. */
export function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  else object[name] = value;
}

/** The pointers whose spans are wanted, as a tree of tokens. */
interface Wanted {
  pointer?: string;
  readonly below: Map<string, Wanted>;
}

function wantedOf(pointers: readonly string[]): Wanted {
  const root: Wanted = { below: new Map() };
  for (const pointer of pointers) {
    let place = root;
    for (const token of pointerTokens(pointer)) {
      const next = place.below.get(token) ?? { below: new Map() };
      place.below.set(token, next);
      place = next;
    }
    place.pointer = pointer;
  }
  return root;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LIST = 0x5b;
const BACKSLASH = 0x5c;
const LIST_END = 0x5d;
const OBJECT = 0x7b;
const OBJECT_END = 0x7d;
const BOM = 0xfeff;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Parser {
  private readonly text: string;
  private readonly spans: Map<string, Span> | undefined;
  private readonly depthMax: number;
  private at = 0;
  private depth = 0;

  constructor(text: string, limits: JsonLimits, spans?: Map<string, Span>) {
    this.text = text;
    this.spans = spans;
    this.depthMax = limits.depthMax ?? DEPTH_MAX;
  }

  document(wanted: Wanted | undefined): unknown {
    if (this.text.charCodeAt(0) === BOM) throw new JsonError('byte-order-mark', 0);
    if (!this.text.isWellFormed()) throw new JsonError('not-unicode', this.text.search(/\p{Surrogate}/u));
    const value = this.value(this.next(), wanted);
    this.next();
    if (this.at < this.text.length) throw new JsonError('trailing', this.at);
    return value;
  }

  /** The character code after white space, not consumed; -1 at the end. */
  private next(): number {
    const { text } = this;
    while (this.at < text.length) {
      const code = text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at++;
    }
    return -1;
  }

  private value(code: number, wanted: Wanted | undefined): unknown {
    if (wanted?.pointer === undefined) return this.bare(code, wanted);
    const start = this.at;
    const value = this.bare(code, wanted);
    this.spans?.set(wanted.pointer, [start, this.at]);
    return value;
  }

  private bare(code: number, wanted: Wanted | undefined): unknown {
    if (code === QUOTE) return this.string();
    if (code === OBJECT) return this.object(wanted);
    if (code === LIST) return this.list(wanted);
    if (code === MINUS || (code >= ZERO && code <= NINE)) return this.number(code);
    if (code === 0x74) return this.word('true', true);
    if (code === 0x66) return this.word('false', false);
    if (code === 0x6e) return this.word('null', null);
    throw new JsonError('syntax', this.at);
  }

  private word(word: string, value: boolean | null): boolean | null {
    if (!this.text.startsWith(word, this.at)) throw new JsonError('syntax', this.at);
    this.at += word.length;
    return value;
  }

  private object(wanted: Wanted | undefined): Record<string, unknown> {
    this.enter();
    const object: Record<string, unknown> = {};
    let code = this.next();
    if (code === OBJECT_END) return this.leave(object);
    for (;;) {
      if (code !== QUOTE) throw new JsonError('syntax', this.at);
      const nameAt = this.at;
      const name = this.string();
      if (Object.hasOwn(object, name)) throw new JsonError('duplicate-name', nameAt);
      if (this.next() !== COLON) throw new JsonError('syntax', this.at);
      this.at++;
      setMember(object, name, this.value(this.next(), wanted?.below.get(name)));
      code = this.next();
      if (code === OBJECT_END) return this.leave(object);
      if (code !== COMMA) throw new JsonError('syntax', this.at);
      this.at++;
      code = this.next();
    }
  }

  private list(wanted: Wanted | undefined): unknown[] {
    this.enter();
    const list: unknown[] = [];
    let code = this.next();
    if (code === LIST_END) return this.leave(list);
    for (;;) {
      list.push(this.value(code, wanted?.below.get(String(list.length))));
      code = this.next();
      if (code === LIST_END) return this.leave(list);
      if (code !== COMMA) throw new JsonError('syntax', this.at);
      this.at++;
      code = this.next();
    }
  }

  private enter(): void {
    if (++this.depth > this.depthMax) throw new JsonError('too-deep', this.at);
    this.at++;
  }

  private leave<T>(value: T): T {
    this.depth--;
    this.at++;
    return value;
  }

  private string(): string {
    const { text } = this;
    const start = this.at + 1;
    for (let at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        return text.slice(start, at);
      }
      if (code === BACKSLASH) return this.escaped(start, at);
      if (code < 0x20) throw new JsonError('syntax', at);
    }
    throw new JsonError('syntax', text.length);
  }

  /** The rest of a string that has an escape at `at`; plain runs are copied whole. */
  private escaped(start: number, firstEscape: number): string {
    const { text } = this;
    let unescaped = '';
    let run = start;
    for (let at = firstEscape; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code < 0x20) throw new JsonError('syntax', at);
      if (code !== QUOTE && code !== BACKSLASH) continue;
      unescaped += text.slice(run, at);
      if (code === QUOTE) {
        // The text has no lone surrogate, so one that shows now was spelled as an escape.
        if (!unescaped.isWellFormed()) throw new JsonError('not-unicode', start);
        this.at = at + 1;
        return unescaped;
      }
      const letter = text.charAt(++at);
      if (letter === 'u') {
        const digits = text.slice(at + 1, at + 5);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new JsonError('syntax', at);
        unescaped += String.fromCharCode(Number.parseInt(digits, 16));
        at += 4;
      } else {
        const plain = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
        if (plain === undefined) throw new JsonError('syntax', at);
        unescaped += plain;
      }
      run = at + 1;
    }
    throw new JsonError('syntax', text.length);
  }

  private number(first: number): number {
    const { text } = this;
    const start = this.at;
    let at = first === MINUS ? start + 1 : start;
    const from = at;
    at = digitsEnd(text, at);
    if (at === from || (at > from + 1 && text.charCodeAt(from) === ZERO))
      throw new JsonError('syntax', start);
    let plain = true;
    if (text.charCodeAt(at) === POINT) {
      const fraction = at + 1;
      at = digitsEnd(text, fraction);
      if (at === fraction) throw new JsonError('syntax', at);
    }
    if ((text.charCodeAt(at) | 0x20) === 0x65) {
      plain = false;
      const sign = text.charCodeAt(at + 1);
      const exponent = sign === 0x2b || sign === MINUS ? at + 2 : at + 1;
      at = digitsEnd(text, exponent);
      if (at === exponent) throw new JsonError('syntax', at);
    }
    this.at = at;
    const written = text.slice(start, at);
    const value = Number(written);
    // Up to 15 digits always survive a double (IEEE 754: DBL_DIG); the others are compared.
    if ((plain && at - from <= 15) || keepsItsValue(written, value)) return value;
    throw new JsonError('inexact-number', start);
  }
}

function digitsEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
  }
  return at;
}

/** Whether the double prints the same decimal value as was written: 1.0 does, 2^53 + 1 does not. */
function keepsItsValue(written: string, value: number): boolean {
  return Number.isFinite(value) && decimal(written) === decimal(String(value));
}

/** Significant digits and exponent of ten, one text for each decimal value, sign aside. */
function decimal(written: string): string {
  const [mantissa = '', exponent = '0'] = written.replace(/^-/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  let from = 0;
  let to = digits.length;
  while (digits[from] === '0') from++;
  while (to > from && digits[to - 1] === '0') to--;
  if (from === to) return '0';
  return `${digits.slice(from, to)}e${Number(exponent) - fraction.length + (digits.length - to)}`;
}
