// What must follow: a call that has to settle within some time of this one. Nobody can see that in the path of the
// call; the verdict can, once the time is over.

import { holds, RuleError } from '../language/index.ts';
import type { Clause, CompiledRule } from './clauses.ts';
import type { History } from './history.ts';
import { type PendingCall, scopeOf } from './pending.ts';
import { missingOf } from './trail.ts';

/** What this call returned, as far as it is known. */
export interface Returned {
  readonly position: number;
  readonly result: unknown;
  readonly withheld: boolean;
}

export type FollowUp = { readonly call: string; readonly where: string | undefined } & (
  | { readonly is: 'fulfilled'; readonly position: number }
  /** The last instant at which it may settle. */
  | { readonly is: 'pending' | 'missed'; readonly due: number }
  | { readonly is: 'withheld'; readonly missing: readonly number[] }
);

/**
 * What became of each duty that follows from a call, as seen at `asOf`. The time runs from the call's intent, bounds
 * included. Call it where the rule applied to the call and the call took effect, or may have.
 */
export function followUpsOf(
  compiled: CompiledRule,
  call: PendingCall & { readonly position: number },
  returned: Returned | undefined,
  history: History,
  asOf: number,
): readonly FollowUp[] {
  return compiled.afterwards.map((clause): FollowUp => {
    const duty = { call: clause.call, where: clause.where?.source };
    const found = followed(compiled, clause, call, returned, history);
    if (typeof found === 'number') return { ...duty, is: 'fulfilled', position: found };
    if (found !== undefined) return { ...duty, is: 'withheld', missing: found };
    const due = call.at + (clause.withinMs ?? 0);
    return { ...duty, is: asOf > due ? 'missed' : 'pending', due };
  });
}

function followed(
  compiled: CompiledRule,
  clause: Clause,
  call: PendingCall & { readonly position: number },
  returned: Returned | undefined,
  history: History,
): number | readonly number[] | undefined {
  const scope = {
    ...scopeOf(compiled, call),
    ...(returned?.result === undefined ? {} : { result: returned.result }),
  };
  const own = call.withheld ? [call.position] : [];
  const missing = [...own, ...(returned?.withheld === true ? [returned.position] : [])];
  for (const next of history.evidence.candidates(clause, {
    same: call,
    scope,
    sincePosition: call.position,
  })) {
    const ageMs = next.settledAt - call.at;
    const isIn = next.position > call.position && ageMs >= 0 && ageMs <= (clause.withinMs ?? 0);
    if (!isIn || clause.same.some((each) => next[each] !== call[each])) continue;
    if (clause.where !== undefined && next.withheld) missing.push(...missingOf(next));
    else if (clause.where === undefined || isMet(clause.where, scope, next)) return next.position;
  }
  return missing.length > 0 ? missing : undefined;
}

function isMet(
  where: NonNullable<Clause['where']>,
  scope: Readonly<Record<string, unknown>>,
  { args, result }: { readonly args: unknown; readonly result: unknown },
): boolean {
  try {
    return holds(where, { ...scope, next: { args, result } });
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return false;
  }
}
