// Approval signatures, checked before the fold because WebCrypto is asynchronous and the fold is not.

import type { Fact } from '../facts.ts';
import { verifySignature } from '../records/algorithms.ts';
import { approvalText } from '../rules/index.ts';
import { fromBase64, utf8 } from '../values/bytes.ts';
import type { Book } from './book.ts';

/**
 * True if the key named by the fact is one of the person's keys in force at this position, and signed
 * the statement. Call with the book folded up to, not including, this fact.
 */
export async function approvalSigned(book: Book, fact: Fact<'approval.given'>): Promise<boolean> {
  const statement = book.statementOf(fact);
  const key = book.people.get(fact.body.person)?.body.keys.find(({ id }) => id === fact.body.key);
  if (statement === undefined || key === undefined) return false;
  // One key under two names is one pair of eyes.
  const holders = [...book.people.values()].filter(({ body }) =>
    body.keys.some((each) => each.public === key.public),
  );
  if (holders.length > 1) return false;
  return verifySignature(
    key.alg,
    fromBase64(key.public),
    utf8(approvalText(statement)),
    fromBase64(fact.body.signature),
  );
}
