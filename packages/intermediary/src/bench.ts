// Everything a check works with: the gateway's endpoint in its lane, the kit's servers behind it, and clients. Every
// check has a word of its own, so that what one left behind is never taken for another's.

import { randomUUID } from 'node:crypto';
import { type Lane, must, NotApplicable, type Place } from './check.ts';
import { Client } from './client.ts';
import type { RecordingServer } from './server.ts';
import type { Servers } from './servers.ts';

/** The gateway under test. */
export interface Gateway {
  /** Its endpoint in front of each server of the kit, and one in front of the old and the new together. */
  readonly endpoints: Readonly<Partial<Record<Place, string>>>;
  /** Values of `Authorization` of two principals; without any, nobody needs one. */
  readonly credentials: readonly string[];
  /** The second principal may not use the tool `restricted`. */
  readonly restricted: boolean;
}

export class Bench {
  readonly lane: Lane;
  readonly url: string;
  readonly servers: Servers;
  readonly gateway: Gateway;
  readonly patienceMs: number;
  readonly word = `w${randomUUID().replaceAll('-', '')}`;

  constructor(lane: Lane, gateway: Gateway, servers: Servers, patienceMs: number) {
    this.lane = lane;
    this.url = gateway.endpoints[lane.place] ?? '';
    this.gateway = gateway;
    this.servers = servers;
    this.patienceMs = patienceMs;
  }

  /** The server behind the endpoint; of the merged one, the old. */
  get server(): RecordingServer {
    return this.servers[this.lane.place === 'merged' ? 'old' : this.lane.place];
  }

  /** A client that entered, as the first principal or the second. */
  async client(principal: 0 | 1 = 0): Promise<Client> {
    const credential = this.gateway.credentials[principal];
    const client = new Client(this.url, this.lane.client, credential, this.patienceMs);
    await client.enter();
    return client;
  }

  /** What came to any server since, so that a check need not know where a gateway may send it. */
  since(): { saw: (word: string) => boolean } {
    const all = Object.values(this.servers);
    const marks = all.map((server) => server.heard.length);
    return { saw: (word) => all.some((server, at) => server.saw(word, marks[at])) };
  }

  /** That this word reached no server. */
  async stopped(send: () => Promise<unknown>, what: string): Promise<void> {
    const since = this.since();
    // A connection that is closed in answer is a refusal too.
    await send().catch(() => undefined);
    must(!since.saw(this.word), `${what} reached the server`);
  }
}

export const needs = (holds: boolean, why: string): void => {
  if (!holds) throw new NotApplicable(why);
};
