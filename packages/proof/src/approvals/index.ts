// Approvals: who signed, what exactly, and whether that counts.

export * from './accounts.ts';
export * from './approvals.ts';
export * from './passkey.ts';
export * from './signing.ts';
