// Labels: what a tool's label says about one of its calls. The gate counts the money, the verdict counts
// it again from the arguments: what a fact states as the amount is a claim.

import { select } from '../checkpoints/history.ts';
import type { Body, Money } from '../facts.ts';
import { pointerToken } from '../values/json.ts';
import { MoneyError, minorUnits } from './money.ts';

export type Label = Pick<Body<'tool.labelled'>, 'effect' | 'money'>;

/** The tool's own label, else its server's default (`server.*`). */
export const labelOf = <T>(labels: { get(tool: string): T | undefined }, tool: string): T | undefined =>
  labels.get(tool) ?? labels.get(`${tool.slice(0, tool.indexOf('.'))}.*`);

/** JSON pointers to the arguments that hold the money of a call: what must be shown for it to be counted. */
export function moneyPointers({ money }: Label): readonly string[] {
  if (money === undefined) return [];
  const paths = [money.amount, money.currency].filter((path) => path.startsWith('args.'));
  return paths.map((path) => `/${path.split('.').slice(1).map(pointerToken).join('/')}`);
}

/** The money in a call, in integer minor units. Throws MoneyError where the arguments do not hold it exactly. */
export function moneyIn(label: Label, args: unknown): Money | undefined {
  if (label.money === undefined) return undefined;
  const { amount, unit, currency } = label.money;
  const code = currency.startsWith('args.') ? select({ args }, currency.split('.')) : currency;
  if (typeof code !== 'string') throw new MoneyError('unknown-currency', 'the call names no currency');
  const amountMinor = minorUnits(select({ args }, amount.split('.')), unit, code);
  if (amountMinor < 0) throw new MoneyError('not-a-number', 'the amount is negative');
  return { amountMinor, currency: code };
}
