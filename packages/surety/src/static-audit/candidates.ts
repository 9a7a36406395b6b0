// Calls to try: for one agent and one tool, a call for every way in which the conditions of checkpoints and policies can
// tell calls apart, up to a bound.

import { type ActivePolicy, type CompiledRule, type Expression, majorText } from '@surety/proof/rules';
import { absent, assignments, countOf, type Domain, domainsOf, put } from './conditions.ts';
import type { Agent, Declared, Label } from './declared.ts';
import type { TraceCall } from './trace.ts';

export interface Candidates {
  readonly calls: Iterable<TraceCall>;
  /** No call that could be answered otherwise is left out. */
  readonly complete: boolean;
  /** No call is left out of which the conditions could say otherwise, whatever policies say. */
  readonly completeOfConditions: boolean;
}

export const somebody = 'somebody@example.com';
const callsMax = 3_000;

export interface Sought {
  readonly agent: Agent;
  readonly tool: string;
  readonly rules: readonly CompiledRule[];
  readonly conditions: readonly Expression[];
  /** Arguments that the calls must have, whatever stands there. */
  readonly fill?: Readonly<Record<string, unknown>>;
  readonly user?: string;
}

export function candidatesOf(declared: Declared, sought: Sought): Candidates {
  const { agent, tool, conditions, fill = {}, user } = sought;
  const label = declared.labelOf(tool);
  const policies = literalsIn(declared.conditionedFor(agent.identity, tool));
  const { domains, complete } = domainsOf(conditions, ['args', 'money', 'user', 'agent']);
  const ofMoney = moneyPaths(label);
  const isMoney = ({ path }: Domain) => ofMoney.includes(path.join('.'));
  const args = domains.filter((each) => each.path[0] === 'args' && each.path.length > 1 && !isMoney(each));
  const isReadWhole = domains.some((each) => each.path.join() === 'args' || isMoney(each));
  const valuesOf = (name: string) => domains.find(({ path }) => path.join() === name)?.values ?? [];
  const texts = [...valuesOf('user'), ...policies.values].filter((each) => typeof each === 'string');
  // Whoever opens a case names its user: any text may stand there.
  let other = somebody;
  while (texts.includes(other)) other = `x${other}`;
  const users = user === undefined ? [other, absent, ...texts] : [user];
  const all: readonly Domain[] = [
    { path: ['user'], values: [...new Set(users)] },
    ...args,
    ...amounts(label, valuesOf('money'), policies.values),
    ...currencies(declared, sought, label, policies.values),
  ];
  function* calls(): Iterable<TraceCall> {
    for (const values of assignments(all, callsMax)) {
      const call = callWith({ agent: agent.identity, tool, fill }, label, all, values);
      if (call !== undefined) yield call;
    }
  }
  const completeOfConditions = complete && !isReadWhole && countOf(all) <= callsMax;
  return { calls: calls(), complete: completeOfConditions && policies.simple, completeOfConditions };
}

const moneyPaths = (label: Label | undefined): readonly string[] =>
  label?.money === undefined
    ? []
    : [label.money.amount, label.money.currency].filter((each) => each.startsWith('args.'));

function amounts(
  label: Label | undefined,
  ofRules: readonly unknown[],
  ofPolicies: readonly unknown[],
): readonly Domain[] {
  if (label?.money === undefined) return [];
  const near = ofPolicies.flatMap((each) => (typeof each === 'number' ? [each - 1, each, each + 1] : []));
  const whole = [...ofRules, ...near, 0, 1].filter((each) => Number.isSafeInteger(each) && Number(each) >= 0);
  return [{ path: ['money'], values: [...new Set(whole as number[])].toSorted((a, b) => b - a) }];
}

function currencies(
  declared: Declared,
  { agent, rules }: Sought,
  label: Label | undefined,
  ofPolicies: readonly unknown[],
): readonly Domain[] {
  if (label?.money?.currency.startsWith('args.') !== true) return [];
  const counted = rules.flatMap(({ rule }) => declared.currencyOf(rule.outcome) ?? []);
  const named = ofPolicies.filter((each): each is string => /^[A-Z]{3}$/.test(String(each)));
  const budgeted = agent.budget === undefined ? [] : [agent.budget.currency];
  return [{ path: ['currency'], values: [...new Set([...counted, ...budgeted, ...named, 'USD', 'EUR'])] }];
}

function callWith(
  { agent, tool, fill }: { agent: string; tool: string; fill: Readonly<Record<string, unknown>> },
  label: Label | undefined,
  domains: readonly Domain[],
  values: readonly unknown[],
): TraceCall | undefined {
  const args: Record<string, unknown> = {};
  const given = (name: string) => values[domains.findIndex(({ path }) => path.join() === name)];
  for (const [index, { path }] of domains.entries())
    if (path[0] === 'args' && !put(args, path.slice(1), values[index])) return undefined;
  const money = label?.money;
  if (money !== undefined) {
    const currency = money.currency.startsWith('args.') ? String(given('currency')) : money.currency;
    const amountMinor = Number(given('money'));
    try {
      const amount = money.unit === 'minor' ? amountMinor : majorText(amountMinor, currency);
      if (!put(args, money.amount.split('.').slice(1), amount)) return undefined;
    } catch {
      // A currency that nobody counts: another one is tried.
      return undefined;
    }
    if (money.currency.startsWith('args.')) put(args, money.currency.split('.').slice(1), currency);
  }
  for (const [path, value] of Object.entries(fill)) put(args, path.split('.').slice(1), value);
  const user = given('user');
  return { agent, ...(typeof user === 'string' ? { user } : {}), tool, args };
}

type Json = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** What the conditions of policies compare with; `simple`: they do nothing but compare. */
function literalsIn(policies: readonly ActivePolicy[]): { values: readonly unknown[]; simple: boolean } {
  const values: unknown[] = [];
  const visit = (value: unknown): void => {
    if (!isMembers(value)) return;
    const { Value: literal } = value;
    if (typeof literal === 'number' || typeof literal === 'string') values.push(literal);
    for (const each of Object.values(value)) visit(each);
  };
  const bodies = policies.flatMap(({ policy }) => {
    const { conditions } = policy as { readonly conditions?: readonly { readonly body?: unknown }[] };
    return (conditions ?? []).map(({ body }) => body);
  });
  for (const each of bodies) visit(each);
  return { values: [...new Set(values)].slice(0, 40), simple: bodies.every(isSimple) && values.length <= 40 };
}

function isSimple(body: unknown): boolean {
  const [[name, of] = ['', undefined]] = isMembers(body) ? Object.entries(body) : [];
  if (name === 'Value') return typeof of === 'boolean';
  if (!isMembers(of)) return false;
  const { left, right, arg } = of;
  if (name === '&&' || name === '||') return isSimple(left) && isSimple(right);
  if (name === '!') return isSimple(arg);
  if (name === 'has') return isPlace(left);
  if (!['==', '!=', '<', '<=', '>', '>=', 'in'].includes(name)) return false;
  return (isPlace(left) && isLiteral(right)) || (isLiteral(left) && isPlace(right));
}

const isLiteral = (node: unknown): boolean => isMembers(node) && Object.hasOwn(node, 'Value');
const isPlace = (node: unknown): boolean => {
  if (!isMembers(node)) return false;
  const { Var: variable, '.': member } = node;
  return typeof variable === 'string' || (isMembers(member) && isPlace(member['left']));
};
