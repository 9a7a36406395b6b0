// The servers that `surety up` reaches: one upstream for each definition in force. A reload keeps those that stay as they
// are, starts what is new, and closes what is gone once nothing under way needs it. Part of the composition root.

import { digestOf, type Limits, type ServerConfig } from './config/index.ts';
import { httpUpstream, stdioUpstream, type Upstream } from './gateway/mcp/index.ts';

type OnNote = (level: 'info' | 'warn', note: string) => void;

/** Hands the upstreams to the front; resolves when what was under way before is answered. */
export type Swap = (upstreams: readonly Upstream[], limits: Limits) => Promise<void>;

/** A server that is gone is closed after this, whatever it still owes: by then its answers have timed out. */
const drainMsMax = 120_000;

export class Servers {
  readonly #onNote: OnNote;
  /** By all that an upstream is made of; it holds secrets, and is never shown. */
  #made = new Map<string, Upstream>();
  readonly #retiring = new Set<Promise<void>>();

  constructor(onNote: OnNote) {
    this.#onNote = onNote;
  }

  get upstreams(): readonly Upstream[] {
    return [...this.#made.values()];
  }

  /** In one turn: a call goes to the servers of before or to those of after. */
  take(servers: readonly ServerConfig[], limits: Limits, swap?: Swap): void {
    const before = this.#made;
    this.#made = new Map(
      servers.map((server) => {
        const made = JSON.stringify([server, limits]);
        return [made, before.get(made) ?? upstreamOf(server, limits, this.#onNote)];
      }),
    );
    const gone = [...before].filter(([made]) => !this.#made.has(made)).map(([, upstream]) => upstream);
    const drained = swap?.(this.upstreams, limits) ?? Promise.resolve();
    if (gone.length === 0) return;
    const retiring = this.#retire(gone, drained).finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
  }

  async #retire(gone: readonly Upstream[], drained: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, drainMsMax).unref();
    await Promise.race([drained, late.promise]);
    clearTimeout(timer);
    await Promise.all(gone.map((upstream) => upstream.close()));
    for (const { server } of gone)
      this.#onNote('info', `${server}: closed, nothing under way needs it any more`);
  }

  async close(): Promise<void> {
    await Promise.all(this.upstreams.map((upstream) => upstream.close()));
  }
}

const upstreamOf = (server: ServerConfig, limits: Limits, onNote: OnNote): Upstream =>
  Object.assign(reached(server, limits, onNote), { launch: launchOf(server) });

/** What of this is part of every contract: as written, so with no secret in it, and of the rest only a digest. */
function launchOf({ written }: ServerConfig): Readonly<Record<string, unknown>> {
  const { stdio, cwd, http, env, headers } = written as Readonly<Record<string, unknown>>;
  const given = defined({ env, headers });
  const isGiven = Object.keys(given).length > 0;
  return defined({ stdio, cwd, http, given: isGiven ? digestOf(given) : undefined });
}

const defined = (members: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

function reached(server: ServerConfig, limits: Limits, onNote: OnNote): Upstream {
  const onProblem = (problem: string) => onNote('warn', `${server.id}: ${problem}`);
  const { id, timeoutMs, linkLocal = false } = server;
  const bounds = { ...limits, timeoutMs, inFlightMax: limits.callsOfServerMax, onProblem };
  if (server.transport === 'http')
    return httpUpstream({
      ...bounds,
      server: id,
      url: server.url ?? '',
      headers: server.headers ?? {},
      connectTimeoutMs: limits.connectWithinMs,
      linkLocal,
    });
  return stdioUpstream({
    ...bounds,
    server: id,
    command: server.command ?? '',
    args: server.args ?? [],
    cwd: server.cwd ?? '.',
    env: server.env ?? {},
  });
}
