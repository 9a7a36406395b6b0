// Whom a call is about, as its tool's label says: what the ledger keeps of it is erased together.

import type { Body } from '@surety/proof/facts';
import { select } from '@surety/proof/rules';
import type { Subject } from '../facts/index.ts';

export type Label = Pick<Body<'tool.labelled'>, 'effect' | 'money' | 'subject'>;

/** Longer values name nobody, and would be kept in every fold. */
const valueCharsMax = 256;

/** A text or an integer is a name; anything else names nobody. */
export function subjectOf(kind: string, value: unknown): Subject | undefined {
  const isName = typeof value === 'string' ? value !== '' : Number.isSafeInteger(value);
  const text = String(value);
  return isName && text.length <= valueCharsMax ? `${kind}/${text}` : undefined;
}

/** Undefined where the label names nobody, or the arguments do not: then it is the case. */
export function subjectIn(label: Label | undefined, args: unknown): Subject | undefined {
  if (label?.subject === undefined) return undefined;
  const { kind, path } = label.subject;
  return subjectOf(kind, select({ args }, path.split('.')));
}
