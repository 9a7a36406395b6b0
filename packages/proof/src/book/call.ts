// A call as the book tells it, and what its label says of it.

import type { PinAnswer } from '../contracts/index.ts';
import type { Body, Fact, Money, OutcomeDeclared, Rule } from '../facts.ts';
import type { Traced } from '../origins/index.ts';
import { type CheckpointAnswer, MoneyError, moneyIn } from '../rules/index.ts';

/** What one rule of one outcome says about one call, recomputed. */
export interface Judged {
  readonly outcome: string;
  readonly rule: Rule;
  readonly answer: CheckpointAnswer | { readonly answer: 'used-twice'; readonly by: string };
  /** People whose approval it rests on. */
  readonly approvers: readonly string[];
}

export interface Settlement {
  readonly position: number;
  readonly how: 'ok' | 'error' | 'none';
  readonly by: Body<'call.settled'>['by'];
  readonly result: unknown;
  /** Some of it is withheld. */
  readonly withheld: boolean;
}

/** A consequential call, or a read that checkpoints guard, as the log tells it. */
export interface GovernedCall {
  readonly call: string;
  /** Position of the intent; of the settlement where there is none. */
  readonly intent: number;
  /** False if the call settled without one, though it was no read. */
  readonly intended: boolean;
  readonly at: number;
  readonly tool: string;
  readonly args: unknown;
  /** By the tool's label, from the arguments. */
  readonly money: Money | undefined;
  readonly withheld: boolean;
  /** It moves money, and nobody can see how much. */
  readonly amountWithheld: boolean;
  /** How the fact's own words differ from its tool's label. */
  readonly misstated: string | undefined;
  /** Whether it rests on a contract that a person approved; undefined where none is asked for. */
  readonly pinned: PinAnswer | undefined;
  /** It acts for another than its case was opened for. */
  readonly borrowed: boolean;
  readonly agent: string;
  /** The agent as it was enrolled then. */
  readonly identity: Body<'identity.enrolled'> | undefined;
  readonly user: string | undefined;
  readonly case: string | undefined;
  readonly permitted: boolean;
  readonly judged: readonly Judged[];
  /** Where its arguments came from, as each outcome that asks has it. */
  readonly traced: readonly Traced[];
  settlement?: Settlement;
}

/** The facts of a call that lack a value. */
export const missingOf = ({ intent, withheld, settlement }: GovernedCall): readonly number[] => [
  ...(withheld ? [intent] : []),
  ...(settlement?.withheld === true ? [settlement.position] : []),
];

/** An extract, and how its money was read when it was taken. */
export interface Extract {
  readonly position: number;
  readonly time: number;
  readonly body: Body<'record.extracted'>;
  readonly declared: OutcomeDeclared | undefined;
}

/** How the fact's own words differ from its tool's label. */
export function misstated(
  { body }: Fact<'call.intended'> | Fact<'call.settled'>,
  effect: string | undefined,
): string | undefined {
  return effect === body.effect
    ? undefined
    : `${body.tool} is labelled ${effect ?? 'nothing'}, the call says ${body.effect}`;
}

export function moneyOrNone(label: Body<'tool.labelled'>, args: unknown): Money | undefined {
  try {
    return moneyIn(label, args);
  } catch (error) {
    // The gate refuses such a call; one that went through is judged as one without money.
    if (error instanceof MoneyError) return undefined;
    throw error;
  }
}
