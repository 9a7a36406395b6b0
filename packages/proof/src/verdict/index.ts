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
export {
  type Answer,
  closesAt,
  type Evidence,
  type Grade,
  grades,
  isOpen,
  type Question,
  questions,
  type Reason,
  type ReasonCode,
  type Row,
  reasonCodes,
  type Verdict,
  type Window,
} from '../reasons/index.ts';
export { type Assumption, type Judgement, judge } from './judge.ts';
export { type Accounted, describeRow, type Population } from './reconciled.ts';
export { rungs } from './recorded.ts';
