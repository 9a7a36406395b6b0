// Which of two Cedar policies reaches further, by their structure alone (Cedar's JSON policy format). A scope is read
// as this product asks: `Tool::"server.name"` is in `Server::"server"` and in nothing else.

import { isSame, type Members, type Relation, together } from './relation.ts';

interface Policy {
  readonly effect?: unknown;
  readonly principal?: Scope;
  readonly action?: Scope;
  readonly resource?: Scope;
  readonly conditions?: unknown;
}
interface Entity {
  readonly type?: unknown;
  readonly id?: unknown;
}
interface Scope extends Members {
  readonly op?: unknown;
  readonly entity?: Entity;
  readonly entities?: readonly Entity[];
}

const policyOf = (cedar: unknown): Policy => (typeof cedar === 'object' && cedar !== null ? cedar : {});

/**
 * A policy that comes, that goes, or that is put in the place of another, beside the others in force. A permit that
 * comes must be covered by one that was there; a forbid that goes, by one that is there now. Annotations say nothing.
 */
export function comparePolicy(before: unknown, after: unknown, others: readonly unknown[]): Relation {
  const coming = after === undefined ? 'same' : reached(after, 'permit', [before, ...others]);
  const going = before === undefined ? 'same' : reached(before, 'forbid', [after, ...others]);
  return together([coming, going]);
}

/** What has this effect must be covered; what has the other one only takes away. */
function reached(policy: unknown, effect: 'permit' | 'forbid', by: readonly unknown[]): Relation {
  const own = policyOf(policy);
  const isCovered = by.some((each) => policyOf(each).effect === own.effect && covers(policyOf(each), own));
  if (isCovered) return 'same';
  return own.effect === (effect === 'permit' ? 'forbid' : 'permit') ? 'narrows' : 'weakens';
}

/** True if `wide` applies wherever `narrow` does: its scopes are wider, and it asks for nothing that the other does not. */
function covers(wide: Policy, narrow: Policy): boolean {
  const scopes = (['principal', 'action', 'resource'] as const).every((name) =>
    isWider(wide[name], narrow[name]),
  );
  const [asked, given] = [wide.conditions, narrow.conditions];
  if (!scopes || !Array.isArray(asked) || !Array.isArray(given)) return false;
  return asked.every((each) => given.some((other) => isSame(each, other)));
}

function isWider(wide: Scope | undefined, narrow: Scope | undefined): boolean {
  if (wide === undefined || narrow === undefined) return false;
  if (wide.op === 'All' || isSame(wide, narrow)) return true;
  const within = entitiesOf(narrow);
  // A type, a slot, or whatever a later version knows: only the same is known to be as wide.
  if (within === undefined || (wide.op !== 'in' && wide.op !== '==')) return false;
  const reach = entitiesOf(wide) ?? [];
  return within.every(
    (each) =>
      reach.some((of) => isSame(of, each) && (wide.op === 'in' || narrow.op === '==')) ||
      (wide.op === 'in' && narrow.op === '==' && reach.some((of) => isOfServer(each, of))),
  );
}

/** The entities of `==` and `in`; undefined of any other scope. */
function entitiesOf({ op, entity, entities }: Scope): readonly Entity[] | undefined {
  if (op === '==') return entity === undefined ? undefined : [entity];
  if (op !== 'in') return undefined;
  return entities ?? (entity === undefined ? undefined : [entity]);
}

const isOfServer = (tool: Entity, server: Entity): boolean =>
  tool.type === 'Tool' &&
  server.type === 'Server' &&
  typeof tool.id === 'string' &&
  tool.id.slice(0, Math.max(0, tool.id.indexOf('.'))) === server.id;

/** The tools that a policy names as actions. */
export function actionsIn(cedar: unknown): readonly string[] {
  const { action } = policyOf(cedar);
  const named = (action && entitiesOf(action)) ?? [];
  return named.flatMap(({ type, id }) => (type === 'Action' && typeof id === 'string' ? [id] : []));
}

/** False only if the policy cannot be about any of these tools. */
export function mayConcern(cedar: unknown, tools: Iterable<string>): boolean {
  const { action, resource } = policyOf(cedar);
  for (const tool of tools) if (mayBe(action, 'Action', tool) && mayBe(resource, 'Tool', tool)) return true;
  return false;
}

function mayBe(scope: Scope | undefined, type: 'Action' | 'Tool', tool: string): boolean {
  const named = scope && entitiesOf(scope);
  if (named === undefined) return true;
  const itself = { type, id: tool };
  return named.some((each) => isSame(each, itself) || isOfServer({ type: 'Tool', id: tool }, each));
}
