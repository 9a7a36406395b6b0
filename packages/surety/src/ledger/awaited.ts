// Waiting for heads, wherever they come from: a sealer that this process started, or one that runs apart.

import { isReached, type Policy, parseVerifier } from '@surety/proof/records';
import { LedgerError } from './errors.ts';
import type { Published } from './sealing.ts';

export interface Witnessing {
  readonly witnesses: readonly { readonly vkey: string; readonly url: string }[];
  /** Who must have cosigned; without it, everybody. */
  readonly quorum?: Policy;
}

/** How long to wait for a head. */
export interface Patience {
  /** For the cosignatures that are asked for. */
  readonly timeoutMs: number;
  /** For a head at all: a sealer that was just started again, or shares a busy machine, is not dead. Default `timeoutMs`. */
  readonly headMs?: number;
}

interface Waiting {
  readonly atLeast: number;
  /** Any head will do: its witnesses had their time. */
  isAlone: boolean;
  readonly resolve: (head: Published) => void;
  readonly reject: (cause: LedgerError) => void;
}

export class AwaitedHeads {
  readonly #witnessing: Witnessing;
  readonly #waiting = new Set<Waiting>();
  #latest: Published | undefined;
  #fatal: LedgerError | undefined;

  constructor(witnessing: Witnessing) {
    this.#witnessing = witnessing;
  }

  get latest(): Published | undefined {
    return this.#latest;
  }

  get fatal(): LedgerError | undefined {
    return this.#fatal;
  }

  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  hear(head: Published): void {
    this.#latest = head;
    for (const { atLeast, isAlone, resolve } of this.#waiting)
      if (head.size >= atLeast && (isAlone || this.#isWitnessed(head))) resolve(head);
  }

  /** Nothing will be sealed any more: whoever waits, and whoever asks later, is told. */
  fail(cause: LedgerError): void {
    this.#fatal = cause;
    this.end(cause);
  }

  /** What was fatal is over. */
  recover(): void {
    this.#fatal = undefined;
  }

  end(cause: LedgerError): void {
    for (const { reject } of this.#waiting) reject(cause);
  }

  /** As `Sealer.sealed`; `wake` is called when there is something to wait for. */
  async sealed(
    atLeast: number,
    { timeoutMs, headMs = timeoutMs }: Patience,
    wake: () => void,
  ): Promise<Published> {
    if (this.#fatal !== undefined) throw this.#fatal;
    const latest = this.#latest;
    if (latest !== undefined && latest.size >= atLeast && this.#isWitnessed(latest)) return latest;
    const { promise, resolve, reject } = Promise.withResolvers<Published>();
    const waiting: Waiting = { atLeast, isAlone: false, resolve, reject };
    this.#waiting.add(waiting);
    wake();
    const witnesses = setTimeout(() => {
      const head = this.#latest;
      waiting.isAlone = true;
      if (head !== undefined && head.size >= atLeast) resolve(head);
    }, timeoutMs);
    const sealer = setTimeout(
      () => reject(new LedgerError('not-sealed', `no head covers ${atLeast} facts after ${headMs} ms`)),
      Math.max(timeoutMs, headMs),
    );
    try {
      return await promise;
    } finally {
      clearTimeout(witnesses);
      clearTimeout(sealer);
      this.#waiting.delete(waiting);
    }
  }

  #isWitnessed({ cosigned, missing }: Published): boolean {
    const { quorum, witnesses } = this.#witnessing;
    if (quorum === undefined || missing.length === 0) return missing.length === 0;
    const by = witnesses.filter(({ vkey }) => cosigned.includes(parseVerifier(vkey).name));
    return isReached(
      quorum,
      by.map(({ vkey }) => vkey),
    );
  }
}
