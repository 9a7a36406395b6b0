// Cedar: decides whether a principal may perform an action on a resource, from policies in Cedar's public JSON
// policy format (docs.cedarpolicy.com, "JSON policy format"). Default deny, forbid overrides permit, and a policy
// that fails is skipped and reported. Each policy is compiled once, and compiling is the check: what is not
// implemented is refused when a policy is loaded, never skipped when it is asked. Templates, tags and extension
// functions (ip, decimal, datetime) are not implemented.

import { expression, Failure, truth } from './cedar-expression.ts';
import {
  type CedarEntity,
  type CedarRequest,
  isWithin,
  malformed,
  members,
  reference,
  unsupported,
  type World,
  worldOf,
} from './cedar-values.ts';

export { type CedarEntity, CedarError, type CedarRequest, type EntityUid } from './cedar-values.ts';

export interface CedarDecision {
  readonly decision: 'allow' | 'deny';
  /** Ids of the policies that made it so: the forbids, else the permits, else none. */
  readonly determining: readonly string[];
  /** Ids of the policies that failed, hence had no say. */
  readonly errors: readonly string[];
}

/** Throws `CedarError` for a policy that is not exactly what this evaluator implements. */
export function checkCedar(policyJson: unknown): void {
  compile(policyJson);
}

/**
 * Throws `CedarError` if a policy, the context or an entity cannot be read: to leave out an unreadable policy could
 * leave out a prohibition. Values use Cedar's JSON: safe integers, `{"__entity": {type, id}}` for a reference.
 */
export function decideCedar(
  policies: readonly { readonly id: string; readonly policy: unknown }[],
  request: CedarRequest,
  entities: readonly CedarEntity[],
): CedarDecision {
  const compiled = policies.map(({ id, policy }) => ({ id, ...compiledOnce(policy) }));
  const world = worldOf(request, entities);
  const satisfied: Record<Effect, string[]> = { permit: [], forbid: [] };
  const errors: string[] = [];
  for (const { id, effect, applies } of compiled) {
    try {
      if (applies(world)) satisfied[effect].push(id);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      errors.push(id);
    }
  }
  const allowed = satisfied.forbid.length === 0 && satisfied.permit.length > 0;
  const determining = satisfied.forbid.length > 0 ? satisfied.forbid : satisfied.permit;
  return { decision: allowed ? 'allow' : 'deny', determining, errors };
}

type Effect = 'permit' | 'forbid';
interface Compiled {
  readonly effect: Effect;
  readonly applies: (world: World) => boolean;
}
/** Policies are facts, which nobody changes: compiled on the first question, kept as long as the policy. */
const known = new WeakMap<object, Compiled>();

function compiledOnce(policy: unknown): Compiled {
  const found = typeof policy === 'object' && policy !== null ? known.get(policy) : undefined;
  const compiled = found ?? compile(policy);
  if (found === undefined) known.set(policy as object, compiled);
  return compiled;
}

function compile(policy: unknown): Compiled {
  const names = ['effect', 'principal', 'action', 'resource', 'conditions'];
  const { effect, principal, action, resource, conditions } = members(policy, names, ['annotations']);
  if (effect !== 'permit' && effect !== 'forbid') throw malformed('an effect is `permit` or `forbid`');
  if (!Array.isArray(conditions)) throw malformed('`conditions` is no list');
  const scopes = [scope('principal', principal), scope('action', action), scope('resource', resource)];
  const tests = [...scopes, ...conditions.map(condition)];
  return { effect, applies: (world) => tests.every((test) => test(world)) };
}

type Test = (world: World) => boolean;

function scope(name: 'principal' | 'action' | 'resource', json: unknown): Test {
  const { op, ...rest } = members(json, ['op'], ['entity', 'entities', 'entity_type', 'in', 'slot']);
  if (Object.hasOwn(rest, 'slot')) throw unsupported('a template');
  if (op === 'All' && Object.keys(rest).length === 0) return () => true;
  if (op === '==') {
    const { key } = reference(members(rest, ['entity'])['entity']);
    return (world) => world[name].key === key;
  }
  if (op === 'in') {
    const { entities = [rest['entity']] } = members(rest, [], ['entity', 'entities']);
    if (!Array.isArray(entities) || Object.keys(rest).length !== 1) throw malformed('`in` of what');
    if (Object.hasOwn(rest, 'entities') && name !== 'action') throw malformed('only an action is in a list');
    const references = entities.map(reference);
    return (world) => references.some((of) => isWithin(world, world[name], of));
  }
  if (op !== 'is' || name === 'action') throw malformed(`\`${String(op)}\` is no constraint of a ${name}`);
  const { entity_type: type, in: within } = members(rest, ['entity_type'], ['in']);
  if (typeof type !== 'string') throw malformed('an entity type is text');
  const inner =
    within === undefined ? () => true : scope(name, { op: 'in', ...members(within, [], ['entity', 'slot']) });
  return (world) => world[name].type === type && inner(world);
}

function condition(json: unknown): Test {
  const { kind, body } = members(json, ['kind', 'body']);
  if (kind !== 'when' && kind !== 'unless') throw malformed('a condition is `when` or `unless`');
  const ask = expression(body, 0);
  return (world) => truth(ask(world)) === (kind === 'when');
}
