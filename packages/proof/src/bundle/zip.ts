// A proof as one file: a zip (PKWARE APPNOTE 6.3) with everything stored, nothing compressed, no dates.
// One content has exactly one byte string: reading parses, writes again and compares. So there is no room
// for what zip readers disagree on (two directories, overlapping or hidden entries, odd names).

import { concat, equal, fromUtf8, utf8 } from '../values/bytes.ts';

export interface ZipFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

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
/** Below the 4 GiB where another format would begin. */
const BYTES_MAX = 2 ** 31 - 1;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
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

export function writeZip(files: readonly ZipFile[]): Uint8Array {
  const named = files.map((file) => ({ name: utf8(checked(file.name)), bytes: file.bytes }));
  named.sort((a, b) => compare(a.name, b.name));
  named.forEach(({ name }, at) => {
    const before = named[at - 1]?.name;
    if (before !== undefined && equal(before, name))
      throw new ZipError('duplicate-name', `\`${fromUtf8(name)}\` is there twice`);
  });
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let offset = 0;
  let centralBytes = 0;
  for (const { name, bytes } of named) {
    // What a local header and a directory entry have in common.
    const shared = fields([2, VERSION], [2, UTF8_NAMES], [2, 0], [2, 0], [2, DATE], [4, crc32(bytes)]);
    const sizes = fields([4, bytes.length], [4, bytes.length], [2, name.length], [2, 0]);
    const central = fields([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]);
    locals.push(fields([4, 0x04034b50]), shared, sizes, name, bytes);
    centrals.push(fields([4, 0x02014b50], [2, VERSION]), shared, sizes, central, name);
    offset += LOCAL_BYTES + name.length + bytes.length;
    centralBytes += CENTRAL_BYTES + name.length;
  }
  if (named.length > FILES_MAX || offset + centralBytes + END_BYTES > BYTES_MAX)
    throw new ZipError('too-large', `zip would have ${named.length} files and ${offset} bytes`);
  const count = named.length;
  const counts = fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count]);
  return concat(...locals, ...centrals, counts, fields([4, centralBytes], [4, offset], [2, 0]));
}

/** Names are those of the directory at the end; everything else must be what `writeZip` gives. */
export function readZip(zip: Uint8Array): ZipFile[] {
  if (zip.length > BYTES_MAX) throw new ZipError('too-large', `zip has ${zip.length} bytes`);
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  const files: ZipFile[] = [];
  try {
    const end = zip.length - END_BYTES;
    const count = view.getUint16(end + 10, true);
    let entry = view.getUint32(end + 16, true);
    for (let n = 0; n < count; n++) {
      const sizeBytes = view.getUint32(entry + 24, true);
      const nameBytes = view.getUint16(entry + 28, true);
      const name = fromUtf8(slice(zip, entry + CENTRAL_BYTES, nameBytes));
      const local = view.getUint32(entry + 42, true);
      files.push({ name, bytes: slice(zip, local + LOCAL_BYTES + nameBytes, sizeBytes) });
      entry += CENTRAL_BYTES + nameBytes;
    }
  } catch {
    throw new ZipError('malformed', 'zip is cut short or malformed');
  }
  // Entries may all claim the same large range: refuse before writing them out once more.
  const total = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (total > zip.length || !equal(writeZip(files), zip))
    throw new ZipError('not-canonical', 'zip is not the one form of its content');
  return files;
}

function slice(zip: Uint8Array, from: number, length: number): Uint8Array {
  if (from + length > zip.length) throw new RangeError('beyond the end');
  return zip.subarray(from, from + length);
}

/** Relative, forward slashes, no `.` or `..`, nothing a file system or terminal reads otherwise. */
function checked(name: string): string {
  const safe =
    name.length <= 255 &&
    name.isWellFormed() &&
    !/[\p{Cc}\\:*?"<>|]/u.test(name) &&
    name.split('/').every((part) => part !== '' && !/^\.{1,2}$/.test(part));
  if (!safe) throw new ZipError('bad-name', `\`${name}\` is no safe file name`);
  return name;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return (a[at] as number) - (b[at] as number);
  return a.length - b.length;
}

/** Little-endian numbers of two or four bytes. */
function fields(...numbers: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  return Uint8Array.from(
    numbers.flatMap(([bytes, value]) => Array.from({ length: bytes }, (_, at) => (value >>> (8 * at)) & 255)),
  );
}
