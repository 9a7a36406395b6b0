// Contracts in a store, for commands: the same fold as the gateway's, over the facts that it needs, beside what the servers
// list now. A text is shown only if it is the one that its fact names.

import { InForce, type Standing, serverOf } from '@surety/proof/changes';
import { type Pin, type PinMode, pinModeOf } from '@surety/proof/contracts';
import { type Fact, isKind } from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import type { LookAnswer } from '../api/index.ts';
import {
  type ContractFinding,
  type ContractRead,
  Contracts,
  findingsOf,
  hashOf,
  readContract,
} from '../contracts/index.ts';
import { sha256 } from '../ledger/hash.ts';
import { logSalt } from '../ledger/opening.ts';
import type { View } from '../ledger/views.ts';
import { type Difference, membersDiffering } from './difference.ts';
import type { Store } from './store.ts';

/** Where those facts stand. */
export const contractFacts: View = {
  name: 'contracts',
  version: 1,
  tables: 'CREATE TABLE contract (position INTEGER PRIMARY KEY) STRICT;',
  apply(database, { kind, position }) {
    if (kind.startsWith('contract.')) database.prepare('INSERT INTO contract VALUES (?)').run(position);
  },
};

/** `approved` as it is listed; `unapproved` never, or not since it was revoked; `gone` it was, and is listed no more. */
export type PinState = 'approved' | 'unapproved' | 'changed' | 'too-large' | 'gone';

/** `surety pins --json`: documented in docs/cli.md; members are only ever added. */
export interface PinShown {
  readonly tool: string;
  readonly state: PinState;
  readonly pins: PinMode;
  /** The contract under which it is listed now, as facts name it; null if it is not. */
  readonly contract: string | null;
  readonly approved: {
    readonly contract: string;
    readonly person: string;
    readonly function: string;
    readonly at: string;
  } | null;
  /** What was approved, and what is listed in its place. */
  readonly difference: readonly Difference[];
  readonly findings: readonly ContractFinding[];
  /** Agents that were shown something else than all others, since it was last approved. */
  readonly cloaked: readonly {
    readonly agent: string | null;
    readonly contract: string;
    readonly at: string;
  }[];
  /** The whole contract, or null if it is not kept. */
  readonly whole: unknown;
}

export interface Pinned {
  readonly shown: readonly PinShown[];
  readonly standing: Standing;
}

export function pinnedIn(store: Pick<Store, 'views' | 'fact' | 'reader'>, { servers }: LookAnswer): Pinned {
  const { contracts, standing, seen } = foldOf(store);
  const listed = new Map(servers.flatMap(({ tools }) => tools.map(({ tool, contract }) => [tool, contract])));
  const read = new Map<string, ContractRead>();
  for (const [contract, fact] of seen) {
    const text = textOf(store, fact, contracts);
    if (text !== undefined) read.set(contract, readContract(text));
  }
  const all = [...listed].flatMap(([, contract]) => read.get(contract) ?? []);
  const gone = [...contracts.pins.all].filter(([tool]) => !listed.has(tool));
  const lost = gone.flatMap(([, { contract }]) => read.get(contract) ?? []);
  const away = new Set(servers.flatMap(({ server, away }) => (away === undefined ? [] : [server])));
  const shown = [...listed.keys(), ...gone.flatMap(([tool]) => (away.has(serverOf(tool)) ? [] : [tool]))].map(
    (tool): PinShown => {
      const pin = contracts.pins.of(tool);
      const contract = listed.get(tool);
      const now = read.get(contract ?? '');
      const before = pin && read.get(pin.contract);
      const cloaked = cloakedIn(seen, tool, pin);
      const others = all.filter((each) => each !== now);
      const hasChanged = before !== undefined && now !== undefined && pin?.contract !== contract;
      return {
        ...{
          tool,
          state: stateOf(pin, contract, now),
          pins: pinModeOf(standing, serverOf(tool)) ?? 'required',
        },
        ...{ contract: contract ?? null, approved: pin === undefined ? null : approvalOf(pin), cloaked },
        difference: hasChanged ? membersDiffering(before, now) : [],
        findings:
          now === undefined
            ? []
            : findingsOf(now, { before, others, gone: lost, isCloaked: cloaked.length > 0 }),
        whole: now ?? null,
      };
    },
  );
  return { shown: shown.toSorted((a, b) => (a.tool < b.tool ? -1 : 1)), standing };
}

/** By tool, the contract that is approved, else the one that was seen last; those that are not kept are left out. */
export function contractsIn(
  store: Pick<Store, 'views' | 'fact' | 'reader'>,
): ReadonlyMap<string, ContractRead> {
  const { contracts, seen } = foldOf(store);
  const chosen = new Map<string, Seen>();
  for (const fact of seen.values()) {
    const pinned = contracts.pins.of(fact.body.tool)?.contract;
    const before = chosen.get(fact.body.tool);
    if (before?.body.contract !== pinned || pinned === undefined) chosen.set(fact.body.tool, fact);
  }
  return new Map(
    [...chosen].flatMap(([tool, fact]) => {
      const text = textOf(store, fact, contracts);
      return text === undefined ? [] : [[tool, readContract(text)] as const];
    }),
  );
}

function stateOf(
  pin: Pin | undefined,
  contract: string | undefined,
  now: ContractRead | undefined,
): PinState {
  if (contract === undefined) return 'gone';
  if (pin?.contract === contract) return 'approved';
  if (now === undefined) return 'too-large';
  return pin === undefined ? 'unapproved' : 'changed';
}

const approvalOf = ({ contract, person, function: as, time }: Pin) => ({
  ...{ contract, person, function: as },
  at: new Date(time).toISOString(),
});

type Seen = Fact<'contract.seen'>;

const cloakedIn = (
  seen: ReadonlyMap<string, Seen>,
  tool: string,
  pin: Pin | undefined,
): PinShown['cloaked'] =>
  [...seen.values()]
    .filter(
      ({ body, position }) =>
        body.tool === tool && body.beside !== undefined && position > (pin?.position ?? -1),
    )
    .map(({ body: { contract }, agent, time }) => ({
      ...{ agent: agent ?? null, contract },
      at: new Date(time).toISOString(),
    }));

/** Everything about contracts that a store says. */
export function foldOf({ views, fact, reader }: Pick<Store, 'views' | 'fact' | 'reader'>) {
  const inForce = new InForce(sha256);
  const contracts = new Contracts({ standing: () => inForce.standing, logSalt: logSalt(reader) });
  const seen = new Map<string, Seen>();
  const both = 'SELECT position FROM declaration UNION SELECT position FROM contract ORDER BY position';
  for (const { position } of views.database.prepare(both).all() as unknown as { position: number }[]) {
    const { fact: found } = fact(position);
    inForce.apply(found, true);
    contracts.apply(found);
    if (isKind(found, 'contract.seen')) seen.set(found.body.contract, found);
  }
  return { contracts, seen, standing: inForce.standing };
}

/** INVARIANT: what is shown is what the fact names, and so what is signed. */
function textOf(
  { fact }: Pick<Store, 'fact'>,
  { position, body }: Seen,
  contracts: Contracts,
): string | undefined {
  const { value } = openCommitments(body.whole, fact(position).find);
  return typeof value === 'string' && contracts.named(hashOf(value)) === body.contract ? value : undefined;
}
