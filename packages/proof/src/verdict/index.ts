// The verdict: a book folded from facts, six questions, one judgement.

export { Book, type BookInput, type Extract, type GovernedCall } from './book.ts';
export { closesAt, type Evidence, isOpen, type Row, type Window } from './evidence.ts';
export { foldBook } from './fold.ts';
export { type Assumption, type Judgement, judge } from './judge.ts';
export {
  type Answer,
  type Grade,
  grades,
  type Question,
  questions,
  type Reason,
  type ReasonCode,
  reasonCodes,
  type Verdict,
} from './reasons.ts';
export {
  type Accounted,
  agrees,
  describeRow,
  keyOfCall,
  keyOfRow,
  type Population,
  rowMoney,
} from './reconciled.ts';
