// Cedar's expressions (docs.cedarpolicy.com, "JSON policy format", "Expr"), each compiled once into a question to
// the world. One table for each shape of operator: what stands in none of them is refused. Longs never wrap, a
// member that is absent and a value of the wrong type make the policy fail.

import {
  depthMax,
  isWithin,
  keyOf,
  list,
  malformed,
  members,
  object,
  Reference,
  text,
  toValue,
  unsupported,
  type Value,
  ValueSet,
  type World,
} from './cedar-values.ts';

export type Ask = (world: World) => Value;

/** A policy that fails has no say; this never leaves this file. */
export class Failure extends Error {}

export function expression(json: unknown, depth: number): Ask {
  if (depth > depthMax) throw unsupported(`a condition more than ${depthMax} deep`);
  const [[operator, body] = ['', undefined], ...more] = Object.entries(object(json));
  if (more.length > 0) throw malformed('an expression has one operator');
  const inner = (part: unknown) => expression(part, depth + 1);
  const binary = binaries.get(operator);
  if (binary !== undefined) {
    const { left, right } = members(body, ['left', 'right']);
    const [a, b] = [inner(left), inner(right)];
    return (world) => binary(a(world), b(world), world);
  }
  const unary = unaries.get(operator);
  if (unary !== undefined) {
    const arg = inner(members(body, ['arg'])['arg']);
    return (world) => unary(arg(world));
  }
  const form = forms.get(operator);
  if (form !== undefined) return form(body, inner);
  throw unsupported(`\`${operator.slice(0, 64)}\``);
}

const equal = (a: Value, b: Value): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && keyOf(a) === keyOf(b));
const holdsEach = (a: ValueSet, b: ValueSet) => [...b.byKey.keys()].every((key) => a.byKey.has(key));
const holdsSome = (a: ValueSet, b: ValueSet) => [...b.byKey.keys()].some((key) => a.byKey.has(key));

const unaries = new Map<string, (value: Value) => Value>([
  ['!', (value) => !truth(value)],
  ['neg', (value) => long(-int(value))],
  ['isEmpty', (value) => set(value).byKey.size === 0],
]);

const binaries = new Map<string, (a: Value, b: Value, world: World) => Value>([
  ['==', equal],
  ['!=', (a, b) => !equal(a, b)],
  ['<', (a, b) => int(a) < int(b)],
  ['<=', (a, b) => int(a) <= int(b)],
  ['>', (a, b) => int(a) > int(b)],
  ['>=', (a, b) => int(a) >= int(b)],
  ['+', (a, b) => long(int(a) + int(b))],
  ['-', (a, b) => long(int(a) - int(b))],
  ['*', (a, b) => long(int(a) * int(b))],
  ['contains', (a, b) => set(a).byKey.has(keyOf(b))],
  ['containsAll', (a, b) => holdsEach(set(a), set(b))],
  ['containsAny', (a, b) => holdsSome(set(a), set(b))],
  ['in', isIn],
]);

const forms = new Map<string, (body: unknown, inner: (part: unknown) => Ask) => Ask>([
  ['Value', (body) => constant(toValue(body))],
  ['Var', (body) => variable(body)],
  ['Set', (body, inner) => setOf(list(body).map(inner))],
  [
    'Record',
    (body, inner) => recordOf(Object.entries(object(body)).map(([name, part]) => [name, inner(part)])),
  ],
  ['&&', (body, inner) => junction(body, inner, false)],
  ['||', (body, inner) => junction(body, inner, true)],
  ['if-then-else', choice],
  ['.', selection],
  ['has', presence],
  ['like', likeness],
  ['is', typeTest],
]);

const constant =
  (value: Value): Ask =>
  () =>
    value;
const setOf =
  (items: readonly Ask[]): Ask =>
  (world) =>
    new ValueSet(items.map((item) => item(world)));
const recordOf =
  (items: readonly (readonly [string, Ask])[]): Ask =>
  (world) =>
    new Map(items.map(([name, item]) => [name, item(world)]));

