// Folding a whole log: facts in, book out, approval signatures checked on the way.

import { type Fact, isKind, type UnknownFact } from '../facts.ts';
import { Book, type BookInput } from './book.ts';
import { approvalSigned } from './signatures.ts';

/** Folds facts, in the order of their positions from 0, into a book. Throws what `Book.add` throws. */
export async function foldBook(
  facts: Iterable<Fact | UnknownFact>,
  input: Omit<BookInput, 'signed'>,
): Promise<Book> {
  const signed = new Set<number>();
  const book = new Book({ ...input, signed: (position) => signed.has(position) });
  for (const fact of facts) {
    if (isKind(fact, 'approval.given') && (await approvalSigned(book, fact))) signed.add(fact.position);
    book.add(fact);
  }
  return book;
}
