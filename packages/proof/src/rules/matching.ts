// Whether a row of a record is the effect of a call, by the columns that the outcome says must be equal.

import { select } from '../checkpoints/history.ts';
import type { Money, Reconcile } from '../facts.ts';
import { canonicalJson } from '../values/canonical.ts';
import { MoneyError, minorUnits } from './money.ts';

/** What of a call a row is compared with. */
export interface Matched {
  readonly args: unknown;
  readonly money: Money | undefined;
  /** Some argument is withheld. */
  readonly withheld: boolean;
  readonly settlement?: { readonly result: unknown; readonly withheld: boolean };
}

type RowOf = Readonly<Record<string, unknown>>;
type RowAmount = { readonly amountMinor?: number; readonly currency?: string };

const scope = (call: Matched) => ({ args: call.args, result: call.settlement?.result });

/** One text for all values; undefined, which matches nothing, if one is absent or there is none. */
const textOf = (values: readonly unknown[]): string | undefined =>
  values.length === 0 || values.includes(undefined) ? undefined : canonicalJson(values.map(String));

function keyOf(
  key: Readonly<Record<string, string>>,
  value: (path: string, column: string) => unknown,
): string | undefined {
  const values = Object.entries(key).map(([column, path]) => value(path, column));
  return values.includes(null) ? undefined : textOf(values);
}

/** The key of a row, or of the effect of a call, in comparable form. */
export const keyOfRow = ({ key }: Reconcile, row: RowOf): string | undefined =>
  keyOf(key, (_, column) => row[column]);
export const keyOfCall = ({ key }: Reconcile, call: Matched): string | undefined =>
  keyOf(key, (path) => select(scope(call), path.split('.')));

export function rowMoney(
  { money }: Pick<Reconcile, 'money'>,
  row: RowOf,
): { amountMinor: number; currency: string } | Record<string, never> | 'unreadable' {
  if (money === undefined) return {};
  try {
    const currency = String(row[money.currency]);
    return { amountMinor: minorUnits(row[money.amount], money.unit, currency), currency };
  } catch (error) {
    if (error instanceof MoneyError) return 'unreadable';
    throw error;
  }
}

/**
 * A call that got no answer, or an error, may have taken effect: a row that agrees with it alone is its effect. One text
 * for all that must agree, equal for a row and a call that `agrees` holds of; undefined, which is equal to nothing, where
 * a value is absent, or there is none to compare: then a row would belong to any call.
 */
function matchOf(
  { match, money }: Reconcile,
  value: (path: string, column: string) => unknown,
  amount: RowAmount | undefined,
): string | undefined {
  const values = Object.entries(match).map(([column, path]) => {
    if (path !== 'money') return value(path, column);
    const isCounted = money?.amount === column && amount?.amountMinor !== undefined;
    return isCounted ? `${amount.amountMinor} ${amount.currency}` : undefined;
  });
  return textOf(values);
}

export const matchOfCall = (reconcile: Reconcile, call: Matched): string | undefined =>
  matchOf(reconcile, (path) => select(scope(call), path.split('.')), call.money);
export const matchOfRow = (reconcile: Reconcile, row: RowOf, amount: RowAmount): string | undefined =>
  matchOf(reconcile, (_, column) => row[column], amount);

/** Every `match` column equals what the call said. */
export const agrees = (reconcile: Reconcile, row: RowOf, call: Matched, rowAmount: RowAmount): boolean =>
  matches(reconcile, row, call, rowAmount, false);

/** Comparisons in one reading; whoever makes a proof chooses how much there is to compare. */
const comparisonsMax = 2_000_000;

/** Calls of which so much is withheld that a row which nobody else accounts for might be the effect of one of them. */
export class Suspects<C extends Matched> {
  /** Those that some row might belong to. */
  readonly found = new Set<C>();
  readonly #reconcile: Reconcile;
  readonly #hidden: readonly C[];
  #comparisons = 0;

  constructor(reconcile: Reconcile, calls: readonly C[]) {
    this.#reconcile = reconcile;
    this.#hidden = calls.filter((call) => isHidden(call) && keyOfCall(reconcile, call) === undefined);
  }

  mayOwn(row: RowOf, amount: RowAmount): boolean {
    const before = this.#comparisons;
    this.#comparisons += this.#hidden.length;
    const isTooMany = before > comparisonsMax;
    const found = isTooMany ? this.#hidden : this.#hidden.filter((call) => this.#mightOwn(row, call, amount));
    if (!isTooMany || this.found.size < this.#hidden.length) for (const call of found) this.found.add(call);
    return found.length > 0;
  }

  /** As far as can be seen: what is withheld of the call might be anything. */
  #mightOwn(row: RowOf, call: Matched, amount: RowAmount): boolean {
    const inKey = Object.entries(this.#reconcile.key).every(([column, path]) =>
      isSame(path, row[column], call, true),
    );
    return inKey && matches(this.#reconcile, row, call, amount, true);
  }
}

/** Something that a row is compared with is withheld. */
export const isHidden = ({ withheld, settlement }: Matched): boolean =>
  withheld || settlement?.withheld === true;

function matches(
  { match, money }: Reconcile,
  row: RowOf,
  call: Matched,
  rowAmount: RowAmount,
  lenient: boolean,
): boolean {
  return Object.entries(match).every(([column, path]) => {
    if (path !== 'money') return isSame(path, row[column], call, lenient);
    if (money?.amount !== column) return false;
    if (call.money === undefined && lenient) return call.withheld;
    return call.money?.amountMinor === rowAmount.amountMinor && call.money?.currency === rowAmount.currency;
  });
}

function isSame(path: string, value: unknown, call: Matched, lenient: boolean): boolean {
  const said = select(scope(call), path.split('.'));
  if (said !== undefined) return String(said) === String(value);
  return lenient && (path.startsWith('args.') ? call.withheld : call.settlement?.withheld === true);
}
