// Evaluates a parsed rule over JSON values. Pure, without clock or randomness: the gate, the audit and the
// verifier get the same answer. Work is counted, since an attacker chooses the values that a rule looks at.
// Semantics: cel-spec, doc/langdef.md; `&&` and `||` are commutative, an error on one side gives way to
// an answer on the other.

import { RuleError } from './error.ts';
import { absent, apply, member } from './operations.ts';
import type { Expression, Node } from './tree.ts';
import { Dict, fromJson, type Key, keyOf, List, toPlain, typeOf, type Value, Work } from './values.ts';

const workMaxDefault = 10_000;

/**
 * The value of the rule: ints as bigint, lists as arrays, maps as `Map`. `scope` holds JSON values under the names
 * of the rule; one that it lacks is `missing` where the rule needs it. Throws `RuleError`.
 */
export function evaluate(
  expression: Expression,
  scope: Readonly<Record<string, unknown>>,
  workMax = workMaxDefault,
): unknown {
  const work = new Work(workMax);
  return toPlain(run(expression.root, { scope, work, locals: undefined }), work);
}

/** Whether the rule holds. Throws `RuleError`, of code `type` where its value is neither true nor false. */
export function holds(expression: Expression, scope: Readonly<Record<string, unknown>>): boolean {
  const value = run(expression.root, { scope, work: new Work(workMaxDefault), locals: undefined });
  return truth(value, expression.root.offset);
}

interface Frame {
  readonly scope: Readonly<Record<string, unknown>>;
  readonly work: Work;
  readonly locals: Local | undefined;
}
interface Local {
  readonly name: string;
  readonly value: Value;
  readonly outer: Local | undefined;
}

function run(node: Node, frame: Frame): Value {
  frame.work.spend(1, node.offset);
  switch (node.is) {
    case 'literal':
      return node.value;
    case 'name':
      return node.local ? local(node.name, frame.locals) : free(node.name, frame, node.offset);
    case 'select': {
      const found = member(run(node.of, frame), node.member, node.offset);
      if (node.test) return found !== undefined;
      if (found === undefined) throw absent(`\`${node.member}\``, node.offset);
      return found;
    }
    case 'call':
      return call(node, frame);
    case 'list':
      return List.of(node.items.map((item) => run(item, frame)));
    case 'map':
      return dict(node, frame);
    case 'macro':
      return macro(node, frame);
  }
}

function free(name: string, { scope }: Frame, offset: number): Value {
  if (!Object.hasOwn(scope, name) || scope[name] === undefined) throw absent(`\`${name}\``, offset);
  return fromJson(scope[name], offset);
}

function local(name: string, found: Local | undefined): Value {
  let at = found;
  while (at !== undefined && at.name !== name) at = at.outer;
  return at?.value ?? null;
}

function call(node: Node & { is: 'call' }, frame: Frame): Value {
  const { name, operands, offset } = node;
  if (name === '&&' || name === '||')
    return settle(
      name === '||',
      operands.map((operand) => () => run(operand, frame)),
      offset,
    );
  if (name === '?:') {
    const [condition, yes, no] = operands as readonly [Node, Node, Node];
    return run(truth(run(condition, frame), condition.offset) ? yes : no, frame);
  }
  return apply(
    name,
    operands.map((operand) => run(operand, frame)),
    frame.work,
    offset,
  );
}

/**
 * The first answer that settles it, else the first error, else the opposite. Work that ran out is never
 * absorbed: which side was looked at first must not decide.
 */
function settle(settling: boolean, questions: Iterable<() => Value>, offset: number): boolean {
  let failure: RuleError | undefined;
  for (const question of questions) {
    try {
      if (truth(question(), offset) === settling) return settling;
    } catch (error) {
      if (!(error instanceof RuleError) || error.code === 'too-much-work') throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !settling;
}

function dict(node: Node & { is: 'map' }, frame: Frame): Dict {
  const entries = new Map<Key, Value>();
  for (const [name, item] of node.entries) {
    const value = run(name, frame);
    const key = typeof value === 'number' ? undefined : keyOf(value);
    if (key === undefined) throw new RuleError('type', name.offset, `a ${typeOf(value)} cannot be a key`);
    if (entries.has(key)) throw new RuleError('type', name.offset, 'the map has the key twice');
    entries.set(key, run(item, frame));
  }
  return new Dict(entries);
}

function macro(node: Node & { is: 'macro' }, frame: Frame): Value {
  const { name, variable, bodies, offset } = node;
  const [first, second] = bodies as readonly [Node, Node | undefined];
  const items = itemsOf(run(node.of, frame), frame.work, offset);
  const ask = (body: Node, value: Value) =>
    run(body, { ...frame, locals: { name: variable, value, outer: frame.locals } });
  const questions = items.map((item) => () => ask(first, item));
  if (name === 'all' || name === 'exists') return settle(name === 'exists', questions, offset);
  if (name === 'map' && second === undefined) return List.of(questions.map((question) => question()));
  const kept = items.filter((item) => truth(ask(first, item), offset));
  if (name === 'exists_one') return kept.length === 1;
  return List.of(second === undefined ? kept : kept.map((item) => ask(second, item)));
}

/** A macro looks at the elements of a list or the keys of a map. */
function itemsOf(of: Value, work: Work, offset: number): readonly Value[] {
  if (of instanceof Dict) return of.keys();
  if (of instanceof List) {
    work.spend(of.size, offset);
    return Array.from({ length: of.size }, (_, index) => of.at(index, offset));
  }
  throw new RuleError('type', offset, `a ${typeOf(of)} has no elements`);
}

function truth(value: Value, offset: number): boolean {
  if (typeof value === 'boolean') return value;
  throw new RuleError('type', offset, `a ${typeOf(value)} is neither true nor false`);
}
