// The book: a whole log folded into what was declared, what was called and what became of it.

export { Chain, type ChainFound, type Contradiction, doubtedIn, missingIn } from '../chain/index.ts';
export { Book, type BookInput, isRead } from './book.ts';
export { reachesOnBreach, unanswered } from './breaches.ts';
export { type Extract, type GovernedCall, type Judged, missingOf, type Settlement } from './call.ts';
export { type Change, changesIn } from './declarations.ts';
export { type EarlierVerdict, type ErasedEvidence, erasedEvidence, erasuresOf } from './erased.ts';
export { Fold, foldBook } from './fold.ts';
