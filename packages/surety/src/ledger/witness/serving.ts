// The witness over HTTP (C2SP tlog-witness): `add-checkpoint`, and the last cosigned head of each log for monitors.
// Anyone may be at the other end: bodies, connections, waiting and the pace of one address are bounded. Without TLS:
// a head is public, and both ends check signatures; who wants it private puts a proxy in front.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fromUtf8 } from '@surety/proof/records';
import { WitnessError } from './error.ts';
import type { Memory } from './memory.ts';
import { addCheckpoint, malformed, Refused, type Witness } from './submission.ts';

/** 63 lines of proof, and a note with the 16 signatures of the longest kind that the spec asks for. */
const bodyBytesMax = 132 * 1024;
const requestMsMax = 10_000;
const idleMsMax = 15_000;
const connectionsMax = 256;
const underWayMax = 64;
/** What one address may ask in a second, and at once: a sealer asks twice a head, ten heads a second. */
const pace = { perSecond: 50, burst: 200, addressesMax: 4096 };

export interface Serving extends Witness {
  readonly memory: Memory;
  /** It has shown itself that it forgot: nothing may be cosigned after this. */
  readonly onForgotten: (cause: WitnessError) => void;
}

export function witnessServer(serving: Serving): Server {
  const pacing = new Pace(() => performance.now());
  let underWay = 0;
  let forgotten = false;
  const handle = async (request: IncomingMessage): Promise<string> => {
    if (forgotten || underWay >= underWayMax) throw new Refused(503, 'try again later\n');
    if (!pacing.allows(request.socket.remoteAddress ?? '')) throw new Refused(429, 'too many requests\n');
    underWay++;
    try {
      return await answerTo(request, serving);
    } catch (cause) {
      if (!(cause instanceof WitnessError)) throw cause;
      forgotten = true;
      serving.onForgotten(cause);
      throw new Refused(503, 'this witness cosigns no more\n');
    } finally {
      underWay--;
    }
  };
  const server = createServer(
    {
      ...{ requestTimeout: requestMsMax, headersTimeout: requestMsMax, keepAliveTimeout: idleMsMax },
      connectionsCheckingInterval: 1_000,
    },
    (request, response) =>
      void handle(request).then(
        (text) => respond(response, 200, text),
        (cause: unknown) => refuse(response, cause),
      ),
  );
  server.maxConnections = connectionsMax;
  return server;
}

async function answerTo(request: IncomingMessage, serving: Serving): Promise<string> {
  const { method = '', url = '' } = request;
  if (url === '/add-checkpoint') {
    if (method !== 'POST') throw new Refused(405, 'it is a POST\n');
    return addCheckpoint(await bodyOf(request), serving);
  }
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(url) ?? [];
  if (hash === undefined) throw new Refused(404, 'here are /add-checkpoint and /<origin hash>/checkpoint\n');
  if (method !== 'GET') throw new Refused(405, 'it is a GET\n');
  for (const [origin, { note }] of serving.memory.all)
    if (note !== undefined && createHash('sha256').update(origin).digest('hex') === hash) return note;
  throw new Refused(404, 'no head of this log was cosigned\n');
}

function bodyOf(request: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  request.on('data', (part: Buffer) => {
    sizeBytes += part.length;
    if (sizeBytes <= bodyBytesMax) parts.push(part);
    // What still comes is read and dropped, within the time of a request, so that the answer is seen.
    else reject(new Refused(413, 'the submission is too large\n'));
  });
  request.on('error', reject);
  request.on('end', () => {
    try {
      resolve(fromUtf8(Buffer.concat(parts)));
    } catch {
      reject(malformed());
    }
  });
  return promise;
}

function respond(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  const again = status === 429 || status === 503 ? { 'retry-after': '1' } : {};
  response.writeHead(status, { 'content-type': type, ...again }).end(text);
}

function refuse(response: ServerResponse, cause: unknown): void {
  const refused = cause instanceof Refused ? cause : new Refused(500, 'the head could not be recorded\n');
  // What is left of a body that nobody reads would be taken for the next request.
  if (refused.status === 413 || refused.status === 429 || refused.status === 503)
    response.setHeader('connection', 'close');
  respond(response, refused.status, refused.message, refused.type);
}

/** A bucket for each address, filled over time; the longest unseen is dropped for a new one. */
export class Pace {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  allows(address: string): boolean {
    const at = this.#now();
    const name = netOf(address);
    const { left, at: since } = this.#buckets.get(name) ?? { left: pace.burst, at };
    const filled = Math.min(pace.burst, left + ((at - since) / 1000) * pace.perSecond);
    this.#buckets.delete(name);
    if (this.#buckets.size >= pace.addressesMax) {
      const [oldest = ''] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    this.#buckets.set(name, { left: Math.max(0, filled - 1), at });
    return filled >= 1;
  }
}

/** One host has a whole network of IPv6 addresses (/64): they count as one. */
function netOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = ''] = address.split('%');
  const [left = '', right] = head.split('::');
  const groups = left.split(':').filter((group) => group !== '');
  const end = right?.split(':').filter((group) => group !== '') ?? [];
  const whole =
    right === undefined ? groups : [...groups, ...Array(8 - groups.length - end.length).fill('0'), ...end];
  return whole.slice(0, 4).join(':');
}
