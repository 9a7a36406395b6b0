// What the front serves now: the servers, the endpoints over them, and the room that each server has. It is exchanged
// whole, in one turn; requests that began before it go on with what they began with, and are counted until they end.

import { Shares } from '../../shares.ts';
import { type Endpoint, mergedEndpoint, type OnProblem, serverEndpoint } from './endpoint.ts';
import type { Upstream } from './upstream.ts';
import type { Notification } from './wire.ts';

export class Serving {
  readonly #onProblem: OnProblem;
  readonly #onSaid: (said: Notification) => void;
  readonly #hearing = new Map<Upstream, () => void>();
  #upstreams: readonly Upstream[] = [];
  #endpoints: ReadonlyMap<string, Endpoint> = new Map();
  #shares: ReadonlyMap<string, Shares> = new Map();
  #requests = new Requests();

  constructor(onProblem: OnProblem, onSaid: (said: Notification) => void) {
    this.#onProblem = onProblem;
    this.#onSaid = onSaid;
  }

  /** By the path of the address. */
  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#endpoints;
  }

  /** The one that now stands where this one stood. */
  endpointOf(id: string): Endpoint | undefined {
    return [...this.#endpoints.values()].find((each) => each.id === id);
  }

  /** By the server's name. */
  shares(server: string): Shares | undefined {
    return this.#shares.get(server);
  }

  /** Gives the servers that were there and are not any more. */
  exchange(upstreams: readonly Upstream[], callsOfServerMax: number): readonly Upstream[] {
    const gone = this.#upstreams.filter((each) => !upstreams.includes(each));
    for (const each of gone) this.#hearing.get(each)?.();
    for (const each of gone) this.#hearing.delete(each);
    for (const each of upstreams)
      if (!this.#hearing.has(each)) this.#hearing.set(each, each.onSaid(this.#onSaid));
    const kept = new Map(this.#upstreams.map(({ server }) => [server, this.#shares.get(server)]));
    this.#shares = new Map(
      upstreams.map(({ server }) => [server, kept.get(server) ?? new Shares(callsOfServerMax)]),
    );
    for (const shares of this.#shares.values()) shares.resize(callsOfServerMax);
    this.#endpoints = new Map([
      ['/mcp', mergedEndpoint(upstreams, this.#onProblem)],
      ...upstreams.map((each) => [`/mcp/${each.server}`, serverEndpoint(each, this.#onProblem)] as const),
    ]);
    this.#upstreams = upstreams;
    return gone;
  }

  /** A request begins; to be called when it has ended, or waits for nothing of ours. */
  begin(): () => void {
    return this.#requests.begin();
  }

  /** Resolves when every request that began before is answered; those that begin later delay nobody. */
  idle(): Promise<void> {
    const before = this.#requests;
    this.#requests = new Requests(before);
    return before.ended();
  }
}

/** Requests that began between two exchanges, with all that began before them. */
class Requests {
  readonly #before: Promise<void>;
  readonly #ended = Promise.withResolvers<void>();
  #open = 0;
  #isLast = false;

  constructor(before?: Requests) {
    this.#before = before?.ended() ?? Promise.resolve();
  }

  begin(): () => void {
    this.#open++;
    let isOpen = true;
    return () => {
      if (isOpen) this.#open--;
      isOpen = false;
      this.#look();
    };
  }

  /** Nothing begins here any more. */
  async ended(): Promise<void> {
    this.#isLast = true;
    this.#look();
    await this.#ended.promise;
    await this.#before;
  }

  #look(): void {
    if (this.#isLast && this.#open === 0) this.#ended.resolve();
  }
}
