// How `surety up` is asked to end: by a signal, or with whoever started it. Part of the composition root.

import { exit } from './cli/terminal.ts';

/** How long calls under way may take once Surety was asked to end. */
const drainMsMax = 30_000;

/**
 * Asked once, Surety answers what is under way, for a bounded time, and ends; asked twice, it waits no longer and still
 * closes its log; asked a third time, it is gone.
 */
export class Ending {
  readonly #asked = Promise.withResolvers<undefined>();
  readonly #force = Promise.withResolvers<void>();
  readonly #onSignal = () => {
    this.#times += 1;
    if (this.#times === 2) this.#force.resolve();
    if (this.#times > 2) process.exit(exit.cancelled);
    this.#asked.resolve(undefined);
  };
  readonly #withParent: boolean;
  #times = 0;
  #late: NodeJS.Timeout | undefined;

  constructor(withParent: boolean) {
    process.on('SIGINT', this.#onSignal).on('SIGTERM', this.#onSignal);
    this.#withParent = withParent;
    if (withParent) process.stdin.once('end', this.#onSignal).resume();
  }

  get asked(): Promise<undefined> {
    return this.#asked.promise;
  }

  /** Resolves when nothing is to be waited for any more. */
  get force(): Promise<void> {
    return this.#force.promise;
  }

  begin(): void {
    this.#times = Math.max(this.#times, 1);
    this.#late = setTimeout(this.#force.resolve, drainMsMax);
  }

  over(): void {
    clearTimeout(this.#late);
    process.off('SIGINT', this.#onSignal).off('SIGTERM', this.#onSignal);
    // Else a parent that stays would keep alive what was asked to end.
    if (this.#withParent) process.stdin.off('end', this.#onSignal).destroy();
  }
}
