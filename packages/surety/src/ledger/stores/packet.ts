// How appends cross to the writer: many in one buffer, which changes hands and is not copied. The text of a
// fact lies in three pieces, with room between them for the two numbers that only the writer knows; it
// closes the gaps from the right, so that the long rest never moves, and parses nothing.

import { LedgerError } from '../errors.ts';
import type { Append, Erasure } from '../log.ts';

/** Appends, each whole. */
export interface Packet {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * By append: its streams, its facts, its bytes; then by stream: expected version (-1: any), facts;
   * then by fact: the bytes of head, middle, rest and disclosures, and whom these are about: an index of
   * `subjects`, or -1 less an index of `several`.
   */
  readonly numbers: Float64Array;
  /** Names, in the order of the numbers. */
  readonly streams: readonly string[];
  /** Names in the store of those whom disclosures are about. */
  readonly subjects: readonly string[];
  /** Indices of `subjects`, one for each disclosure of a fact. */
  readonly several: readonly (readonly number[])[];
  /** By the index of the append that erases. */
  readonly erasures: ReadonlyMap<number, Erasure>;
  readonly appends: number;
}

/** The subject of all disclosures of a fact, or of each, by names in the store. */
export type Named = string | readonly string[];

/** Up to the stream version, up to the emitter sequence, the rest. */
export type Pieces = readonly [head: string, middle: string, rest: string];

/** A natural number has at most 16 digits. */
const gapBytes = 16;
const bufferBytes = 64 * 1024;
/** What is kept to be filled again. */
const sparesMax = 8;
const spareBytesMax = 4 * bufferBytes;

/** The side that makes appends. */
export class Packing {
  #bytes = bufferOf(bufferBytes);
  #at = 0;
  #numbers: number[] = [];
  #streams: string[] = [];
  #subjects = new Map<string, number>();
  #several: (readonly number[])[] = [];
  #erasures = new Map<number, Erasure>();
  #appends = 0;
  readonly #spares: ArrayBuffer[] = [];

  get sizeBytes(): number {
    return this.#at;
  }

  get appends(): number {
    return this.#appends;
  }

