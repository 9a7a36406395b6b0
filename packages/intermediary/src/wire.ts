// Requests to the gateway, byte for byte as a check wants them, and everything that comes back. `node:http` adds nothing
// but the length of the body; what even it would refuse to send goes over a bare socket.

import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { type Message, messageIn } from './message.ts';

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** Of a JSON body, or of a stream, in order. */
  readonly messages: readonly Message[];
  /** It ended; else the kit's patience did. */
  readonly ended: boolean;
}

export type Headers = readonly (readonly [name: string, value: string])[];

/** An answer while it comes. */
export class Coming {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  #text = '';
  #hasEnded = false;
  readonly #waiting = new Set<() => void>();
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    this.#incoming = incoming;
    this.status = incoming.statusCode ?? 0;
    this.headers = incoming.headers;
    incoming.setEncoding('utf8');
    const wakeAll = () => {
      for (const wake of [...this.#waiting]) wake();
    };
    incoming.on('data', (part: string) => {
      this.#text += part;
      wakeAll();
    });
    incoming.once('close', () => {
      this.#hasEnded = true;
      wakeAll();
    });
    incoming.on('error', () => undefined);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get text(): string {
    return this.#text;
  }

  get messages(): readonly Message[] {
    if (!String(this.headers['content-type']).startsWith('text/event-stream')) {
      const message = messageIn(this.#text);
      return message === undefined ? [] : [message];
    }
    return this.#text.split(/\r?\n\r?\n/).flatMap((part) => {
      const lines = part.split(/\r?\n/).filter((line) => line.startsWith('data:'));
      const message = messageIn(lines.map((line) => line.slice(5)).join('\n'));
      return message === undefined ? [] : [message];
    });
  }

  /** Until this holds of what has come so far; false if it ends or patience does. */
  async until(holds: (so: Coming) => boolean, patienceMs: number): Promise<boolean> {
    const by = performance.now() + patienceMs;
    for (;;) {
      if (holds(this)) return true;
      const leftMs = by - performance.now();
      if (this.#hasEnded || leftMs <= 0) return false;
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

  hangUp(): void {
    this.#incoming.destroy();
  }
}

/** Rejects if no answer begins in time, or none that is HTTP. */
export function open(
  url: string,
  headers: Headers,
  body: string | Buffer,
  { patienceMs, method = 'POST' }: { patienceMs: number; method?: string },
): Promise<Coming> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body as string);
    const named = headers.some(([name]) => name.toLowerCase() === 'host');
    const sent = [
      ...(named ? [] : [['host', new URL(url).host] as const]),
      ...headers,
      ['content-length', String(bytes.length)] as const,
    ];
    const asked = request(url, { method, headers: sent.flat() as never, agent: false }, (incoming) => {
      asked.setTimeout(0);
      resolve(new Coming(incoming));
    });
    asked.setTimeout(patienceMs, () => asked.destroy(new Error(`no answer within ${patienceMs} ms`)));
    asked.once('error', reject);
    asked.end(bytes);
  });
}

export async function post(
  url: string,
  headers: Headers,
  body: string | Buffer,
  patienceMs: number,
): Promise<Answered> {
  const coming = await open(url, headers, body, { patienceMs });
  await coming.until(() => false, patienceMs);
  const { status, headers: answered, text, messages, hasEnded: ended } = coming;
  if (!ended) coming.hangUp();
  return { status, headers: answered, text, messages, ended };
}

/** Exactly these bytes on a connection of their own, and what came back until it closed or patience ended. */
export function raw(url: string, bytes: string, patienceMs: number): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(said);
    };
    const timer = setTimeout(done, patienceMs);
    socket.on('data', (part: Buffer) => {
      said += part.toString('latin1');
    });
    socket.once('close', done);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') resolve(said);
      else reject(error);
    });
  });
}
