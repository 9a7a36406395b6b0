// The search for evidence: earlier calls, one for each requirement, that fit the call and one another. The newest are
// tried first, so that what is found is always the same.

import { holds, RuleError } from '../language/index.ts';
import type { Clause, CompiledRule, Requirement } from './clauses.ts';
import type { History, SettledCall } from './history.ts';
import { inTime, type Looks, type PendingCall, spanText, type Unmet } from './pending.ts';
import { approversHang } from './persons.ts';
import { missingOf } from './trail.ts';

export interface Sought {
  readonly compiled: CompiledRule;
  readonly call: PendingCall;
  readonly scope: Readonly<Record<string, unknown>>;
  readonly history: History;
  readonly looks: Looks;
  /** Whether evidence that serves once has served already. */
  readonly isUsed: (position: number) => boolean;
  /** Evidence that is tried before any other: what the gate says it was passed on. */
  readonly preferred: readonly number[];
}

export interface Found {
  readonly calls: readonly SettledCall[];
  /** By the names of the requirements. */
  readonly named: ReadonlyMap<string, SettledCall>;
  /** Positions of those that cannot serve again. */
  readonly spent: readonly number[];
}

const nothing: Found = { calls: [], named: new Map(), spent: [] };

/**
 * The first evidence for which `accept` has no objection; else that objection, or what is lacking. Throws `RuleError`
 * where there is too much to search.
 */
export function findEvidence(sought: Sought, accept: (found: Found) => Unmet | undefined): Found | Unmet {
  return new Search(sought, accept).from(0, nothing);
}

class Search {
  readonly #sought: Sought;
  readonly #accept: (found: Found) => Unmet | undefined;

  constructor(sought: Sought, accept: (found: Found) => Unmet | undefined) {
    this.#sought = sought;
    this.#accept = accept;
  }

  from(index: number, found: Found): Found | Unmet {
    const requirement = this.#sought.compiled.requires[index];
    if (requirement === undefined) return this.#accept(found) ?? found;
    const fits = new Fits(requirement);
    let best: Unmet | undefined;
    for (const clause of requirement.any)
      for (const prior of this.#candidates(requirement, clause, found)) {
        if (!this.#isFit(clause, prior, requirement, found, fits)) continue;
        if (fits.add(prior) < requirement.count) continue;
        const answer = this.from(index + 1, withFound(found, requirement, fits.calls));
        if ('calls' in answer || this.#isFinal(answer)) return answer;
        best = worse(best, answer);
        // Any other so many of them would not help: nothing names them.
        if (requirement.count > 1) return best;
      }
    // What is withheld might have been the one that has no objection.
    return fits.missing.length > 0 ? fits.lacking() : (best ?? fits.lacking());
  }

  /** No other evidence gives more approvals, unless the approvers must be apart from it. */
  #isFinal(answer: Unmet): boolean {
    return answer.answer === 'failed' && answer.lacks === 'approval' && !approversHang(this.#sought.compiled);
  }

  *#candidates(requirement: Requirement, clause: Clause, found: Found): Iterable<SettledCall> {
    const { history, call, scope, preferred } = this.#sought;
    const named = Object.fromEntries(
      [...found.named].map(([name, { args, result }]) => [name, { args, result }]),
    );
    const sought = {
      same: call,
      scope: { ...scope, ...named },
      ...(clause.withinMs === undefined ? {} : { sinceTime: call.at - clause.withinMs }),
    };
    const all = history.evidence.candidates(clause, sought);
    if (!requirement.once || preferred.length === 0) return yield* all;
    const listed = [...all];
    yield* listed.filter(({ position }) => preferred.includes(position));
    yield* listed.filter(({ position }) => !preferred.includes(position));
  }

  #isFit(
    clause: Clause,
    prior: SettledCall,
    requirement: Requirement,
    { named, spent }: Found,
    fits: Fits,
  ): boolean {
    const { call, scope, compiled, isUsed, looks } = this.#sought;
    // A rule with one requirement looks at each call once, as it always has.
    if (compiled.requires.length > 1) looks.spend();
    for (const same of clause.same) if (prior[same] !== call[same]) return false;
    if (!inTime(clause, call.at, prior.settledAt)) return false;
    const { follows } = requirement;
    if (follows !== undefined && prior.position <= (named.get(follows)?.position ?? 0)) return false;
    if (prior.withheld) {
      fits.missing.push(...missingOf(prior));
      return false;
    }
    try {
      const values = { ...scope, prior: { args: prior.args, result: prior.result } };
      for (const [name, { args, result }] of named) Object.assign(values, { [name]: { args, result } });
      if (clause.where !== undefined && !holds(clause.where, values)) return false;
    } catch (error) {
      // One earlier call that a rule cannot read is no evidence; it must not hide another that is.
      if (!(error instanceof RuleError)) throw error;
      fits.failure = error;
      return false;
    }
    if (!requirement.once || !(spent.includes(prior.position) || isUsed(prior.position))) return true;
    fits.used = true;
    return false;
  }
}

