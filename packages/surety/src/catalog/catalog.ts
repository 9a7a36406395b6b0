// The catalog: what each tool does (its effect) and where its money stands, as people labelled it.
// A tool without a label is unknown, and unknown is refused.

import { type Effect, type Fact, isKind, type Money, type UnknownFact } from '@surety/proof/facts';
import { MoneyError, minorUnits, select } from '@surety/proof/rules';

export interface Label {
  readonly effect: Effect;
  readonly money?: { readonly amount: string; readonly unit: 'major' | 'minor'; readonly currency: string };
}

export class Catalog {
  readonly #labels = new Map<string, Label>();

  apply(fact: Fact | UnknownFact): void {
    if (isKind(fact, 'tool.labelled')) {
      const { tool, effect, money } = fact.body;
      this.#labels.set(tool, money === undefined ? { effect } : { effect, money });
    } else if (isKind(fact, 'declaration.withdrawn') && fact.body.stream.startsWith('tool/'))
      this.#labels.delete(fact.body.stream.slice('tool/'.length));
  }

  /** The tool's own label, else its server's default (`server.*`, reads only), else undefined. */
  label(tool: string): Label | undefined {
    return this.#labels.get(tool) ?? this.#labels.get(`${tool.slice(0, tool.indexOf('.'))}.*`);
  }
}

/**
 * The money in a call, in integer minor units. Throws MoneyError where the label says that there is money
 * and the arguments do not hold it exactly: such a call is refused, never rounded.
 */
export function moneyIn(label: Label, args: unknown): Money | undefined {
  if (label.money === undefined) return undefined;
  const { amount, unit, currency } = label.money;
  const code = currency.startsWith('args.') ? select({ args }, currency.split('.')) : currency;
  if (typeof code !== 'string') throw new MoneyError('unknown-currency', 'the call names no currency');
  const amountMinor = minorUnits(select({ args }, amount.split('.')), unit, code);
  if (amountMinor < 0) throw new MoneyError('not-a-number', 'the amount is negative');
  return { amountMinor, currency: code };
}
