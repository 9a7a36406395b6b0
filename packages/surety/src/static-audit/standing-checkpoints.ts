// Checkpoints that do not do what they seem to: that can never be satisfied, never apply, stand before what nobody can call,
// or ask for nothing that another does not ask for.

import { relationOf } from '@surety/proof/changes';
import type { Rule } from '@surety/proof/facts';
import { type CompiledRule, holds, MoneyError, moneyIn, RuleError } from '@surety/proof/rules';
import { approversFor } from './approvers.ts';
import { arrange } from './arrange.ts';
import { candidatesOf, somebody } from './candidates.ts';
import { type Agent, type Declared, nameOf, stops } from './declared.ts';
import type { Suspicion } from './finding.ts';
import { type Looking, traceOf } from './looking.ts';
import type { Trace, TraceCall } from './trace.ts';
import { listed } from './words.ts';

/** So many agents are tried before it is said that none was found. */
const agentsMax = 8;

export function standingCheckpoints(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  const reached = reachable(declared);
  return [...declared.rules.flatMap((compiled) => ofOne(looking, compiled, reached)), ...shadowed(looking)];
}

function ofOne(looking: Looking, compiled: CompiledRule, reached: ReadonlySet<string>): readonly Suspicion[] {
  const { declared } = looking;
  const { before } = compiled.rule;
  const name = nameOf(compiled);
  const about = [`rule/${name}`];
  const callers = declared.callersOf(before);
  if (declared.labelOf(before) === undefined) return [];
  if (callers.length === 0)
    return [
      {
        ...{ kind: 'guards-nothing', level: 'warning', parties: { rule: name }, about },
        sentence: `${name} stands before ${before}, which no agent may call: it never fires`,
        remedy: `permit ${before} to an agent with a policy, or remove the checkpoint`,
        trace: refusedFor(looking, declared.agents, before),
      },
    ];
  const fires = firing(looking, compiled, callers);
  if (fires !== 'fires') {
    const { when } = compiled.rule;
    const isShown = fires === 'never';
    return [
      {
        ...{ kind: isShown ? 'never-fires' : 'firing-unshown', level: isShown ? 'warning' : 'unshown' },
        ...{ parties: { rule: name }, about },
        sentence: isShown
          ? `${name} never fires: no call of ${before} is one of which \`${when}\` holds`
          : `it cannot be shown that ${name} ever fires: no call was found of which \`${when}\` holds`,
        remedy: isShown
          ? 'correct the condition, or remove the checkpoint'
          : 'compare single values with literals; or show by a test that it fires',
        trace: isShown
          ? alone(looking, compiled, callers, ({ expect }) => !expect.passed.includes(name))
          : undefined,
      } as Suspicion,
    ];
  }
  const never = [
    ...withoutApprovers(looking, compiled, callers),
    ...withoutEvidence(looking, compiled, reached),
  ];
  if (never.length > 0) return never;
  const passes = alone(looking, compiled, callers, ({ expect }) => expect.passed.includes(name));
  if (passes !== undefined) return [];
  return [
    {
      ...{ kind: 'passing-unshown', level: 'unshown', parties: { rule: name }, about },
      sentence: `it cannot be shown that ${name} can be satisfied: no trace was found in which a call of ${before} passes it`,
      remedy: 'look whether its conditions can hold together; a test that passes it shows it',
    },
  ];
}

const othersBefore = ({ rules }: Declared, { rule }: CompiledRule): readonly string[] =>
  rules.filter((each) => each.rule.before === rule.before && each.rule !== rule).map(nameOf);

