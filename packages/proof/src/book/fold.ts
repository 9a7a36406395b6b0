// Folding a whole log: facts in, book out, signatures of people checked on the way.

import { Chain } from '../chain/index.ts';
import { changeSigned, isPasskeyFact, passkeySigned } from '../changes/index.ts';
import { contractSigned } from '../contracts/index.ts';
import { type Fact, isKind, type UnknownFact } from '../facts.ts';
import { Book, type BookInput } from './book.ts';
import { approvalSigned } from './signatures.ts';

/** Folds facts one after the other, in the order of their positions. */
export class Fold {
  readonly book: Book;
  #signed = -1;

  constructor(input: Omit<BookInput, 'signed'>) {
    this.book = new Book({ ...input, signed: (position) => position === this.#signed });
  }

  /** Await what it gives before the next fact, if it gives something. Throws what `Book.add` throws. */
  add(fact: Fact | UnknownFact): Promise<void> | undefined {
    if (isKind(fact, 'approval.given')) return this.#add(fact, approvalSigned(this.book, fact));
    if (isKind(fact, 'change.signed')) return this.#add(fact, changeSigned(this.book.inForce, fact));
    if (isKind(fact, 'contract.approved'))
      return this.#add(fact, contractSigned(this.book.inForce.standing, fact));
    if (isPasskeyFact(fact)) return this.#add(fact, passkeySigned(this.book.inForce, fact));
    this.book.add(fact);
    return undefined;
  }

  async #add(fact: Fact, signed: Promise<boolean>): Promise<void> {
    if (await signed) this.#signed = fact.position;
    this.book.add(fact);
  }
}

/** Folds all facts of a log, in the order of their positions from 0. Throws what `Book.add` throws. */
export async function foldBook(
  facts: Iterable<Fact | UnknownFact>,
  input: Omit<BookInput, 'signed'>,
): Promise<Book> {
  const chain = new Chain();
  const fold = new Fold(input);
  fold.book.chain = chain;
  for (const fact of facts) {
    chain.add(fact);
    const signing = fold.add(fact);
    if (signing !== undefined) await signing;
  }
  return fold.book;
}
