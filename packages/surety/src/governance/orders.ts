// What was ordered so far, folded from the log: which orders were carried out, which legal holds are in force, and
// what was erased.

import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';

/** A legal hold: while it is in force, nothing that is about its subject is erased. */
export interface LegalHold {
  /** The order that placed it. */
  readonly order: string;
  /** The subject's name in the store. */
  readonly subject: string;
  readonly person: string;
  readonly function: string;
  readonly since: number;
  readonly position: number;
  /** Who has said that it may go: by person, the key. */
  readonly lifters: ReadonlyMap<string, string>;
}

export interface Erased {
  readonly order: string;
  readonly person: string;
  readonly at: number;
  readonly position: number;
}

/** So many people must say that a legal hold may go, each with a key of their own. */
export const liftersNeeded = 2;

export class Orders {
  readonly #done = new Set<string>();
  readonly #holds = new Map<string, LegalHold & { readonly lifters: Map<string, string> }>();
  readonly #erased = new Map<string, Erased>();
  readonly #versions = new Map<string, number>();

  apply(fact: Fact | UnknownFact): void {
    const { time, position, stream } = fact;
    if (!isOrder(fact)) return;
    const { order, subject, person, function: as, key } = fact.body;
    this.#versions.set(stream, fact.streamVersion + 1);
    this.#done.add(order);
    if (isKind(fact, 'legal-hold.placed'))
      this.#holds.set(order, {
        ...{ order, subject: fact.body.subject, person, function: as },
        ...{ since: time, position, lifters: new Map() },
      });
    else if (isKind(fact, 'legal-hold.lifted')) this.#lift(fact.body.lifts, person, key);
    else if (isKind(fact, 'disclosure.erased') && subject !== undefined)
      this.#erased.set(subject, { order, person, at: time, position });
  }

  #lift(hold: string, person: string, key: string): void {
    const held = this.#holds.get(hold);
    // One key under two names is one person.
    if (held === undefined || [...held.lifters.values()].includes(key)) return;
    held.lifters.set(person, key);
    if (held.lifters.size >= liftersNeeded) this.#holds.delete(hold);
  }

  isDone(order: string): boolean {
    return this.#done.has(order);
  }

  /** The number of facts in a stream of orders. */
  version(stream: string): number {
    return this.#versions.get(stream) ?? 0;
  }

  hold(order: string): LegalHold | undefined {
    return this.#holds.get(order);
  }

  /** In force now, the oldest first. */
  get holds(): readonly LegalHold[] {
    return [...this.#holds.values()];
  }

  /** The newest erasure of a subject. */
  erased(subject: string): Erased | undefined {
    return this.#erased.get(subject);
  }
}

type OrderKind = 'legal-hold.placed' | 'legal-hold.lifted' | 'disclosure.erased' | 'disclosure.released';
type OrderFact = { [K in OrderKind]: Fact<K> }[OrderKind];

const isOrder = (fact: Fact | UnknownFact): fact is OrderFact =>
  /^(legal-hold\.|disclosure\.)/.test(fact.kind);
