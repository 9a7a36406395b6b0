// One HTTP/1.1 connection of the load: one request at a time, the answer read by its content-length.
// Plain sockets, so that the load costs little of the machine that it shares with what it measures.

import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

const answerBytesMax = 1024 * 1024;

export class Connection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
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
    const text = this.#received.toString('latin1', 0, head);
    const length = Number(/^content-length: *(\d+)\r?$/im.exec(text)?.[1] ?? Number.NaN);
    if (!(length <= answerBytesMax)) {
      this.#waiting?.reject(new Error(`an answer without a content-length: ${text.slice(0, 200)}`));
      return;
    }
    if (this.#received.length < head + 4 + length) return;
    const reply = {
      status: Number(text.slice(9, 12)),
      body: this.#received.subarray(head + 4, head + 4 + length),
    };
    this.#received = this.#received.subarray(head + 4 + length);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(reply);
  }
}
