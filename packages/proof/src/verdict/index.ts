// The verdict: a book folded from facts, six questions, one judgement.

export {
  Book,
  type BookInput,
  type EarlierVerdict,
  type ErasedEvidence,
  type Extract,
  Fold,
  foldBook,
  type GovernedCall,
  type Judged,
} from '../book/index.ts';
export { closesAt, type Evidence, isOpen, type Row, type Window } from './evidence.ts';
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
export { type Accounted, describeRow, type Population } from './reconciled.ts';
export { rungs } from './recorded.ts';
