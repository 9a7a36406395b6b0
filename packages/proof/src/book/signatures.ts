// Approval signatures, checked before the fold because WebCrypto is asynchronous and the fold is not.

import { peopleIn } from '../changes/index.ts';
import type { Fact } from '../facts.ts';
import { approvalText, isSignedBy } from '../rules/index.ts';
import type { Book } from './book.ts';

/**
 * True if the key named by the fact is one of the person's keys in force at this position, and signed
 * the statement. Call with the book folded up to, not including, this fact.
 */
export async function approvalSigned(book: Book, fact: Fact<'approval.given'>): Promise<boolean> {
  const statement = book.statementOf(fact);
  if (statement === undefined) return false;
  const people = peopleIn(book.inForce.standing);
  return isSignedBy(people, fact.body.person, approvalText(statement), fact.body);
}
