// Who is let in at the gateway's address, before anything is read of what they want: the request has one meaning, it
// names us, and whoever asks has neither too many requests open nor asks too often. An agent or an application is
// counted by its credential, anybody else by the address they come from; a flood of one leaves the others their part.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Door, Refusal } from '../gateway/mcp/index.ts';
import { Shares } from '../shares.ts';
import { Rates } from './rates.ts';

export interface AdmissionOptions {
  /** Names, without port, that we are reached by, besides the loopback names. */
  readonly names: readonly string[];
  readonly requestsMax: number;
  readonly rateMax: number;
  /** The identity whose credential this is, if it is one. */
  readonly identify: (authorization: string | undefined) => string | undefined;
  /** Told in words, without values. */
  readonly onTurnedAway: (who: string, why: 'requests' | 'rate') => void;
}

const rpcTransport = -32000;
const turnedAway = { headers: { 'retry-after': '1' } } as const;
/** What follows on the connection may be a part of what was refused. */
const last = { headers: { connection: 'close' } } as const;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #door: Door;
  readonly #shares: Shares;
  readonly #rates: Rates;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#door = new Door(options.names);
    this.#shares = new Shares(options.requestsMax);
    this.#rates = new Rates(options.rateMax);
  }

  /**
   * Throws `Refusal`; else the request counts until its answer has gone, or its client, or until what is given back is
   * called: then it is no request any more, but a stream that others bound.
   */
  admit(request: IncomingMessage, response: ServerResponse): () => void {
    checkFraming(request);
    this.#door.checkNames(request);
    const who = this.#who(request);
    if (!this.#rates.take(who)) throw this.#turnedAway(who, 'rate', 'too many requests a second');
    if (!this.#shares.take(who)) throw this.#turnedAway(who, 'requests', 'too many requests at once');
    let counts = true;
    const leave = () => {
      if (counts) this.#shares.give(who);
      counts = false;
    };
    response.once('close', leave);
    return leave;
  }

  #who({ headersDistinct, socket }: IncomingMessage): string {
    const { authorization = [] } = headersDistinct;
    const identity = authorization.length === 1 ? this.#options.identify(authorization[0]) : undefined;
    // An address is no name of an identity: it has a dot or a colon.
    return identity ?? networkOf(socket.remoteAddress ?? ':');
  }

  #turnedAway(who: string, why: 'requests' | 'rate', message: string): Refusal {
    this.#options.onTurnedAway(who, why);
    return new Refusal(429, rpcTransport, message, turnedAway);
  }
}

/** What a proxy before us could have read otherwise than we did. The parser refuses the rest (`node:http`, strict). */
function checkFraming({ httpVersion, headers, headersDistinct, url = '' }: IncomingMessage): void {
  const refuse = (message: string) => new Refusal(400, rpcTransport, message, last);
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw refuse('only HTTP/1.1 is spoken here');
  if (!url.startsWith('/')) throw refuse('the request names no path');
  const coding = headers['transfer-encoding'];
  // Another coding would have to be undone (a bomb); in HTTP/1.0 others take the length for the body's end.
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    throw refuse('the body comes in a coding that is not read here');
  if ((headersDistinct['host']?.length ?? 0) > 1) throw refuse('the header `host` comes more than once');
}

/** An address of IPv4; the network (/64) of one of IPv6, since one host may have all of those. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0');
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::`;
}
