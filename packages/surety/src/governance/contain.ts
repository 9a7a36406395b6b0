// Containing: a person orders that an agent, a tool, a server, a user, an outcome or everything does nothing more, and a
// person lifts it. Surety orders it by itself where an outcome says so and a verdict found a breach. A drill contains an
// agent that nobody is, and measures how long it takes until that agent is refused.

import { randomBytes } from 'node:crypto';
import { setImmediate as soon } from 'node:timers/promises';
import type { Body, ContainmentScope, OrderStatement } from '@surety/proof/facts';
import type { Log } from '../ledger/log.ts';
import type { People } from '../people/people.ts';
import { type Containment, type Containments, scopeText } from '../perimeter/index.ts';
import { orderedBody } from './legal-hold.ts';
import { checkedOrder, type OfferedOrder, OrderError } from './order.ts';

export interface ContainingParts {
  readonly log: Log;
  readonly people: People;
  readonly containments: Containments;
  /** Calls in this scope that it comes too late for. */
  readonly inFlight: (scope: ContainmentScope) => readonly string[];
  /** Why nothing goes by this name here, if nothing does. */
  readonly unknownIn: (scope: ContainmentScope) => string | undefined;
  /** True if a call of this agent is refused as contained. */
  readonly refuses: (agent: string) => boolean;
  readonly now: () => number;
  /** A drill that nothing refused after this long has failed (default 10 s). */
  readonly patienceMs?: number;
}

export interface ContainAnswer {
  readonly order: string;
  readonly did: 'contain';
  readonly scope: ContainmentScope;
  /** Calls that had left, or were about to: nothing calls them back. The first 1,000 of `inFlightCount`. */
  readonly inFlight: readonly string[];
  readonly inFlightCount: number;
}

export interface LiftAnswer {
  readonly order: string;
  readonly did: 'lift-containment';
  readonly lifts: string;
  readonly scope: ContainmentScope;
}

export interface DrillAnswer {
  readonly order: string;
  readonly did: 'drill-containment';
  readonly answer: 'enforced' | 'not-enforced';
  readonly refusedUs: number;
  readonly durableUs: number;
}

/** What Surety contained by itself. */
export type Reacted = Pick<Containment, 'order' | 'scope' | 'stops'> & { readonly verdict: number };

type Answer = ContainAnswer | LiftAnswer | DrillAnswer;

const namedMax = 1_000;
const stream = 'containment/orders';

const deeds: readonly string[] = ['contain', 'lift-containment', 'drill-containment'];

/** True of an order that `Containing` carries out; what it holds is still to be checked. */
export const isContainment = ({ statement }: OfferedOrder): boolean =>
  deeds.includes(String((statement as { readonly does?: unknown } | null)?.does));

export class Containing {
  readonly #parts: ContainingParts;
  /** Orders whose lifting is being recorded. */
  readonly #lifting = new Set<string>();
  #carrying: Promise<readonly Reacted[]> = Promise.resolve([]);

  constructor(parts: ContainingParts) {
    this.#parts = parts;
  }

  /** Waits for nothing but the ledger: no verdict and no other order. Throws OrderError. */
  async order(offered: OfferedOrder): Promise<Answer> {
    const startedAt = performance.now();
    const { log, people, containments, now } = this.#parts;
    const statement = checkedOrder(offered, {
      ...{ people, origin: log.origin, now: now() },
      may: (each) => this.#may(each),
    });
    if (containments.isGiven(statement.order))
      throw new OrderError('stale', `\`${statement.order}\` was carried out before`);
    const { does, scope, lifts } = statement;
    if (does === 'drill-containment') return this.#drill(statement, offered, startedAt);
    if (lifts !== undefined) return this.#lift({ ...statement, lifts }, offered);
    if (scope === undefined) throw new OrderError('malformed', 'nothing is to be contained');
    const unknown = this.#parts.unknownIn(scope);
    if (unknown !== undefined) throw new OrderError('unknown', unknown);
    return this.#contain({ ...statement, scope }, offered);
  }