/** A trace that ends as wanted where no other checkpoint stands before the tool. */
function alone(
  looking: Looking,
  compiled: CompiledRule,
  callers: readonly Agent[],
  isWanted: (trace: Trace) => boolean,
): Trace | undefined {
  const { declared } = looking;
  const without = othersBefore(declared, compiled);
  for (const agent of callers.slice(0, agentsMax)) {
    const traces = arrange(declared, { agent, tool: compiled.rule.before, only: compiled });
    const found = looking.first(traces, isWanted, { without, triesMax: 60 });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A refusal of the plainest call. */
function refusedFor(looking: Looking, agents: readonly Agent[], tool: string): Trace | undefined {
  const [agent] = agents;
  if (agent === undefined) return undefined;
  const call: TraceCall = { agent: agent.identity, user: somebody, tool, args: {} };
  const said = looking.ask(call);
  return said.answer === 'allowed' ? undefined : traceOf([call], said);
}

function firing(
  looking: Looking,
  compiled: CompiledRule,
  callers: readonly Agent[],
): 'fires' | 'never' | 'unshown' {
  const { when, rule } = compiled;
  if (when === undefined) return 'fires';
  const { declared } = looking;
  const label = declared.labelOf(rule.before);
  let isComplete = true;
  for (const agent of callers) {
    const sought = { agent, tool: rule.before, rules: [compiled], conditions: [when] };
    const { calls, completeOfConditions } = candidatesOf(declared, sought);
    isComplete &&= completeOfConditions;
    for (const { args, user } of calls) {
      if (looking.isSpent) return 'unshown';
      looking.spend();
      try {
        const money = label && moneyIn(label, args);
        const counted = money === undefined ? {} : { money: BigInt(money.amountMinor) };
        if (holds(when, { args, user: user ?? null, agent: agent.identity, ...counted })) return 'fires';
      } catch (error) {
        // The gate refuses such a call: nothing applies to it.
        if (!(error instanceof RuleError || error instanceof MoneyError)) throw error;
      }
    }
  }
  return isComplete ? 'never' : 'unshown';
}

function withoutApprovers(
  looking: Looking,
  compiled: CompiledRule,
  callers: readonly Agent[],
): readonly Suspicion[] {
  const { approve } = compiled.rule;
  if (approve === undefined) return [];
  const { declared } = looking;
  const name = nameOf(compiled);
  const lacking = callers.filter(
    (agent) => approversFor(declared, compiled, agent).able.length < approve.count,
  );
  const isAll = lacking.length === callers.length;
  return (isAll ? lacking.slice(0, 1) : lacking).map((agent): Suspicion => {
    const { able, barred } = approversFor(declared, compiled, agent);
    const have = able.length === 0 ? 'nobody' : `only ${listed(able)}`;
    const but = barred.length === 0 ? '' : ` (${listed(barred)} may not: ${agent.identity} is theirs)`;
    return {
      ...{ kind: 'never-passes', level: 'error' },
      parties: isAll ? { rule: name } : { rule: name, agent: agent.identity },
      sentence: `${name} can never be satisfied${isAll ? '' : ` for ${agent.identity}`}: ${approve.count} of ${approve.function} must approve, and ${have} with a key can${but}`,
      remedy: `add people with the function ${approve.function} and a key, or ask fewer`,
      about: [`rule/${name}`, ...(isAll ? [] : [`identity/${agent.identity}`])],
      trace: alone(looking, compiled, [agent], ({ expect }) => expect.answer !== 'allowed'),
    };
  });
}

function withoutEvidence(
  looking: Looking,
  compiled: CompiledRule,
  reached: ReadonlySet<string>,
): readonly Suspicion[] {
  const { declared } = looking;
  const { rule, requires } = compiled;
  const name = nameOf(compiled);
  const trace = () =>
    firstRefusal(looking, compiled, declared.callersOf(rule.before), othersBefore(declared, compiled));
  const lacking = requires.filter(({ any }) => !any.some(({ call }) => reached.has(call)));
  const never = lacking.map(({ any }): Suspicion => {
    const calls = [...new Set(any.map(({ call }) => call))];
    const isCalled = calls.some((tool) => declared.callersOf(tool).length > 0);
    const why = isCalled
      ? 'which itself waits for a call that can only come after it'
      : 'which no agent may call';
    return {
      ...{ kind: 'never-passes', level: 'error', parties: { rule: name, call: calls.join() } },
      sentence: `${name} can never be satisfied: it requires a call of ${calls.join(' or ')}, ${why}`,
      remedy: isCalled
        ? 'break the circle: one of the two must not require the other'
        : `permit ${calls.join(' or ')} to an agent with a policy, or require another call`,
      about: [`rule/${name}`],
      trace: trace(),
    };
  });
  const opposed = declared.rulesBefore(rule.before).filter(stops).filter(isAlways);
  const contradicted = requires.flatMap(({ any }) =>
    opposed.flatMap((other) => {
      const { call } = any[0] ?? { call: '' };
      const isForbidden = any.every((each) => each.call === call && forbidsEvery(other, call));
      return isForbidden ? [{ call, other: nameOf(other) }] : [];
    }),
  );
  return [
    ...never,
    ...contradicted.map(
      ({ call, other }): Suspicion => ({
        ...{ kind: 'never-passes', level: 'error', parties: { rule: name, call, forbids: other } },
        sentence: `${name} can never be satisfied: it requires a call of ${call}, and ${other} forbids ${rule.before} after any of them`,
        remedy: 'say with `where` which calls are forbidden, or with `until` when they count no more',
        about: [`rule/${name}`, `rule/${other}`],
        trace: looking.first(
          arrangedBy(declared, declared.callersOf(rule.before), rule.before),
          ({ expect }) => expect.answer !== 'allowed',
        ),
      }),
    ),
  ];
}

const isAlways = ({ when }: CompiledRule): boolean => when === undefined;
/** Whatever the call is about, and however long ago it was. */
const forbidsEvery = ({ forbids }: CompiledRule, tool: string): boolean =>
  forbids.some(
    ({ clause, since, until }) =>
      clause.call === tool &&
      clause.where === undefined &&
      clause.withinMs === undefined &&
      clause.same.length === 0 &&
      since === undefined &&
      until.length === 0,
  );

function firstRefusal(
  looking: Looking,
  compiled: CompiledRule,
  callers: readonly Agent[],
  without: readonly string[],
): Trace | undefined {
  const { declared } = looking;
  for (const agent of callers.slice(0, agentsMax)) {
    const conditions = compiled.when === undefined ? [] : [compiled.when];
    const sought = { agent, tool: compiled.rule.before, rules: [compiled], conditions };
    const calls = candidatesOf(declared, sought).calls;
    const found = looking.first(
      singly(calls),
      ({ expect }) => expect.step === `checkpoint ${nameOf(compiled)}`,
      {
        without,
      },
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

function* singly(calls: Iterable<TraceCall>): Iterable<readonly TraceCall[]> {
  for (const call of calls) yield [call];
}

function* arrangedBy(
  declared: Declared,
  agents: readonly Agent[],
  tool: string,
): Iterable<readonly TraceCall[]> {
  for (const agent of agents) yield* arrange(declared, { agent, tool });
}

/**
 * Tools of which some call can settle: somebody may make it, and what every checkpoint before it always requires can
 * settle too. A checkpoint with a condition is taken as never in the way, so what is left out is left out for sure.
 */
function reachable(declared: Declared): ReadonlySet<string> {
  const tools = new Set([
    ...declared.tools.map(({ tool }) => tool),
    ...declared.rules.flatMap(({ requires }) => requires.flatMap(({ any }) => any.map(({ call }) => call))),
  ]);
  const able = [...tools].filter(
    (tool) => declared.labelOf(tool) !== undefined && declared.callersOf(tool).length > 0,
  );
  const reached = new Set<string>();
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const tool of able) {
      const rules = declared.rulesBefore(tool).filter(stops).filter(isAlways);
      const isMet = rules.every(({ requires }) =>
        requires.every(({ any }) => any.some(({ call }) => reached.has(call))),
      );
      if (isMet) reached.add(tool);
    }
  }
  return reached;
}

/** Another before the same tool stands wherever this one does and asks for at least as much, by the rule of weakening. */
function shadowed(looking: Looking): readonly Suspicion[] {
  const { declared } = looking;
  const gone = new Set<string>();
  return declared.rules.flatMap((compiled) => {
    const name = nameOf(compiled);
    const by = declared
      .rulesBefore(compiled.rule.before)
      .find((other) => other !== compiled && !gone.has(nameOf(other)) && covers(declared, other, compiled));
    if (by === undefined) return [];
    // Of two that ask the same, one is left.
    gone.add(name);
    const other = nameOf(by);
    const found: Suspicion = {
      ...{ kind: 'shadowed', level: 'warning', parties: { rule: name, by: other } },
      sentence: `${name} adds nothing: ${other} before ${compiled.rule.before} applies wherever it does and asks for at least as much`,
      remedy: `remove ${name}, or say in it what ${other} does not ask`,
      about: [`rule/${name}`, `rule/${other}`],
      trace: firstRefusal(looking, by, declared.callersOf(compiled.rule.before), [name]),
    };
    return [found];
  });
}

function covers(declared: Declared, wide: CompiledRule, narrow: CompiledRule): boolean {
  const { outcome, rule } = narrow.rule;
  if (declared.currencyOf(wide.rule.outcome) !== declared.currencyOf(outcome)) return false;
  const [before, after] = [narrow.rule, { ...wide.rule, outcome, rule }].map((body: Rule) => {
    return { kind: 'rule.activated', body } as const;
  });
  const change = { stream: `rule/${outcome}/${rule}`, before, after };
  return relationOf(change, declared.standing) !== 'weakens';
}
