// What a verdict is computed from, and the closed list of reasons that it gives.

export * from './evidence.ts';
export * from './reasons.ts';
