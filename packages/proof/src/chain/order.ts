// Whether the times that facts claim agree with their order, and for which times not. Clocks are set, jump and are set
// right again: a jump says something about the windows around it, and nothing about those after it.

/** Clocks are set and drift; beyond this a time says nothing about when. */
const backwardsMsMax = 300_000;
/** A silence that long, or a clock that was set ahead: the log does not say which. */
const leapMsMin = 86_400_000;
/** More than an honest log has in a century. Beyond it nothing is said about any time. */
const stretchesMax = 10_000;
const doubtsMax = 1_000;

/** Facts one after the other whose times agree with their order, without a leap. */
interface Stretch {
  least: number;
  latest: number;
}

/** Times of which nobody can tell, by the log, what happened in them; and the fact that shows it. */
export interface Doubt {
  readonly from: number;
  readonly to: number;
  readonly position: number;
}

export class Order {
  readonly #stretches: Stretch[] = [];
  readonly doubts: Doubt[] = [];

  add(position: number, time: number): void {
    const last = this.#stretches.at(-1);
    if (last === undefined) this.#begin(position, time);
    else if (time < last.latest - backwardsMsMax) {
      this.#doubt(position, time);
      this.#begin(position, time);
    } else if (time > last.latest + leapMsMin) this.#begin(position, time);
    else {
      last.least = Math.min(last.least, time);
      last.latest = Math.max(last.latest, time);
    }
  }

  #begin(position: number, time: number): void {
    this.#stretches.push({ least: time, latest: time });
    if (this.#stretches.length > stretchesMax) this.#giveUp(position);
  }

  /** What stands ahead of this fact and claims a later time: those times, and when it was really made. */
  #doubt(position: number, time: number): void {
    for (let at = this.#stretches.length - 1; ; at--) {
      const stretch = this.#stretches[at];
      if (stretch === undefined || stretch.latest <= time) {
        this.doubts.push({ from: stretch?.latest ?? 0, to: time, position });
        break;
      }
      this.doubts.push({ from: Math.max(stretch.least, time), to: stretch.latest, position });
      if (stretch.least <= time) break;
    }
    if (this.doubts.length > doubtsMax) this.#giveUp(position);
  }

  #giveUp(position: number): void {
    this.#stretches.length = 1;
    this.doubts.length = 0;
    this.doubts.push({ from: 0, to: Number.MAX_SAFE_INTEGER, position });
  }
}

/** Facts that show that times within the window cannot be told. */
export const doubtedIn = (
  doubts: readonly Doubt[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly number[] => [
  ...new Set(doubts.filter((each) => each.from < to && each.to >= from).map(({ position }) => position)),
];
