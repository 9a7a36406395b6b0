// Tells everybody who watches a list that it is no longer what they would see: soon, and once for what changes at once.

import type { Changing } from './changes.ts';
import type { Endpoint } from './endpoint.ts';
import type { Watcher } from './listening.ts';
import type { Governor } from './port.ts';

export class Announcer {
  readonly #governor: Governor;
  readonly #current: (endpoint: Endpoint) => Endpoint | undefined;
  readonly #watchers = new Set<Watcher>();
  /** What has changed and was not announced yet. */
  readonly #changed = new Set<Changing>();

  /** `current` gives the endpoint that now stands where one stood when its watcher came. */
  constructor(governor: Governor, current: (endpoint: Endpoint) => Endpoint | undefined) {
    this.#governor = governor;
    this.#current = current;
  }

  /** Gives back how to stop it. */
  add(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  announce(among: readonly Changing[]): void {
    const first = this.#changed.size === 0;
    for (const what of among) this.#changed.add(what);
    if (first) setImmediate(() => void this.#now());
  }

  async #now(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const { caller, endpoint: before, links, seen, among, tell } of [...this.#watchers]) {
      const endpoint = this.#current(before);
      if (endpoint === undefined) continue;
      const wanted = changed.filter((what) => among.includes(what));
      try {
        const found = await seen.changed({ governor: this.#governor, caller, endpoint, links }, wanted);
        for (const what of found) tell(what);
      } catch {
        // A server that is away now tells nothing new; the client finds that out when it asks.
      }
    }
  }
}
