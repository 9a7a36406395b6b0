// Calls that wait for inputs: their server asked something in place of an answer, and goes on when the client calls
// again with the inputs (MCP 2026-07-28). Such a call is still open, and still the one it was: a client that never
// comes back leaves it to the record, as a lost answer does.

import type { Call, Draft } from './call.ts';
import type { UpstreamReply } from './mcp/port.ts';

export interface SuspendedCall {
  readonly call: Call;
  readonly draft: Draft;
  /** Position of the intent; a read has none. */
  readonly intent: number | undefined;
  /** What the server wants to know. */
  readonly asked: unknown;
}

const waitMs = 10 * 60_000;
const ofAgentMax = 64;

export class Suspended {
  readonly #calls = new Map<string, { readonly suspended: SuspendedCall; readonly timer: NodeJS.Timeout }>();
  readonly #settle: (suspended: SuspendedCall, reply: UpstreamReply) => void;

  /** `settle` is called for a call whose inputs never come. */
  constructor(settle: (suspended: SuspendedCall, reply: UpstreamReply) => void) {
    this.#settle = settle;
  }

  add(suspended: SuspendedCall): void {
    const { id, identity } = suspended.call;
    const own = [...this.#calls.values()].filter(
      ({ suspended: { call } }) => call.identity.identity === identity.identity,
    );
    const [oldest] = own;
    if (own.length >= ofAgentMax && oldest !== undefined) this.#abandon(oldest.suspended.call.id);
    const timer = setTimeout(() => this.#abandon(id), waitMs).unref();
    this.#calls.set(id, { suspended, timer });
  }

  /** Nobody comes back to a gateway that ends: what waits is left to the record now. */
  close(): void {
    for (const id of [...this.#calls.keys()]) this.#abandon(id);
  }

  get calls(): readonly Call[] {
    return [...this.#calls.values()].map(({ suspended }) => suspended.call);
  }

  /** The call, if it is exactly this one that waits: by the same agent, with the same arguments, in the same case. */
  take(id: string, again: Call): SuspendedCall | undefined {
    const found = this.#calls.get(id);
    if (found === undefined) return undefined;
    const { call } = found.suspended;
    const isSame = call.identity.identity === again.identity.identity && call.action === again.action;
    if (!isSame || !isSameCase(call.case, again.case)) return undefined;
    clearTimeout(found.timer);
    // INVARIANT: inputs continue a call once. What the server asks next suspends it anew.
    this.#calls.delete(id);
    return found.suspended;
  }

  #abandon(id: string): void {
    const found = this.#calls.get(id);
    if (found === undefined) return;
    clearTimeout(found.timer);
    this.#calls.delete(id);
    this.#settle(found.suspended, { is: 'lost', cause: 'the inputs that its server asked for never came' });
  }
}

/** A case that nobody opened is another one every day; an agent has one such case at a time. */
const isSameCase = (before: string, now: string): boolean =>
  before === now || (before.startsWith('implicit:') && now.startsWith('implicit:'));
