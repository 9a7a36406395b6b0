// Lines in files of about a mebibyte: a file ends with the line that fills it. However many lines there are, whoever
// reads them holds one such file; and the same lines make the same files.

import { fromUtf8, utf8 } from '../values/bytes.ts';
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

/** The text of one file of lines. Throws `layout` for one that `piecesOf` never makes. */
export function textOf(bytes: Uint8Array, name: string, isLast: boolean): string {
  // Disclosures are base64url, so a byte is a character.
  const text = bytes.at(-1) === LINE_FEED ? fromUtf8(bytes) : '';
  if (text.length !== bytes.length || text === '')
    throw new ProofError('layout', `\`${name}\` does not consist of whole lines of base64url`);
  const lastLine = text.lastIndexOf('\n', text.length - 2) + 1;
  if (lastLine >= PIECE_BYTES || (!isLast && text.length < PIECE_BYTES))
    throw new ProofError('layout', `\`${name}\` ends at another line than it should`);
  return text;
}

/** The lines of a file, without their ends. */
export const linesIn = (text: string): readonly string[] => text.slice(0, -1).split('\n');
