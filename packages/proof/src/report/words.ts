// The words of a verdict for a reader who is no engineer: in the report and on the verifier's page.

import type { Judgement, Question } from '../verdict/index.ts';

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

/** `1 orphan`, `2 orphans`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
export const instant = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** What the record held, and how each row is accounted for. */
export const rowsInWords = ({ rows, governed, elsewhere, orphans }: Judgement['figures']): string =>
  `${rows}: ${governed} governed, ${elsewhere} declared elsewhere, ${counted(orphans, 'orphan')}`;
