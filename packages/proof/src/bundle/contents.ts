// Reads a proof from front to back, holding one file of it at a time, whatever its size. What it gives is in one
// piece and in its place; whether it is true is not asked here.

import { type Head, parseHead } from '../records/heads.ts';
import { parseNote } from '../records/note.ts';
import { TILE_WIDTH } from '../records/tiles.ts';
import { type ParsedStatement, parseStatement, type Subject } from '../report/statement.ts';
import { fromBase64, fromUtf8, type Sha256, toHex } from '../values/bytes.ts';
import { parseJson } from '../values/json.ts';
import { endsOf, type Layout, layoutOf, ProofError } from './layout.ts';
import { pieceBytesMax, textOf } from './pieces.ts';
import type { Source } from './source.ts';
import { type Crc32, type ZipEntry, ZipReader } from './zip.ts';

const MEBIBYTE = 1024 * 1024;
const statementBytesMax = 16 * MEBIBYTE;
const headBytesMax = MEBIBYTE;
const bundleBytesMax = TILE_WIDTH * (2 + 65_535);
/** The population of a window is the largest: about two million rows. */
const peopleBytesMax = 256 * MEBIBYTE;
export interface Hashes {
  readonly sha256: Sha256;
  /** The platform's own, if it has one. */
  readonly crc32?: Crc32 | undefined;
}

/**
 * What lies before the verdict's eyes, in the order in which it lies in the file: entry bundles, and behind each the
 * lines that disclose values of its facts.
 */
export type Part =
  | {
      readonly is: 'bundle';
      /** Position of its first fact, and how many there are. */
      readonly from: number;
      readonly width: number;
      readonly bytes: Uint8Array;
    }
  | { readonly is: 'lines'; readonly text: string };

export type Lines = Extract<Part, { readonly is: 'lines' }>;

export class ProofReader {
  readonly envelope: string;
  readonly statement: ParsedStatement;
  readonly statementText: string;
  readonly headNote: string;
  readonly head: Head;
  /** Every file but the entries, which the head's root names, by its hash; complete when all have been read. */
  readonly subjects: Subject[] = [];
  readonly #zip: ZipReader;
  readonly #layout: Layout;
  readonly #sha256: Sha256;

  private constructor(zip: ZipReader, { sha256 }: Hashes, statement: Uint8Array, head: Uint8Array) {
    this.#zip = zip;
    this.#sha256 = sha256;
    this.envelope = during('layout', () => fromUtf8(statement));
    const payload = during('statement', () =>
      fromBase64(String((parseJson(this.envelope) as { payload?: unknown }).payload)),
    );
    this.statement = during('statement', () => parseStatement(payload));
    this.statementText = fromUtf8(payload);
    this.headNote = during('layout', () => fromUtf8(head));
    this.head = during('layout', () => parseHead(parseNote(this.headNote).text));
    this.#layout = layoutOf(zip.entries, this.head.size);
    this.#name('head', head);
  }

  /** Reads the directory, the statement and the head. Throws `ProofError` with the check that failed. */
  static async open(source: Source, hashes: Hashes): Promise<ProofReader> {
    const zip = await duringRead('container', () => ZipReader.open(source, hashes.crc32));
    const { head, statement } = endsOf(zip.entries);
    const statementBytes = await fileOf(zip, statement, statementBytesMax);
    return new ProofReader(zip, hashes, statementBytes, await fileOf(zip, head, headBytesMax));
  }

  /** All facts in their order, with what is disclosed of them. */
  async *parts(): AsyncGenerator<Part> {
    for (const { from, width, entries, disclosures } of this.#layout.bundles) {
      yield { is: 'bundle', from, width, bytes: await fileOf(this.#zip, entries, bundleBytesMax) };
      for (const piece of disclosures) yield await this.#lines(piece, disclosures);
    }
  }

  /** The rows of each extract, by the position of its fact: lines, in one or more files. */
  async *extracts(): AsyncGenerator<{ readonly position: number; readonly lines: AsyncGenerator<Lines> }> {
    const lines = async function* (this: ProofReader, pieces: readonly ZipEntry[]): AsyncGenerator<Lines> {
      for (const piece of pieces) yield await this.#lines(piece, pieces);
    };
    for (const [position, pieces] of this.#layout.extracts)
      yield { position, lines: lines.call(this, pieces) };
  }

  /** What is for people comes last. */
  async people(): Promise<void> {
    for (const file of this.#layout.people)
      this.#name(file.name, await fileOf(this.#zip, file, peopleBytesMax));
  }

  async #lines(piece: ZipEntry, pieces: readonly ZipEntry[]): Promise<Lines> {
    const bytes = await fileOf(this.#zip, piece, pieceBytesMax);
    this.#name(piece.name, bytes);
    return { is: 'lines', text: textOf(bytes, piece.name, piece === pieces.at(-1)) };
  }

  #name(name: string, bytes: Uint8Array): void {
    this.subjects.push({ name, sha256: toHex(this.#sha256(bytes)) });
  }
}

async function fileOf(zip: ZipReader, file: ZipEntry, bytesMax: number): Promise<Uint8Array> {
  if (file.sizeBytes > bytesMax)
    throw new ProofError(
      'layout',
      `\`${file.name}\` has ${file.sizeBytes} bytes, at most ${bytesMax} can be`,
    );
  return duringRead('container', () => zip.file(file));
}

async function duringRead<T>(code: ProofError['code'], read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new ProofError(code, (error as Error).message);
  }
}

function during<T>(code: ProofError['code'], read: () => T, what = ''): T {
  try {
    return read();
  } catch (error) {
    throw new ProofError(code, `${what === '' ? '' : `${what}: `}${(error as Error).message}`);
  }
}
