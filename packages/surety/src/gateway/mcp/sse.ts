// Server-sent events (WHATWG HTML, section 9.2) as far as MCP needs them: the data of each event, bounded.
// A lone carriage return is not taken for a line end: no MCP server writes one, and two readers may differ.

import { Lines } from './lines.ts';

export class Events {
  readonly #bytesMax: number;
  readonly #onData: (data: Buffer) => void;
  readonly #lines: Lines;
  #data: Buffer[] = [];
  #bytes = 0;
  #named = false;
  #tooLong = false;

  constructor(bytesMax: number, onData: (data: Buffer) => void) {
    this.#bytesMax = bytesMax;
    this.#onData = onData;
    this.#lines = new Lines(bytesMax, (line) => this.#line(line), { keepEmpty: true });
  }

  /** False if an event is above the bound. */
  push(chunk: Buffer): boolean {
    return this.#lines.push(chunk) && !this.#tooLong;
  }

  #line(line: Buffer): void {
    if (line.length === 0) return this.#dispatch();
    const colon = line.indexOf(0x3a);
    const field = line.subarray(0, colon === -1 ? line.length : colon).toString('latin1');
    const from = colon === -1 ? line.length : line[colon + 1] === 0x20 ? colon + 2 : colon + 1;
    // An event of another name is not a message of the protocol.
    if (field === 'event') this.#named = line.subarray(from).toString('latin1') !== 'message';
    if (field !== 'data') return;
    this.#bytes += line.length;
    if (this.#bytes > this.#bytesMax) this.#tooLong = true;
    else this.#data.push(line.subarray(from));
  }

  #dispatch(): void {
    const [first, ...more] = this.#data;
    const data =
      first === undefined ? undefined : Buffer.concat([first, ...more.flatMap((each) => [lineBreak, each])]);
    if (data !== undefined && data.length > 0 && !this.#named) this.#onData(data);
    this.#data = [];
    this.#bytes = 0;
    this.#named = false;
  }
}

const lineBreak = Buffer.from('\n');
