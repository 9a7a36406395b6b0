// Where the bytes of a proof lie: a file, a Blob or memory. Read at random and in pieces, never as a whole.

/** Random access to bytes that do not change. `read` gives exactly `[from, to)` or fails. */
export interface Source {
  readonly sizeBytes: number;
  read(from: number, to: number): Promise<Uint8Array>;
}

/** What is used of a browser's `Blob`. */
export interface BlobLike {
  readonly size: number;
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export const bytesSource = (bytes: Uint8Array): Source => ({
  sizeBytes: bytes.length,
  read: async (from, to) => bytes.subarray(from, to),
});

export const blobSource = (blob: BlobLike): Source => ({
  sizeBytes: blob.size,
  read: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()),
});

const BLOCK_BYTES = 4 * 1024 * 1024;

/** Reads a source from front to back in blocks: what lies in the last block costs nothing. */
export class Window {
  readonly #source: Source;
  #from = 0;
  #block: Uint8Array = new Uint8Array(0);

  constructor(source: Source) {
    this.#source = source;
  }

  /** Throws `RangeError` for what lies beyond the end. */
  async bytes(from: number, length: number): Promise<Uint8Array> {
    const { sizeBytes } = this.#source;
    const to = from + length;
    if (to > sizeBytes) throw new RangeError('beyond the end');
    if (from < this.#from || to > this.#from + this.#block.length) {
      const end = Math.min(sizeBytes, Math.max(to, from + BLOCK_BYTES));
      const block = await this.#source.read(from, end);
      if (block.length !== end - from) throw new RangeError('cut short');
      this.#from = from;
      this.#block = block;
    }
    return this.#block.subarray(from - this.#from, to - this.#from);
  }
}
