// Changes that wait, as their owners must see them before they sign.

import type { Change, InForce, Proposal, Refused, Relying } from '@surety/proof/changes';
import { isKind } from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import { type Difference, differenceLines, differences } from './difference.ts';
import { sayValue } from './narrate.ts';
import type { Store } from './store.ts';
import { printable } from './terminal.ts';

/** `surety changes --json`: documented in docs/cli.md; members are only ever added. */
export interface PendingShown {
  readonly change: string;
  readonly stream: string;
  readonly since: string;
  /** SHA-256 of what is in force and of what would be; null: nothing. */
  readonly from: string | null;
  readonly to: string | null;
  readonly signed: readonly string[];
  readonly missing: readonly Relying[];
  readonly difference: readonly Difference[];
  /** Whoever said no, and why (null: erased); null for what waits. */
  readonly refused: { readonly person: string; readonly at: string; readonly reason: string | null } | null;
}

export const changeOf = (inForce: InForce, { stream, declared }: Proposal): Change =>
  inForce.changeTo(stream, declared as Change['after']);

/** What waits, the oldest first. */
export const pendingIn = (inForce: InForce): readonly PendingShown[] =>
  inForce.proposals.map((proposal) => ({
    ...shown(inForce, proposal),
    missing: inForce.missing(changeOf(inForce, proposal)),
    refused: null,
  }));

/** What an owner refused, and the files still ask for. */
export const refusedIn = (inForce: InForce, { fact }: Pick<Store, 'fact'>): readonly PendingShown[] =>
  inForce.refused.map((refused) => ({
    ...shown(inForce, refused.proposal),
    missing: [],
    refused: {
      person: refused.person,
      at: new Date(refused.time).toISOString(),
      reason: reasonOf(refused, fact),
    },
  }));

function shown(inForce: InForce, proposal: Proposal) {
  const change = changeOf(inForce, proposal);
  return {
    ...{ change: proposal.change, stream: proposal.stream, since: new Date(proposal.time).toISOString() },
    ...{ from: proposal.from ?? null, to: proposal.to ?? null, signed: [...proposal.signers.keys()] },
    difference: differences(change.before, change.after),
  };
}

function reasonOf({ position }: Refused, at: Store['fact']): string | null {
  const { fact, find } = at(position);
  const { value } = isKind(fact, 'change.refused')
    ? openCommitments(fact.body.reason, find)
    : { value: undefined };
  return typeof value === 'string' ? value : null;
}

const whole = { added: ' (new)', gone: ' (withdrawn)' } as const;

export function pendingLines({
  change,
  stream,
  from,
  to,
  signed,
  missing,
  difference,
  refused,
}: PendingShown): string[] {
  const kind = from === null ? whole.added : to === null ? whole.gone : '';
  const waits = missing.map(({ outcome, owner }) => `${owner} (${outcome})`).join(', ');
  return [
    `${change}  ${printable(stream)}${kind}`,
    ...differenceLines(difference).map((line) => `  ${line}`),
    ...(signed.length === 0 ? [] : [`  signed by ${signed.join(', ')}`]),
    refused === null
      ? `  waits for ${waits}`
      : `  refused by ${refused.person}: ${sayValue(refused.reason ?? undefined)} (stays out until the files ask for something else)`,
  ];
}
