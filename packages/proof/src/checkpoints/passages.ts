// What must not have happened: calls that were let through and are forbidden before this one, and more of them than
// a limit allows. A call counts from its intent on, whatever came of it, until it is known to have had no effect.

import { evaluate, holds, RuleError } from '../language/index.ts';
import type { Clause, CompiledRule, Limit, Prohibition } from './clauses.ts';
import type { History, Passage, SettledCall } from './history.ts';
import { type Looks, type PendingCall, spanText, type Unmet } from './pending.ts';
import { missingOf, type Sought } from './trail.ts';

interface Asked {
  readonly compiled: CompiledRule;
  readonly call: PendingCall;
  readonly scope: Readonly<Record<string, unknown>>;
  readonly history: History;
  readonly looks: Looks;
}

/**
 * What of the limits and prohibitions is not met, or undefined. What is shown to be so outweighs what cannot be
 * evaluated, and that outweighs what is withheld.
 */
export function trespassOf(asked: Asked): Unmet | undefined {
  const { limits, forbids } = asked.compiled;
  const all = [
    ...forbids.filter(({ since }) => since === undefined).map((each) => forbiddenBy(each, asked)),
    ...limits.map((each) => exceeded(each, asked)),
  ];
  for (const answer of ['failed', 'error', 'withheld'] as const) {
    const found = all.find((each) => each?.answer === answer);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What one clause finds while it looks at one call after the other. */
class Doubts {
  #error: string | undefined;
  readonly missing: number[] = [];

  /** The answer, or undefined where it cannot be computed. */
  attempt<T>(ask: () => T): T | undefined {
    try {
      return ask();
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      this.#error ??= error.message;
      return undefined;
    }
  }

  unmet(text: string): Unmet | undefined {
    if (this.#error !== undefined) return { answer: 'error', text: this.#error };
    return this.missing.length > 0 ? { answer: 'withheld', text, missing: this.missing } : undefined;
  }
}

/** A forbidden call that stands after this evidence; without any, anywhere in reach. */
export function forbiddenBy(
  { clause, until }: Prohibition,
  asked: Asked,
  after?: SettledCall,
): Unmet | undefined {
  const doubts = new Doubts();
  const text = `${clause.call} was let through before${sourceOf(clause)}`;
  const isFound = doubts.attempt(() => {
    for (const passage of passagesOf(clause, asked)) {
      // Settled when the evidence was, or is the evidence itself: what it did, the evidence has seen.
      if (after !== undefined && (passage.settled ?? Number.POSITIVE_INFINITY) <= after.position) continue;
      // First, since what is over concerns nobody, not even where it cannot be evaluated.
      const ended = endOf(passage, until, asked);
      if (ended === 'ended') continue;
      const fits = doubts.attempt(() => fit(clause, passage, asked));
      if (fits === false || fits === undefined) continue;
      if (fits === true && ended === 'lasts') return true;
      doubts.missing.push(...(fits === true ? [] : missingOf(passage)), ...(ended === 'lasts' ? [] : ended));
    }
    return false;
  });
  if (isFound === true)
    return { answer: 'failed', lacks: 'forbidden', text, remedy: remedyOf(clause, until) };
  return doubts.unmet(text) ?? forgotten(clause, asked);
}

function exceeded({ clause, most }: Limit, asked: Asked): Unmet | undefined {
  const { call } = asked;
  const what = clause.sum === undefined ? 'calls' : `of ${clause.sum.source}`;
  const text = `more than ${most} ${what} of ${clause.call}${sourceOf(clause)}${spanOf(clause)}`;
  const doubts = new Doubts();
  let total = 0n;
  const withheld: number[] = [];
  const count = (passage: Passage): void => {
    const fits = fit(clause, passage, asked);
    if (fits === false) return;
    if (fits === 'withheld' || (passage.withheld && clause.sum !== undefined))
      withheld.push(...missingOf(passage));
    else total += added(clause, { prior: priorOf(passage, call.currency) });
  };
  // The call itself counts, as if it had been let through already.
  if (call.tool === clause.call) doubts.attempt(() => count({ ...call, position: Number.MAX_SAFE_INTEGER }));
  doubts.attempt(() => {
    for (const passage of passagesOf(clause, asked)) {
      if (total > most) return;
      doubts.attempt(() => count(passage));
    }
  });
  if (total > most) {
    const passes = `it passes once enough of that is older than ${spanText(clause.withinMs ?? 0)}`;
    const remedy = clause.withinMs === undefined ? 'it passes only where the limit is raised' : passes;
    return { answer: 'failed', lacks: 'limit', text, remedy };
  }
  if (clause.sum !== undefined || total + BigInt(withheld.length) > most) doubts.missing.push(...withheld);
  return doubts.unmet(text) ?? forgotten(clause, asked);
}

/** How much one call adds: 1, or what the limit sums up. */
function added({ sum }: Clause, scope: Readonly<Record<string, unknown>>): bigint {
  if (sum === undefined) return 1n;
  const value = evaluate(sum, scope);
  if (typeof value !== 'bigint' || value < 0n)
    throw new RuleError('type', 0, `\`${sum.source}\` is no whole number from 0 on`);
  return value;
}

const soughtOf = ({ withinMs }: Clause, { call, scope }: Asked): Sought => ({
  same: call,
  scope,
  ...(withinMs === undefined ? {} : { sinceTime: call.at - withinMs }),
});

function* passagesOf(clause: Clause, asked: Asked): Iterable<Passage> {
  for (const passage of asked.history.passed(clause, soughtOf(clause, asked))) {
    asked.looks.spend();
    if (passage.isVoid === true || clause.same.some((each) => passage[each] !== asked.call[each])) continue;
    // It stands before in the log, whatever the clocks say: one that ran backwards makes it no older.
    if (clause.withinMs === undefined || asked.call.at - passage.at <= clause.withinMs) yield passage;
  }
}

/** Whether the clause means this call. Throws where that cannot be evaluated: it might. */
function fit({ where }: Clause, passage: Passage, { call, scope }: Asked): boolean | 'withheld' {
  if (where === undefined) return true;
  if (passage.withheld) return 'withheld';
  return holds(where, { ...scope, prior: priorOf(passage, call.currency) });
}

/** Whether something has settled since that ends the prohibition. What cannot be read ends nothing. */
function endOf(
  passage: Passage,
  until: readonly Clause[],
  { call, scope, history, looks }: Asked,
): 'ended' | 'lasts' | number[] {
  const missing: number[] = [];
  for (const clause of until)
    for (const later of history.evidence.candidates(clause, {
      same: call,
      scope,
      sincePosition: passage.settled ?? Number.POSITIVE_INFINITY,
    })) {
      looks.spend();
      if (passage.settled === undefined || later.position <= passage.settled) continue;
      if (clause.same.some((each) => later[each] !== call[each])) continue;
      if (later.withheld) missing.push(...missingOf(later));
      else if (clause.where === undefined || isMet(clause.where, scope, later)) return 'ended';
    }
  return missing.length > 0 ? missing : 'lasts';
}

function isMet(
  where: NonNullable<Clause['where']>,
  scope: Asked['scope'],
  { args, result }: SettledCall,
): boolean {
  try {
    return holds(where, { ...scope, prior: { args, result } });
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return false;
  }
}

/** The gate remembers so much and no more: what it dropped might be the very call. */
function forgotten(clause: Clause, asked: Asked): Unmet | undefined {
  const { history, call } = asked;
  const dropped = history.passages.droppedOf(clause, soughtOf(clause, asked));
  if (dropped === undefined || (clause.withinMs !== undefined && dropped < call.at - clause.withinMs))
    return undefined;
  return {
    answer: 'failed',
    lacks: 'forgotten',
    text: `earlier calls of ${clause.call} are no longer remembered, and one of them may count`,
    remedy: 'give the condition a shorter span, or a key that fewer calls share',
  };
}

/** Money of another currency is none that can be added: a rule that reads it is an error. */
const priorOf = ({ args, money }: Pick<Passage, 'args' | 'money'>, currency: string | undefined) =>
  money === undefined || (currency !== undefined && money.currency !== currency)
    ? { args }
    : { args, money: money.amountMinor };

const sourceOf = ({ where }: Clause): string => (where === undefined ? '' : ` where ${where.source}`);
const spanOf = ({ withinMs }: Clause): string =>
  withinMs === undefined ? '' : ` within ${spanText(withinMs)}`;

function remedyOf(clause: Clause, until: readonly Clause[]): string {
  const ends = until.map(({ call }) => call);
  const alone =
    clause.withinMs === undefined
      ? 'it does not pass any more where that has happened'
      : `it passes ${spanText(clause.withinMs)} after it`;
  return ends.length === 0 ? alone : `it passes after ${ends.join(' or ')}`;
}
