// A sealer that runs apart, under an account of its own: this process neither starts nor ends it, and reads what
// it publishes. Whether it runs at all shows only in heads that come.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseVerifier, toBase64 } from '@surety/proof/records';
import { AwaitedHeads, type Patience, type Witnessing } from './awaited.ts';
import { LedgerError } from './errors.ts';
import { publishedHead } from './published.ts';
import { troubleIn } from './rounds.ts';
import type { Sealer } from './seal.ts';
import type { SealerPlace } from './sealer-place.ts';
import type { Published } from './sealing.ts';
import { type OpenedReader, openReader } from './stores/reader.ts';

const awaitedMs = 50;
const idleMs = 500;

export interface WatchedOptions extends Witnessing {
  readonly place: SealerPlace;
  readonly onTrouble?: (message: string) => void;
}

/** The store must exist. A head that is there already is read before this resolves. */
export async function watchSealer(options: WatchedOptions): Promise<Sealer> {
  const sealer = new WatchedSealer(options);
  await sealer.look();
  return sealer;
}

class WatchedSealer implements Sealer {
  readonly #options: WatchedOptions;
  readonly #heads: AwaitedHeads;
  readonly #reader: OpenedReader;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** What the file of the last head was like. */
  #seen = '';
  #said = '';

  constructor(options: WatchedOptions) {
    this.#options = options;
    this.#heads = new AwaitedHeads(options);
    this.#reader = openReader(options.place.folder);
  }

  latest(): Published | undefined {
    return this.#heads.latest;
  }

  sealed(atLeast: number, patience: Patience): Promise<Published> {
    return this.#heads.sealed(atLeast, patience, () => this.#plan(0));
  }

  /** The sealer goes on; nobody here waits for it any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#heads.end(new LedgerError('closed', 'nobody waits for the sealer any more'));
    this.#reader.close();
  }

  async look(): Promise<void> {
    try {
      await this.#hear();
      this.#trouble();
      this.#said = '';
    } catch (cause) {
      // Half a change, or a folder that is not to be read: said once, and looked at again.
      const { message } = cause as Error;
      if (message !== this.#said) this.#options.onTrouble?.(message);
      this.#said = message;
    }
    if (!this.#stopped) this.#plan(this.#heads.isAwaited ? awaitedMs : idleMs);
  }

  #plan(waitMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), waitMs).unref();
  }

  async #hear(): Promise<void> {
    const { place, witnesses } = this.#options;
    const stat = statSync(join(place.home, 'head'), { throwIfNoEntry: false });
    const seen = stat === undefined ? '' : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
    if (seen === this.#seen) return;
    const keys = witnesses.map(({ vkey }) => parseVerifier(vkey));
    const published = await publishedHead(place.home, this.#reader, keys);
    this.#seen = seen;
    if (published === undefined || this.#stopped) return;
    const { note, head } = published;
    const cosigned = head.cosigned.map(({ witness }) => witness);
    const missing = keys
      .filter(({ name }) => !cosigned.includes(name))
      .map(({ name }) => ({ witness: name, cause: 'not cosigned yet' }));
    this.#heads.hear({ size: head.size, root: toBase64(head.root), head: note, cosigned, missing });
  }

  /** Only the sealer says that the store is not what it signed; it also says when that is over, by starting. */
  #trouble(): void {
    const trouble = troubleIn(this.#options.place.home);
    if (trouble === undefined) this.#heads.recover();
    else if (this.#heads.fatal === undefined) {
      this.#heads.fail(new LedgerError('corrupt', trouble));
      this.#options.onTrouble?.(trouble);
    }
  }
}
