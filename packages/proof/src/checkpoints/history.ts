// What has happened: the settled calls that checkpoints look back on, indexed by the values that
// rules compare. The gate feeds it live, the verdict feeds it from the log: the same code, the same answer.

import type { Rule } from '../facts.ts';
import { type Expression, equalities, parseRule } from '../language/index.ts';
import { canonicalJson } from '../values/canonical.ts';

/** Names that a checkpoint's conditions may use. */
export const whenNames = ['args', 'money', 'user', 'agent'] as const;
export const whereNames = [...whenNames, 'prior'] as const;

/** A call that settled, as a rule sees it through `prior`. */
export interface SettledCall {
  /** Position of the settlement: the order that is proven. */
  readonly position: number;
  /** Of its intent, if it has one. */
  readonly intent?: number | undefined;
  readonly tool: string;
  readonly args: unknown;
  readonly result: unknown;
  readonly agent: string | undefined;
  readonly user: string | undefined;
  readonly case: string | undefined;
  readonly settledAt: number;
  /** Some of its values are withheld: a rule that finds nothing in it proves nothing. */
  readonly withheld: boolean;
  /** The facts that lack them. */
  readonly missing?: readonly number[];
}

/** A rule with its expressions parsed once, and the index that its `where` allows. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly when: Expression | undefined;
  readonly where: Expression | undefined;
  /** `prior.<path>` must equal `<path>` of the pending call: looked up instead of scanned. */
  readonly join: { readonly prior: readonly string[]; readonly pending: readonly string[] } | undefined;
}

/** Throws `RuleError` where an expression is not in the language. */
export function compileRule(rule: Rule): CompiledRule {
  const when = rule.when === undefined ? undefined : parseRule(rule.when, whenNames);
  const where = rule.require?.where === undefined ? undefined : parseRule(rule.require.where, whereNames);
  return { rule, when, where, join: where === undefined ? undefined : joinOf(where) };
}

function joinOf(where: Expression): CompiledRule['join'] {
  for (const { left, right } of equalities(where)) {
    const [prior, pending] = left[0] === 'prior' ? [left, right] : [right, left];
    if (prior[0] === 'prior' && pending[0] !== 'prior') return { prior: prior.slice(1), pending };
  }
  return undefined;
}

/** Selects own members only: an attacker names the members, so `constructor` must find nothing. */
export function select(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

/** The settled calls that some rule may ask for. Unbounded here; who feeds it decides what to forget. */
export class History {
  readonly #byTool = new Map<string, SettledCall[]>();
  /** By the rule's hash, then by what it compares: one call, or several in their order. */
  readonly #byJoin = new Map<string, Map<string, SettledCall | SettledCall[]>>();
  #rules: readonly CompiledRule[] = [];

  /** Rules may come later than calls: the index of a new rule is built from what is held. */
  watch(rules: readonly CompiledRule[]): void {
    this.#rules = rules.filter(({ rule }) => rule.require !== undefined);
    this.#byJoin.clear();
    for (const calls of this.#byTool.values()) for (const call of calls) this.#index(call);
  }

  add(call: SettledCall): void {
    const calls = this.#byTool.get(call.tool);
    if (calls === undefined) this.#byTool.set(call.tool, [call]);
    else calls.push(call);
    this.#index(call);
  }

  /** Forgets the calls that have a fact at one of these positions: they are no evidence any more. */
  forget(positions: ReadonlySet<number>): void {
    for (const [tool, calls] of this.#byTool)
      this.#byTool.set(
        tool,
        calls.filter(({ position, intent }) => !positions.has(position) && !positions.has(intent ?? -1)),
      );
    this.watch(this.#rules);
  }

  /** Newest first: the calls that could be the evidence which `compiled` asks of a call with this scope. */
  *candidates(
    compiled: CompiledRule,
    scope: Readonly<Record<string, unknown>>,
    pending: Sameness,
  ): Iterable<SettledCall> {
    const { rule, join } = compiled;
    if (rule.require === undefined) return;
    const calls = isIndexed(compiled)
      ? this.#joined(rule, joinKey(rule, join && select(scope, join.pending), pending))
      : (this.#byTool.get(rule.require.call) ?? []);
    for (let at = calls.length - 1; at >= 0; at -= 1) yield calls[at] as SettledCall;
    // In a proof: what is withheld may be the very value that is looked up.
    if (join !== undefined) yield* this.#joined(rule, unknownKey(rule, pending));
  }

  #joined({ hash }: Rule, key: string): readonly SettledCall[] {
    const found = this.#byJoin.get(hash)?.get(key) ?? [];
    return Array.isArray(found) ? found : [found];
  }

  #index(call: SettledCall): void {
    for (const compiled of this.#rules) {
      const { rule, join } = compiled;
      if (!isIndexed(compiled) || rule.require?.call !== call.tool) continue;
      const value = join && select({ args: call.args, result: call.result }, join.prior);
      const isUnknown = join !== undefined && call.withheld && value === undefined;
      const key = isUnknown ? unknownKey(rule, call) : joinKey(rule, value, call);
      const index = this.#byJoin.get(rule.hash) ?? new Map<string, SettledCall | SettledCall[]>();
      this.#byJoin.set(rule.hash, index);
      const calls = index.get(key);
      if (calls === undefined) index.set(key, call);
      else if (Array.isArray(calls)) calls.push(call);
      else index.set(key, [calls, call]);
    }
  }
}

/** What `same` can ask to be equal. */
type Sameness = Readonly<Pick<SettledCall, 'case' | 'agent' | 'user'>>;

const isIndexed = ({ rule, join }: CompiledRule): boolean =>
  join !== undefined || (rule.require?.same.length ?? 0) > 0;

/** Two calls have one key if the rule's comparison and every `same` hold between them. */
const joinKey = (rule: Rule, value: unknown, of: Sameness): string =>
  `${sameKey(rule, of)} ${value === undefined ? '' : canonicalJson(value)}`;
const unknownKey = (rule: Rule, of: Sameness): string => `${sameKey(rule, of)} ?`;
const sameKey = ({ require }: Rule, of: Sameness): string =>
  require === undefined || require.same.length === 0
    ? ''
    : canonicalJson(require.same.map((each) => of[each] ?? null));
