// Who watches calls from beside them: telemetry. An observer sees ids and times, decides nothing, and gives every
// reply back as it is. Without one a call costs nothing more.

import type { Decision } from './decided.ts';
import type { Message, ToolReply, ToolRequest } from './mcp/port.ts';

export interface Observer {
  /** Passes the request on exactly once, perhaps with a `forward` of its own around the given one. */
  call(
    agent: string,
    request: ToolRequest,
    pass: (request: ToolRequest) => Promise<ToolReply>,
  ): Promise<ToolReply>;
  /** The same for a call that never crosses. */
  decide(agent: string, asked: Asked, pass: (asked: Asked) => Promise<Decision>): Promise<Decision>;
  /** A request that is no call. Gives what `serve` gives, or throws what it throws. */
  request<T>(agent: string, message: Message, serve: () => Promise<T>): Promise<T>;
}

/** Of a call that its caller makes past the gateway. */
export type Asked = Omit<ToolRequest, 'forward'>;

/** How things stand at this moment: counts and shares, no amounts. */
export interface Figures {
  /** Calls whose outcome nobody has said yet. */
  readonly open: number;
  /** Holds that wait for people. */
  readonly holds: number;
  /** How often in 24 hours the person was asked who was asked most. */
  readonly asked: number;
  /** Facts of what was answered already, on their way into the ledger. */
  readonly backlog: number;
  /** What each agent has used of its budget of the day; above 1 if that cannot be added up. */
  readonly budgets: readonly (readonly [agent: string, share: number])[];
}

/** What a tool is counted under: bounded by what people labelled, whatever names callers invent. */
export interface Counted {
  readonly tool: string;
  readonly effect: string;
}
