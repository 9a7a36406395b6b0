// The chain: how facts follow each other. Versions of streams, counts of processes, who came after whom,
// and the times that they claim. What contradicts itself is not sound; what is missing is said.

import { type Fact, isKind, type UnknownFact } from '../facts.ts';

export interface Emitter {
  readonly emitter: string;
  /** Of its first fact. */
  readonly position: number;
  readonly startedAt: number;
  clock: 'system' | 'injected';
  /** When the process before it was last heard, if that did not stop cleanly. */
  lostSince?: number;
  /** Where it skipped a number, or began without saying how. */
  gapAt?: number;
  next: number;
}

/** One is enough to make a log unsound. */
const contradictionsMax = 20;
/** Clocks are set and drift; beyond this a time says nothing about when. */
const backwardsMsMax = 300_000;

/** A fact that contradicts the format or another one. */
export interface Contradiction {
  readonly position: number;
  readonly text: string;
}

/** What the order of the facts shows. */
export interface ChainFound {
  readonly emitters: ReadonlyMap<string, Readonly<Emitter>>;
  readonly contradictions: readonly Contradiction[];
  readonly backwards: readonly number[];
}

export class Chain implements ChainFound {
  readonly emitters = new Map<string, Emitter>();
  /** Facts that contradict the format or each other: a log that holds one is not sound. */
  readonly contradictions: Contradiction[] = [];
  /** Facts that claim a time long before one that stands ahead of them. */
  readonly backwards: number[] = [];
  size = 0;
  latestTime = 0;
  #last: Fact | UnknownFact | undefined;
  readonly #streams = new Map<string, number>();

  /** As plain values, which another thread can be given. */
  get found(): ChainFound {
    const { emitters, contradictions, backwards } = this;
    return { emitters, contradictions, backwards };
  }

  add(fact: Fact | UnknownFact): void {
    const { position, stream, streamVersion, time } = fact;
    if (position !== this.size) throw new Error(`fact ${position} follows ${this.size - 1}`);
    if ((position === 0) !== isKind(fact, 'log.opened'))
      this.#contradict(position, 'a log is opened once, by its first fact');
    const version = this.#streams.get(stream) ?? 0;
    if (streamVersion !== version)
      this.#contradict(position, `stream ${stream} goes from ${version} to ${streamVersion}`);
    this.#streams.set(stream, streamVersion + 1);
    this.#count(fact);
    if (time < this.latestTime - backwardsMsMax && this.backwards.length < 20) this.backwards.push(position);
    this.latestTime = Math.max(this.latestTime, time);
    this.size += 1;
    this.#last = fact;
  }

  #contradict(position: number, text: string): void {
    if (this.contradictions.length < contradictionsMax) this.contradictions.push({ position, text });
  }

  #count(fact: Fact | UnknownFact): void {
    const { position, time } = fact;
    const known = this.emitters.get(fact.emitter);
    const emitter: Emitter = known ?? {
      ...{ emitter: fact.emitter, position, startedAt: time, clock: 'system', next: 0 },
      ...(isKind(fact, 'process.started') || position === 0 ? {} : { gapAt: position }),
    };
    if (fact.emitterSeq !== emitter.next) emitter.gapAt ??= position;
    emitter.next = fact.emitterSeq + 1;
    this.emitters.set(fact.emitter, emitter);
    if (isKind(fact, 'process.started')) this.#start(fact, emitter);
  }

  /** One process writes at a time: whoever wrote the last fact came before, and ended cleanly or did not. */
  #start(fact: Fact<'process.started'>, emitter: Emitter): void {
    const { clock, predecessor, tail } = fact.body;
    emitter.clock = clock;
    const before = this.#last;
    if (before === undefined || before.emitter === fact.emitter) {
      if (tail !== 'none') emitter.gapAt ??= fact.position;
      return;
    }
    if (predecessor !== before.emitter) emitter.gapAt ??= fact.position;
    if (before.kind !== 'process.stopped' || tail !== 'clean') emitter.lostSince = before.time;
  }
}
