// Reads a proof from front to back, holding one file of it at a time, whatever its size. What it gives is in one
// piece and in its place; whether it is true is not asked here.

import { type Head, parseHead } from '../records/heads.ts';
import { parseNote } from '../records/note.ts';
import { decodeEntries, TILE_WIDTH } from '../records/tiles.ts';
import { type ParsedStatement, parseStatement, type Subject } from '../report/statement.ts';
import { fromBase64, fromUtf8, type Sha256, toHex } from '../values/bytes.ts';
import { parseJson } from '../values/json.ts';
import { endsOf, type Layout, layoutOf, ProofError } from './layout.ts';
import { Lines, pieceBytesMax } from './pieces.ts';
import type { Source } from './source.ts';
import { type Crc32, type ZipEntry, ZipReader } from './zip.ts';

const MEBIBYTE = 1024 * 1024;
const statementBytesMax = 16 * MEBIBYTE;
const headBytesMax = MEBIBYTE;
const bundleBytesMax = TILE_WIDTH * (2 + 65_535);
/** The population of a window is the largest: about two million rows. */
const peopleBytesMax = 256 * MEBIBYTE;
/** A value of a call has a mebibyte at most, and a fact commits to few values. */
const disclosedCharsMax = 8 * MEBIBYTE;

export interface Hashes {
  readonly sha256: Sha256;
  /** The platform's own, if it has one. */
  readonly crc32?: Crc32 | undefined;
}

/** One entry bundle. */
export interface Bundle {
  /** Position of its first fact. */
  readonly from: number;
  readonly entries: readonly Uint8Array[];
  readonly disclosures: Disclosures;
}

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

  /** All facts in their order. Take each bundle's disclosures before you go on. */
  async *bundles(): AsyncGenerator<Bundle> {
    for (const { from, width, entries: file, disclosures } of this.#layout.bundles) {
      const bytes = await fileOf(this.#zip, file, bundleBytesMax);
      const entries = during('layout', () => decodeEntries(bytes, width), file.name);
      const shown = new Disclosures(disclosures, (piece) => this.#lines(piece, disclosures));
      yield { from, entries, disclosures: shown };
      await shown.end();
    }
  }

  /** The rows of each extract, by the position of its fact, with their digests. */
  async *extracts(): AsyncGenerator<{ readonly position: number; readonly rows: Disclosures }> {
    for (const [position, pieces] of this.#layout.extracts) {
      const rows = new Disclosures(pieces, (piece) => this.#lines(piece, pieces));
      yield { position, rows };
      await rows.end();
    }
  }

  /** What is for people comes last. */
  async people(): Promise<void> {
    for (const file of this.#layout.people)
      this.#name(file.name, await fileOf(this.#zip, file, peopleBytesMax));
  }

  async #lines(piece: ZipEntry, pieces: readonly ZipEntry[]): Promise<Lines> {
    const bytes = await fileOf(this.#zip, piece, pieceBytesMax);
    this.#name(piece.name, bytes);
    return new Lines(bytes, piece.name, piece === pieces.at(-1), this.#sha256);
  }

  #name(name: string, bytes: Uint8Array): void {
    this.subjects.push({ name, sha256: toHex(this.#sha256(bytes)) });
  }
}

/** Lines of disclosures over several files, in the order of what they belong to. */
export class Disclosures {
  readonly #files: readonly ZipEntry[];
  readonly #open: (file: ZipEntry) => Promise<Lines>;
  #next = 0;
  #lines: Lines | undefined;

  constructor(files: readonly ZipEntry[], open: (file: ZipEntry) => Promise<Lines>) {
    this.#files = files;
    this.#open = open;
  }

  /** Digest of the next line; undefined if there is none, or `more` must be awaited first. */
  get digest(): string | undefined {
    return this.#lines?.digest;
  }

  /** True if the next line lies in a file that is not read yet. */
  get isPending(): boolean {
    return this.#lines?.digest === undefined && this.#next < this.#files.length;
  }

  async more(): Promise<void> {
    const file = this.#files[this.#next] as ZipEntry;
    this.#next += 1;
    this.#lines = await this.#open(file);
  }

  take(): string {
    return (this.#lines as Lines).take();
  }

  /**
   * Those of these commitments that are disclosed, by their digests: the next lines, in this order, as far as they
   * belong to them.
   */
  async of(commitments: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const shown = new Map<string, string>();
    let chars = 0;
    for (const commitment of commitments) {
      if (this.isPending) await this.more();
      if (this.digest !== commitment) continue;
      const line = this.take();
      chars += line.length;
      if (chars > disclosedCharsMax) throw new ProofError('layout', 'a fact discloses more than it can hold');
      shown.set(commitment, line);
    }
    return shown;
  }

  /** Reads what nobody took. */
  async end(): Promise<void> {
    while (this.#next < this.#files.length) await this.more();
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