/** The calls that fit one requirement, and why others did not. */
class Fits {
  readonly #requirement: Requirement;
  readonly #calls = new Map<number, SettledCall>();
  readonly missing: number[] = [];
  used = false;
  failure: RuleError | undefined;

  constructor(requirement: Requirement) {
    this.#requirement = requirement;
  }

  /** How many there are now: of one alone, each stands for itself. */
  add(prior: SettledCall): number {
    if (this.#requirement.count === 1) this.#calls.clear();
    this.#calls.set(prior.position, prior);
    return this.#calls.size;
  }

  get calls(): readonly SettledCall[] {
    return [...this.#calls.values()];
  }

  lacking(): Unmet {
    const { any, count, once, follows } = this.#requirement;
    const wanted = any.map(
      ({ call, where }) => `${call}${where === undefined ? '' : ` where ${where.source}`}`,
    );
    const many = count === 1 ? 'no settled call' : `fewer than ${count} settled calls`;
    const text = `${many} of ${wanted.join(', or of ')}${follows === undefined ? '' : `, after ${follows}`}`;
    if (this.missing.length > 0) return { answer: 'withheld', text, missing: this.missing };
    const because = this.failure === undefined ? '' : `: ${this.failure.message}`;
    const spent = this.used && once ? ', and what fits has served another call' : '';
    const ages = any.map(agesOf).find((each) => each !== '') ?? '';
    const remedy = `it passes once ${count === 1 ? 'such a call has' : `${count} such calls have`} settled without error${ages}`;
    return { answer: 'failed', lacks: 'evidence', text: `${text}${spent}${because}`, remedy };
  }
}

const agesOf = ({ withinMs, afterMs }: Clause): string =>
  [
    ...(afterMs === undefined ? [] : [`, at least ${spanText(afterMs)} before`]),
    ...(withinMs === undefined ? [] : [`, at most ${spanText(withinMs)} before`]),
  ].join('');

function withFound(found: Found, { as, once }: Requirement, calls: readonly SettledCall[]): Found {
  const [first] = calls;
  const named = as === undefined || first === undefined ? found.named : new Map(found.named).set(as, first);
  return {
    calls: [...found.calls, ...calls],
    named,
    spent: once ? [...found.spent, ...calls.map(({ position }) => position)] : found.spent,
  };
}

const rank = { evidence: 0, forgotten: 0, forbidden: 1, limit: 1, persons: 2, approval: 3 } as const;

/** Of two reasons the one that is nearer to passing; what cannot be told outweighs what is lacking. */
function worse(one: Unmet | undefined, other: Unmet): Unmet {
  if (one === undefined) return other;
  if (one.answer !== 'failed') return one;
  if (other.answer !== 'failed') return other;
  return rank[other.lacks] > rank[one.lacks] ? other : one;
}
