// How often each may ask: a bucket for whoever asks, as large as one second's worth, that fills as time passes.

interface Bucket {
  left: number;
  atMs: number;
}

/** Addresses are a stranger's to choose: above this, whoever asked longest ago is forgotten, and starts anew. */
const bucketsMax = 10_000;

export class Rates {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** True if `who` may ask once more now. */
  take(who: string): boolean {
    const bucket = this.#filled(who);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

  #filled(who: string): Bucket {
    const atMs = this.#now();
    const kept = this.#buckets.get(who);
    const gained = ((atMs - (kept?.atMs ?? atMs)) / 1_000) * this.#perSecond;
    const left = Math.min(this.#perSecond, (kept?.left ?? this.#perSecond) + gained);
    const bucket = { left, atMs };
    // Last in the order of the map: who asked longest ago stands first.
    this.#buckets.delete(who);
    this.#buckets.set(who, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > bucketsMax && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
