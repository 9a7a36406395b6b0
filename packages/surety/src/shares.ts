// How much of something bounded one holder may have, so that a flood of one leaves the others their part: never more
// than is left over for everybody else. Alone, a holder gets half; n that flood get 1/(n+1) each, and as much stays
// free for whoever comes next. No number has to be chosen for it. (Dynamic thresholds: Choudhury and Hahne,
// IEEE/ACM Transactions on Networking 6(2), 1998, with alpha = 1.)

export class Shares {
  #capacity: number;
  readonly #held = new Map<string, number>();
  #used = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True if `who` has one more now. */
  take(who: string): boolean {
    const held = this.#held.get(who) ?? 0;
    if (held >= this.#capacity - this.#used) return false;
    this.#held.set(who, held + 1);
    this.#used++;
    return true;
  }

  /** Whoever has more than that now keeps it, and gets nothing until it is given back. */
  resize(capacity: number): void {
    this.#capacity = capacity;
  }

  give(who: string): void {
    const held = this.#held.get(who) ?? 0;
    if (held <= 1) this.#held.delete(who);
    else this.#held.set(who, held - 1);
    if (held > 0) this.#used--;
  }
}
