// Changes that wait, as their owners must see them before they sign.

import type { Change, InForce, Proposal, Relying } from '@surety/proof/changes';
import { type Difference, differenceLines, differences } from './difference.ts';
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
}

export const changeOf = (inForce: InForce, { stream, declared }: Proposal): Change =>
  inForce.changeTo(stream, declared as Change['after']);

export function pendingIn(inForce: InForce): readonly PendingShown[] {
  return inForce.proposals.map((proposal) => {
    const change = changeOf(inForce, proposal);
    return {
      ...{ change: proposal.change, stream: proposal.stream, since: new Date(proposal.time).toISOString() },
      ...{ from: proposal.from ?? null, to: proposal.to ?? null, signed: [...proposal.signers.keys()] },
      missing: inForce.missing(change),
      difference: differences(change.before, change.after),
    };
  });
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
}: PendingShown): string[] {
  const kind = from === null ? whole.added : to === null ? whole.gone : '';
  const waits = missing.map(({ outcome, owner }) => `${owner} (${outcome})`).join(', ');
  return [
    `${change}  ${printable(stream)}${kind}`,
    ...differenceLines(difference).map((line) => `  ${line}`),
    ...(signed.length === 0 ? [] : [`  signed by ${signed.join(', ')}`]),
    `  waits for ${waits}`,
  ];
}
