// The rules: one language, checkpoints, approvals, permissions and money. Gate, audit and proof call this code.

export * from '../approvals/index.ts';
export * from '../checkpoints/index.ts';
export * from '../language/index.ts';
export * from './cedar.ts';
export * from './labels.ts';
export * from './matching.ts';
export * from './money.ts';
export * from './permission.ts';
export * from './windows.ts';
