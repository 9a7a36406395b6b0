// Sessions of the earlier era (MCP 2025-11-25, transports): a random id, of one agent, at one endpoint.
// An agent can make as many as it likes; it only ever pushes out its own.

import { randomBytes } from 'node:crypto';

export class Sessions {
  readonly #ofAgentMax: number;
  /** By agent: endpoint by id, the longest unused first. */
  readonly #sessions = new Map<string, Map<string, string>>();

  constructor(ofAgentMax: number) {
    this.#ofAgentMax = ofAgentMax;
  }

  open(agent: string, endpoint: string): string {
    const own = this.#sessions.get(agent) ?? new Map<string, string>();
    this.#sessions.set(agent, own);
    const [oldest] = own.keys();
    if (own.size >= this.#ofAgentMax && oldest !== undefined) own.delete(oldest);
    const id = randomBytes(24).toString('base64url');
    own.set(id, endpoint);
    return id;
  }

  /** Whether this session is this agent's, here. Another's is as unknown as one that never was. */
  touch(id: string, agent: string, endpoint: string): boolean {
    const own = this.#sessions.get(agent);
    if (own?.get(id) !== endpoint) return false;
    own.delete(id);
    own.set(id, endpoint);
    return true;
  }

  end(id: string, agent: string, endpoint: string): boolean {
    if (!this.touch(id, agent, endpoint)) return false;
    const own = this.#sessions.get(agent);
    own?.delete(id);
    if (own?.size === 0) this.#sessions.delete(agent);
    return true;
  }
}
