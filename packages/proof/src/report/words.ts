// The words of a verdict for a reader who is no engineer: in the report and on the verifier's page.

import { dayOf, MoneyError, majorText } from '../rules/index.ts';
import type { Accounted, Grade, Judgement, Question, Reason, ReasonCode } from '../verdict/index.ts';

export const headings: readonly (readonly [string, readonly Question[]])[] = [
  ['Did it hold?', ['reconciled', 'guarded']],
  ['How bad could it get, and who answers?', ['bounded', 'owned']],
  ['How do we know?', ['tested', 'recorded']],
];

export const asks: Readonly<Record<Question, string>> = {
  reconciled: 'The system of record and the ledger agree, both ways',
  guarded: 'Every action passed its checkpoints',
  bounded: 'The worst case lies within the appetite',
  owned: 'One living owner; every function has signed',
  tested: 'The controls relied on were measured',
  recorded: 'The evidence is complete and witnessed',
};

export const words: Readonly<Record<string, string>> = {
  proven: 'Proven for this window, under the assumptions below.',
  violated: 'Violated in this window.',
  unproven: 'Not proven for this window.',
  holding: 'Holding so far: the window is still open.',
  unsound: 'Not sound: this file proves nothing.',
};

/** Shape as well as colour: a verdict must be told apart without seeing colours. */
export const marks: Readonly<Record<string, string>> = {
  proven: '✓',
  violated: '✕',
  unproven: '?',
  holding: '…',
  unsound: '!',
};

/** What became of the promise: in a few words, and in a sentence where those do not say it all. */
export const outcomes: Readonly<Record<Judgement['verdict'], readonly [words: string, sentence: string]>> = {
  proven: ['The promise was kept.', 'This proves it, under what is taken for granted below.'],
  violated: ['The promise was broken.', ''],
  unproven: [
    'Not proven.',
    'Nothing here shows that the promise was broken, and not enough shows that it was kept.',
  ],
  holding: [
    'Holding so far.',
    'The period is not over for this promise yet. Nothing here shows that it was broken.',
  ],
};

/** A question's answer, as somebody would say it. */
export const replies: Readonly<Record<string, string>> = {
  proven: 'Yes',
  violated: 'No',
  unproven: 'Not proven',
};

export const known: Readonly<Record<Grade, string>> = {
  recomputed: 'computed again from the raw records',
  checked: 'checked by a certificate that came along',
  observed: 'computed again, from rows that the business system was read to hold',
};

/** How a row of the record is accounted for, the unremarkable first. */
export const accounts: readonly (readonly [Accounted['is'], string])[] = [
  ['governed', 'Done by an agent, through the gateway, and agrees with what was asked'],
  ['elsewhere', 'Came another way, which was declared'],
  ['differs', 'Done by an agent, but the record says something else'],
  ['repeated', 'Stands a second time for one call of an agent'],
  ['orphan', 'Accounted for by nothing'],
  ['unreadable', 'Its amount cannot be read exactly'],
  ['withheld', 'Not shown in this proof, or erased'],
];

