// The event streams that clients hold open: what belongs to no request, what changes, and answers that a client comes
// back for. They wait for nothing of ours, so they are no requests being answered; they have bounds of their own.

import type { ServerResponse } from 'node:http';
import { Shares } from '../../shares.ts';
import type { Caller } from './port.ts';
import { Refusal } from './refusal.ts';
import type { EventStream } from './streams.ts';
import { rpc } from './wire.ts';

export interface StreamLimits {
  /** In all; one agent never has more than are left for others. */
  readonly streamsMax: number;
  readonly streamsOfAgentMax: number;
}

export class Places {
  readonly #limits: () => StreamLimits;
  readonly #shares: Shares;
  readonly #held = new Map<string, number>();
  /** How the place of a stream's present connection is left. */
  readonly #leaving = new WeakMap<EventStream, () => void>();

  constructor(limits: () => StreamLimits) {
    this.#limits = limits;
    this.#shares = new Shares(limits().streamsMax);
  }

  /** Gives how to leave it, once. Throws `Refusal` if this agent can have no more. */
  take({ agent }: Caller): () => void {
    const { streamsMax, streamsOfAgentMax } = this.#limits();
    this.#shares.resize(streamsMax);
    const held = this.#held.get(agent) ?? 0;
    if (held >= streamsOfAgentMax || !this.#shares.take(agent))
      throw new Refusal(503, rpc.transport, 'too many streams of this agent', {
        headers: { 'retry-after': '1' },
      });
    this.#held.set(agent, held + 1);
    let isHeld = true;
    return () => {
      if (isHeld) this.#leave(agent);
      isHeld = false;
    };
  }

  /** Connects a stream, after what was missed. Throws `Refusal` as `take` does. */
  connect(
    caller: Caller,
    stream: EventStream,
    response: ServerResponse,
    missed: readonly (readonly [string, string])[] = [],
  ): void {
    // The newest connection to a stream takes the place of the one before.
    this.#leaving.get(stream)?.();
    const leave = this.take(caller);
    this.#leaving.set(stream, leave);
    response.once('close', leave);
    stream.connect(response, missed);
  }

  #leave(agent: string): void {
    this.#shares.give(agent);
    const left = (this.#held.get(agent) ?? 1) - 1;
    if (left === 0) this.#held.delete(agent);
    else this.#held.set(agent, left);
  }
}
