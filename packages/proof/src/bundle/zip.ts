// A proof as one file: a zip (PKWARE APPNOTE 6.3) with everything stored, nothing compressed, no dates.
// Files lie back to back in the order of the directory, and every header is the one that `ZipWriter` writes: one list
// of files has exactly one byte string, so there is no room for what zip readers disagree on (two directories,
// overlapping or hidden entries, odd names). Both ways in pieces: neither holds more than the directory and one file.

import { concat, equal, fromUtf8, utf8 } from '../values/bytes.ts';
import { type Source, Window } from './source.ts';

export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A file as the directory names it. */
export interface ZipEntry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly crc: number;
  /** Of its local header. */
  readonly offset: number;
}

export type Crc32 = (bytes: Uint8Array) => number;
/** Takes bytes in the order of the file. They are its own: nobody changes them afterwards. */
export type Sink = (bytes: Uint8Array) => void | Promise<void>;

export type ZipErrorCode = 'bad-name' | 'duplicate-name' | 'too-large' | 'malformed' | 'not-canonical';

export class ZipError extends Error {
  readonly code: ZipErrorCode;
  constructor(code: ZipErrorCode, message: string) {
    super(message);
    this.name = 'ZipError';
    this.code = code;
  }
}

const FILES_MAX = 65_534;
/** Where another format would begin. */
const BYTES_MAX = 2 ** 32 - 1;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const NAME_BYTES_MAX = 255;
const VERSION = 20;
const UTF8_NAMES = 0x0800;
/** 1980-01-01, the earliest that the format has. */
const DATE = 0x21;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 (ISO 3309): a checksum that the format wants, no protection. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 255] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Writes a zip front to back. The same files in the same order give the same bytes. */
export class ZipWriter {
  readonly #sink: Sink;
  readonly #crc32: Crc32;
  readonly #names = new Set<string>();
  readonly #directory: Uint8Array[] = [];
  #offset = 0;
  #directoryBytes = 0;

  constructor(sink: Sink, crc: Crc32 = crc32) {
    this.#sink = sink;
    this.#crc32 = crc;
  }

