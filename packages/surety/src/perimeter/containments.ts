// Containment: what may do nothing any more until a person lifts it, folded from the log. An order takes effect here the
// moment it is given, before it is durable: a call that it stops meanwhile is stopped for nothing at worst.
// A breach that was found contains of itself, from the verdict on: its order only says so.

import { declaredAs, type Standing, toolsOf } from '@surety/proof/changes';
import type { UnknownFact } from '@surety/proof/facts';
import { type Body, type ContainmentScope, containmentDefault, type Fact, isKind } from '@surety/proof/facts';

/** What of a call an order may be about. */
export interface Subjected {
  readonly tool: string;
  readonly agent: string;
  readonly user: string | undefined;
}

export interface Containment {
  readonly order: string;
  readonly scope: ContainmentScope;
  readonly stops: Body<'containment.ordered'>['stops'];
  /** Tools that it names beside what its scope says. */
  readonly tools: readonly string[];
  /** Undefined while it is not durable. */
  readonly position?: number;
  readonly since: number;
  /** Undefined: Surety itself, on a breach. */
  readonly person?: string | undefined;
  /** The verdict that found the breach. */
  readonly verdict?: number | undefined;
}

/** A breach that was found and has no order yet. */
export type Due = Pick<Containment, 'scope' | 'stops' | 'since'> & { readonly verdict: number };

export interface Surroundings {
  readonly standing: () => Standing;
  /** The one name of a person, whichever of their accounts is given. */
  readonly personOf: (account: string) => string;
}

export class Containments {
  readonly #around: Surroundings;
  readonly #inForce = new Map<string, Containment>();
  readonly #given = new Set<string>();
  readonly #due = new Map<number, Due>();
  /** Of each outcome, the reasons that an order was made for. */
  readonly #breaches = new Map<string, Set<string>>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'containment.ordered')) this.#order(fact);
    else if (isKind(fact, 'containment.lifted')) {
      this.#given.add(fact.body.order);
      this.#inForce.delete(fact.body.lifts);
    } else if (isKind(fact, 'containment.drilled')) {
      this.#given.add(fact.body.order);
      this.#inForce.delete(fact.body.order);
    } else if (isKind(fact, 'verdict.given')) this.#judged(fact);
  }

  #order({ body, time, position }: Fact<'containment.ordered'>): void {
    const { order, scope, stops, tools, person, verdict } = body;
    this.#given.add(order);
    if (verdict !== undefined) this.#due.delete(verdict);
    this.#inForce.set(order, { order, scope, stops, tools, person, verdict, since: time, position });
  }

  /** Once for each reason: what a person lifted is not contained again for the same. */
  #judged({ body, position, time: since }: Fact<'verdict.given'>): void {
    const { outcome: name, verdict, breach = [] } = body;
    const onBreach = this.#outcome(name)?.onBreach ?? 'alert';
    if (verdict !== 'violated' || onBreach === 'alert') return;
    const known = this.#breaches.get(name) ?? new Set();
    this.#breaches.set(name, known);
    if (breach.every((reason) => known.has(reason))) return;
    for (const reason of breach) known.add(reason);
    const stops = onBreach === 'contain' ? 'everything' : 'consequential';
    this.#due.set(position, { scope: { is: 'outcome', name }, stops, since, verdict: position });
  }

  #outcome(name: string) {
    return declaredAs(this.#around.standing(), 'outcome.declared').find(({ outcome }) => outcome === name);
  }

  /** Takes effect now; `made` durable, it is in force, and if it cannot be recorded it never was. */
  async order<T>(containment: Containment, made: () => Promise<T>): Promise<T> {
    this.#given.add(containment.order);
    this.#inForce.set(containment.order, containment);
    try {
      return await made();
    } catch (error) {
      const { position } = this.#inForce.get(containment.order) ?? {};
      if (position === undefined) this.#inForce.delete(containment.order);
      throw error;
    }
  }

  /** The order that stops this call, if one does. */
  against(call: Subjected, isRead: boolean): Containment | undefined {
    for (const each of this.#inForce.values()) if (this.#stops(each, call, isRead)) return each;
    for (const { verdict, ...due } of this.#due.values()) {
      const order = { order: `verdict ${verdict}`, tools: [], verdict, ...due };
      if (this.#stops(order, call, isRead)) return order;
    }
    return undefined;
  }

  #stops({ scope, tools, stops }: Containment, call: Subjected, isRead: boolean): boolean {
    if (isRead && stops === 'consequential') return false;
    return tools.includes(call.tool) || this.isIn(scope, call);
  }

  isIn({ is, name = '' }: ContainmentScope, { tool, agent, user }: Subjected): boolean {
    if (is === 'everything') return true;
    if (is === 'agent') return agent === name;
    if (is === 'tool') return tool === name;
    if (is === 'server') return tool.startsWith(`${name}.`);
    if (is === 'outcome') return this.toolsOf(name).has(tool);
    const { personOf } = this.#around;
    return user !== undefined && personOf(user) === personOf(name);
  }

  /** Every tool that an outcome is about, its evidence among them; none if it is not declared. */
  toolsOf(name: string): ReadonlySet<string> {
    const outcome = this.#outcome(name);
    return outcome === undefined ? new Set() : toolsOf(this.#around.standing(), outcome);
  }

  /** In force now, the oldest first. */
  get inForce(): readonly Containment[] {
    return [...this.#inForce.values()];
  }

  /** Breaches whose order is still to be recorded. */
  get due(): readonly Due[] {
    return [...this.#due.values()];
  }

  get(order: string): Containment | undefined {
    return this.#inForce.get(order);
  }

  /** True if an order of this name was given before, whatever became of it. */
  isGiven(order: string): boolean {
    return this.#given.has(order);
  }

  /** The functions whose people may contain, and those whose people may lift this: the owner's of an outcome too. */
  get functions(): Body<'containment.declared'> {
    const [declared] = declaredAs(this.#around.standing(), 'containment.declared');
    return declared ?? containmentDefault;
  }

  /** Who answers for the outcome that is contained. */
  ownerOf({ scope }: Containment): string | undefined {
    return scope.is === 'outcome' ? this.#outcome(scope.name ?? '')?.owner : undefined;
  }
}

/** As it is typed and read. */
export const scopeText = ({ is, name }: ContainmentScope): string =>
  name === undefined ? is : `${is} ${name}`;
