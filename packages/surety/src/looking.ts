// Looking at what servers list now, without an agent that asks: what is new is recorded, for a person to approve. Part of
// the composition root.

import type { LookAnswer } from './api/index.ts';
import type { Gateway } from './gateway/gateway.ts';
import { contractsFor, type Upstream } from './gateway/mcp/index.ts';

/** Every server whose contracts matter. One that is away is said to be, and keeps nobody waiting for the others. */
export async function look(gateway: Gateway, upstreams: readonly Upstream[]): Promise<LookAnswer> {
  const asked = upstreams.filter(({ server }) => gateway.pins(server));
  const servers = await Promise.all(asked.map((upstream) => lookAt(gateway, upstream)));
  return { servers };
}

async function lookAt(gateway: Gateway, upstream: Upstream): Promise<LookAnswer['servers'][number]> {
  const { server } = upstream;
  try {
    const { known } = await contractsFor({ governor: gateway, links: async (each) => each }, upstream);
    const tools = [...known.values()].map(({ contract: { tool, hash } }) => ({
      tool,
      contract: gateway.contracts.named(hash),
    }));
    return { server, tools };
  } catch (error) {
    return { server, tools: [], away: (error as Error).message };
  }
}
