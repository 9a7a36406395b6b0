// The book: a whole log folded into what was declared, what was called and what became of it.

export {
  Book,
  type BookInput,
  type Extract,
  type GovernedCall,
  isRead,
  type Judged,
  type Settlement,
} from './book.ts';
export { Chain, type ChainFound, type Contradiction, missingIn } from './chain.ts';
export type { Change } from './declarations.ts';
export { Fold, foldBook } from './fold.ts';
