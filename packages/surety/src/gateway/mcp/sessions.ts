// The sessions of clients of the earlier era: by a random id, of one agent, at one endpoint. An agent can make as
// many as it likes; it only ever pushes out its own, and never one that is at work.

import { ClientSession } from './session.ts';
import type { Members } from './wire.ts';

export interface SessionLimits {
  readonly sessionsOfAgentMax: number;
  /** A session that nobody uses or listens to ends after this. */
  readonly sessionIdleMsMax: number;
}

/** A limit that a reload lowered holds after this. */
const sweepEveryMsMax = 60_000;

/** Those that may end to make room, the longest unused first, and those whose tasks run last. */
function endable(sessions: Iterable<ClientSession>): ClientSession[] {
  const unused = [...sessions].filter(({ busy }) => !busy);
  return [
    ...unused.filter(({ running }) => running.size === 0),
    ...unused.filter(({ running }) => running.size > 0),
  ];
}

export class Sessions {
  readonly #limits: () => SessionLimits;
  /** By agent, the longest unused first. */
  readonly #sessions = new Map<string, Map<string, ClientSession>>();
  #sweeping: NodeJS.Timeout;

  constructor(limits: () => SessionLimits) {
    this.#limits = limits;
    this.#sweeping = this.#sweepLater();
  }

  /** Undefined if the agent has too many sessions that are all at work. */
  open(agent: string, endpoint: string, opening: Members): ClientSession | undefined {
    const own = this.#sessions.get(agent) ?? new Map<string, ClientSession>();
    this.#sessions.set(agent, own);
    if (own.size >= this.#limits().sessionsOfAgentMax) {
      const [unused] = endable(own.values());
      if (unused === undefined) return undefined;
      this.#end(unused);
    }
    const session = new ClientSession(agent, endpoint, opening);
    own.set(session.id, session);
    this.#sessions.set(agent, own);
    return session;
  }

  /** This agent's session, here. Another's is as unknown as one that never was. */
  get(id: string, agent: string, endpoint: string): ClientSession | undefined {
    const own = this.#sessions.get(agent);
    const session = own?.get(id);
    if (own === undefined || session?.endpoint !== endpoint) return undefined;
    own.delete(id);
    own.set(id, session);
    session.usedAt = performance.now();
    return session;
  }

  /** Ends what this agent has not used for longest until there is room for a link more; false if all are at work. */
  roomForLink(session: ClientSession, ofAgentMax: number): boolean {
    const own = [...(this.#sessions.get(session.agent)?.values() ?? [])];
    let links = own.reduce((sum, each) => sum + each.links, 0);
    for (const each of endable(own)) {
      if (links < ofAgentMax) break;
      if (each === session || each.links === 0) continue;
      links -= each.links;
      this.#end(each);
    }
    return links < ofAgentMax;
  }

  end(session: ClientSession): void {
    this.#end(session);
  }

  *all(): Generator<ClientSession> {
    for (const own of this.#sessions.values()) yield* own.values();
  }

  async close(): Promise<void> {
    clearTimeout(this.#sweeping);
    await Promise.all([...this.all()].map((session) => session.end()));
    this.#sessions.clear();
  }

  #sweepLater(): NodeJS.Timeout {
    const { sessionIdleMsMax } = this.#limits();
    return setTimeout(() => this.#sweep(), Math.min(sessionIdleMsMax, sweepEveryMsMax)).unref();
  }

  #sweep(): void {
    const before = performance.now() - this.#limits().sessionIdleMsMax;
    for (const session of [...this.all()])
      if (!session.busy && session.running.size === 0 && session.usedAt < before) this.#end(session);
    this.#sweeping = this.#sweepLater();
  }

  #end(session: ClientSession): void {
    const own = this.#sessions.get(session.agent);
    own?.delete(session.id);
    if (own?.size === 0) this.#sessions.delete(session.agent);
    void session.end();
  }
}
