// Precedents: earlier calls, against which a person can see what is unusual about one that waits. Only positions and
// counts are kept, never values: those are read again when somebody looks, so that what was erased is gone here too.

import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import type { Recorded } from '../ledger/log.ts';

/** The newest calls of each tool that were let through. */
const perToolMax = 500;
/** Newest cases whose opening can be found. */
const casesMax = 50_000;
const dayMs = 86_400_000;
const daysMax = 30;

const dayOf = (at: number): number => Math.floor(at / dayMs);

export class Precedents {
  readonly #letThrough = new Map<string, number[]>();
  /** How many holds each agent has had on each of the last days. */
  readonly #asks = new Map<string, Map<number, number>>();
  /** When each agent was first heard of in a call. */
  readonly #first = new Map<string, number>();
  readonly #cases = new Map<string, number>();

  /** Folds durable facts, in order, from position 0. */
  apply(recorded: readonly Pick<Recorded, 'fact'>[]): void {
    for (const { fact } of recorded) this.#fold(fact);
  }

  #fold(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'case.opened') && fact.case !== undefined) this.#open(fact.case, fact.position);
    if (!fact.kind.startsWith('call.') || fact.agent === undefined) return;
    if (!this.#first.has(fact.agent)) this.#first.set(fact.agent, fact.time);
    if (isKind(fact, 'call.intended')) {
      const positions = this.#letThrough.get(fact.body.tool) ?? [];
      positions.push(fact.position);
      // In halves, so that it costs nothing each time.
      if (positions.length >= 2 * perToolMax) positions.splice(0, perToolMax);
      this.#letThrough.set(fact.body.tool, positions);
    } else if (isKind(fact, 'call.held')) this.#ask(fact.agent, dayOf(fact.time));
  }

  #open(name: string, position: number): void {
    this.#cases.set(name, position);
    const [oldest] = this.#cases.size > casesMax ? this.#cases.keys() : [];
    if (oldest !== undefined) this.#cases.delete(oldest);
  }

  #ask(agent: string, day: number): void {
    const days = this.#asks.get(agent) ?? new Map<number, number>();
    days.set(day, (days.get(day) ?? 0) + 1);
    for (const each of days.keys()) if (each < day - daysMax) days.delete(each);
    this.#asks.set(agent, days);
  }

  /** Positions of the newest calls of this tool that were let through before `position`, the oldest first. */
  before(tool: string, position: number): readonly number[] {
    return (this.#letThrough.get(tool) ?? []).filter((each) => each < position).slice(-perToolMax);
  }

  /** Holds of this agent on the UTC day of `at`, and the most on any of the 30 days before. */
  asks(agent: string, at: number): { readonly today: number; readonly most: number; readonly days: number } {
    const days = this.#asks.get(agent) ?? new Map<number, number>();
    const earlier = [...days].filter(([day]) => day < dayOf(at)).map(([, count]) => count);
    return { today: days.get(dayOf(at)) ?? 0, most: Math.max(0, ...earlier), days: earlier.length };
  }

  firstHeardOf(agent: string): number | undefined {
    return this.#first.get(agent);
  }

  /** Where a case was opened, with the user's words. */
  opening(name: string): number | undefined {
    return this.#cases.get(name);
  }
}