  #may({ does, lifts = '' }: OrderStatement): readonly string[] {
    const { containments, people } = this.#parts;
    const { order, lift } = containments.functions;
    if (does !== 'lift-containment') return order;
    const lifted = containments.get(lifts);
    const owner = lifted && containments.ownerOf(lifted);
    return [...lift, ...(people.approver(owner ?? '')?.functions ?? [])];
  }

  #contain(
    statement: OrderStatement & { readonly scope: ContainmentScope },
    offered: OfferedOrder,
  ): Promise<ContainAnswer> {
    const { order, scope, person } = statement;
    const { log, containments, now } = this.#parts;
    const tools = this.#toolsIn(scope);
    const contained: Containment = {
      ...{ order, scope, tools, person },
      ...{ stops: 'everything', since: now() },
    };
    return containments.order(contained, async () => {
      const inFlight = this.#inFlight(scope);
      const { body, ...shown } = orderedBody(statement, offered);
      const ordered: Body<'containment.ordered'> = {
        ...{ ...body, scope, tools, stops: 'everything', by: 'person' },
        ...inFlight,
      };
      await log.append([{ stream, facts: [{ kind: 'containment.ordered', body: ordered, ...shown }] }]);
      return { order, did: 'contain', scope, ...inFlight };
    });
  }

  #inFlight(scope: ContainmentScope): Pick<ContainAnswer, 'inFlight' | 'inFlightCount'> {
    const all = this.#parts.inFlight(scope);
    return { inFlight: all.slice(0, namedMax), inFlightCount: all.length };
  }

  #toolsIn({ is, name = '' }: ContainmentScope): readonly string[] {
    return is === 'outcome' ? [...this.#parts.containments.toolsOf(name)] : [];
  }

  async #lift(
    statement: OrderStatement & { readonly lifts: string },
    offered: OfferedOrder,
  ): Promise<LiftAnswer> {
    const { order, lifts } = statement;
    const { log, containments } = this.#parts;
    const lifted = containments.get(lifts);
    if (lifted?.position === undefined || this.#lifting.has(lifts))
      throw new OrderError('not-in-force', `no order \`${lifts}\` is in force`);
    this.#lifting.add(lifts);
    try {
      const { body, ...shown } = orderedBody(statement, offered);
      const fact = { kind: 'containment.lifted', body: { ...body, lifts }, ...shown } as const;
      await log.append([{ stream, facts: [fact] }]);
    } finally {
      this.#lifting.delete(lifts);
    }
    return { order, did: 'lift-containment', lifts, scope: lifted.scope };
  }

  async #drill(statement: OrderStatement, offered: OfferedOrder, startedAt: number): Promise<DrillAnswer> {
    const { log, refuses, containments, patienceMs = 10_000 } = this.#parts;
    const scope = { is: 'agent', name: `drill-${randomBytes(9).toString('hex')}` } as const;
    const { name } = scope;
    if (refuses(name)) {
      const against = containments.against({ tool: '', agent: name, user: undefined }, false);
      const what = against === undefined ? 'it' : scopeText(against.scope);
      throw new OrderError('done-already', `${what} is contained: nothing is left to measure`);
    }
    const ordered = this.#contain({ ...statement, scope }, offered).then(() => sinceUs(startedAt));
    // Whatever the order does is waited for below.
    ordered.catch(() => undefined);
    while (!refuses(name) && performance.now() - startedAt < patienceMs) await soon();
    const refusedUs = sinceUs(startedAt);
    const durableUs = await ordered;
    const answer = refuses(name) ? 'enforced' : 'not-enforced';
    const { body, ...shown } = orderedBody(statement, offered);
    const drilled: Body<'containment.drilled'> = { ...body, answer, refusedUs, durableUs };
    await log.append([{ stream, facts: [{ kind: 'containment.drilled', body: drilled, ...shown }] }]);
    return { order: statement.order, did: 'drill-containment', answer, refusedUs, durableUs };
  }

  /** Records the orders of breaches that a verdict has found; what they say is in force since that verdict. */
  carryOut(): Promise<readonly Reacted[]> {
    this.#carrying = this.#carrying.catch(() => undefined).then(() => this.#breaches());
    return this.#carrying;
  }

  async #breaches(): Promise<readonly Reacted[]> {
    const { log, containments } = this.#parts;
    const done: Reacted[] = [];
    for (const { scope, stops, verdict } of containments.due) {
      const order = `o-${randomBytes(9).toString('base64url')}`;
      const body: Body<'containment.ordered'> = {
        ...{ order, scope, tools: this.#toolsIn(scope), stops },
        ...this.#inFlight(scope),
        ...{ by: 'surety', verdict, statement: [] },
      };
      await log.append([{ stream, facts: [{ kind: 'containment.ordered', body }] }]);
      done.push({ order, scope, stops, verdict });
    }
    return done;
  }
}

const sinceUs = (startedAt: number): number => Math.round((performance.now() - startedAt) * 1_000);
