// docs/checkpoints.md read word for word: every call is compared with every other, nothing is indexed, nothing is
// remembered but the list of what happened. What gate and proof answer must be what this answers.

import type { Rule } from '../facts.ts';
import { evaluate, holds, parseRule, RuleError } from '../language/index.ts';
import type { Sameness } from './trail.ts';

/** One call of a trace, as far as it has come. Positions and times as in the log. */
export interface TracedCall extends Sameness {
  readonly tool: string;
  readonly args: unknown;
  readonly begun: number;
  readonly begunAt: number;
  readonly owner: string | undefined;
  settled?: number;
  settledAt?: number;
  how?: 'ok' | 'error' | 'none';
  result?: unknown;
}

interface Sought {
  readonly call: string;
  readonly where?: string;
  readonly same: readonly ('case' | 'agent' | 'user')[];
  readonly withinMs?: number;
  readonly afterMs?: number;
}

export interface Definition {
  readonly rule: Rule;
  /** Where the rule came into force. */
  readonly since: number;
  readonly personOf: (account: string) => string;
  /** Positions of evidence that served an earlier call of this rule which is not known to have had no effect. */
  readonly used: ReadonlySet<number>;
}

export type Answered =
  | { readonly answer: 'passed'; readonly evidence: readonly number[]; readonly spent: readonly number[] }
  | { readonly answer: 'not-needed' | 'failed' | 'error' };

const words = ['args', 'money', 'user', 'agent', 'prior', 'next', 'result'];

/** True, false or an error. */
function truth(source: string | undefined, scope: Record<string, unknown>): boolean | 'error' {
  if (source === undefined) return true;
  try {
    return holds(parseRule(source, [...new Set([...words, ...Object.keys(scope)])]), scope);
  } catch (error) {
    if (error instanceof RuleError) return 'error';
    throw error;
  }
}

const scopeOf = ({ args, agent, user }: TracedCall) => ({ args, agent: agent ?? null, user: user ?? null });
const isSame = (sought: Sought, one: TracedCall, other: TracedCall): boolean =>
  one.tool === sought.call && sought.same.every((each) => one[each] === other[each]);

export function define(definition: Definition, all: readonly TracedCall[], call: TracedCall): Answered {
  const { rule } = definition;
  const when = truth(rule.when, scopeOf(call));
  if (when === 'error') return { answer: 'error' };
  if (!when) return { answer: 'not-needed' };
  const past = all.filter(({ begun }) => begun < call.begun);
  const counts = [
    ...(rule.forbids ?? [])
      .filter(({ since }) => since === undefined)
      .map((each) => forbidden(each, definition, past, call)),
    ...(rule.limits ?? []).map((each) => exceeded(each, definition, past, call)),
  ];
  if (counts.includes(true)) return { answer: 'failed' };
  if (counts.includes('error')) return { answer: 'error' };
  const evidence = past.filter(({ how, settled = 0 }) => how === 'ok' && settled < call.begun);
  const answers = tuples(definition, evidence, call).map((tuple) => ({
    tuple,
    answer: accepted(tuple, definition, past, call),
  }));
  const found = answers.find(({ answer }) => answer === true);
  if (found === undefined)
    return { answer: answers.some(({ answer }) => answer === 'error') ? 'error' : 'failed' };
  return { answer: 'passed', evidence: found.tuple.evidence, spent: found.tuple.spent };
}

/** Let through before, counted from where the rule came, and not known to have had no effect when the call begins. */
function passages(sought: Sought, { since }: Definition, past: readonly TracedCall[], call: TracedCall) {
  return past.filter((each) => {
    const isVoid = each.how === 'none' && (each.settled ?? 0) < call.begun;
    const isYoung = sought.withinMs === undefined || call.begunAt - each.begunAt <= sought.withinMs;
    return each.begun >= since && !isVoid && isYoung && isSame(sought, each, call);
  });
}

function forbidden(
  forbid: NonNullable<Rule['forbids']>[number],
  definition: Definition,
  past: readonly TracedCall[],
  call: TracedCall,
  after = -1,
): boolean | 'error' {
  const settledBy = (each: TracedCall) =>
    each.settled !== undefined && each.settled < call.begun ? each.settled : Number.POSITIVE_INFINITY;
  const reach = passages(forbid, definition, past, call).filter((each) => settledBy(each) > after);
  const lasting = reach.filter(
    (each) =>
      !(forbid.until ?? []).some((until) =>
        past.some(
          (later) =>
            later.how === 'ok' &&
            settledBy(later) < call.begun &&
            settledBy(later) > settledBy(each) &&
            isSame(until, later, call) &&
            truth(until.where, { ...scopeOf(call), prior: { args: later.args, result: later.result } }) ===
              true,
        ),
      ),
  );
  const all = lasting.map(({ args }) => truth(forbid.where, { ...scopeOf(call), prior: { args } }));
  return all.includes(true) || (all.includes('error') ? 'error' : false);
}

