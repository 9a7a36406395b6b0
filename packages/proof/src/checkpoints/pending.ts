// A call before it happens, as its checkpoints see it, and what they may lack.

import type { Money } from '../facts.ts';
import { RuleError } from '../language/index.ts';
import type { Clause, CompiledRule } from './clauses.ts';

/** `30 days`, `1 hour`: in the largest unit that is whole. */
export function spanText(ms: number): string {
  const [unitMs, unit] = units.find(([each]) => ms % each === 0) ?? [1, 'ms'];
  const count = ms / unitMs;
  return unit === 'ms' ? `${count} ms` : `${count} ${unit}${count === 1 ? '' : 's'}`;
}
const units = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** Calls that one judgement of a rule may look at; beyond it the rule is an error, so that nobody can make it slow. */
const looksMax = 100_000;

export class Looks {
  #left = looksMax;

  spend(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new RuleError('too-much-work', 0, `more than ${looksMax} calls to look at`);
  }
}

export interface PendingCall {
  readonly tool: string;
  readonly args: unknown;
  readonly money: Money | undefined;
  /** The currency that `money` in rules is counted in; another one is a rule error, hence refused. */
  readonly currency: string | undefined;
  readonly agent: string | undefined;
  readonly user: string | undefined;
  readonly case: string;
  readonly agentOwner: string | undefined;
  /** The canonical action's id, in the clear. */
  readonly action: string;
  readonly at: number;
  /** Some argument is withheld (only ever in a proof). */
  readonly withheld: boolean;
}

/** What a checkpoint can lack. `forgotten`: only the gate forgets. */
export type Lack = 'evidence' | 'approval' | 'forbidden' | 'limit' | 'persons' | 'forgotten';

export type Unmet =
  /** `remedy`: what would let the call pass. */
  | { readonly answer: 'failed'; readonly lacks: Lack; readonly text: string; readonly remedy: string }
  /** `missing` are the facts that lack values, where they are not the call's own. */
  | { readonly answer: 'withheld'; readonly text: string; readonly missing?: readonly number[] }
  | { readonly answer: 'error'; readonly text: string };

/** The values that the conditions of this rule may name. Throws `RuleError` for money that cannot be compared. */
export function scopeOf({ rule }: CompiledRule, call: PendingCall): Record<string, unknown> {
  if (call.money !== undefined && call.currency !== undefined && call.money.currency !== call.currency)
    throw new RuleError(
      'type',
      0,
      `\`${rule.rule}\` counts ${call.currency}, the call is in ${call.money.currency}`,
    );
  return {
    args: call.args,
    agent: call.agent ?? null,
    user: call.user ?? null,
    ...(call.money === undefined ? {} : { money: call.money.amountMinor }),
  };
}

/**
 * Whether evidence of that time is of the age that the clause asks for, bounds included. A clock that ran backwards
 * gives a negative age: no evidence of anything, so it does not count.
 */
export function inTime({ withinMs, afterMs }: Clause, at: number, then: number): boolean {
  if (withinMs === undefined && afterMs === undefined) return true;
  const ageMs = at - then;
  return ageMs >= (afterMs ?? 0) && (withinMs === undefined || ageMs <= withinMs);
}
