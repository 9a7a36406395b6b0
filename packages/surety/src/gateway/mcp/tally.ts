// Counts what a hostile peer can cause at will, and tells of it ever more rarely: at 1, 2, 4, 8, ...

export class Tally<K> {
  readonly counts = new Map<K, number>();
  readonly #onCount: (kind: K, count: number) => void;

  constructor(onCount: (kind: K, count: number) => void) {
    this.#onCount = onCount;
  }

  add(kind: K): void {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    if (Number.isInteger(Math.log2(count))) this.#onCount(kind, count);
  }
}