  async add(name: string, bytes: Uint8Array): Promise<void> {
    if (this.#names.has(checked(name))) throw new ZipError('duplicate-name', `\`${name}\` is there twice`);
    this.#names.add(name);
    const entry = { name, sizeBytes: bytes.length, crc: this.#crc32(bytes), offset: this.#offset };
    const local = localHeader(entry);
    const central = centralHeader(entry);
    this.#offset += local.length + bytes.length;
    this.#directory.push(central);
    this.#directoryBytes += central.length;
    if (this.#names.size > FILES_MAX || this.#offset + this.#directoryBytes + END_BYTES > BYTES_MAX)
      throw new ZipError('too-large', `zip would have ${this.#names.size} files and ${this.#offset} bytes`);
    await this.#sink(local);
    await this.#sink(bytes);
  }

  /** Writes the directory; nothing comes after it. Gives the size of the whole. */
  async end(): Promise<number> {
    const directory = concat(...this.#directory);
    await this.#sink(directory);
    await this.#sink(endRecord(this.#directory.length, directory.length, this.#offset));
    return this.#offset + directory.length + END_BYTES;
  }
}

/** What a local header and a directory entry have in common. */
const shared = ({ crc, sizeBytes }: ZipEntry, nameBytes: number): Uint8Array =>
  concat(
    fields([2, VERSION], [2, UTF8_NAMES], [2, 0], [2, 0], [2, DATE], [4, crc]),
    fields([4, sizeBytes], [4, sizeBytes], [2, nameBytes], [2, 0]),
  );

function localHeader(entry: ZipEntry): Uint8Array {
  const name = utf8(entry.name);
  return concat(fields([4, 0x04034b50]), shared(entry, name.length), name);
}

function centralHeader(entry: ZipEntry): Uint8Array {
  const name = utf8(entry.name);
  const rest = fields([2, 0], [2, 0], [2, 0], [4, 0], [4, entry.offset]);
  return concat(fields([4, 0x02014b50], [2, VERSION]), shared(entry, name.length), rest, name);
}

const endRecord = (count: number, directoryBytes: number, offset: number): Uint8Array =>
  concat(
    fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count]),
    fields([4, directoryBytes], [4, offset], [2, 0]),
  );

/** Reads the files of a zip one after the other. */
export class ZipReader {
  /** All of it, in order: no file hides between them, none shares bytes with another. */
  readonly entries: readonly ZipEntry[];
  readonly #window: Window;
  readonly #crc32: Crc32;

  private constructor(source: Source, entries: readonly ZipEntry[], crc: Crc32) {
    this.entries = entries;
    this.#window = new Window(source);
    this.#crc32 = crc;
  }

  /** Reads the directory alone. What it claims is checked against the size before anything is read by it. */
  static async open(source: Source, crc: Crc32 = crc32): Promise<ZipReader> {
    const { sizeBytes } = source;
    if (sizeBytes > BYTES_MAX) throw new ZipError('too-large', `zip has ${sizeBytes} bytes`);
    if (sizeBytes < END_BYTES) throw malformed('it is shorter than any zip');
    const end = await source.read(sizeBytes - END_BYTES, sizeBytes);
    const view = viewOf(end);
    const [count, directoryBytes, offset] = [
      view.getUint16(10, true),
      view.getUint32(12, true),
      view.getUint32(16, true),
    ];
    if (!equal(end, endRecord(count, directoryBytes, offset)))
      throw malformed('it ends otherwise than a zip');
    if (offset + directoryBytes + END_BYTES !== sizeBytes || count > FILES_MAX)
      throw notCanonical('its directory does not lie between its files and its end');
    if (directoryBytes > count * (CENTRAL_BYTES + NAME_BYTES_MAX))
      throw notCanonical('its directory is padded');
    const directory = await source.read(offset, offset + directoryBytes);
    return new ZipReader(source, entriesIn(directory, count, offset), crc);
  }

  /** The whole of one file. Cheap in the order of the directory. */
  async file(entry: ZipEntry): Promise<Uint8Array> {
    const header = localHeader(entry);
    const bytes = await this.#window.bytes(entry.offset, header.length + entry.sizeBytes);
    if (!equal(bytes.subarray(0, header.length), header))
      throw notCanonical(`the header of \`${entry.name}\` is not the one of the directory`);
    const content = bytes.subarray(header.length);
    if (this.#crc32(content) !== entry.crc) throw notCanonical(`\`${entry.name}\` has another checksum`);
    return content;
  }
}

/** Parses the directory, writes it again and compares: what is not said here is not there. */
function entriesIn(directory: Uint8Array, count: number, end: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  const view = viewOf(directory);
  let [at, offset] = [0, 0];
  while (entries.length < count) {
    if (at + CENTRAL_BYTES > directory.length) throw malformed('its directory is cut short');
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + CENTRAL_BYTES + nameBytes;
    if (next > directory.length) throw malformed('its directory is cut short');
    const name = nameIn(directory.subarray(at + CENTRAL_BYTES, next));
    const entry = {
      name,
      sizeBytes: view.getUint32(at + 24, true),
      crc: view.getUint32(at + 16, true),
      offset,
    };
    if (!equal(directory.subarray(at, next), centralHeader(entry)))
      throw notCanonical(`the directory's entry of \`${name}\` is not its one form`);
    if (names.has(name)) throw new ZipError('duplicate-name', `\`${name}\` is there twice`);
    names.add(name);
    entries.push(entry);
    offset += LOCAL_BYTES + nameBytes + entry.sizeBytes;
    if (offset > end) throw notCanonical('its files are larger than it is');
    at = next;
  }
  if (at !== directory.length || offset !== end) throw notCanonical('there is something beside its files');
  return entries;
}

function nameIn(bytes: Uint8Array): string {
  try {
    return checked(fromUtf8(bytes));
  } catch (error) {
    if (error instanceof ZipError) throw error;
    throw malformed('a name is not text');
  }
}

const malformed = (why: string): ZipError => new ZipError('malformed', `zip is malformed: ${why}`);
const notCanonical = (why: string): ZipError =>
  new ZipError('not-canonical', `zip is not the one form of its content: ${why}`);
const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Relative, forward slashes, no `.` or `..`, nothing a file system or terminal reads otherwise. */
function checked(name: string): string {
  const safe =
    name.length <= NAME_BYTES_MAX &&
    name.isWellFormed() &&
    utf8(name).length <= NAME_BYTES_MAX &&
    !/[\p{Cc}\\:*?"<>|]/u.test(name) &&
    name.split('/').every((part) => part !== '' && !/^\.{1,2}$/.test(part));
  if (!safe) throw new ZipError('bad-name', `\`${name}\` is no safe file name`);
  return name;
}

/** Little-endian numbers of two or four bytes. */
function fields(...numbers: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  return Uint8Array.from(
    numbers.flatMap(([bytes, value]) => Array.from({ length: bytes }, (_, at) => (value >>> (8 * at)) & 255)),
  );
}
