// Single resources of a server of the earlier era: each is subscribed to by a request of its own in the session that all
// share. Seen from `Watches` that is a stream of addresses, as the newer era has it.

import type { Answered } from './port.ts';
import { isMembers, type Members, type Notification } from './wire.ts';

export type Heard = (said: Pick<Notification, 'method' | 'params'>) => void;

export interface SubscribingOptions {
  readonly ask: (method: string, paramsText: string) => Promise<Answered>;
  readonly onSaid: (listener: (said: Notification) => void) => () => void;
}

/** What of the session the addresses are subscribed to in. */
export interface In {
  readonly initialized: Members;
  /** Aborted when it ends: with it everything that was subscribed to. */
  readonly over: AbortSignal;
}

export class Subscribing {
  readonly #options: SubscribingOptions;
  /** How many streams have an address: the new one stands before the old one ends. */
  readonly #streams = new Map<string, number>();
  /** Addresses that are being given up: who takes one again waits, so that the server hears both in their order. */
  readonly #leaving = new Map<string, Promise<unknown>>();

  constructor(options: SubscribingOptions) {
    this.#options = options;
  }

  /** Resolves when the server has nothing to tell, or when the session ends, or at the signal. */
  async listen(
    { resourceSubscriptions }: Members,
    heard: Heard,
    signal: AbortSignal,
    { initialized, over }: In,
  ): Promise<void> {
    const uris = resourceSubscriptions as readonly string[];
    if (!saysUpdates(initialized) || over.aborted) return;
    const stop = this.#options.onSaid((said) => {
      if (said.method === updated && uris.includes(String(said.params.uri))) heard(said);
    });
    const had: string[] = [];
    try {
      for (const uri of uris) if (await this.#take(uri)) had.push(uri);
      heard({
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { resourceSubscriptions: had } },
      });
      await eitherAborted(signal, over);
    } finally {
      stop();
      for (const uri of had) this.#give(uri, !over.aborted);
    }
  }

  async #take(uri: string): Promise<boolean> {
    const streams = this.#streams.get(uri) ?? 0;
    if (streams === 0) {
      await this.#leaving.get(uri);
      const { is } = await this.#options.ask('resources/subscribe', JSON.stringify({ uri }));
      if (is !== 'result') return false;
    }
    this.#streams.set(uri, (this.#streams.get(uri) ?? 0) + 1);
    return true;
  }

  #give(uri: string, isThere: boolean): void {
    const left = (this.#streams.get(uri) ?? 1) - 1;
    if (left > 0) return void this.#streams.set(uri, left);
    this.#streams.delete(uri);
    // Whether the server heard it does not matter: what it says of it is heard by nobody.
    if (!isThere) return;
    const leaving = this.#options
      .ask('resources/unsubscribe', JSON.stringify({ uri }))
      .finally(() => this.#leaving.delete(uri));
    this.#leaving.set(uri, leaving);
  }
}

const updated = 'notifications/resources/updated';

/** Whether the server says that it tells of single resources. */
export const saysUpdates = ({ capabilities }: Members): boolean =>
  isMembers(capabilities) && isMembers(capabilities.resources) && capabilities.resources.subscribe === true;

const eitherAborted = (...signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of signals)
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
  });
