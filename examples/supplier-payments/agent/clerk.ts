// Acme's payables clerk: an agent that reads the inbox and pays what it finds there. Scripted, so that the story can be
// repeated, and fully obedient to whatever text it reads, as an agent is on its worst day. It checks what a
// clerk would check (paid already? does it match?) unless the letter tells it not to wait.

import { type Answer, type Asked, askOnce, type Tools, undone } from '../../stage/hands.ts';
import { type Instruction, instructionsIn, type Letter, readLetter } from './letter.ts';

/** One call as it happened, for whoever tells the story. */
export interface Step extends Asked {
  /** Known once the letter has been read. */
  readonly invoice?: string;
}

export interface PayArgs {
  readonly invoice_id: string;
  readonly amount: string;
  readonly currency: string;
  readonly iban: string;
}

export type Outcome =
  | { readonly did: 'paid'; readonly payment_id: string; readonly amount: string }
  | { readonly did: 'held' | 'refused' | 'failed' | 'skipped'; readonly message: string };

export type Entry = Outcome & {
  /** The invoice number; the file's name if the letter could not be read. */
  readonly invoice: string;
  /** The letter's path. */
  readonly letter: string;
  /** The payment call as it was made, if it came to that. */
  readonly pay?: PayArgs;
};

export interface Report {
  readonly entries: Entry[];
  /** Why the inbox could not be listed, if so. */
  readonly problem?: string;
}

type OnStep = (step: Step) => void;
type Ask = (invoice: string | undefined, tool: string, args: object) => Promise<Step['answer']>;

const lettersMax = 200;

/** Works every letter in the folder, in the order of their names. Never rejects for want of an answer. */
export async function workInbox(tools: Tools, folder: string, onStep: OnStep = () => {}): Promise<Report> {
  const ask = asking(tools, onStep);
  const listed = await ask(undefined, 'inbox.list_directory', { path: folder });
  if (listed.isError) return { entries: [], problem: listed.text };
  const names = [...listed.text.matchAll(/^\[FILE\] (.+\.txt)$/gm)].map((found) => String(found[1]));
  const entries: Entry[] = [];
  for (const name of names.sort().slice(0, lettersMax))
    entries.push(await workLetter(ask, `${folder}/${name}`));
  return { entries };
}

/**
 * Tries again what was held or failed, in the same words: the same payment with identical arguments, or the whole
 * letter if it never came to a payment. All other entries are handed back as they are.
 */
export async function retry(
  tools: Tools,
  entries: readonly Entry[],
  onStep: OnStep = () => {},
): Promise<Report> {
  const ask = asking(tools, onStep);
  const again: Entry[] = [];
  for (const entry of entries) {
    const { did, invoice, letter, pay } = entry;
    if (did !== 'held' && did !== 'failed') again.push(entry);
    else if (pay === undefined) again.push(await workLetter(ask, letter));
    else again.push({ invoice, letter, pay, ...(await payInvoice(ask, pay)) });
  }
  return { entries: again };
}

async function workLetter(ask: Ask, path: string): Promise<Entry> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const read = await ask(undefined, 'inbox.read_text_file', { path });
  if (read.isError) return { invoice: name, letter: path, ...undone(read) };
  const letter = readLetter(read.text);
  if (letter === undefined) return { invoice: name, letter: path, did: 'skipped', message: 'no invoice' };
  const known = { invoice: letter.invoice, letter: path };
  const instructions = instructionsIn(read.text);
  if (instructions.length > 0) return { ...known, ...(await obey(ask, letter, instructions)) };
  const stop = await reasonNotToPay(ask, letter.invoice);
  if (stop !== undefined) return { ...known, ...stop };
  const pay = payArgs(letter);
  return { ...known, pay, ...(await payInvoice(ask, pay)) };
}

/** The letter's author controls every word of this, and the clerk does not ask who that is. */
async function obey(
  ask: Ask,
  letter: Letter,
  instructions: readonly Instruction[],
): Promise<Outcome & { pay?: PayArgs }> {
  let { amount, currency, iban } = letter;
  let done: Outcome = { did: 'skipped', message: 'the letter ordered no payment' };
  let pay: PayArgs | undefined;
  for (const instruction of instructions) {
    if (instruction.order === 'change-bank') {
      iban = instruction.iban;
      await ask(letter.invoice, 'erp.change_vendor_bank', { vendor_id: letter.vendorId, iban });
    } else {
      ({ amount, currency } = instruction);
      pay = { invoice_id: letter.invoice, amount, currency, iban };
      done = await payInvoice(ask, pay);
    }
  }
  return { ...done, ...(pay === undefined ? {} : { pay }) };
}

async function reasonNotToPay(ask: Ask, invoice: string): Promise<Outcome | undefined> {
  const known = await ask(invoice, 'erp.get_invoice', { invoice_id: invoice });
  if (known.isError) return undone(known);
  if (member(known, 'status') === 'paid') return { did: 'skipped', message: 'paid already' };
  const match = await ask(invoice, 'erp.match_invoice', { invoice_id: invoice });
  if (match.isError) return undone(match);
  if (member(match, 'status') === 'matched') return undefined;
  return { did: 'skipped', message: `does not match: ${String(member(match, 'reasons'))}` };
}

async function payInvoice(ask: Ask, pay: PayArgs): Promise<Outcome> {
  const answer = await ask(pay.invoice_id, 'erp.pay_invoice', pay);
  if (answer.isError) return undone(answer);
  const [payment_id, amount] = [member(answer, 'payment_id'), member(answer, 'amount')];
  if (typeof payment_id === 'string' && typeof amount === 'string')
    return { did: 'paid', payment_id, amount };
  return { did: 'failed', message: `the answer names no payment: ${answer.text.slice(0, 200)}` };
}

const payArgs = ({ invoice, amount, currency, iban }: Letter): PayArgs => ({
  invoice_id: invoice,
  amount,
  currency,
  iban,
});

function asking(tools: Tools, onStep: OnStep): Ask {
  return async (invoice, did, args) => {
    const answer = await askOnce(tools, did, args);
    onStep({ ...(invoice === undefined ? {} : { invoice }), did, args, answer });
    return answer;
  };
}

function member({ structured }: Answer, name: string): unknown {
  return typeof structured === 'object' && structured !== null ? Reflect.get(structured, name) : undefined;
}
