// Budgets: how much money an identity may spend in a calendar day. A budget period is a stream; the
// intent expects its version, so two calls at once cannot both take the last of it.

import { type Fact, isKind, type Money, money, type UnknownFact } from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import { dayOf, majorText } from '@surety/proof/rules';
import type { Identity } from './identities.ts';

interface Period {
  version: number;
  /** Infinite once an amount in it was erased: what nobody can add up has nothing left. */
  reservedMinor: number;
}

export type BudgetAnswer =
  | { readonly fits: true; readonly stream: string; readonly version: number }
  | { readonly fits: false; readonly cause: string };

export class Budgets {
  readonly #periods = new Map<string, Period>();

  apply(fact: Fact | UnknownFact, find: (digest: string) => string | undefined): void {
    const reserved = isKind(fact, 'budget.reserved');
    if (!reserved && !isKind(fact, 'budget.released')) return;
    const period = this.#periods.get(fact.stream) ?? { version: 0, reservedMinor: 0 };
    period.version = fact.streamVersion + 1;
    const { value, withheld } = openCommitments(fact.body.amount, find);
    // INVARIANT: what cannot be read frees nothing.
    if (withheld === 0) {
      const { amountMinor } = money(value, '/amount');
      period.reservedMinor += reserved ? amountMinor : -amountMinor;
    } else if (reserved) period.reservedMinor = Number.POSITIVE_INFINITY;
    this.#periods.set(fact.stream, period);
  }

  /** How much of the day's budget is used, as a share; infinite if an amount was erased. Undefined without a budget. */
  share(identity: Identity, at: number): number | undefined {
    if (identity.budget === undefined) return undefined;
    const { reservedMinor } = this.#periods.get(budgetStream(identity, at)) ?? { reservedMinor: 0 };
    const { amountMinor } = identity.budget;
    return amountMinor === 0 ? 1 : reservedMinor / amountMinor;
  }

  /** Undefined if the identity has no budget; then only `bounded` will say so. */
  ask(identity: Identity, money: Money, at: number): BudgetAnswer | undefined {
    const { budget } = identity;
    if (budget === undefined) return undefined;
    if (budget.currency !== money.currency)
      return { fits: false, cause: `the budget is in ${budget.currency}, the call in ${money.currency}` };
    const stream = budgetStream(identity, at);
    const { version, reservedMinor } = this.#periods.get(stream) ?? { version: 0, reservedMinor: 0 };
    if (reservedMinor + money.amountMinor <= budget.amountMinor) return { fits: true, stream, version };
    if (reservedMinor === Number.POSITIVE_INFINITY)
      return { fits: false, cause: 'what the day has spent cannot be added up: an amount was erased' };
    const left = majorText(budget.amountMinor - reservedMinor, budget.currency);
    const asked = majorText(money.amountMinor, money.currency);
    return {
      fits: false,
      cause: `${asked} ${money.currency} is more than the ${left} left of the day's budget`,
    };
  }
}

const budgetStream = (identity: Identity, at: number): string =>
  `budget/${identity.identity}/${dayOf(at, identity.timeZone)}`;
