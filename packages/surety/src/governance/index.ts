// Governance: orders, and changes of what is declared. Whoever releases, erases, contains, lifts or lets something be
// weakened is a person with a key, and it is a fact.

export {
  type Activated,
  Changing,
  type OfferedSignature,
  type Pending,
} from './changing.ts';
export {
  type ContainAnswer,
  Containing,
  type ContainingParts,
  type DrillAnswer,
  isContainment,
  type LiftAnswer,
  type Reacted,
} from './contain.ts';
export { eraseSubject } from './erase.ts';
export { type HoldAnswer, liftHold, placeHold } from './legal-hold.ts';
export { checkedOrder, isDataDeed, mayOrder, type OfferedOrder, OrderError, orderText } from './order.ts';
export { type LegalHold, Orders } from './orders.ts';
export {
  type MadePasskey,
  newCode,
  newInvitation,
  type OfferedPasskey,
  PasskeyError,
  type PasskeyShown,
  Passkeys,
  shownPasskey,
} from './passkeys.ts';
export { contractsMax, isPinning, type PinAnswer, Pinning } from './pinning.ts';
export { type ReleaseAnswer, type ReleaseParts, release } from './release.ts';
export { everything, type Survey, type SurveyParts, surveyOf } from './survey.ts';
