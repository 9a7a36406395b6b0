// Which values a condition can tell apart. For conditions that compare single values with literals, one value of every
// region between the literals is all there is to try: what holds of none of them holds of no call. Where a condition does
// anything else, values are still tried, but what is not found that way is not shown.

import { childrenOf, type Expression } from '@surety/proof/rules';

type Node = Expression['root'];
type Path = readonly string[];

/** Nothing stands at the path. */
export const absent: unique symbol = Symbol('absent');
/** Nothing stands there, and what it would stand in does: `has` tells the two apart. */
const bare: unique symbol = Symbol('bare');

export interface Domain {
  readonly path: Path;
  readonly values: readonly unknown[];
}

export interface Domains {
  readonly domains: readonly Domain[];
  /** One value of every region that the conditions can tell apart is among them. */
  readonly complete: boolean;
}

/** Values of these conditions, of the paths that start at one of `roots`. */
export function domainsOf(conditions: readonly Expression[], roots: readonly string[]): Domains {
  const found = new Map<string, { path: Path; literals: Set<unknown> }>();
  const add = (path: Path, literals: readonly unknown[] = []): boolean => {
    if (!roots.includes(path[0] ?? '')) return false;
    const key = JSON.stringify(path);
    const entry = found.get(key) ?? { path, literals: new Set() };
    for (const each of literals) entry.literals.add(each);
    found.set(key, entry);
    return true;
  };
  const isWhole = conditions.map(({ root }) => isDecided(root, add)).every(Boolean);
  const domains = [...found.values()].map(({ path, literals }) => ({
    path,
    values: [...regions([...literals]), ...(path.length > 2 ? [bare] : [])],
  }));
  // What lies within what is compared itself cannot be chosen apart from it.
  const isNested = domains.some(({ path }) =>
    domains.some((other) => other.path.length > path.length && path.every((at, i) => other.path[i] === at)),
  );
  return { domains, complete: isWhole && !isNested };
}

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** True if the condition only combines comparisons of a path with literals; its paths are added either way. */
function isDecided(node: Node, add: (path: Path, literals?: readonly unknown[]) => boolean): boolean {
  const path = pathOf(node);
  if (path !== undefined) return add(path, [true, false]);
  if (node.is === 'literal') return typeof node.value === 'boolean';
  if (node.is === 'select' && node.test) {
    const of = pathOf({ ...node, test: false });
    return of !== undefined && add(of);
  }
  if (node.is === 'call') {
    const { name, operands } = node;
    if (name === '!' || name === '&&' || name === '||' || name === '?:')
      return operands.map((each) => isDecided(each, add)).every(Boolean);
    const [left, right] = operands;
    if (left !== undefined && right !== undefined && comparisons.has(name)) {
      const [compared, literal] = right.is === 'literal' ? [pathOf(left), right] : [pathOf(right), left];
      if (compared !== undefined && literal.is === 'literal') {
        const { value } = literal;
        // Between two texts there is always another: their order has no regions of one value each.
        const hasRegions = name === '==' || name === '!=' || typeof value !== 'string';
        return add(compared, [plain(value)]) && hasRegions && isExact(value);
      }
    }
    if (name === 'in' && left !== undefined && right?.is === 'list') {
      const listed = pathOf(left);
      const literals = right.items.flatMap((item) => (item.is === 'literal' ? [plain(item.value)] : []));
      if (listed !== undefined && literals.length === right.items.length)
        return add(listed, literals) && literals.every(isExact);
    }
  }
  gather(node, add);
  return false;
}

/** The paths below, with every literal below: some of them may be what is looked for. */
function gather(node: Node, add: (path: Path, literals?: readonly unknown[]) => boolean): void {
  const literals: unknown[] = [];
  const paths: Path[] = [];
  const visit = (at: Node): void => {
    const path = pathOf(at.is === 'select' ? { ...at, test: false } : at);
    if (path !== undefined) return void paths.push(path);
    if (at.is === 'literal') literals.push(plain(at.value));
    for (const child of childrenOf(at)) visit(child);
  };
  visit(node);
  for (const path of paths) add(path, literals.slice(0, literalsMax));
}

