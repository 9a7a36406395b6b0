// Lines in files of about a mebibyte: a file ends with the line that fills it. However many lines there are, whoever
// reads them holds one such file; and the same lines make the same files.

import { fromUtf8, type Sha256, toBase64url, utf8 } from '../values/bytes.ts';
import { ProofError } from './layout.ts';

const PIECE_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;

/** The most that a file of lines can have: the line that fills it may hold a value of a mebibyte, in base64. */
export const pieceBytesMax = 4 * PIECE_BYTES;

export function* piecesOf(lines: Iterable<string>): Iterable<Uint8Array> {
  let piece: string[] = [];
  let sizeBytes = 0;
  for (const line of lines) {
    piece.push(line, '\n');
    sizeBytes += line.length + 1;
    if (sizeBytes < PIECE_BYTES) continue;
    yield utf8(piece.join(''));
    piece = [];
    sizeBytes = 0;
  }
  if (sizeBytes > 0) yield utf8(piece.join(''));
}

/** The lines of one file, each with its SHA-256 in base64url. Throws `layout` for a file that `piecesOf` never makes. */
export class Lines {
  readonly #text: string;
  readonly #bytes: Uint8Array;
  readonly #sha256: Sha256;
  #at = 0;
  /** The digest of the next line; undefined at the end. */
  digest: string | undefined;
  #end = 0;

  constructor(bytes: Uint8Array, name: string, isLast: boolean, sha256: Sha256) {
    const text = textOf(bytes, name);
    const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
    if (lastLine >= PIECE_BYTES || (!isLast && text.length < PIECE_BYTES))
      throw new ProofError('layout', `\`${name}\` ends at another line than it should`);
    this.#text = text;
    this.#bytes = bytes;
    this.#sha256 = sha256;
    this.#look();
  }

  #look(): void {
    const { length } = this.#bytes;
    if (this.#at === length) this.digest = undefined;
    else {
      this.#end = this.#bytes.indexOf(LINE_FEED, this.#at);
      this.digest = toBase64url(this.#sha256(this.#bytes.subarray(this.#at, this.#end)));
    }
  }

  /** The next line; call only if there is one. */
  take(): string {
    const line = this.#text.slice(this.#at, this.#end);
    this.#at = this.#end + 1;
    this.#look();
    return line;
  }
}

/** Disclosures are base64url, so a byte is a character. */
function textOf(bytes: Uint8Array, name: string): string {
  const text = bytes.at(-1) === LINE_FEED ? fromUtf8(bytes) : '';
  if (text.length !== bytes.length || text === '')
    throw new ProofError('layout', `\`${name}\` does not consist of whole lines of base64url`);
  return text;
}