/** What each reason is about, in a few words. */
export const titles: Readonly<Record<ReasonCode, string>> = {
  orphan: 'Something happened that nothing accounts for',
  'row-differs': 'The record says something else than the agent asked for',
  'row-repeated': 'One call took effect twice',
  'invariant-broken': 'A rule about the record does not hold',
  'not-reconciled': 'No business record was named to compare with',
  'source-stale': 'The business record was not read',
  'effect-unobserved': 'A call was answered as done, and the record does not show it',
  'open-obligation': 'A call whose outcome nobody knows yet',
  'violated-before': 'This period was found broken before',
  vacuous: 'Nothing happened, and nothing shows that',
  'checkpoint-passed-over': 'An action went past its checkpoint',
  'follow-up-missed': 'What had to follow an action did not',
  'follow-up-pending': 'What has to follow an action is still to come',
  'not-permitted': 'An action that no permission allowed',
  'contract-unapproved': 'A tool that nobody approved as it was',
  'declaration-changed': 'The rules changed while the period ran',
  'change-unsigned': 'Weakened without the signature of its owner',
  misstated: 'A call was recorded as something else than it was',
  'intent-undeclared': 'Nobody is known to have asked for this',
  'checkpoint-missing': 'A way to spend that no checkpoint guards',
  'evidence-withheld': 'Evidence that was not shown',
  'rule-error': 'A rule that could not be evaluated',
  observed: 'A rule that only watches and stops nothing',
  'limit-exceeded': 'More was spent than the limit allowed',
  'over-appetite': 'More could be lost than the owner accepts',
  unbounded: 'No limit on what could be lost',
  'appetite-missing': 'Nobody said how much may be lost',
  'breach-unanswered': 'Nothing was done when the period was found broken, or could be',
  'owner-missing': 'Nobody who is known here answers for it',
  'assumption-unsigned': 'Not signed by those who must evaluate it',
  'test-expired': 'Controls that nothing has measured',
  'sequence-gap': 'Records that may be missing',
  'witness-missing': 'No independent witness',
  'time-backwards': 'Clocks that disagree with the order',
  'bypass-possible': 'A way around the gateway may exist',
  'origin-not-allowed': 'An argument from where it may not come',
  'origin-not-shown': 'An argument of which nothing shows where it came from',
  'not-traced': 'Arguments that were not traced',
  'not-enforced': 'Declared, but not enforced by this version',
  simulated: 'Played by a program, not by real people or hosts',
};

export const titleOf = ({ code, erased }: Pick<Reason, 'code' | 'erased'>): string =>
  erased === undefined ? titles[code] : 'Evidence that was erased';

/** Rungs of completeness (docs/formats.md). */
export const completeness: Readonly<Record<Judgement['rung'], string>> = {
  C0: 'C0: records may be missing',
  C1: 'C1: no process skipped a record',
  C2: 'C2: no record was skipped, and a witness saw them',
  C3: 'C3: witnessed, and every action was recorded before it was taken',
  C4: 'C4: witnessed, recorded beforehand, and there is no other way to act',
  C5: 'C5: all of that, and the business record agrees',
};

/** `1 orphan`, `2 orphans`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
export const instant = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** What the record held, and how each row is accounted for. */
export const rowsInWords = ({ rows, governed, elsewhere, orphans }: Judgement['figures']): string =>
  `${rows}: ${governed} governed, ${elsewhere} declared elsewhere, ${counted(orphans, 'orphan')}`;

/** `18,200.00 USD`; an amount or a currency that nobody can count stands as it is. */
export function moneyText(amountMinor: number, currency: string): string {
  try {
    const [whole = '', fraction] = majorText(amountMinor, currency).split('.');
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
    return `${grouped}${fraction === undefined ? '' : `.${fraction}`} ${currency}`;
  } catch (error) {
    if (error instanceof MoneyError) return `${amountMinor} minor units of ${currency}`;
    throw error;
  }
}

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const dayText = (day: string): string => {
  const [year = '', month = '', date = ''] = day.split('-');
  return `${Number(date)} ${months[Number(month) - 1] ?? month} ${year}`;
};

/** `5 March 2026, 01:01 UTC`. */
export const momentText = (at: number): string =>
  `${dayText(dayOf(at, 'UTC'))}, ${new Date(at).toISOString().slice(11, 16)} UTC`;

/** `4 March 2026 (UTC)`, or the first and the last day of a longer window. */
export function windowText({ window, declared: { timeZone } }: Judgement): string {
  const [first, last] = [window.from, window.to - 1].map((at) => dayText(dayOf(at, timeZone)));
  return `${first === last ? first : `${first} to ${last}`} (${timeZone})`;
}

/** Sums by currency, in the order in which they first stand. */
export function sumsOf(rows: readonly Accounted[]): readonly string[] {
  const sums = new Map<string, number>();
  for (const { amountMinor = 0, currency } of rows)
    if (currency !== undefined) sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
  return [...sums].map(([currency, sum]) => moneyText(sum, currency));
}
