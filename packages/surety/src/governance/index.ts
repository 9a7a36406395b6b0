// Governance: orders about disclosures. Whoever releases or erases is a person with a key, and it is a fact.

export { eraseSubject } from './erase.ts';
export { type HoldAnswer, liftHold, placeHold } from './legal-hold.ts';
export { checkedOrder, mayOrder, type OfferedOrder, OrderError, orderText } from './order.ts';
export { type LegalHold, Orders } from './orders.ts';
export { type ReleaseAnswer, type ReleaseParts, release } from './release.ts';
export { everything, type Survey, type SurveyParts, surveyOf } from './survey.ts';