function variable(name: unknown): Ask {
  if (name === 'principal' || name === 'action' || name === 'resource' || name === 'context')
    return (world) => world[name];
  throw malformed('there is no such variable');
}

/** The right side is asked only if the left one does not settle it. */
function junction(body: unknown, inner: (part: unknown) => Ask, settles: boolean): Ask {
  const { left, right } = members(body, ['left', 'right']);
  const [a, b] = [inner(left), inner(right)];
  return (world) => (truth(a(world)) === settles ? settles : truth(b(world)));
}

function choice(body: unknown, inner: (part: unknown) => Ask): Ask {
  const parts = members(body, ['if', 'then', 'else']);
  const [test, yes, no] = [inner(parts['if']), inner(parts['then']), inner(parts['else'])];
  return (world) => (truth(test(world)) ? yes(world) : no(world));
}

function selection(body: unknown, inner: (part: unknown) => Ask): Ask {
  const { left, attr } = members(body, ['left', 'attr']);
  const [of, name] = [inner(left), text(attr)];
  return (world) => {
    const found = attributes(of(world), world)?.get(name);
    if (found === undefined) throw new Failure('no such attribute');
    return found;
  };
}

function presence(body: unknown, inner: (part: unknown) => Ask): Ask {
  const { left, attr } = members(body, ['left', 'attr']);
  const [of, names] = [inner(left), (Array.isArray(attr) ? attr : [attr]).map(text)];
  if (names.length === 0) throw malformed('`has` names nothing');
  return (world) => {
    let at: Value | undefined = of(world);
    for (const name of names) {
      at = attributes(at, world)?.get(name);
      if (at === undefined) return false;
    }
    return true;
  };
}

function likeness(body: unknown, inner: (part: unknown) => Ask): Ask {
  const { left, pattern } = members(body, ['left', 'pattern']);
  const of = inner(left);
  const parts = [''];
  for (const each of list(pattern)) {
    if (each === 'Wildcard') parts.push('');
    else parts.push(`${parts.pop()}${text(members(each, ['Literal'])['Literal'])}`);
  }
  return (world) => matches(string(of(world)), parts);
}

/** The parts in their order, the first at the start and the last at the end; linear, nothing is tried twice. */
function matches(value: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first) || !value.endsWith(last)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= value.length;
}

function typeTest(body: unknown, inner: (part: unknown) => Ask): Ask {
  const { left, entity_type: type, in: within } = members(body, ['left', 'entity_type'], ['in']);
  const [of, wanted] = [inner(left), text(type)];
  const target = within === undefined ? undefined : inner(within);
  return (world) => {
    const value = entity(of(world));
    if (value.type !== wanted) return false;
    return target === undefined || isIn(value, target(world), world);
  };
}

function isIn(value: Value, target: Value, world: World): boolean {
  const of = entity(value);
  if (!(target instanceof ValueSet)) return isWithin(world, of, entity(target));
  return [...target.byKey.values()].map(entity).some((each) => isWithin(world, of, each));
}

/** Attributes of a record or an entity; undefined for an entity that nobody described. */
function attributes(of: Value, world: World): ReadonlyMap<string, Value> | undefined {
  if (of instanceof Reference) return world.entities.get(of.key)?.attributes;
  if (of instanceof Map) return of;
  throw new Failure('neither an entity nor a record');
}

const fail = (what: string): never => {
  throw new Failure(`not ${what}`);
};
export const truth = (value: Value): boolean => (typeof value === 'boolean' ? value : fail('true or false'));
const int = (value: Value): bigint => (typeof value === 'bigint' ? value : fail('a long'));
const string = (value: Value): string => (typeof value === 'string' ? value : fail('a string'));
const set = (value: Value): ValueSet => (value instanceof ValueSet ? value : fail('a set'));
const entity = (value: Value): Reference => (value instanceof Reference ? value : fail('an entity'));
/** Cedar's long has 64 bits and never wraps. */
const long = (value: bigint): bigint => (BigInt.asIntN(64, value) === value ? value : fail('64 bits long'));
