// Checkpoints: what must have happened before an action. One rule, one hash, and one evaluator:
// the gate asks it before a call, the verdict asks it again from raw facts. Semantics: docs/checkpoints.md.

import { type ApprovalOffer, enoughApprovals, type PersonOf } from '../approvals/index.ts';
import { holds, RuleError } from '../language/index.ts';
import type { CompiledRule } from './clauses.ts';
import { type Found, findEvidence } from './evidence.ts';
import { type History, select } from './history.ts';
import { forbiddenBy, trespassOf } from './passages.ts';
import { Looks, type PendingCall, scopeOf, type Unmet } from './pending.ts';
import { excludedBy, togetherIn } from './persons.ts';

const none: readonly number[] = [];

export type CheckpointAnswer =
  | { readonly answer: 'not-needed' }
  | {
      readonly answer: 'passed';
      readonly evidence: readonly number[];
      readonly approvals: readonly number[];
      /** Evidence that cannot serve again. */
      readonly spent: readonly number[];
    }
  | Unmet;

/** What a checkpoint looks at besides the call. */
export interface Past {
  readonly history: History;
  readonly offers: readonly ApprovalOffer[];
  readonly personOf?: PersonOf;
  readonly isUsed?: (position: number) => boolean;
  readonly preferred?: readonly number[];
}

const oneAccount: PersonOf = (account) => account;

/**
 * Judges one checkpoint for one call. Never throws for what a call or its history contains:
 * a rule that cannot be evaluated answers `error`, and `error` does not pass.
 */
export function judgeCheckpoint(compiled: CompiledRule, call: PendingCall, past: Past): CheckpointAnswer {
  // Whoever makes a proof chooses what to withhold, and a rule may ask whether a value is there at all
  // (`has`, `size`): on a part of the arguments it proves nothing, whatever it says.
  if (call.withheld) return { answer: 'withheld', text: 'some of its arguments are withheld' };
  try {
    const scope = scopeOf(compiled, call);
    if (compiled.when !== undefined && !holds(compiled.when, scope)) return { answer: 'not-needed' };
    return judged(compiled, call, past, scope);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return { answer: 'error', text: error.message };
  }
}

function judged(
  compiled: CompiledRule,
  call: PendingCall,
  { history, offers, personOf = oneAccount, isUsed = () => false, preferred = none }: Past,
  scope: Record<string, unknown>,
): CheckpointAnswer {
  const asked = { compiled, call, scope, history, looks: new Looks() };
  // Before anybody is asked to approve what cannot pass.
  const trespass = trespassOf(asked);
  if (trespass !== undefined && trespass.answer !== 'withheld') return trespass;
  let approvals = none;
  const accept = ({ calls, named }: Found): Unmet | undefined => {
    for (const each of compiled.forbids) {
      const since = each.since === undefined ? undefined : named.get(each.since);
      const unmet = since && forbiddenBy(each, asked, since);
      if (unmet !== undefined) return unmet;
    }
    const cast = { call, named, personOf };
    const together = togetherIn(compiled, cast);
    if (together !== undefined) return notApart(together, calls.length > 0);
    const found = approvalsOf(compiled, call, offers, { personOf, excluded: excludedBy(compiled, cast) });
    if (!Array.isArray(found)) return found as Unmet;
    approvals = found;
    return undefined;
  };
  const found = findEvidence({ ...asked, isUsed, preferred }, accept);
  if ('answer' in found) return found;
  if (trespass !== undefined) return trespass;
  // Throws where a value that may serve only once is absent.
  onceValues(compiled, call.args);
  return {
    answer: 'passed',
    evidence: found.calls.map(({ position }) => position),
    approvals,
    spent: found.spent,
  };
}

const notApart = (text: string, hasEvidence: boolean): Unmet => ({
  answer: 'failed',
  lacks: 'persons',
  text,
  remedy: `it passes where different people stand behind ${hasEvidence ? 'the calls' : 'it'}`,
});

function approvalsOf(
  { rule }: CompiledRule,
  call: PendingCall,
  offers: readonly ApprovalOffer[],
  people: { readonly personOf: PersonOf; readonly excluded: ReadonlySet<string> },
): readonly number[] | Unmet {
  if (rule.approve === undefined) return none;
  const approvals = enoughApprovals({ ...call, rule, ...people }, offers);
  if (approvals !== undefined) return approvals;
  const { count, function: wanted } = rule.approve;
  const others = [...people.excluded];
  return {
    answer: 'failed',
    lacks: 'approval',
    text: `needs the approval of ${count} from ${wanted}`,
    remedy: `it passes once ${count} of ${wanted} have approved this very call${others.length === 0 ? '' : `, none of them ${others.join(' or ')}`}`,
  };
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