function exceeded(
  limit: NonNullable<Rule['limits']>[number],
  definition: Definition,
  past: readonly TracedCall[],
  call: TracedCall,
): boolean | 'error' {
  const own = call.tool === limit.call ? [call] : [];
  let total = 0n;
  let isError = false;
  for (const { args } of [...passages(limit, definition, past, call), ...own]) {
    const prior = { args };
    const fits = truth(limit.where, { ...scopeOf(call), prior });
    if (fits === 'error') isError = true;
    if (fits !== true) continue;
    try {
      const value = limit.sum === undefined ? 1n : evaluate(parseRule(limit.sum, ['prior']), { prior });
      if (typeof value === 'bigint' && value >= 0n) total += value;
      else isError = true;
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      isError = true;
    }
  }
  return total > BigInt(limit.most) || (isError ? 'error' : false);
}

interface Tuple {
  readonly evidence: readonly number[];
  readonly named: Readonly<Record<string, TracedCall>>;
  readonly spent: readonly number[];
}

const newestFirst = (one: TracedCall, other: TracedCall): number => (other.settled ?? 0) - (one.settled ?? 0);

/** Every choice of evidence, the newest first, requirement by requirement. */
function tuples(
  { rule, used }: Definition,
  evidence: readonly TracedCall[],
  call: TracedCall,
): readonly Tuple[] {
  const { require, withinMs, requires = [] } = rule;
  const first = require && { any: [{ ...require, ...(withinMs === undefined ? {} : { withinMs }) }] };
  type Requirement = NonNullable<Rule['requires']>[number];
  const all: readonly Requirement[] = [...(first === undefined ? [] : [first]), ...requires];
  let found: readonly Tuple[] = [{ evidence: [], named: {}, spent: [] }];
  for (const { any, as, count = 1, follows, once } of all)
    found = found.flatMap((tuple) => {
      const values = Object.entries(tuple.named).map(([name, { args, result }]) => [name, { args, result }]);
      const fits = any.flatMap((sought) =>
        evidence.toSorted(newestFirst).filter((each) => {
          const prior = { args: each.args, result: each.result };
          const age = call.begunAt - (each.settledAt ?? 0);
          const isTimed =
            sought.withinMs !== undefined || ('afterMs' in sought && sought.afterMs !== undefined);
          const isOld = age >= (('afterMs' in sought ? sought.afterMs : undefined) ?? 0);
          const settled = each.settled ?? 0;
          return (
            isSame(sought, each, call) &&
            (!isTimed || (isOld && age <= (sought.withinMs ?? Number.POSITIVE_INFINITY))) &&
            (follows === undefined || settled > (tuple.named[follows]?.settled ?? 0)) &&
            !(once === true && (used.has(settled) || tuple.spent.includes(settled))) &&
            truth(sought.where, { ...scopeOf(call), ...Object.fromEntries(values), prior }) === true
          );
        }),
      );
      const distinct = [...new Set(fits)];
      const groups = count === 1 ? fits.map((each) => [each]) : [distinct.slice(0, count)];
      return groups
        .filter((group) => group.length === count)
        .map((group): Tuple => {
          const positions = group.map(({ settled = 0 }) => settled);
          const [one] = group;
          return {
            evidence: [...tuple.evidence, ...positions],
            named: as === undefined || one === undefined ? tuple.named : { ...tuple.named, [as]: one },
            spent: once === true ? [...tuple.spent, ...positions] : tuple.spent,
          };
        });
    });
  return found;
}

function accepted(
  { named }: Tuple,
  definition: Definition,
  past: readonly TracedCall[],
  call: TracedCall,
): boolean | 'error' {
  const { rule, personOf } = definition;
  for (const each of rule.forbids ?? []) {
    const since = each.since === undefined ? undefined : named[each.since];
    if (since === undefined) continue;
    const answer = forbidden(each, definition, past, call, since.settled);
    if (answer !== false) return answer === 'error' ? 'error' : false;
  }
  const behind = (role: string): readonly (string | undefined)[] => {
    const [name = '', part] = role.split('.');
    const of = name === 'this' ? call : named[name];
    return part === 'user' ? [of?.user] : part === 'owner' ? [of?.owner] : [of?.user, of?.owner];
  };
  return (rule.apart ?? []).every((group) =>
    group.every((role, index) => {
      const own = behind(role);
      if (own.includes(undefined)) return false;
      const people = own.map((each) => personOf(each ?? ''));
      return group
        .filter((_, other) => other !== index)
        .every((other) => !behind(other).some((each) => people.includes(personOf(each ?? ''))));
    }),
  );
}
