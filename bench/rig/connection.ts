// One HTTP/1.1 connection of the load: one request at a time, the answer read by its content-length or in chunks.
// Plain sockets, so that the load costs little of the machine that it shares with what it measures.

import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly body: Buffer;
  /** When its first byte after the head was here, by `process.hrtime`. */
  readonly firstNs: bigint;
}

const answerBytesMax = 1024 * 1024;

export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #firstNs = 0n;
  #waiting: PromiseWithResolvers<Reply> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (part) => this.#read(part));
    socket.on('error', (cause) => this.#waiting?.reject(cause));
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' }, () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  ask(request: Buffer): Promise<Reply> {
    this.#waiting = Promise.withResolvers<Reply>();
    this.#socket.write(request);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    if (this.#firstNs === 0n && this.#received.length > head + 4) this.#firstNs = process.hrtime.bigint();
    const text = this.#received.toString('latin1', 0, head);
    const whole = isChunked(text)
      ? chunked(this.#received, head + 4)
      : counted(this.#received, head + 4, text);
    if (whole === 'not yet') return;
    if (whole === 'unbounded') {
      this.#waiting?.reject(new Error(`an answer without an end: ${text.slice(0, 200)}`));
      return;
    }
    this.#received = this.#received.subarray(whole.end);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const firstNs = this.#firstNs;
    this.#firstNs = 0n;
    waiting?.resolve({ status: Number(text.slice(9, 12)), body: whole.body, firstNs });
  }
}

type Whole = { readonly body: Buffer; readonly end: number } | 'not yet' | 'unbounded';

const isChunked = (head: string): boolean => /^transfer-encoding: *chunked\r?$/im.test(head);

function counted(received: Buffer, from: number, head: string): Whole {
  const length = Number(/^content-length: *(\d+)\r?$/im.exec(head)?.[1] ?? Number.NaN);
  if (!(length <= answerBytesMax)) return 'unbounded';
  const end = from + length;
  return received.length < end ? 'not yet' : { body: received.subarray(from, end), end };
}

function chunked(received: Buffer, from: number): Whole {
  const parts: Buffer[] = [];
  for (let at = from; at - from <= answerBytesMax; ) {
    const line = received.indexOf('\r\n', at);
    if (line < 0) return 'not yet';
    const size = Number.parseInt(received.toString('latin1', at, line), 16);
    if (!(size <= answerBytesMax)) return 'unbounded';
    const end = line + 2 + size + 2;
    if (received.length < end) return 'not yet';
    if (size === 0) return { body: Buffer.concat(parts), end };
    parts.push(received.subarray(line + 2, end - 2));
    at = end;
  }
  return 'unbounded';
}
