// Cases: the unit of work. An application opens one for an agent and a user; a call that names none
// falls into the implicit case of its agent and day, in which no user has said anything.

import { type Fact, isKind, type UnknownFact } from '@surety/proof/facts';
import { dayOf } from '@surety/proof/rules';

interface Case {
  readonly case: string;
  readonly user: string | undefined;
}

export class Cases {
  readonly #cases = new Map<
    string,
    { readonly agent: string | undefined; readonly user: string | undefined }
  >();

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'case.opened') && fact.case !== undefined)
      this.#cases.set(fact.case, { agent: fact.agent, user: fact.user });
  }

  /** Undefined if the case was never opened, or was opened for another agent: one cannot borrow a user's words. */
  resolve(named: string | undefined, agent: string, at: number): Case | undefined {
    if (named === undefined) return { case: `implicit:${agent}:${dayOf(at, 'UTC')}`, user: undefined };
    const found = this.#cases.get(named);
    return found?.agent === agent ? { case: named, user: found.user } : undefined;
  }
}
