// Checkpoints: what must have happened before an action, who must have agreed, and what has happened.

export * from './approvals.ts';
export * from './checkpoints.ts';
export * from './history.ts';
