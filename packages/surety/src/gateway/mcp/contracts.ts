// The contracts under which a server lists its tools on a link, for the governor to compare with what people approved.
// What a server can be asked beside its tools has a contract too: what it says of itself, and how it is reached.

import { type Contract, contractOf } from '../../contracts/index.ts';
import type { Links } from './endpoint.ts';
import type { Item } from './listing.ts';
import { asides, isNativeName } from './names.ts';
import type { Caller, Governor } from './port.ts';
import type { Link, Upstream } from './upstream.ts';
import { isMembers, type Members } from './wire.ts';

interface Known {
  readonly contract: Contract;
  /** The tool's own text in the list that this is the contract of. */
  readonly listed: string;
}
interface ContractsOn {
  readonly described: Members;
  /** By the name that the server itself gives each tool. */
  readonly known: ReadonlyMap<string, Known>;
}

interface Asking {
  readonly governor: Governor;
  readonly caller?: Caller;
  readonly links: Links;
}

/** What was worked out for a list is kept for as long as the list is. */
const kept = new WeakMap<readonly Item[], ContractsOn>();
/** What was worked out for a server before: most of a new list is the old one. */
const before = new WeakMap<Upstream, Map<string, Known & { readonly said: string }>>();
/** Each list is told once; resolves when it is recorded. */
const told = new WeakMap<ContractsOn, Promise<void>>();

/** Throws `UpstreamError`. */
async function contractsOn(upstream: Upstream, link: Link): Promise<ContractsOn> {
  const described = await link.describe();
  const offers = isMembers(described.capabilities) ? described.capabilities : {};
  const items = offers.tools === undefined ? [] : await link.list('tools');
  const worked = kept.get(items);
  if (worked?.described === described) return worked;
  const listed = [
    ...items.filter(({ name }) => isNativeName(name)),
    ...asides
      .filter((aside) => offersAside(offers, aside))
      .map((name) => ({ name, text: '', value: { name } })),
  ];
  const contracts = { described, known: workedOut(upstream, described, listed) };
  kept.set(items, contracts);
  return contracts;
}

function workedOut(
  upstream: Upstream,
  described: Members,
  items: readonly Pick<Item, 'name' | 'text' | 'value'>[],
): ReadonlyMap<string, Known> {
  const said = JSON.stringify([described.serverInfo, described.instructions]);
  const old = before.get(upstream);
  const known = new Map<string, Known & { readonly said: string }>();
  const twice = new Set<string>();
  for (const { name, text, value } of items) {
    if (known.has(name)) twice.add(name);
    const same = old?.get(name);
    const { server, launch = {} } = upstream;
    const contract =
      same?.listed === text && same.said === said
        ? same.contract
        : contractOf({ tool: `${server}.${name}`, launch, described, listed: value });
    if (contract !== undefined) known.set(name, { contract, listed: text, said });
  }
  // What a name means that is listed twice, nobody can say.
  for (const name of twice) known.delete(name);
  before.set(upstream, known);
  return known;
}

function offersAside(offers: Members, aside: (typeof asides)[number]): boolean {
  if (aside === 'prompts/get') return offers.prompts !== undefined;
  if (aside === 'completion/complete') return offers.completions !== undefined;
  return offers.resources !== undefined;
}

/** As this caller is shown them; what is new is told to the governor. Throws `UpstreamError`. */
export async function contractsFor(
  { governor, caller, links }: Asking,
  upstream: Upstream,
): Promise<ContractsOn> {
  const link = await links(upstream);
  const contracts = await contractsOn(upstream, link);
  const telling = told.get(contracts) ?? tell(contracts);
  told.set(contracts, telling);
  await telling;
  return contracts;

  async function tell(on: ContractsOn): Promise<void> {
    const isOwn = link !== upstream;
    const others = isOwn ? await contractsOn(upstream, upstream).catch(() => undefined) : undefined;
    await governor.listed?.({
      server: upstream.server,
      contracts: contractsIn(on),
      ...(isOwn && caller !== undefined ? { agent: caller.agent } : {}),
      ...(others && { beside: new Map(contractsIn(others).map(({ tool, hash }) => [tool, hash])) }),
    });
  }
}

const contractsIn = ({ known }: ContractsOn): readonly Contract[] =>
  [...known.values()].map(({ contract }) => contract);

/** The contract of one tool as this caller is shown it; undefined where nobody asks, or nobody can tell. */
export async function contractFor(
  asking: Asking,
  upstream: Upstream,
  native: string,
): Promise<string | undefined> {
  if (asking.governor.pins?.(upstream.server) !== true) return undefined;
  const contracts = await contractsFor(asking, upstream).catch(() => undefined);
  return contracts?.known.get(native)?.contract.hash;
}

/** Whether a tool may be shown; if `text` is given, with exactly this text of its server's. */
export type IsShown = (server: string, native: string, text?: string) => boolean;

/** Which tools of these servers may be shown, as they are listed now. */
export async function shownOf(asking: Asking, upstreams: readonly Upstream[]): Promise<IsShown> {
  const { governor } = asking;
  const asked = upstreams.filter(({ server }) => governor.pins?.(server) === true);
  const found = await Promise.all(
    asked.map(async (upstream) => {
      const contracts = await contractsFor(asking, upstream).catch(() => undefined);
      return [upstream.server, contracts?.known] as const;
    }),
  );
  const pinned = new Map(found);
  return (server, native, text) => {
    if (!pinned.has(server)) return true;
    const known = pinned.get(server)?.get(native);
    // A server that lists something else a moment later is judged by what is about to be shown.
    if (text !== undefined && known?.listed !== text) return false;
    return governor.mayShow?.(`${server}.${native}`, known?.contract.hash) !== false;
  };
}

/**
 * Whether an agent may hear what this server tells models to do. That is part of every contract of its tools, so somebody
 * approved it if they approved one of them.
 */
export async function mayInstruct(asking: Asking, upstream: Upstream, about: Members): Promise<boolean> {
  const { governor } = asking;
  if (governor.pins?.(upstream.server) !== true) return true;
  const contracts = await contractsFor(asking, upstream).catch(() => undefined);
  if (contracts === undefined || contracts.described.instructions !== about.instructions) return false;
  return contractsIn(contracts).some(({ tool, hash }) => governor.mayShow?.(tool, hash) !== false);
}
