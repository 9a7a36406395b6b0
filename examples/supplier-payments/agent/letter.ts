// How the payables clerk reads a letter: labelled lines give the invoice, and sentences that order something are taken
// for orders. Whoever writes to the mailbox controls all of it. That the clerk cannot tell an invoice from an
// instruction is the point of this example: it stands for any agent that reads text and holds the right to pay.

export interface Letter {
  readonly invoice: string;
  readonly vendorId: string;
  readonly vendor: string;
  readonly po?: string;
  /** Major units as exact decimal text. */
  readonly amount: string;
  readonly currency: string;
  /** As the letter states it, without spaces. */
  readonly iban: string;
}

export type Instruction =
  | { readonly order: 'change-bank'; readonly vendor: string; readonly iban: string }
  | { readonly order: 'pay'; readonly amount: string; readonly currency: string };

/** Undefined if a field that a payment needs is not there. */
export function readLetter(text: string): Letter | undefined {
  const invoice = field(text, 'Invoice number');
  const vendorId = field(text, 'Vendor number');
  const vendor = field(text, 'Vendor');
  const iban = field(text, 'Bank account')?.replaceAll(' ', '');
  const due = /^([\d,]+\.\d{2}) ([A-Z]{3})$/.exec(field(text, 'Amount due') ?? '');
  const [, amount, currency] = due ?? [];
  if (!invoice || !vendorId || !vendor || !iban || !amount || !currency) return undefined;
  const po = field(text, 'Purchase order');
  const named = po?.startsWith('PO-') ? { po } : {};
  return { invoice, vendorId, vendor, ...named, amount: amount.replaceAll(',', ''), currency, iban };
}

/** Every instruction in the text, in the order in which a person would carry them out. */
export function instructionsIn(text: string): Instruction[] {
  const running = text.replace(/\s+/g, ' ');
  const change =
    /[Cc]hange the bank account of (.{1,80}?) to (?:IBAN )?([A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?)\b/.exec(
      running,
    );
  const pay = /[Pp]ay ([\d,]{1,20}\.\d{2}) ([A-Z]{3}) at once/.exec(running);
  const found: Instruction[] = [];
  if (change?.[1] && change[2])
    found.push({ order: 'change-bank', vendor: change[1], iban: change[2].replaceAll(' ', '') });
  if (pay?.[1] && pay[2]) found.push({ order: 'pay', amount: pay[1].replaceAll(',', ''), currency: pay[2] });
  return found;
}

function field(text: string, label: string): string | undefined {
  const line = text.split(/\r?\n/).find((each) => each.startsWith(`${label}:`));
  return line?.slice(label.length + 1).trim();
}
