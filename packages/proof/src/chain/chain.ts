// The chain: how facts follow each other. Versions of streams, counts of processes, who came after whom,
// and the times that they claim. What contradicts itself is not sound; what is missing is said.

import { type Fact, isKind, type UnknownFact } from '../facts.ts';
import { parseHead } from '../records/heads.ts';
import { parseNote } from '../records/note.ts';
import { type Doubt, Order } from './order.ts';

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

/** A fact that contradicts the format or another one. */
export interface Contradiction {
  readonly position: number;
  readonly text: string;
}

/** Something missing between two facts that stand one after the other: what, and when that was, by their claims. */
export interface Gap {
  readonly position: number;
  readonly since: number;
  readonly until: number;
  readonly text: string;
}

/** What the order of the facts shows. */
export interface ChainFound {
  readonly emitters: ReadonlyMap<string, Readonly<Emitter>>;
  readonly contradictions: readonly Contradiction[];
  /** Times that facts claim against their order. */
  readonly doubts: readonly Doubt[];
  /** Where the log went on under another name, and facts of the one before were lost. */
  readonly gaps: readonly Gap[];
}

export class Chain implements ChainFound {
  readonly emitters = new Map<string, Emitter>();
  /** Facts that contradict the format or each other: a log that holds one is not sound. */
  readonly contradictions: Contradiction[] = [];
  readonly gaps: Gap[] = [];
  size = 0;
  readonly #order = new Order();
  #last: Fact | UnknownFact | undefined;
  readonly #streams = new Map<string, number>();
  /** Under which the log went before. */
  readonly #names = new Set<string>();

  /** As plain values, which another thread can be given. */
  get found(): ChainFound {
    const { emitters, contradictions, doubts, gaps } = this;
    return { emitters, contradictions, doubts, gaps };
  }

  get doubts(): readonly Doubt[] {
    return this.#order.doubts;
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
    this.#order.add(position, time);
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
      ...(beginsEmitter(fact) ? {} : { gapAt: position }),
    };
    if (fact.emitterSeq !== emitter.next) emitter.gapAt ??= position;
    emitter.next = fact.emitterSeq + 1;
    this.emitters.set(fact.emitter, emitter);
    if (isKind(fact, 'process.started')) this.#start(fact, emitter);
    else if (isKind(fact, 'log.succeeded')) this.#succeed(fact);
  }

  /** What is lost is what anybody is known to have seen beyond the facts that are here: neither more nor less. */
  #succeed({ body, log, stream, position, time }: Fact<'log.succeeded'>): void {
    const { origin, predecessor, head, witnessed, lost } = body;
    // A name that was given up is not taken again: heads of it are known elsewhere.
    if (stream !== 'log' || origin !== log || this.#names.add(predecessor).has(origin))
      this.#contradict(position, `the log ${log} succeeds as ${origin}`);
    const headSize = head === undefined ? 0 : sizeOf(head);
    const seen = Math.max(headSize, ...witnessed.map(({ size }) => size));
    const isTold = seen > position ? lost?.from === position && lost.to === seen : lost === undefined;
    if (!isTold || (head !== undefined && !(headSize > position)))
      this.#contradict(position, 'what is lost is not what its head and witnesses say');
    const before = this.#last;
    if (before === undefined || (lost === undefined && before.kind === 'process.stopped')) return;
    const text =
      lost === undefined
        ? `the log ${predecessor} was left without an end: facts after ${position - 1} may be lost`
        : `facts ${lost.from} to ${lost.to - 1} of the log ${predecessor} are lost`;
    this.gaps.push({ position, since: before.time, until: time, text });
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

const beginsEmitter = (fact: Fact | UnknownFact): boolean =>
  fact.position === 0 || isKind(fact, 'process.started') || isKind(fact, 'log.succeeded');

/** What a head counts; a text that is none counts nothing that a fact could say. */
function sizeOf(note: string): number {
  try {
    return parseHead(parseNote(note).text).size;
  } catch {
    return Number.NaN;
  }
}

/** What was lost from a window, or may have been, and where in the log that shows. */
export function missingIn(
  { emitters, gaps }: ChainFound,
  { from, to }: { readonly from: number; readonly to: number },
): { readonly text: string; readonly facts: readonly number[] }[] {
  const all = [...emitters.values()];
  const holes = all.filter(({ gapAt }) => gapAt !== undefined);
  // What was lost lies between the last fact of the one process and the first of the next.
  const cut = all.filter(
    ({ lostSince, startedAt }) => lostSince !== undefined && lostSince < to && startedAt >= from,
  );
  const unheard = `${cut.length} times a process ended without saying so: reads that it had not yet recorded may be lost`;
  return [
    ...holes.map(({ emitter, gapAt = 0 }) => ({
      text: `facts of the process ${emitter} are missing`,
      facts: [gapAt],
    })),
    ...(cut.length === 0 ? [] : [{ text: unheard, facts: cut.map(({ position }) => position) }]),
    ...gaps
      .filter(({ since, until }) => since < to && until >= from)
      .map(({ text, position }) => ({ text, facts: [position] })),
  ];
}
