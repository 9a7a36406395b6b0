// The two kinds of endpoint: one server under its native names, and all servers under merged names. Both say
// who they are, which tools a caller may see, and which tool of which server a name means.

import { version } from '../../version.ts';
import type { Mirrored } from './mirrored.ts';
import { type OnLeftOut, type Showing, showMerged, showNative, splitMerged } from './names.ts';
import type { Tool, Upstream } from './upstream.ts';
import { isMembers, type Members } from './wire.ts';

export interface Target {
  readonly upstream: Upstream;
  /** Arguments that come in headers too; none if the tool is not listed, or cannot be now. */
  readonly mirrored: () => Promise<readonly Mirrored[]>;
  /** `<server>.<native name>`: what rules, facts and `mayUse` know. */
  readonly tool: string;
  readonly native: string;
}

export interface Listed {
  readonly tool: string;
  readonly text: string;
}

export interface Endpoint {
  /** Names it among the endpoints; sessions are bound to it. */
  readonly id: string;
  /** Members of an initialize result, without version and capabilities. Throws `UpstreamError`. */
  about(): Promise<Members>;
  /** In a stable order. Throws `UpstreamError`. */
  list(): Promise<readonly Listed[]>;
  /** Undefined if the name means nothing here. Throws `UpstreamError`. */
  find(name: string): Promise<Target | undefined>;
}

export type OnProblem = (problem: string) => void;

/** What a server shows is worked out once for each list it gives, and each name left out is told of once. */
class View {
  readonly upstream: Upstream;
  readonly #show: (tools: readonly Tool[]) => Showing;
  readonly #showings = new WeakMap<readonly Tool[], Showing>();

  constructor(upstream: Upstream, show: (tools: readonly Tool[]) => Showing) {
    this.upstream = upstream;
    this.#show = show;
  }

  async showing(): Promise<Showing> {
    const { capabilities } = await this.upstream.describe();
    const offers = isMembers(capabilities) && capabilities.tools !== undefined;
    const tools = offers ? await this.upstream.listTools() : [];
    const known = this.#showings.get(tools);
    if (known !== undefined) return known;
    const showing = this.#show(tools);
    this.#showings.set(tools, showing);
    return showing;
  }

  async list(): Promise<Listed[]> {
    const { shown } = await this.showing();
    return [...shown.values()].map(({ native, text }) => ({ tool: this.#id(native), text }));
  }

  target(name: string, native: string): Target {
    const mirrored = async () => {
      // If the server cannot be asked, the call itself will tell, and is the governor's to record.
      const showing = await this.showing().catch(() => undefined);
      return showing?.shown.get(name)?.mirrored ?? [];
    };
    return { upstream: this.upstream, native, tool: this.#id(native), mirrored };
  }

  #id(native: string): string {
    return `${this.upstream.server}.${native}`;
  }
}

const reportedMax = 1_000;

function reporter(server: string, onProblem: OnProblem): OnLeftOut {
  const reported = new Set<string>();
  return (native, why) => {
    if (reported.has(native) || reported.size >= reportedMax) return;
    reported.add(native);
    // The server wrote the name: quoted and cut, so that it cannot pass for a line of ours.
    onProblem(`a tool of server \`${server}\` is left out: ${why}: ${JSON.stringify(native.slice(0, 100))}`);
  };
}

export function serverEndpoint(upstream: Upstream, onProblem: OnProblem): Endpoint {
  const report = reporter(upstream.server, onProblem);
  const view = new View(upstream, (tools) => showNative(tools, report));
  return {
    id: upstream.server,
    about: () => upstream.describe(),
    list: () => view.list(),
    // Not looked up: whether a tool exists is for the governor to know and not to tell.
    find: async (name) => (/^[^\s\p{Cc}]{1,256}$/u.test(name) ? view.target(name, name) : undefined),
  };
}

export function mergedEndpoint(upstreams: readonly Upstream[], onProblem: OnProblem): Endpoint {
  const views = new Map<string, View>();
  for (const upstream of upstreams) {
    const report = reporter(upstream.server, onProblem);
    views.set(upstream.server, new View(upstream, (tools) => showMerged(upstream.server, tools, report)));
  }
  return {
    id: '',
    about: async () => ({ serverInfo: { name: 'surety', version } }),
    async list() {
      const lists = await Promise.all([...views.values()].map((view) => listedOrNot(view, onProblem)));
      return lists.flat();
    },
    async find(name) {
      const { server, rest } = splitMerged(name) ?? { server: '', rest: '' };
      const view = views.get(server);
      if (view === undefined || !/^[A-Za-z0-9_-]{1,256}$/.test(rest)) return undefined;
      const { shown, leftOut } = await view.showing();
      if (leftOut.has(name)) return undefined;
      // A tool that is not listed is still somebody's to refuse, and to record.
      return view.target(name, shown.get(name)?.native ?? rest);
    },
  };
}

/** One server that is away does not take the others' tools with it. */
async function listedOrNot(view: View, onProblem: OnProblem): Promise<Listed[]> {
  try {
    return await view.list();
  } catch (cause) {
    onProblem(`server \`${view.upstream.server}\` is missing from a list: ${(cause as Error).message}`);
    return [];
  }
}
