// Outcomes: gathers evidence, asks `@surety/proof` for the verdict, exports proofs.

export { readBook } from './gather.ts';
export { prove } from './prove.ts';
export type { RecordSystem } from './record-system.ts';
export { type SettleAnswer, settleFromRecord } from './settle.ts';
export { type Given, giveVerdict, type VerdictParts } from './verdict.ts';
