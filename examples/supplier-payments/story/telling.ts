// How the clerk's steps are told.

import { firstLine, green, red, say, yellow } from '../../stage/telling.ts';
import type { Step } from '../agent/clerk.ts';

interface Paid {
  readonly invoice_id: string;
  readonly amount: string;
  readonly currency: string;
  readonly iban: string;
}

/** Only what changes something is told one by one; reads are counted. */
export function tellStep({ invoice, did, args, answer }: Step): void {
  if (did === 'erp.pay_invoice') {
    const { amount, currency, iban } = args as Paid;
    const result = answer.isError ? red(firstLine(answer.text)) : green('paid');
    say(`  ${invoice}  pays ${amount} ${currency} to ${iban}: ${result}`);
  } else if (did === 'erp.change_vendor_bank') {
    const { vendor_id, iban } = args as { vendor_id: string; iban: string };
    say(
      `  ${invoice}  changes the bank account of ${vendor_id} to ${iban}: ${answer.isError ? red(firstLine(answer.text)) : yellow('changed')}`,
    );
  } else if (answer.isError) say(`  ${invoice ?? ''}  ${did}: ${red(firstLine(answer.text))}`);
}
