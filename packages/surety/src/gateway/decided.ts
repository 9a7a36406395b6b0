// Calls that never cross the gateway: an agent's built-in tools, a framework's own functions. Their caller asks
// first and says afterwards what came of it. It could leave both out, so a verdict takes them for `observed`.

import type { ToolReply } from './mcp/port.ts';

/** What the caller is told; why, people read with `surety why`. */
export type Decision =
  | { readonly decision: 'allow'; readonly call: string }
  /** `hold`: ask again, unchanged, after it was approved. */
  | { readonly decision: 'hold' | 'refuse'; readonly message: string };

export interface CallerSettlement {
  readonly call: string;
  /** There is no `none`: only the record can give back what a call reserved. */
  readonly settlement: 'ok' | 'error';
  /** As rules will see it. */
  readonly result: unknown;
}

export const refused = (message: string): Decision => ({ decision: 'refuse', message });

export const decisionOf = (reply: ToolReply): Decision =>
  reply.is === 'held'
    ? { decision: 'hold', message: reply.message }
    : refused(reply.is === 'upstream' ? 'Refused.' : reply.message);
