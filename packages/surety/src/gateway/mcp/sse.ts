// Server-sent events (WHATWG HTML, section 9.2) as far as MCP needs them: the data of each event, bounded, its id,
// comments, and how soon to come back. A lone carriage return is not taken for a line end: no MCP server writes
// one, and two readers may differ.

import { Lines } from './lines.ts';

export interface EventsHeard {
  readonly onData: (data: Buffer) => void;
  /** A sign of life. */
  readonly onComment?: () => void;
  /** An event that only says where to come back to. */
  readonly onPlace?: () => void;
}

/** An id is echoed in a header of ours, hence visible ASCII; what is longer than this is not kept. */
const idPattern = /^[\x20-\x7e]{1,256}$/;

export class Events {
  readonly #bytesMax: number;
  readonly #heard: EventsHeard;
  readonly #lines: Lines;
  #data: Buffer[] = [];
  #bytes = 0;
  #named = false;
  #identified = false;
  #tooLong = false;
  /** The id of the last event, where the stream can be taken up again. */
  lastId: string | undefined;
  retryMs: number | undefined;

  constructor(bytesMax: number, heard: EventsHeard) {
    this.#bytesMax = bytesMax;
    this.#heard = heard;
    this.#lines = new Lines(bytesMax, (line) => this.#line(line), { keepEmpty: true });
  }

  /** False if an event is above the bound. */
  push(chunk: Buffer): boolean {
    return this.#lines.push(chunk) && !this.#tooLong;
  }

  #line(line: Buffer): void {
    if (line.length === 0) return this.#dispatch();
    const colon = line.indexOf(0x3a);
    if (colon === 0) return this.#heard.onComment?.();
    const field = line.subarray(0, colon === -1 ? line.length : colon).toString('latin1');
    const from = colon === -1 ? line.length : line[colon + 1] === 0x20 ? colon + 2 : colon + 1;
    const value = () => line.subarray(from).toString('latin1');
    // An event of another name is not a message of the protocol.
    if (field === 'event') this.#named = value() !== 'message';
    else if (field === 'id' && idPattern.test(value())) {
      this.lastId = value();
      this.#identified = true;
    } else if (field === 'retry' && /^\d{1,7}$/.test(value())) this.retryMs = Number(value());
    if (field !== 'data') return;
    this.#bytes += line.length;
    if (this.#bytes > this.#bytesMax) this.#tooLong = true;
    else this.#data.push(line.subarray(from));
  }

  #dispatch(): void {
    const [first, ...more] = this.#data;
    const data =
      first === undefined ? undefined : Buffer.concat([first, ...more.flatMap((each) => [lineBreak, each])]);
    const isEmpty = data === undefined || data.length === 0;
    if (!isEmpty && !this.#named) this.#heard.onData(data);
    else if (isEmpty && this.#identified) this.#heard.onPlace?.();
    this.#identified = false;
    this.#data = [];
    this.#bytes = 0;
    this.#named = false;
  }
}

const lineBreak = Buffer.from('\n');
