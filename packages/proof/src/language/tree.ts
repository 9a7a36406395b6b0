// The tree of a parsed rule, and what can be read off it without evaluating: which paths it selects, and which
// pairs of paths must be equal for it to hold.

export type Macro = 'all' | 'exists' | 'exists_one' | 'filter' | 'map';

interface At {
  /** Of the word that names the operation: where an error is shown. */
  readonly offset: number;
  /** Nodes below this one: bounds the recursion of whoever walks the tree. */
  readonly height: number;
}

export type Node = At &
  (
    | { readonly is: 'literal'; readonly value: null | boolean | bigint | number | string }
    /** `local`: bound by a macro, not a name of the rule's scope. */
    | { readonly is: 'name'; readonly name: string; readonly local: boolean }
    /** `test`: `has(of.member)`. */
    | { readonly is: 'select'; readonly of: Node; readonly member: string; readonly test: boolean }
    /** An operator or a function; `&&` and `||` take any number of operands. */
    | { readonly is: 'call'; readonly name: string; readonly operands: readonly Node[] }
    | { readonly is: 'list'; readonly items: readonly Node[] }
    | { readonly is: 'map'; readonly entries: readonly (readonly [Node, Node])[] }
    | {
        readonly is: 'macro';
        readonly name: Macro;
        readonly of: Node;
        readonly variable: string;
        readonly bodies: readonly Node[];
      }
  );

/** A parsed rule. Its tree is plain data without functions. */
export interface Expression {
  readonly source: string;
  readonly names: readonly string[];
  readonly root: Node;
}

export function childrenOf(node: Node): readonly Node[] {
  switch (node.is) {
    case 'literal':
    case 'name':
      return [];
    case 'select':
      return [node.of];
    case 'call':
      return node.operands;
    case 'list':
      return node.items;
    case 'map':
      return node.entries.flat();
    case 'macro':
      return [node.of, ...node.bodies];
  }
}

/** The longest selections that start at a free name, such as `['args', 'invoice_id']`, each once, in order. */
export function paths({ root }: Expression): readonly (readonly string[])[] {
  const found = new Map<string, readonly string[]>();
  const visit = (node: Node): void => {
    const path = pathOf(node.is === 'select' ? { ...node, test: false } : node);
    if (path === undefined) for (const child of childrenOf(node)) visit(child);
    else found.set(JSON.stringify(path), path);
  };
  visit(root);
  return [...found.values()];
}

/** One side of a comparison: a rule of its own, and its path where it only selects. */
export interface Side extends Expression {
  readonly path: readonly string[] | undefined;
  /** The free names that it looks at. */
  readonly reads: ReadonlySet<string>;
}

/**
 * The conjuncts of the whole rule that say `a == b`. Each of them must be true for the rule to hold, so an index
 * over one side finds every candidate.
 */
export function equalities({
  root,
  source,
  names,
}: Expression): readonly { readonly left: Side; readonly right: Side }[] {
  if (root.is !== 'call') return [];
  if (root.name === '&&')
    return root.operands.flatMap((operand) => equalities({ source, names, root: operand }));
  const [left, right] = root.name === '==' ? root.operands : [];
  if (left === undefined || right === undefined) return [];
  const side = (of: Node): Side => ({ source, names, root: of, path: pathOf(of), reads: freeNames(of) });
  return [{ left: side(left), right: side(right) }];
}

function freeNames(root: Node, found = new Set<string>()): ReadonlySet<string> {
  if (root.is === 'name' && !root.local) found.add(root.name);
  for (const child of childrenOf(root)) freeNames(child, found);
  return found;
}

/** `args.lines` and `args['lines']` are the same path; a local name, `has` or a computed index makes none. */
function pathOf(node: Node): readonly string[] | undefined {
  if (node.is === 'name') return node.local ? undefined : [node.name];
  if (node.is === 'select' && node.test) return undefined;
  const step = node.is === 'select' ? node.member : indexOf(node);
  const of = node.is === 'select' ? node.of : node.is === 'call' ? node.operands[0] : undefined;
  if (step === undefined || of === undefined) return undefined;
  const path = pathOf(of);
  return path === undefined ? undefined : [...path, step];
}

function indexOf(node: Node): string | undefined {
  const index = node.is === 'call' && node.name === '[]' ? node.operands[1] : undefined;
  return index?.is === 'literal' && typeof index.value === 'string' ? index.value : undefined;
}
