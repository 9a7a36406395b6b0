// The two kinds of endpoint: one server under its native names, and all servers under merged names. Both say who
// they are, what a caller may see, and what of which server a name or an address means. On which link a server is
// asked is the caller's to say: a session may have one of its own.

import { version } from '../../version.ts';
import { tasksExtension } from './capabilities.ts';
import { UpstreamError } from './errors.ts';
import { type Item, type ListKind, listKinds } from './listing.ts';
import type { Mirrored } from './mirrored.ts';
import { isNativeName, type OnLeftOut, type Showing, showMerged, showNative, splitMerged } from './names.ts';
import type { Link, Upstream } from './upstream.ts';
import { isMembers, type Members } from './wire.ts';

/** The link that a caller asks this server on. */
export type Links = (upstream: Upstream) => Promise<Link>;

/** Tools and prompts have names, resources have addresses. */
type Named = 'tools' | 'prompts';

export interface Target {
  readonly upstream: Upstream;
  /** What the server itself calls it: a tool, a prompt, or the address of a resource. */
  readonly native: string;
  /** Arguments that come in headers too; none if the tool is not listed, or cannot be now. */
  readonly mirrored: () => Promise<readonly Mirrored[]>;
}

export interface Listed {
  readonly server: string;
  readonly native: string;
  readonly text: string;
  /** Of a tool: its own text, before an endpoint gave it another name. */
  readonly listed?: string;
}

export interface Endpoint {
  /** Names it among the endpoints; sessions are bound to it. */
  readonly id: string;
  readonly upstreams: readonly Upstream[];
  /** Members of an initialize result, without version. Throws `UpstreamError`. */
  about(links: Links): Promise<Members>;
  /** In a stable order. Throws `UpstreamError`. */
  list(kind: ListKind, links: Links): Promise<readonly Listed[]>;
  /** Undefined if the name means nothing here. Throws `UpstreamError`. */
  find(kind: Named, name: string, links: Links): Promise<Target | undefined>;
  /** The server that has the resource at this address; undefined if none has, or several. Throws `UpstreamError`. */
  locate(uri: string, links: Links): Promise<Target | undefined>;
}

export type OnProblem = (problem: string) => void;

const noMirrored = async (): Promise<readonly Mirrored[]> => [];

/** What a server shows is worked out once for each list it gives, and each name left out is told of once. */
class View {
  readonly upstream: Upstream;
  readonly #show: (items: readonly Item[]) => Showing;
  readonly #showings = new WeakMap<readonly Item[], Showing>();

  constructor(upstream: Upstream, show: (items: readonly Item[]) => Showing) {
    this.upstream = upstream;
    this.#show = show;
  }

  async items(kind: ListKind, links: Links): Promise<readonly Item[]> {
    const link = await links(this.upstream);
    const { capabilities } = await link.describe();
    const offers = isMembers(capabilities) && capabilities[listKinds[kind].capability] !== undefined;
    if (!offers) return [];
    return kind === 'templates' ? orNone(link.list(kind)) : link.list(kind);
  }

  async showing(kind: Named, links: Links): Promise<Showing> {
    const items = await this.items(kind, links);
    const known = this.#showings.get(items);
    if (known !== undefined) return known;
    const showing = this.#show(items);
    this.#showings.set(items, showing);
    return showing;
  }

  async list(kind: Named, links: Links): Promise<Listed[]> {
    const { server } = this.upstream;
    const { shown } = await this.showing(kind, links);
    return [...shown.values()].map(({ native, text, listed }) => ({
      ...{ server, native, text },
      ...(kind === 'tools' ? { listed } : {}),
    }));
  }

  async resources(kind: 'resources' | 'templates', links: Links): Promise<Listed[]> {
    const { server } = this.upstream;
    const items = await this.items(kind, links);
    return items.map(({ name, text }) => ({ server, native: name, text }));
  }

  target(kind: Named, name: string, native: string, links: Links): Target {
    const mirrored = async () => {
      // If the server cannot be asked, the call itself will tell, and is the governor's to record.
      const showing = await this.showing(kind, links).catch(() => undefined);
      return showing?.shown.get(name)?.mirrored ?? [];
    };
    return { upstream: this.upstream, native, mirrored };
  }
}

