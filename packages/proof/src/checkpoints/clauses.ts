// A checkpoint compiled: every call that it looks for as a clause, with its conditions parsed once and the keys
// by which it is looked up. One form for the gate, the proof and the static audit. Meanings: docs/checkpoints.md.

import type { Rule } from '../facts.ts';
import { type Expression, equalities, parseRule, RuleError, type Side } from '../language/index.ts';
import { canonicalJson } from '../values/canonical.ts';

/** Names that a checkpoint's conditions may use. */
export const whenNames = ['args', 'money', 'user', 'agent'] as const;
export const whereNames = [...whenNames, 'prior'] as const;
/** In `afterwards`: the later call, and what this one returned. */
export const nextNames = [...whenNames, 'result', 'next'] as const;
/** No required call can be called so: they stand for something else already. */
export const takenNames: ReadonlySet<string> = new Set([...whereNames, ...nextNames, 'this', 'approvers']);

export type Same = 'case' | 'agent' | 'user';

/** A call that is looked for among others. */
export interface Clause {
  /** Equal for clauses that look for the same calls: they share an index. */
  readonly id: string;
  readonly call: string;
  readonly where: Expression | undefined;
  /** What a sum adds up, per call. */
  readonly sum: Expression | undefined;
  readonly same: readonly Same[];
  readonly withinMs: number | undefined;
  readonly afterMs: number | undefined;
  /** Equalities that `where` demands: looked up instead of searched for. */
  readonly keys: readonly { readonly theirs: Side; readonly ours: Side }[];
}

export interface Requirement {
  readonly as: string | undefined;
  /** One of these is enough. */
  readonly any: readonly Clause[];
  readonly count: number;
  readonly follows: string | undefined;
  readonly once: boolean;
}

export interface Prohibition {
  readonly clause: Clause;
  readonly since: string | undefined;
  /** A settled call of one of these, later, and the forbidden one counts no more. */
  readonly until: readonly Clause[];
}

export interface Limit {
  readonly clause: Clause;
  readonly most: number;
}

export interface CompiledRule {
  readonly rule: Rule;
  readonly when: Expression | undefined;
  readonly requires: readonly Requirement[];
  readonly forbids: readonly Prohibition[];
  readonly limits: readonly Limit[];
  readonly afterwards: readonly Clause[];
}

interface Sought {
  readonly call: string;
  readonly where?: string;
  readonly same: readonly Same[];
  readonly withinMs?: number;
  readonly afterMs?: number;
  readonly sum?: string;
}

/** Throws `RuleError` where an expression is not in the language, or a name stands for nothing. */
export function compileRule(rule: Rule): CompiledRule {
  const names = new Set<string>();
  const requires = requirementsOf(rule, names);
  const known = [...names];
  const clause = (sought: Sought, theirs = 'prior', used: readonly string[] = whereNames) =>
    clauseOf(rule, sought, theirs, used);
  const forbids = (rule.forbids ?? []).map(({ since, until = [], ...sought }): Prohibition => {
    mustBe(since, names);
    return { clause: clause(sought), since, until: until.map((each) => clause(each)) };
  });
  for (const role of (rule.apart ?? []).flat()) mustBe(role.split('.')[0], [...known, 'this', 'approvers']);
  return {
    rule,
    when: rule.when === undefined ? undefined : parseRule(rule.when, whenNames),
    requires,
    forbids,
    limits: (rule.limits ?? []).map(({ most, ...sought }) => ({ clause: clause(sought), most })),
    afterwards: (rule.afterwards ?? []).map((sought) => clause(sought, 'next', nextNames)),
  };
}

/** The one form of what is required, whichever way it was written; `names` collects what they are called. */
function requirementsOf(rule: Rule, names: Set<string>): readonly Requirement[] {
  const { require, withinMs, requires = [] } = rule;
  const alone = { count: 1, as: undefined, follows: undefined, once: false };
  const age = withinMs === undefined ? {} : { withinMs };
  const first: readonly Requirement[] =
    require === undefined
      ? []
      : [{ ...alone, any: [clauseOf(rule, { ...require, ...age }, 'prior', whereNames)] }];
  const others = requires.map(({ as, any, count = 1, follows, once }): Requirement => {
    mustBe(follows, names);
    const used = [...whereNames, ...names];
    const clauses = any.map((each) => clauseOf(rule, each, 'prior', used));
    if (clauses.length === 0 || count === 0) throw wrong('a required call that is none');
    // With several there is no one call that a name could stand for.
    if (as !== undefined && (takenNames.has(as) || names.has(as) || count > 1))
      throw wrong(`\`${as}\` cannot be the name of a required call`);
    if (as !== undefined) names.add(as);
    return { as, any: clauses, count, follows, once: once === true };
  });
  return [...first, ...others];
}

function clauseOf({ outcome, rule }: Rule, sought: Sought, theirs: string, names: readonly string[]): Clause {
  const { call, where, same, withinMs, afterMs, sum } = sought;
  const parsed = where === undefined ? undefined : parseRule(where, names);
  return {
    id: canonicalJson({ outcome, rule, ...sought }),
    ...{ call, same, withinMs, afterMs, where: parsed },
    sum: sum === undefined ? undefined : parseRule(sum, ['prior']),
    keys: parsed === undefined ? [] : keysOf(parsed, theirs),
  };
}

/** Conjuncts `a == b` of which one side looks at the other call alone, and the other not at all. */
function keysOf(where: Expression, theirs: string): Clause['keys'] {
  return equalities(where).flatMap(({ left, right }) => {
    const isTheirs = ({ reads }: Side) => reads.size === 1 && reads.has(theirs);
    if (isTheirs(left) && !right.reads.has(theirs)) return [{ theirs: left, ours: right }];
    return isTheirs(right) && !left.reads.has(theirs) ? [{ theirs: right, ours: left }] : [];
  });
}

function mustBe(name: string | undefined, known: Iterable<string>): void {
  if (name !== undefined && ![...known].includes(name))
    throw wrong(`no required call before it is called \`${name}\``);
}

const wrong = (text: string): RuleError => new RuleError('unknown-name', 0, text);

/** Clauses over calls that settled without error: what is required, and what ends a prohibition or follows. */
export const evidenceClauses = ({ requires, forbids, afterwards }: CompiledRule): readonly Clause[] => [
  ...requires.flatMap(({ any }) => any),
  ...forbids.flatMap(({ until }) => until),
  ...afterwards,
];

/** Clauses over calls that were let through, whatever came of them. */
export const passageClauses = ({ forbids, limits }: CompiledRule): readonly Clause[] =>
  [...forbids, ...limits].map(({ clause }) => clause);

/** Every tool whose calls this checkpoint looks at, the guarded one left out. */
export function toolsOfRule(rule: Rule): readonly string[] {
  const { require, requires = [], forbids = [], limits = [], afterwards = [] } = rule;
  const sought = [
    ...(require === undefined ? [] : [require]),
    ...requires.flatMap(({ any }) => any),
    ...forbids,
    ...forbids.flatMap(({ until = [] }) => until),
    ...limits,
    ...afterwards,
  ];
  return [...new Set(sought.map(({ call }) => call))];
}
