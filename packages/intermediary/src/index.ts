// The kit as a library: its servers, its checks, and what came of them.

export type { Gateway } from './bench.ts';
export type { Check, Era, Outcome } from './check.ts';
export { raise } from './raise.ts';
export { lineOf } from './report.ts';
export { checks, type Result, runChecks, type Summary, summaryOf } from './run.ts';
export { makeServers, type Servers } from './servers.ts';
