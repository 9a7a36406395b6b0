// Brings about what checkpoints ask for: earlier calls that can be the evidence, and people who approve. Whatever comes of
// it is played through the gate, so what is arranged wrongly shows nothing, and never something false.

import {
  type Clause,
  type CompiledRule,
  type Expression,
  evaluate,
  holds,
  paths,
  RuleError,
} from '@surety/proof/rules';
import { approversFor } from './approvers.ts';
import { candidatesOf } from './candidates.ts';
import { assignments, type Domain, domainsOf, pathOf, put } from './conditions.ts';
import { type Agent, type Declared, stops } from './declared.ts';
import type { TraceCall } from './trace.ts';

const depthMax = 3;
const triesMax = 300;
const shapesMax = 60;
const agentsMax = 8;

export interface Wanted {
  readonly agent: Agent;
  readonly tool: string;
  readonly user?: string;
  /** Gives all approvals itself; else whoever may. */
  readonly approver?: string;
  /** For evidence that need not be about the call: it is made to be about something else. */
  readonly elsewhere?: boolean;
  /** Of the checkpoints before the tool only this one is looked at. */
  readonly only?: CompiledRule;
}

/** Traces that may let such a call through, each with all that comes before it. */
export function* arrange(declared: Declared, wanted: Wanted, depth = 0): Generator<readonly TraceCall[]> {
  const { agent, tool, user } = wanted;
  const rules = wanted.only === undefined ? declared.rulesBefore(tool).filter(stops) : [wanted.only];
  const conditions = rules.flatMap(({ when }) => when ?? []);
  for (const value of ['x', 1, true]) {
    const fill = Object.fromEntries(mentioned(rules).map((path) => [path, value]));
    const sought = { agent, tool, rules, conditions, fill, ...(user === undefined ? {} : { user }) };
    let count = 0;
    for (const call of candidatesOf(declared, sought).calls) {
      if (count++ >= shapesMax) break;
      const before = evidenceFor(declared, rules, call, wanted, depth);
      if (before === undefined) continue;
      const later = laterThan(rules);
      const approvals = approvalsFor(declared, rules, wanted);
      yield [...before, { ...call, ...(later > 0 ? { later } : {}), ...approvals }];
    }
  }
}

/** How old some evidence has to be. */
const laterThan = (rules: readonly CompiledRule[]): number =>
  Math.max(
    0,
    ...rules.flatMap(({ requires }) => requires.flatMap(({ any }) => any.map((each) => each.afterMs ?? 0))),
  );

/** Arguments of this call that its checkpoints look at, as `args.a.b`. */
function mentioned(rules: readonly CompiledRule[]): readonly string[] {
  const conditions = rules.flatMap(({ when, requires, forbids, limits }) => [
    ...(when === undefined ? [] : [when]),
    ...[...requires.flatMap(({ any }) => any), ...forbids.map(({ clause }) => clause)].flatMap(
      ({ where }) => where ?? [],
    ),
    ...limits.flatMap(({ clause }) => clause.where ?? []),
  ]);
  const read = conditions.flatMap(paths).filter(([root]) => root === 'args');
  const once = rules.flatMap(({ rule }) => rule.once.map((path) => path.split('.')));
  const all = [...read, ...once].filter((path) => path.length > 1).map((path) => path.join('.'));
  return [...new Set(all)].toSorted();
}

type Scope = Readonly<Record<string, unknown>>;

const scopeOf = ({ args, agent, user }: TraceCall, money: number | undefined): Scope => ({
  args,
  agent,
  user: user ?? null,
  ...(money === undefined ? {} : { money: BigInt(money) }),
});

/** Undefined where what is required cannot be brought about. */
function evidenceFor(
  declared: Declared,
  rules: readonly CompiledRule[],
  call: TraceCall,
  wanted: Wanted,
  depth: number,
): readonly TraceCall[] | undefined {
  const before: TraceCall[] = [];
  const scope = scopeOf(call, undefined);
  for (const { when, requires } of rules) {
    if (when !== undefined && isFalse(when, scope)) continue;
    const named: Record<string, unknown> = {};
    for (const { any, count, as } of requires) {
      let first: readonly TraceCall[] | undefined;
      for (const clause of any)
        first ??= priorFor(declared, clause, { ...scope, ...named }, call, wanted, depth);
      if (first === undefined) return undefined;
      const last = first.at(-1);
      if (as !== undefined && last !== undefined) named[as] = { args: last.args, result: last.result ?? {} };
      for (let times = 0; times < Math.min(count, 10); times += 1) before.push(...first);
    }
  }
  return before.length > 50 ? undefined : before;
}

