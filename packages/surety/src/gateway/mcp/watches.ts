// The resources of one server of the newer era that somebody wants to hear of: one stream for all of them, asked for
// anew when there are more or fewer. The new stream stands before the old one ends, so no change falls between.

import { Shares } from '../../shares.ts';
import { isMembers, type Members, type Notification } from './wire.ts';

/** Somebody who wants to hear of a resource. */
export interface Interest {
  readonly agent: string;
  readonly changed: () => void;
  /** The server is there no more: nothing will be heard. */
  readonly gone: () => void;
}

export interface WatchesOptions {
  /** Opens the stream of these addresses; resolves when the server has none to give, or at the signal. */
  readonly listen: (
    notifications: Members,
    heard: (said: Pick<Notification, 'method' | 'params'>) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  /** How long the server may take to say what it honours. */
  readonly answerMs: number;
}

/** Of all agents together. One never has more than are left for others. */
const interestsMax = 1_024;

export class Watches {
  readonly #options: WatchesOptions;
  readonly #interests = new Map<string, Set<Interest>>();
  readonly #shares = new Shares(interestsMax);
  #stream: AbortController | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** Gives how to stop it; undefined if the server does not tell of this one. */
  add(uri: string, interest: Interest): Promise<(() => void) | undefined> {
    return this.#inTurn(async () => {
      if (this.#closed || !this.#shares.take(interest.agent)) return undefined;
      if (!this.#interests.has(uri) && !(await this.#listen([...this.#interests.keys(), uri], uri))) {
        this.#shares.give(interest.agent);
        return undefined;
      }
      const all = this.#interests.get(uri) ?? new Set();
      this.#interests.set(uri, all.add(interest));
      return () => void this.#inTurn(async () => this.#drop(uri, interest));
    });
  }

  close(): void {
    this.#closed = true;
    this.#lost();
  }

  /** Who wanted to hear of something is told that nothing more comes, and may come back. */
  #lost(): void {
    this.#stream?.abort();
    this.#stream = undefined;
    const all = [...this.#interests.values()].flatMap((each) => [...each]);
    this.#interests.clear();
    for (const { agent, gone } of all) {
      this.#shares.give(agent);
      gone();
    }
  }

  /** Those who come at once are served one after another: each stream has what the one before had, and one more. */
  #inTurn<R>(act: () => Promise<R>): Promise<R> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #drop(uri: string, interest: Interest): Promise<void> {
    const all = this.#interests.get(uri);
    if (all?.delete(interest) !== true) return;
    this.#shares.give(interest.agent);
    if (all.size > 0) return;
    this.#interests.delete(uri);
    const left = [...this.#interests.keys()];
    if (left.length > 0) await this.#listen(left);
    else {
      this.#stream?.abort();
      this.#stream = undefined;
    }
  }

  /** True if the server honours the address asked about; else all is as before. */
  async #listen(uris: readonly string[], about?: string): Promise<boolean> {
    const stream = new AbortController();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const timer = setTimeout(resolve, this.#options.answerMs).unref();
    const heard = ({ method, params }: Pick<Notification, 'method' | 'params'>) => {
      if (method === 'notifications/resources/updated') this.#updated(params.uri);
      if (method !== 'notifications/subscriptions/acknowledged') return;
      resolve(isMembers(params.notifications) ? params.notifications.resourceSubscriptions : undefined);
    };
    const ended = () => {
      resolve(undefined);
      if (this.#stream === stream) this.#lost();
    };
    this.#options.listen({ resourceSubscriptions: uris }, heard, stream.signal).then(ended, ended);
    const honoured = await promise;
    clearTimeout(timer);
    const isHonoured = about === undefined || (Array.isArray(honoured) && honoured.includes(about));
    if (!isHonoured || this.#closed) {
      stream.abort();
      return false;
    }
    const before = this.#stream;
    this.#stream = stream;
    before?.abort();
    return true;
  }

  #updated(uri: unknown): void {
    for (const { changed } of this.#interests.get(String(uri)) ?? []) changed();
  }
}