/** A server may have resources and know no templates. */
const orNone = (items: Promise<readonly Item[]>): Promise<readonly Item[]> =>
  items.catch((cause: Error) => {
    if (cause instanceof UpstreamError && cause.code === 'refused') return [];
    throw cause;
  });

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
  const view = new View(upstream, (items) => showNative(items, report));
  return {
    id: upstream.server,
    upstreams: [upstream],
    about: async (links) => (await links(upstream)).describe(),
    list: (kind, links) =>
      kind === 'tools' || kind === 'prompts' ? view.list(kind, links) : view.resources(kind, links),
    // Not looked up: whether a tool exists is for the governor to know and not to tell.
    find: async (kind, name, links) =>
      (kind === 'tools' ? isNativeName(name) : name !== '')
        ? view.target(kind, name, name, links)
        : undefined,
    locate: async (uri) => ({ upstream, native: uri, mirrored: noMirrored }),
  };
}

export function mergedEndpoint(upstreams: readonly Upstream[], onProblem: OnProblem): Endpoint {
  const views = new Map<string, View>();
  for (const upstream of upstreams) {
    const report = reporter(upstream.server, onProblem);
    views.set(upstream.server, new View(upstream, (items) => showMerged(upstream.server, items, report)));
  }
  /** One server that is away does not take the others with it. */
  const ofAll = async (list: (view: View) => Promise<Listed[]>): Promise<Listed[]> => {
    const lists = await Promise.all(
      [...views.values()].map((view) =>
        list(view).catch((cause: Error) => {
          onProblem(`server \`${view.upstream.server}\` is missing from a list: ${cause.message}`);
          return [];
        }),
      ),
    );
    return lists.flat();
  };
  return {
    id: '',
    upstreams,
    about: async () => ({
      serverInfo: { name: 'surety', version },
      // What each server offers is asked when it is needed: none may keep a client from the others.
      capabilities: {
        ...{ tools: {}, resources: { subscribe: true }, prompts: {}, completions: {}, logging: {} },
        tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
        extensions: { [tasksExtension]: {} },
      },
    }),
    async list(kind, links) {
      if (kind === 'tools' || kind === 'prompts') return ofAll((view) => view.list(kind, links));
      return onlyOnce(await ofAll((view) => view.resources(kind, links)));
    },
    async find(kind, name, links) {
      const { server, rest } = splitMerged(name) ?? { server: '', rest: '' };
      const view = views.get(server);
      if (view === undefined || !/^[A-Za-z0-9_-]{1,256}$/.test(rest)) return undefined;
      const { shown, leftOut } = await view.showing(kind, links);
      if (leftOut.has(name)) return undefined;
      // A tool that is not listed is still somebody's to refuse, and to record.
      return view.target(kind, name, shown.get(name)?.native ?? rest, links);
    },
    async locate(uri, links) {
      const [listed, templates] = await Promise.all([
        ofAll((view) => view.resources('resources', links)),
        ofAll((view) => view.resources('templates', links)),
      ]);
      const exact = listed.filter(({ native }) => native === uri);
      // A template has the address if its own beginning has: two servers that begin alike are told apart by nothing.
      const begins = templates.filter(({ native }) => beginsLike(native, uri));
      const servers = new Set((exact.length > 0 ? exact : begins).map(({ server }) => server));
      const [server, another] = servers;
      const view = server === undefined || another !== undefined ? undefined : views.get(server);
      return view && { upstream: view.upstream, native: uri, mirrored: noMirrored };
    },
  };
}

/** The beginning of a URI template (RFC 6570) that stands before its first expression, if it names a scheme. */
function beginsLike(template: string, uri: string): boolean {
  const [beginning = ''] = template.split('{', 1);
  return beginning === template
    ? uri === template
    : /^[a-z][a-z0-9+.-]*:/i.test(beginning) && uri.startsWith(beginning);
}

/** An address that two servers have means neither: which of them a client means, nobody can say. */
function onlyOnce(listed: readonly Listed[]): Listed[] {
  const servers = new Map<string, Set<string>>();
  for (const { server, native } of listed)
    servers.set(native, (servers.get(native) ?? new Set()).add(server));
  return listed.filter(({ native }) => servers.get(native)?.size === 1);
}