function isFalse(when: Expression, scope: Scope): boolean {
  try {
    return !holds(when, scope);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    // It counts money, or something that is not there: the gate will say.
    return false;
  }
}

/** A call that can be this evidence, with what it needs itself. */
function priorFor(
  declared: Declared,
  clause: Clause,
  scope: Scope,
  call: TraceCall,
  wanted: Wanted,
  depth: number,
): readonly TraceCall[] | undefined {
  if (depth >= depthMax) return undefined;
  const callers = declared.callersOf(clause.call);
  const same = callers.filter(({ identity }) => identity === call.agent);
  const able = clause.same.includes('agent') ? same : [...same, ...callers.slice(0, agentsMax)];
  for (const agent of able)
    for (const solved of solutions(clause.where, scope, wanted.elsewhere === true)) {
      const user = call.user === undefined ? {} : { user: call.user };
      for (const trace of arrange(declared, { agent, tool: clause.call, ...user }, depth + 1)) {
        const base = trace.at(-1);
        if (base === undefined) break;
        const args = { ...base.args, ...solved.args };
        return [...trace.slice(0, -1), { ...base, args, result: solved.result }];
      }
    }
  return undefined;
}

interface Prior {
  readonly args: Record<string, unknown>;
  readonly result: Record<string, unknown>;
}

/** Arguments and results of an earlier call for which the condition holds. */
function* solutions(where: Expression | undefined, scope: Scope, elsewhere: boolean): Iterable<Prior> {
  if (where === undefined) return yield { args: elsewhere ? { about: 'something else' } : {}, result: {} };
  const forced = forcedBy(where, scope);
  const rest = domainsOf([where], ['prior']).domains.filter(
    ({ path }) => path.length > 1 && !forced.some((each) => each.path.join('.') === path.join('.')),
  );
  // What is compared with something else of the earlier call, or computed: any small value may do.
  const domains: readonly Domain[] = [
    ...forced.map(({ path, value }) => ({ path, values: [value] })),
    ...rest,
  ];
  let found = 0;
  for (const values of assignments(domains, triesMax)) {
    const prior = { args: {}, result: {} } as const;
    const isPut = domains.every(({ path }, index) =>
      put(prior as unknown as Record<string, unknown>, path.slice(1), values[index]),
    );
    if (!isPut || !isMet(where, { ...scope, prior })) continue;
    yield prior;
    if (++found >= 3) return;
  }
}

/** Conjuncts that say what a value of the earlier call must be. */
function forcedBy(where: Expression, scope: Scope): readonly { path: readonly string[]; value: unknown }[] {
  const { root } = where;
  const conjuncts = root.is === 'call' && root.name === '&&' ? root.operands : [root];
  return conjuncts.flatMap((node) => {
    if (node.is !== 'call' || node.name !== '==') return [];
    const [left, right] = node.operands;
    for (const [theirs, ours] of [
      [left, right],
      [right, left],
    ] as const) {
      const path = theirs && pathOf(theirs);
      if (ours === undefined || path?.[0] !== 'prior' || path.length < 3) continue;
      try {
        return [{ path, value: jsonOf(evaluate({ ...where, root: ours }, scope)) }];
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
      }
    }
    return [];
  });
}

const isMet = (where: Expression, scope: Scope): boolean => {
  try {
    return holds(where, scope);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return false;
  }
};

function jsonOf(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([name, each]) => [String(name), jsonOf(each)]));
  return value;
}

/** Everybody who may approve says yes; the gate takes whoever it needs. */
function approvalsFor(
  declared: Declared,
  rules: readonly CompiledRule[],
  { agent, approver }: Wanted,
): Pick<TraceCall, 'approvals'> {
  const approvals = rules.flatMap((compiled) => {
    const { approve } = compiled.rule;
    const able = approve === undefined ? [] : approversFor(declared, compiled, agent).able;
    return declared
      .personsIn(approve?.function ?? '')
      .filter(({ person }) => able.includes(declared.personOf(person)))
      .filter(({ person }) => approver === undefined || person === approver)
      .map(({ person }) => ({ person, function: approve?.function ?? '' }));
  });
  const once = new Map(approvals.map((each) => [`${each.function} ${each.person}`, each]));
  return once.size === 0 ? {} : { approvals: [...once.values()].slice(0, 50) };
}
