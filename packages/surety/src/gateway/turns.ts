// Turns: where parallel work on one name keeps colliding, it goes on one at a time, in the order it came.
// While nothing collides, nobody waits. Without this, two hundred calls on one budget would each decide
// two hundred times.

export class Turns {
  /** The end of each line that is not empty. */
  readonly #lines = new Map<string, Promise<unknown>>();

  /** Runs the work at once, or after everybody in line if there is a line or the work has collided before. */
  async take<T>(name: string, collided: boolean, work: () => Promise<T>): Promise<T> {
    const ahead = this.#lines.get(name);
    if (ahead === undefined && !collided) return work();
    const mine = (ahead ?? Promise.resolve()).then(work);
    const end = mine.then(nothing, nothing);
    this.#lines.set(name, end);
    try {
      return await mine;
    } finally {
      if (this.#lines.get(name) === end) this.#lines.delete(name);
    }
  }
}

const nothing = (): void => {};
