// Checkpoints: what must have happened before an action. One rule, one hash, and one evaluator:
// the gate asks it before a call, the verdict asks it again from raw facts.
// Semantics: docs/formats.md ("Checkpoints"). `require` looks over the whole log unless `same`
// narrows it; only calls that settled without error count; `within` runs from the earlier call's
// settlement to this call's intent, inclusive.

import type { Money } from '../facts.ts';
import { holds, RuleError } from '../language/index.ts';
import { type ApprovalOffer, enoughApprovals } from './approvals.ts';
import { type CompiledRule, type History, type SettledCall, select } from './history.ts';

const none: readonly number[] = [];

/** A call before it happens, as its checkpoints see it. */
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

export type CheckpointAnswer =
  | { readonly answer: 'not-needed' }
  | { readonly answer: 'passed'; readonly evidence: readonly number[]; readonly approvals: readonly number[] }
  | { readonly answer: 'failed'; readonly lacks: 'evidence' | 'approval'; readonly text: string }
  /** `missing` are the facts that lack values, where they are not the call's own. */
  | { readonly answer: 'withheld'; readonly text: string; readonly missing?: readonly number[] }
  | { readonly answer: 'error'; readonly text: string };

/**
 * Judges one checkpoint for one call. Never throws for what a call or its history contains:
 * a rule that cannot be evaluated answers `error`, and `error` does not pass.
 */
export function judgeCheckpoint(
  compiled: CompiledRule,
  call: PendingCall,
  history: History,
  offers: readonly ApprovalOffer[],
): CheckpointAnswer {
  // Whoever makes a proof chooses what to withhold, and a rule may ask whether a value is there at all
  // (`has`, `size`): on a part of the arguments it proves nothing, whatever it says.
  if (call.withheld) return { answer: 'withheld', text: 'some of its arguments are withheld' };
  try {
    const scope = scopeOf(compiled, call);
    if (compiled.when !== undefined && !holds(compiled.when, scope)) return { answer: 'not-needed' };
    const evidence = findEvidence(compiled, call, scope, history);
    if (!Array.isArray(evidence)) return evidence as CheckpointAnswer;
    const approvals = enoughApprovals({ ...call, rule: compiled.rule }, offers);
    if (compiled.rule.approve !== undefined && approvals === undefined) {
      const { count, function: wanted } = compiled.rule.approve;
      return { answer: 'failed', lacks: 'approval', text: `needs the approval of ${count} from ${wanted}` };
    }
    // Throws where a value that may serve only once is absent.
    onceValues(compiled, call.args);
    return {
      answer: 'passed',
      evidence,
      approvals: compiled.rule.approve === undefined ? none : (approvals ?? none),
    };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { answer: 'error', text: error.message };
  }
}

function scopeOf({ rule }: CompiledRule, call: PendingCall): Record<string, unknown> {
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

/** The newest settled call that is the evidence, as a list of one; an empty list if none is asked for. */
function findEvidence(
  compiled: CompiledRule,
  call: PendingCall,
  scope: Readonly<Record<string, unknown>>,
  history: History,
): readonly number[] | CheckpointAnswer {
  const { require } = compiled.rule;
  if (require === undefined) return none;
  const missing: number[] = [];
  let failure: RuleError | undefined;
  for (const prior of history.candidates(compiled, scope, call)) {
    if (!inReach(compiled, call, prior)) continue;
    if (prior.withheld) {
      missing.push(...(prior.missing ?? [prior.position]));
      continue;
    }
    try {
      const matches =
        compiled.where === undefined ||
        holds(compiled.where, { ...scope, prior: { args: prior.args, result: prior.result } });
      if (matches) return [prior.position];
    } catch (error) {
      // One earlier call that a rule cannot read is no evidence; it must not hide another that is.
      if (!(error instanceof RuleError)) throw error;
      failure = error;
    }
  }
  const text = `no settled call of ${require.call} ${require.where === undefined ? '' : `where ${require.where}`}`;
  if (missing.length > 0) return { answer: 'withheld', text, missing };
  const because = failure === undefined ? '' : `: ${failure.message}`;
  return { answer: 'failed', lacks: 'evidence', text: `${text.trim()}${because}` };
}

function inReach({ rule }: CompiledRule, call: PendingCall, prior: SettledCall): boolean {
  for (const same of rule.require?.same ?? []) if (prior[same] !== call[same]) return false;
  if (rule.withinMs === undefined) return true;
  const ageMs = call.at - prior.settledAt;
  // A clock that ran backwards gives a negative age: no evidence of anything, so it does not count.
  return ageMs >= 0 && ageMs <= rule.withinMs;
}

/** The values that make this rule's evidence single-use, or undefined if it is not; throws if one is absent. */
export function onceValues({ rule }: CompiledRule, args: unknown): readonly unknown[] | undefined {
  if (rule.once.length === 0) return undefined;
  return rule.once.map((path) => {
    const value = select({ args }, path.split('.'));
    if (value === undefined)
      throw new RuleError('missing', 0, `\`${path}\` is absent, so it cannot be used once`);
    return value;
  });
}
