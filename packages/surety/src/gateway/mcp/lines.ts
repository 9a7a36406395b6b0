// Bytes into lines, with a bound on a line. The writer of the bytes is not trusted: one that never ends a
// line must not fill our memory.

const newline = 0x0a;
const carriageReturn = 0x0d;

export interface LinesOptions {
  /** Also tell of lines without content. */
  readonly keepEmpty?: boolean;
}

export class Lines {
  readonly #bytesMax: number;
  readonly #onLine: (line: Buffer) => void;
  readonly #keepEmpty: boolean;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(bytesMax: number, onLine: (line: Buffer) => void, { keepEmpty = false }: LinesOptions = {}) {
    this.#bytesMax = bytesMax;
    this.#onLine = onLine;
    this.#keepEmpty = keepEmpty;
  }

  /** False if a line is above the bound: what follows cannot be told apart any more. */
  push(chunk: Buffer): boolean {
    let from = 0;
    for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
      if (!this.#keep(chunk.subarray(from, at))) return false;
      from = at + 1;
      this.#flush();
    }
    return this.#keep(chunk.subarray(from));
  }

  #keep(part: Buffer): boolean {
    this.#bytes += part.length;
    if (this.#bytes > this.#bytesMax) return false;
    if (part.length > 0) this.#parts.push(part);
    return true;
  }

  #flush(): void {
    const [only] = this.#parts;
    const line = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length;
    if (end > 0 || this.#keepEmpty) this.#onLine(line.subarray(0, end));
  }
}
