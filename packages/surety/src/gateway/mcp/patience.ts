// How long an answer is waited for: so long without a sign of life, and not while the server itself waits for the
// client. A server that keeps saying that it lives, or a client that never answers it, ends at `maxMs` all the same.

export const answerWithinMsDefault = 3_600_000;

/** What whoever hears a stream may say about the wait for its answer. */
export type Wait = Pick<Patience, 'touch' | 'hold'>;

export class Patience {
  readonly #waitMs: number;
  readonly #onEnd: () => void;
  readonly #last: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #held = 0;

  constructor(waitMs: number, maxMs: number, onEnd: () => void) {
    this.#waitMs = waitMs;
    this.#onEnd = onEnd;
    this.#last = setTimeout(onEnd, Math.max(waitMs, maxMs));
    this.#last.unref();
    this.touch();
  }

  /** A sign of life: the wait begins anew. */
  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#held > 0 ? undefined : setTimeout(this.#onEnd, this.#waitMs);
  }

  /** The server waits for the client; call what is given back when it has its answer. */
  hold(): () => void {
    let held = true;
    this.#held++;
    this.touch();
    return () => {
      if (!held) return;
      held = false;
      this.#held--;
      if (this.#timer === undefined) this.touch();
    };
  }

  end(): void {
    this.#held = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#last);
  }
}
