// Asks: who may answer a hold, and how often each agent has asked and each person was asked in the last 24 hours. Folded
// from facts, so that the gate and the notices go by the same numbers, before and after a restart.
// INVARIANT: an agent that floods uses up its own bound, never the share of another agent.

import { askDefault, type Body, type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { approverOf, functionFor, type PersonOf } from '@surety/proof/rules';

export const askWindowMs = 86_400_000;

/** What is asked about, and by whom. */
export interface Asking {
  readonly approve: Body<'call.held'>['approve'];
  readonly agent: string;
  readonly user: string | undefined;
  readonly heldAt: number;
}

interface Ask {
  readonly at: number;
  readonly agent: string;
  readonly people: readonly string[];
  /** When it is handed on, and to whom besides. */
  readonly later: { readonly at: number; readonly people: readonly string[] };
}

export class Asks {
  readonly #personOf: PersonOf;
  readonly #people = new Map<string, Body<'person.enrolled'>>();
  readonly #owners = new Map<string, string>();
  readonly #agents = new Set<string>();
  #bounds = askDefault;
  /** By the name of the hold, oldest first. */
  readonly #asks = new Map<string, Ask>();

  constructor(personOf: PersonOf) {
    this.#personOf = personOf;
  }

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'notices.declared')) this.#bounds = fact.body.asks;
    else if (isKind(fact, 'person.enrolled')) this.#people.set(fact.body.person, fact.body);
    else if (isKind(fact, 'identity.enrolled')) {
      this.#owners.set(fact.body.identity, fact.body.owner);
      if (fact.body.is === 'agent') this.#agents.add(fact.body.identity);
    } else if (isKind(fact, 'declaration.withdrawn')) this.#withdraw(fact.body.stream);
    else if (isKind(fact, 'call.held')) {
      const { hold, approve } = fact.body;
      this.take(hold, { approve, agent: fact.agent ?? '', user: fact.user, heldAt: fact.time });
    }
  }

  #withdraw(stream: string): void {
    if (stream === 'notices/channels') this.#bounds = askDefault;
    if (stream.startsWith('person/')) this.#people.delete(stream.slice('person/'.length));
    if (!stream.startsWith('identity/')) return;
    this.#owners.delete(stream.slice('identity/'.length));
    this.#agents.delete(stream.slice('identity/'.length));
  }

  /** Counts it from now on; a hold that is counted is not counted again when its fact is durable. */
  take(hold: string, asking: Asking): void {
    const { approve, agent, heldAt: at } = asking;
    this.#forgetBefore(at - askWindowMs);
    if (this.#asks.has(hold)) return;
    const laterAt = at + (approve.escalate?.afterMs ?? 0);
    const later = approve.escalate === undefined ? [] : this.peopleFor(asking, laterAt);
    const people = this.peopleFor(asking, at);
    this.#asks.set(hold, { at, agent, people, later: { at: laterAt, people: later } });
  }

  /** It could not be recorded. */
  untake(hold: string): void {
    this.#asks.delete(hold);
  }

  #forgetBefore(at: number): void {
    for (const [hold, ask] of this.#asks) {
      if (ask.at > at) return;
      this.#asks.delete(hold);
    }
  }

  /** The people with keys whose answer could count at this time, each by one name. */
  peopleFor({ approve, agent, user, heldAt }: Asking, at: number): readonly string[] {
    const personOf = this.#personOf;
    const owner = this.#owners.get(agent);
    const not = new Set([
      ...(approve.not.includes('requester') && user !== undefined ? [personOf(user)] : []),
      ...(approve.not.includes('agent-owner') && owner !== undefined ? [personOf(owner)] : []),
    ]);
    const isFree = ({ person }: { readonly person: string }) => !not.has(personOf(person));
    const all = [...this.#people.values()];
    // Who stands in for somebody that may not approve stands in for nobody here.
    const free = all.filter(isFree);
    return free.flatMap(({ person, keys }) => {
      const approver = keys.length === 0 ? undefined : approverOf(person, free, personOf);
      if (approver === undefined) return [];
      return functionFor(approve, approver, { at, heldAt }) === undefined ? [] : [person];
    });
  }

  /** How many holds this person was asked about in the 24 hours before. */
  askedOf(person: string, at: number): number {
    return this.#count(at, (ask) => peopleIn(ask, at).includes(person));
  }

  /** By whoever was asked most. */
  most(at: number): number {
    const counts = new Map<string, number>();
    for (const ask of this.#asks.values())
      if (ask.at > at - askWindowMs)
        for (const person of peopleIn(ask, at)) counts.set(person, (counts.get(person) ?? 0) + 1);
    return Math.max(0, ...counts.values());
  }

  /** How many holds this agent opened. */
  askedBy(agent: string, at: number): number {
    return this.#count(at, (ask) => ask.agent === agent);
  }

  #count(at: number, isAbout: (ask: Ask) => boolean): number {
    let count = 0;
    for (const ask of this.#asks.values()) if (ask.at > at - askWindowMs && isAbout(ask)) count += 1;
    return count;
  }

  /** Why nobody may be asked about this now; undefined if people may. */
  against(asking: Asking, at: number): string | undefined {
    const bounds = this.#bounds;
    const own = this.askedBy(asking.agent, at);
    if (own >= bounds.agent)
      return `${asking.agent} has asked ${own} times in 24 hours: it may ask ${bounds.agent} times`;
    // What is left when people are asked often enough is kept for agents that asked less than their share.
    const share = Math.max(1, Math.floor(bounds.person / Math.max(1, this.#agents.size)));
    if (own < share) return undefined;
    const people = this.peopleFor(asking, at);
    const free = people.filter((person) => this.askedOf(person, at) < bounds.person);
    if (people.length < asking.approve.count || free.length >= asking.approve.count) return undefined;
    return `${people.length - free.length} of the ${people.length} people of ${asking.approve.function} who could answer were asked ${bounds.person} times in 24 hours`;
  }
}

const peopleIn = ({ people, later }: Ask, at: number): readonly string[] =>
  later.at <= at ? [...new Set([...people, ...later.people])] : people;
