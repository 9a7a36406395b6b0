// The declarations as the audit asks about them: one look-up for each thing that the gate folds.

import { declaredAs, peopleIn, type Standing } from '@surety/proof/changes';
import type { Body, OutcomeDeclared } from '@surety/proof/facts';
import {
  type ActivePolicy,
  type CompiledRule,
  compileRule,
  labelOf,
  type PersonOf,
  permitsAny,
  personsByAccount,
  widestOf,
} from '@surety/proof/rules';

export type Label = Body<'tool.labelled'>;
export type Agent = Body<'identity.enrolled'>;
export type Person = ReturnType<typeof peopleIn>[number];

export const nameOf = ({ rule }: Pick<CompiledRule, 'rule'>): string => `${rule.outcome}/${rule.rule}`;

export class Declared {
  readonly standing: Standing;
  readonly labels: ReadonlyMap<string, Label>;
  readonly agents: readonly Agent[];
  readonly people: readonly Person[];
  readonly personOf: PersonOf;
  readonly rules: readonly CompiledRule[];
  readonly policies: readonly ActivePolicy[];
  readonly outcomes: readonly OutcomeDeclared[];
  readonly servers: readonly Body<'server.declared'>[];
  readonly #widest: readonly ActivePolicy[];
  /** Policies with conditions, each with what its scopes alone would permit. */
  readonly #conditioned: readonly {
    readonly policy: ActivePolicy;
    readonly scopes: readonly ActivePolicy[];
  }[];
  readonly #permitted = new Map<string, readonly Agent[]>();

  constructor(standing: Standing) {
    const sorted = new Map([...standing].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.standing = sorted;
    this.labels = new Map(declaredAs(sorted, 'tool.labelled').map((each) => [each.tool, each]));
    this.agents = declaredAs(sorted, 'identity.enrolled').filter((each) => each.is === 'agent');
    this.people = peopleIn(sorted);
    const persons = personsByAccount(this.people);
    this.personOf = (account) => persons.get(account) ?? account;
    this.rules = declaredAs(sorted, 'rule.activated').map(compileRule);
    this.policies = declaredAs(sorted, 'policy.activated').map(({ policy, hash, cedar }) => {
      return { id: policy, hash, policy: cedar };
    });
    this.#widest = widestOf(this.policies);
    this.#conditioned = this.policies.flatMap((policy) => {
      const { conditions } = policy.policy as { readonly conditions?: readonly unknown[] };
      const scopes = { ...(policy.policy as object), effect: 'permit', conditions: [] };
      return (conditions ?? []).length === 0 ? [] : [{ policy, scopes: [{ ...policy, policy: scopes }] }];
    });
    this.outcomes = declaredAs(sorted, 'outcome.declared');
    this.servers = declaredAs(sorted, 'server.declared');
  }

  /** Tools with a label of their own. */
  get tools(): readonly Label[] {
    return [...this.labels.values()].filter(({ tool }) => !tool.endsWith('.*'));
  }

  labelOf(tool: string): Label | undefined {
    return labelOf(this.labels, tool);
  }

  /** Agents that some policy could let call this tool, whatever the call. */
  callersOf(tool: string): readonly Agent[] {
    const known = this.#permitted.get(tool);
    if (known !== undefined) return known;
    const found = this.agents.filter(({ identity }) => permitsAny(this.#widest, identity, tool));
    this.#permitted.set(tool, found);
    return found;
  }

  /** Policies whose conditions can matter to a call of this tool by this agent. */
  conditionedFor(agent: string, tool: string): readonly ActivePolicy[] {
    return this.#conditioned.flatMap(({ policy, scopes }) =>
      permitsAny(scopes, agent, tool) ? [policy] : [],
    );
  }

  rulesBefore(tool: string): readonly CompiledRule[] {
    return this.rules.filter(({ rule }) => rule.before === tool);
  }

  /** In the currency of its outcome money is counted. */
  currencyOf(outcome: string): string | undefined {
    return this.outcomes.find((each) => each.outcome === outcome)?.appetite?.currency;
  }

  personsIn(wanted: string): readonly Person[] {
    return this.people.filter(({ functions, keys }) => functions.includes(wanted) && keys.length > 0);
  }
}

/** It stops a call in its path: it does not only observe, nor ask for what comes afterwards alone. */
export const stops = ({ rule, requires, forbids, limits }: CompiledRule): boolean =>
  rule.mode !== 'observe' &&
  (requires.length > 0 ||
    forbids.length > 0 ||
    limits.length > 0 ||
    rule.approve !== undefined ||
    rule.once.length > 0 ||
    (rule.apart ?? []).length > 0);