  /**
   * Packs an append, of which `facts` packs each fact in order. If that throws, nothing of it was packed.
   * Gives the bytes that it takes.
   */
  append(appends: readonly Append[], facts: () => void, erases?: Erasure): number {
    const [at, from, names] = [this.#at, this.#numbers.length, this.#streams.length];
    this.#numbers.push(appends.length, 0, 0);
    let count = 0;
    for (const { stream, expected, facts: its } of appends) {
      this.#streams.push(stream);
      this.#numbers.push(expected ?? -1, its.length);
      count += its.length;
    }
    try {
      facts();
    } catch (cause) {
      this.#at = at;
      this.#numbers.length = from;
      this.#streams.length = names;
      throw cause;
    }
    if (erases !== undefined) this.#erasures.set(this.#appends, erases);
    this.#numbers[from + 1] = count;
    this.#numbers[from + 2] = this.#at - at;
    this.#appends++;
    return this.#at - at;
  }

  fact([head, middle, rest]: Pieces, disclosures: readonly string[], about: Named): void {
    this.#room(head.length + middle.length + rest.length);
    const headBytes = this.#write(head);
    this.#at += gapBytes;
    const middleBytes = this.#write(middle);
    this.#at += gapBytes;
    this.#numbers.push(headBytes, middleBytes, this.#write(rest), this.#disclosures(disclosures));
    this.#numbers.push(disclosures.length === 0 ? 0 : this.#about(about));
  }

  /** What was packed; then begins anew. */
  take(): Packet {
    const bytes = new Uint8Array(this.#bytes.buffer, 0, this.#at);
    const numbers = Float64Array.from(this.#numbers);
    const packet = {
      bytes,
      numbers,
      streams: this.#streams,
      subjects: [...this.#subjects.keys()],
      several: this.#several,
      erasures: this.#erasures,
      appends: this.#appends,
    };
    this.#bytes = bufferOf(this.#spares.pop() ?? bufferBytes);
    this.#at = 0;
    this.#numbers = [];
    this.#streams = [];
    this.#subjects = new Map();
    this.#several = [];
    this.#erasures = new Map();
    this.#appends = 0;
    return packet;
  }

  /** Takes back a buffer that the writer is done with. */
  reuse(buffer: ArrayBuffer): void {
    if (this.#spares.length < sparesMax && buffer.byteLength <= spareBytesMax) this.#spares.push(buffer);
  }

  #about(about: Named): number {
    if (typeof about === 'string') return this.#subject(about);
    this.#several.push(about.map((name) => this.#subject(name)));
    return -this.#several.length;
  }

  #subject(name: string): number {
    const known = this.#subjects.get(name);
    if (known !== undefined) return known;
    this.#subjects.set(name, this.#subjects.size);
    return this.#subjects.size - 1;
  }

  /** A line each. A disclosure is base64url: one with a line break would come back as two, an empty one as none. */
  #disclosures(texts: readonly string[]): number {
    const from = this.#at;
    for (const text of texts) {
      if (text === '' || text.includes('\n'))
        throw new LedgerError('invalid', 'a disclosure is empty or holds a line break');
      this.#room(text.length);
      if (this.#at > from) this.#bytes[this.#at++] = 0x0a;
      this.#write(text);
    }
    return this.#at - from;
  }

  #write(text: string): number {
    const written = this.#bytes.write(text, this.#at);
    this.#at += written;
    return written;
  }

  /** Makes room for so many UTF-16 code units, of at most three bytes each, and for what lies between them. */
  #room(chars: number): void {
    const needed = this.#at + 3 * chars + 2 * gapBytes + 1;
    let size = this.#bytes.length;
    if (needed <= size) return;
    while (size < needed) size *= 2;
    const larger = bufferOf(size);
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

const bufferOf = (memory: number | ArrayBuffer): Buffer<ArrayBuffer> =>
  Buffer.from(typeof memory === 'number' ? new ArrayBuffer(memory) : memory);

/** What is stored of a fact. */
export interface Row {
  readonly bytes: Uint8Array;
  /** UTF-8 lines; empty where there are none. */
  readonly disclosures: Uint8Array;
  /** Whom they are about. */
  readonly about: Named;
}

/** The side that writes: reads one append after the other. */
export class Unpacking {
  readonly #packet: Packet;
  /** Where the append that is read has its numbers, its streams and its bytes. */
  #number = 0;
  #stream = 0;
  #byte = 0;
  #read = 0;
  #streams = 0;

  constructor(packet: Packet) {
    this.#packet = packet;
  }

  /** Goes to the next append; false after the last. */
  next(): boolean {
    const { numbers, appends } = this.#packet;
    if (this.#read > 0) {
      const [streams, facts, bytes] = this.#head();
      this.#number += 3 + 2 * streams + 5 * facts;
      this.#stream += streams;
      this.#byte += bytes;
    }
    if (this.#read === appends) return false;
    this.#read++;
    this.#streams = numbers[this.#number] as number;
    return true;
  }

  /** Number of streams. */
  get streams(): number {
    return this.#streams;
  }

  nameOf(stream: number): string {
    return this.#packet.streams[this.#stream + stream] as string;
  }

  /** -1: any. */
  expectedOf(stream: number): number {
    return this.#packet.numbers[this.#number + 3 + 2 * stream] as number;
  }

  factsOf(stream: number): number {
    return this.#packet.numbers[this.#number + 4 + 2 * stream] as number;
  }

  /** What the append erases, if anything. */
  get erasure(): Erasure | undefined {
    return this.#packet.erasures.get(this.#read - 1);
  }

  /** The rows of the append, given the version of each stream and the emitter sequence of the first fact. May be asked for once. */
  rows(versions: readonly number[], emitterSeq: number): Row[] {
    const { numbers, bytes } = this.#packet;
    const rows: Row[] = [];
    let at = this.#byte;
    let length = this.#number + 3 + 2 * this.#streams;
    for (let stream = 0; stream < this.#streams; stream++) {
      const version = versions[stream] as number;
      for (let fact = 0; fact < this.factsOf(stream); fact++, length += 5) {
        const middle = at + (numbers[length] as number) + gapBytes;
        const rest = middle + (numbers[length + 1] as number) + gapBytes;
        const end = rest + (numbers[length + 2] as number);
        let from = putDigits(bytes, rest, emitterSeq + rows.length);
        from = moveUp(bytes, middle, rest - gapBytes, from);
        from = putDigits(bytes, from, version + fact);
        from = moveUp(bytes, at, middle - gapBytes, from);
        at = end + (numbers[length + 3] as number);
        const about = this.#about(numbers[length + 4] as number);
        rows.push({ bytes: bytes.subarray(from, end), disclosures: bytes.subarray(end, at), about });
      }
    }
    return rows;
  }

  #about(index: number): Named {
    const { subjects, several } = this.#packet;
    const nameOf = (subject: number): string => subjects[subject] ?? '';
    return index >= 0 ? nameOf(index) : (several[-1 - index] ?? []).map(nameOf);
  }

  #head(): [streams: number, facts: number, bytes: number] {
    const { numbers } = this.#packet;
    const at = this.#number;
    return [numbers[at] as number, numbers[at + 1] as number, numbers[at + 2] as number];
  }
}

/** Writes a natural number so that it ends before `end`; gives where it begins. */
function putDigits(bytes: Uint8Array, end: number, number: number): number {
  let at = end;
  let left = number;
  do {
    const tenth = Math.floor(left / 10);
    bytes[--at] = 0x30 + (left - 10 * tenth);
    left = tenth;
  } while (left > 0);
  return at;
}

/** Moves `[from, to)` so that it ends before `end`; gives where it begins. */
function moveUp(bytes: Uint8Array, from: number, to: number, end: number): number {
  const start = end - (to - from);
  bytes.copyWithin(start, from, to);
  return start;
}
