// Checkpoints: what must have happened before an action, who must have agreed, and what has happened.

export * from './afterwards.ts';
export * from './checkpoints.ts';
export * from './clauses.ts';
export * from './history.ts';
export { type Lack, type PendingCall, spanText, type Unmet } from './pending.ts';
export type { PastCall, Sameness } from './trail.ts';
