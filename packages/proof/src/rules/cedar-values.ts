// Cedar's values, and the JSON that they, the entities and the policies come in. Only own members count, a member
// that is not known is refused, and the number of values is bounded: an attacker may choose the context.

export class CedarError extends Error {
  readonly code: 'unsupported' | 'malformed';
  constructor(code: CedarError['code'], message: string) {
    super(message);
    this.name = 'CedarError';
    this.code = code;
  }
}

export interface EntityUid {
  readonly type: string;
  readonly id: string;
}
export interface CedarEntity {
  readonly uid: EntityUid;
  readonly attrs: object;
  readonly parents: readonly EntityUid[];
}
export interface CedarRequest {
  readonly principal: EntityUid;
  readonly action: EntityUid;
  readonly resource: EntityUid;
  readonly context: object;
}
/** Expressions in a policy, and values in values. */
export const depthMax = 256;
/** Values in a context or an entity. */
const valuesMax = 10_000;

export type Value = boolean | bigint | string | Reference | ValueSet | ReadonlyMap<string, Value>;

export class Reference {
  readonly type: string;
  /** Of the value, not of the entity alone: no other value has it. */
  readonly key: string;
  constructor(type: string, id: string) {
    this.type = type;
    this.key = `@${JSON.stringify([type, id])}`;
  }
}

/** Cedar's set: no order, nothing twice. Values are told apart by their canonical text. */
export class ValueSet {
  readonly byKey: ReadonlyMap<string, Value>;
  constructor(values: readonly Value[]) {
    this.byKey = new Map(values.map((value) => [keyOf(value), value]));
  }
}

/** Equal values, and only those, have the same key. */
export function keyOf(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof Reference) return value.key;
  if (value instanceof ValueSet) return `[${[...value.byKey.keys()].sort().join()}]`;
  return `{${[...value]
    .map(([name, item]) => `${JSON.stringify(name)}:${keyOf(item)}`)
    .sort()
    .join()}}`;
}

interface Described {
  readonly attributes: ReadonlyMap<string, Value>;
  readonly parents: readonly Reference[];
}
/** What a request is decided in. */
export interface World {
  readonly principal: Reference;
  readonly action: Reference;
  readonly resource: Reference;
  readonly context: ReadonlyMap<string, Value>;
  readonly entities: ReadonlyMap<string, Described>;
}

export function worldOf(
  { principal, action, resource, context }: CedarRequest,
  given: readonly CedarEntity[],
): World {
  const budget = { left: valuesMax };
  const entities = new Map<
    string,
    { attributes: ReadonlyMap<string, Value>; parents: readonly Reference[] }
  >();
  for (const { uid, attrs, parents } of given) {
    const { key } = reference(uid);
    if (entities.has(key)) throw malformed('an entity is given twice');
    entities.set(key, { attributes: recordValue(attrs, budget, 0), parents: parents.map(reference) });
  }
  const [who, what, which] = [reference(principal), reference(action), reference(resource)];
  return {
    principal: who,
    action: what,
    resource: which,
    context: recordValue(context, budget, 0),
    entities,
  };
}

/** Whether `of` is `target` or has it among its parents, theirs, and so on; a circle ends the search. */
export function isWithin(world: World, of: Reference, target: Reference): boolean {
  const seen = new Set<string>();
  const open = [of];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.key === target.key) return true;
    if (seen.has(at.key)) continue;
    seen.add(at.key);
    open.push(...(world.entities.get(at.key)?.parents ?? []));
  }
  return false;
}

export function toValue(json: unknown, budget = { left: valuesMax }, depth = 0): Value {
  budget.left -= 1;
  if (budget.left < 0 || depth > depthMax) throw malformed('too many values, or too deep');
  if (typeof json === 'boolean' || typeof json === 'string') return json;
  // Larger numbers lost their last digits on the way through JSON, so nobody knows what was meant.
  if (typeof json === 'number' && Number.isSafeInteger(json)) return BigInt(json);
  if (Array.isArray(json)) return new ValueSet(json.map((item) => toValue(item, budget, depth + 1)));
  if (typeof json !== 'object' || json === null)
    throw malformed('a value is no boolean, safe integer, text, list or record');
  if (Object.hasOwn(json, '__entity')) return reference(json);
  if (Object.hasOwn(json, '__extn')) throw unsupported('an extension value');
  return recordValue(json, budget, depth);
}

const recordValue = (json: object, budget: { left: number }, depth: number): ReadonlyMap<string, Value> =>
  new Map(Object.entries(object(json)).map(([name, item]) => [name, toValue(item, budget, depth + 1)]));

/** `{type, id}`, or the same under `__entity`. */
export function reference(json: unknown): Reference {
  const given = object(json);
  const { type, id } = members(
    Object.hasOwn(given, '__entity') ? members(given, ['__entity'])['__entity'] : given,
    ['type', 'id'],
  );
  return new Reference(text(type), text(id));
}

export const malformed = (problem: string) => new CedarError('malformed', problem);
export const unsupported = (what: string) => new CedarError('unsupported', `${what} is not evaluated here`);

export function object(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as Record<string, unknown>;
  throw malformed('a part of the policy or the request is no object');
}

export function members(
  json: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  const given = object(json);
  for (const name of required) if (!Object.hasOwn(given, name)) throw malformed(`\`${name}\` is missing`);
  for (const name of Object.keys(given))
    if (!required.includes(name) && !optional.includes(name))
      throw malformed(`\`${name.slice(0, 64)}\` is not known`);
  return given;
}

export function list(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json;
  throw malformed('a part of the policy is no list');
}

export function text(json: unknown): string {
  if (typeof json === 'string') return json;
  throw malformed('a name in the policy is no text');
}
