// A server of the kit, behind the gateway: it remembers every request as it came, and answers by script. What it
// remembers is how the kit knows what a gateway let through.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Message, messageIn } from './message.ts';

export interface Heard {
  readonly http: string;
  readonly headers: IncomingMessage['headers'];
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
  readonly message: Message | undefined;
  /** Settles when the connection of this request is gone before it was answered. */
  readonly gone: Promise<void>;
}

export type Answer = (
  heard: Heard,
  response: ServerResponse,
  server: RecordingServer,
) => void | Promise<void>;

export class RecordingServer {
  readonly heard: Heard[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  constructor(answer: Answer) {
    this.#server = createServer((request, response) => {
      this.#take(answer, request, response).catch(() => response.destroy());
    });
  }

  /** On this port of the loopback address, or any free one. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Everything that came after `from` and asks for this method. */
  requests(method: string, from = 0): Heard[] {
    return this.heard.slice(from).filter(({ message }) => message?.method === method);
  }

  /** Whether this text came in a body or a header, after `from`. */
  saw(word: string, from = 0): boolean {
    return this.heard
      .slice(from)
      .some(({ body, rawHeaders }) => body.includes(word) || rawHeaders.some((each) => each.includes(word)));
  }

  /** The first request after `from` that is meant, if it comes in time. */
  async waitFor(
    isMeant: (heard: Heard) => boolean,
    { from = 0, patienceMs }: { from?: number; patienceMs: number },
  ): Promise<Heard | undefined> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const found = this.heard.slice(from).find(isMeant);
      const leftMs = until - performance.now();
      if (found !== undefined || leftMs <= 0) return found;
      await this.#more(leftMs);
    }
  }

  #more(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.#waiting.add(done);
    });
  }

  async #take(answer: Answer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const bytes = Buffer.concat(parts);
    const body = bytes.toString();
    const gone = new Promise<void>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) resolve();
      });
    });
    const { method: http = '', headers, rawHeaders } = request;
    const heard = { http, headers, rawHeaders, body, bytes, message: messageIn(body), gone };
    this.heard.push(heard);
    for (const wake of [...this.#waiting]) wake();
    await answer(heard, response, this);
  }
}

export function json(response: ServerResponse, body: unknown, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export const event = (message: unknown): string => `event: message\ndata: ${JSON.stringify(message)}\n\n`;

export function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
}
