// Which changes open a path: an agent could then reach a consequential effect that no checkpoint always stops, and could not
// before. Where no outcome relies on what is changed, nobody would be asked, so then every owner is.

import type { Rule } from '../facts.ts';
import { type ActivePolicy, CedarError, labelOf, permitsAny, widestOf } from '../rules/index.ts';
import { actionsIn, mayConcern } from './cover.ts';
import { type Change, declaredAs, type Standing, serverOf } from './standing.ts';

/** Decisions of one policy that one change is worth; with more to decide, it opens: it is not shown not to. */
const decisionsMax = 50_000;

export function opensPath(change: Change, standing: Standing): boolean {
  const { stream, before, after } = change;
  const [word = ''] = stream.split('/', 1);
  const name = stream.slice(word.length + 1);
  if (!['tool', 'policy', 'identity', 'server'].includes(word)) return false;
  const changed = new Map(standing);
  if (after === undefined) changed.delete(stream);
  else changed.set(stream, after);
  const [then, now] = [new Paths(standing), new Paths(changed)];
  const concerned = now.consequential.filter((tool) => {
    if (word === 'tool') return tool === name || `${serverOf(tool)}.*` === name;
    if (word === 'server') return serverOf(tool) === name;
    if (word === 'identity') return true;
    return [before, after].some((each) => each !== undefined && mayConcern(each.body['cedar'], [tool]));
  });
  // Who makes calls that never cross need not ask for a permission.
  if (concerned.some((tool) => now.isDecided(tool) && !(then.isDecided(tool) && then.isConsequential(tool))))
    return true;
  const agents = word === 'identity' ? now.agents.filter((each) => each === name) : now.agents;
  if (concerned.length * agents.length * (then.policies + now.policies) > decisionsMax) return true;
  try {
    return concerned.some((tool) =>
      agents.some((agent) => now.isOpen(agent, tool) && !then.isOpen(agent, tool)),
    );
  } catch (error) {
    if (error instanceof CedarError) return true;
    throw error;
  }
}

class Paths {
  readonly agents: readonly string[];
  readonly #labels: ReadonlyMap<string, { readonly tool: string; readonly effect: string }>;
  readonly #widest: readonly ActivePolicy[];
  /** Tools that policies name. */
  readonly #named: readonly string[];
  readonly #decided: ReadonlySet<string>;
  readonly #guarded: ReadonlySet<string>;

  constructor(standing: Standing) {
    const identities = declaredAs(standing, 'identity.enrolled').filter((each) => each.is === 'agent');
    this.agents = identities.map(({ identity }) => identity);
    this.#labels = new Map(declaredAs(standing, 'tool.labelled').map((each) => [each.tool, each]));
    const policies = declaredAs(standing, 'policy.activated');
    this.#widest = widestOf(policies.map(({ policy, hash, cedar }) => ({ id: policy, hash, policy: cedar })));
    this.#named = policies.flatMap(({ cedar }) => actionsIn(cedar));
    const servers = declaredAs(standing, 'server.declared').filter((each) => each.transport === 'decided');
    this.#decided = new Set(servers.map(({ server }) => server));
    const always = declaredAs(standing, 'rule.activated').filter(stopsAlways);
    this.#guarded = new Set(always.map(({ before }) => before));
  }

  get policies(): number {
    return this.#widest.length;
  }

  /** A default is of tools that nobody has looked at: each of them may do anything, those too that a policy names. */
  get consequential(): readonly string[] {
    const assumed = this.#named.filter(
      (tool) => !this.#labels.has(tool) && labelOf(this.#labels, tool) !== undefined,
    );
    const labelled = [...this.#labels.keys()].filter(
      (tool) => tool.endsWith('.*') || this.isConsequential(tool),
    );
    return [...new Set([...labelled, ...assumed])];
  }

  isConsequential(tool: string): boolean {
    const effect = labelOf(this.#labels, tool)?.effect;
    return effect !== undefined && effect !== 'read';
  }

  isDecided(tool: string): boolean {
    return this.#decided.has(serverOf(tool));
  }

  /** The agent could call it, and no checkpoint stops every call of it, or nothing bounds what it does. */
  isOpen(agent: string, tool: string): boolean {
    const label = labelOf(this.#labels, tool);
    if (label === undefined || !this.agents.includes(agent)) return false;
    if (this.#guarded.has(tool) && label.effect !== 'execute') return false;
    return permitsAny(this.#widest, agent, tool);
  }
}

/** It asks every call for something, in its path: what must follow stops nothing. */
const stopsAlways = ({ mode, when, once, ...rule }: Rule): boolean =>
  mode !== 'observe' &&
  when === undefined &&
  (once.length > 0 ||
    [rule.require, rule.approve, rule.requires, rule.forbids, rule.limits, rule.apart].some(
      (each) => each !== undefined,
    ));
