// The rules: one language, checkpoints, approvals, permissions and money. Gate, audit and proof call this code.

export * from '../language/index.ts';
export * from './approvals.ts';
export * from './cedar.ts';
export * from './checkpoints.ts';
export * from './history.ts';
export * from './labels.ts';
export * from './matching.ts';
export * from './money.ts';
export * from './permission.ts';
export * from './windows.ts';