const literalsMax = 20;
const plain = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** Beyond this, numbers beside a literal may be the literal itself. */
const numberMax = 2 ** 50;
const isExact = (value: unknown): boolean =>
  (typeof value !== 'number' && typeof value !== 'bigint') || Math.abs(Number(value)) <= numberMax;

/** One value of each region: the literals and what lies between, another text, each other type, and nothing at all. */
function regions(literals: readonly unknown[]): readonly unknown[] {
  const numbers = literals.filter((each): each is number => typeof each === 'number' && isExact(each));
  const sorted = [...new Set(numbers)].toSorted((a, b) => a - b);
  const between = sorted.flatMap((each, index) => {
    const next = sorted[index + 1];
    return next === undefined ? [each, each + 1] : [each, (each + next) / 2];
  });
  // Whole numbers too, for what is counted in them.
  const whole = sorted.flatMap((each) => [
    Math.floor(each),
    Math.ceil(each),
    Math.floor(each) + 1,
    Math.ceil(each) - 1,
  ]);
  const near = sorted.length === 0 ? [1] : [(sorted[0] ?? 0) - 1, ...between, ...whole];
  const ordered = [...new Set(near)].toSorted((a, b) => b - a);
  const others = literals.filter((each) => typeof each !== 'number' && typeof each !== 'boolean');
  let another = 'other';
  while (others.includes(another)) another += '-';
  return [...new Set([...others, another, ...ordered, true, false, null, absent])];
}

/** Every way to give each domain one of its values, up to so many; the last ones differ in the first domain. */
export function* assignments(domains: readonly Domain[], countMax: number): Iterable<readonly unknown[]> {
  const sizes = domains.map(({ values }) => values.length);
  const at = sizes.map(() => 0);
  for (let count = 0; count < countMax; count += 1) {
    yield domains.map(({ values }, index) => values[at[index] ?? 0]);
    let index = at.length - 1;
    for (; index >= 0; index -= 1) {
      at[index] = (at[index] ?? 0) + 1;
      if ((at[index] ?? 0) < (sizes[index] ?? 0)) break;
      at[index] = 0;
    }
    if (index < 0) return;
  }
}

export const countOf = (domains: readonly Domain[]): number =>
  domains.reduce((count, { values }) => count * values.length, 1);

/** Puts a value at a path below; false where something that is no map stands in the way. */
export function put(into: Record<string, unknown>, path: Path, value: unknown): boolean {
  if (value === absent) return true;
  let at = into;
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(at, name) ? at[name] : define(at, name, {});
    if (typeof next !== 'object' || next === null || Array.isArray(next)) return false;
    at = next as Record<string, unknown>;
  }
  const last = path.at(-1);
  if (value === bare) return last === undefined || !Object.hasOwn(at, last);
  if (last === undefined || Object.hasOwn(at, last)) return false;
  define(at, last, value);
  return true;
}

/** As an own member, whatever it is called. */
function define(at: Record<string, unknown>, name: string, value: unknown): unknown {
  Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
  return value;
}

/** `args.lines`, `args['lines']`; a local name or a computed index makes none. */
export function pathOf(node: Node): Path | undefined {
  if (node.is === 'name') return node.local ? undefined : [node.name];
  if (node.is === 'select') {
    const path = node.test ? undefined : pathOf(node.of);
    return path && [...path, node.member];
  }
  if (node.is !== 'call' || node.name !== '[]') return undefined;
  const [of, index] = node.operands;
  if (of === undefined || index?.is !== 'literal' || typeof index.value !== 'string') return undefined;
  const path = pathOf(of);
  return path && [...path, index.value];
}
