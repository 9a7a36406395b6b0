// Reads a rule: CEL's grammar (cel-spec, doc/langdef.md, "Syntax") in recursive descent, bounded in length,
// nesting and height. What the profile leaves out is refused here, by name, never at evaluation; so is a name
// that the rule's scope does not have.

import { RuleError } from './error.ts';
import { type Token, tokens } from './tokens.ts';
import { childrenOf, type Expression, type Macro, type Node } from './tree.ts';

const nestingMax = 32;
/** Operators in a row make the tree higher without nesting: `a + b + c`. */
const heightMax = 128;
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** From the loosest to the tightest; `!`, `-` and members bind tighter still. */
const operators = [['||'], ['&&'], ['<', '<=', '>', '>=', '==', '!=', 'in'], ['+', '-'], ['*', '/', '%']];
/** Number of operands, the receiver counted. */
const functions = new Map([
  ['size', 1],
  ['int', 1],
  ['double', 1],
  ['string', 1],
  ['dyn', 1],
]);
const methods = new Map([
  ['size', 1],
  ['startsWith', 2],
  ['endsWith', 2],
  ['contains', 2],
]);
/** Least and greatest number of bodies. */
const macros = new Map<string, readonly [least: number, most: number]>([
  ['all', [1, 1]],
  ['exists', [1, 1]],
  ['exists_one', [1, 1]],
  ['filter', [1, 1]],
  ['map', [1, 2]],
]);
const leftOut = new Map([
  ['matches', 'regular expressions are'],
  ['timestamp', 'times are'],
  ['duration', 'durations are'],
  ['bytes', 'bytes are'],
  ['uint', 'unsigned integers are'],
  ['type', 'types as values are'],
  ['bool', 'conversion to bool is'],
]);
const keywords = new Set(['false', 'in', 'null', 'true']);
const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Throws `RuleError`. `names` are the free names that the rule may use, such as `args`. */
export function parseRule(source: string, names: readonly string[]): Expression {
  return { source, names, root: new Parser(tokens(source), names).whole() };
}

type Bare = Node extends infer N ? (N extends Node ? Omit<N, 'offset' | 'height'> : never) : never;

class Parser {
  readonly #tokens: readonly Token[];
  readonly #names: readonly string[];
  #locals: readonly string[] = [];
  #at = 0;
  /** The rule itself is no nesting. */
  #nesting = -1;

  constructor(found: readonly Token[], names: readonly string[]) {
    this.#tokens = found;
    this.#names = names;
  }

  whole(): Node {
    const root = this.#expression();
    if (this.#next.is !== 'end') throw this.#unexpected();
    return root;
  }

  #expression(): Node {
    return this.#nested(() => {
      const condition = this.#binary(0);
      const { offset } = this.#next;
      if (!this.#took('?')) return condition;
      const yes = this.#binary(0);
      this.#take(':');
      return made({ is: 'call', name: '?:', operands: [condition, yes, this.#expression()] }, offset);
    });
  }

  #binary(level: number): Node {
    const signs = operators[level];
    if (signs === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (let token = this.#next; isSign(token) && signs.includes(token.text); token = this.#next) {
      this.#at += 1;
      const right = this.#binary(level + 1);
      // `a && b && c` is one node, so that a long list of conditions is not a high tree.
      const joins = level < 2 && left.is === 'call' && left.name === token.text ? left.operands : [left];
      const operands = [...joins, right];
      left = made({ is: 'call', name: token.text, operands }, token.offset);
    }
    return left;
  }

  /** CEL's grammar lets `!` follow only `!`, and `-` only `-`. */
  #unary(only?: string): Node {
    const { text, offset } = this.#next;
    const isUnary = isSign(this.#next) && (text === '!' || text === '-') && (only ?? text) === text;
    if (!isUnary || (text === '-' && isNumber(this.#after))) return this.#member();
    this.#at += 1;
    const operand = this.#nested(() => this.#unary(text));
    return made({ is: 'call', name: text === '-' ? 'negate' : text, operands: [operand] }, offset);
  }

  #member(): Node {
    let node = this.#primary();
    for (;;) {
      const { offset } = this.#next;
      if (this.#took('.')) node = this.#afterDot(node);
      else if (this.#took('[')) {
        node = made({ is: 'call', name: '[]', operands: [node, this.#expression()] }, offset);
        this.#take(']');
      } else return node;
    }
  }

  #afterDot(of: Node): Node {
    const { is, text, offset } = this.#next;
    if (is !== 'quoted' && (is !== 'word' || keywords.has(text))) throw this.#unexpected('a name');
    this.#at += 1;
    if (is === 'quoted' || !this.#took('(')) {
      if (isSign(this.#next) && this.#next.text === '{')
        throw this.#refused('messages are', this.#next.offset);
      return made({ is: 'select', of, member: text, test: false }, offset);
    }
    const bodies = macros.get(text);
    if (bodies !== undefined) return this.#macro(text as Macro, of, bodies, offset);
    const operands = [of, ...this.#listed(')', () => this.#expression())];
    return this.#call(text, operands, methods, offset);
  }

  #macro(name: Macro, of: Node, [least, most]: readonly [number, number], offset: number): Node {
    const { is, text: variable } = this.#next;
    if (is !== 'word' || keywords.has(variable) || reserved.has(variable)) throw this.#unexpected();
    this.#at += 1;
    this.#take(',');
    const outer = this.#locals;
    this.#locals = [...outer, variable];
    const bodies = this.#listed(')', () => this.#expression());
    this.#locals = outer;
    if (bodies.length < least || bodies.length > most)
      throw new RuleError(
        'syntax',
        offset,
        `\`${name}\` takes a name and ${least === most ? least : '1 or 2'} rules`,
      );
    return made({ is: 'macro', name, of, variable, bodies }, offset);
  }

  #primary(): Node {
    const token = this.#next;
    const { is, text, offset } = token;
    if (is === 'end') throw this.#unexpected();
    this.#at += 1;
    if (is === 'word') return this.#word(token);
    if (is === 'string') return made({ is: 'literal', value: text }, offset);
    if (is === 'int' || is === 'double') return number(token, '');
    if (text === '-' && isNumber(this.#next)) {
      this.#at += 1;
      return number(this.#tokens[this.#at - 1] ?? token, '-');
    }
    if (text === '(') {
      const inner = this.#expression();
      this.#take(')');
      return inner;
    }
    if (text === '[')
      return made({ is: 'list', items: this.#listed(']', () => this.#expression(), true) }, offset);
    if (text === '{')
      return made({ is: 'map', entries: this.#listed('}', () => this.#entry(), true) }, offset);
    this.#at -= 1;
    throw this.#unexpected();
  }

  #entry(): readonly [Node, Node] {
    const key = this.#expression();
    this.#take(':');
    return [key, this.#expression()];
  }

  #word({ text, offset }: Token): Node {
    if (text === 'null') return made({ is: 'literal', value: null }, offset);
    if (text === 'true' || text === 'false') return made({ is: 'literal', value: text === 'true' }, offset);
    if (keywords.has(text) || reserved.has(text))
      throw new RuleError('syntax', offset, `\`${text}\` is a reserved word`);
    if (this.#took('(')) {
      const operands = this.#listed(')', () => this.#expression());
      return text === 'has' ? presence(operands, offset) : this.#call(text, operands, functions, offset);
    }
    if (isSign(this.#next) && this.#next.text === '{') throw this.#refused('messages are', offset);
    const local = this.#locals.includes(text);
    if (!local && !this.#names.includes(text))
      throw new RuleError(
        'unknown-name',
        offset,
        `\`${text}\` is not known here, only ${this.#names.join(', ')}`,
      );
    return made({ is: 'name', name: text, local }, offset);
  }

  #call(name: string, operands: readonly Node[], known: ReadonlyMap<string, number>, offset: number): Node {
    const count = known.get(name);
    const why = leftOut.get(name);
    if (count === undefined && why !== undefined) throw this.#refused(`\`${name}\`: ${why}`, offset);
    if (count === undefined) throw new RuleError('unknown-name', offset, `there is no function \`${name}\``);
    if (operands.length !== count)
      throw new RuleError('syntax', offset, `\`${name}\` does not take ${operands.length} values`);
    return made({ is: 'call', name, operands }, offset);
  }

  /** Up to the closing sign, which is taken; lists and maps may end in a comma. */
  #listed<T>(end: string, one: () => T, trailing = false): T[] {
    const found: T[] = [];
    while (!this.#took(end)) {
      if (found.length > 0) {
        this.#take(',');
        if (trailing && this.#took(end)) break;
      }
      found.push(one());
    }
    return found;
  }

  #nested(read: () => Node): Node {
    this.#nesting += 1;
    if (this.#nesting > nestingMax)
      throw new RuleError('too-long', this.#next.offset, `a rule nests at most ${nestingMax} deep`);
    const node = read();
    this.#nesting -= 1;
    return node;
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? (this.#tokens.at(-1) as Token);
  }

  get #after(): Token {
    return this.#tokens[this.#at + 1] ?? (this.#tokens.at(-1) as Token);
  }

  #took(sign: string): boolean {
    const took = this.#next.is === 'sign' && this.#next.text === sign;
    if (took) this.#at += 1;
    return took;
  }

  #take(sign: string): void {
    if (!this.#took(sign)) throw this.#unexpected(`\`${sign}\``);
  }

  #unexpected(wanted = 'a value'): RuleError {
    const { is, text, offset } = this.#next;
    const found = is === 'end' ? text : is === 'string' ? 'a string' : `\`${text}\``;
    return new RuleError('syntax', offset, `expected ${wanted} instead of ${found}`);
  }

  #refused(what: string, offset: number): RuleError {
    return new RuleError('syntax', offset, `${what} left out of this profile of CEL`);
  }
}

const isNumber = ({ is }: Token): boolean => is === 'int' || is === 'double';
const isSign = ({ is, text }: Token): boolean => is === 'sign' || (is === 'word' && text === 'in');

function made(node: Bare, offset: number): Node {
  const whole = { ...node, offset, height: 0 } as Node;
  let height = 1;
  for (const child of childrenOf(whole)) height = Math.max(height, child.height + 1);
  if (height > heightMax) throw new RuleError('too-long', offset, 'a rule has too many operators in a row');
  return { ...whole, height };
}

/** `has(a.b)` asks whether `b` is there, without needing it. */
function presence([of, ...more]: readonly Node[], offset: number): Node {
  if (of?.is !== 'select' || of.test || more.length > 0)
    throw new RuleError('syntax', offset, '`has` takes one selection, such as `has(args.note)`');
  return { ...of, test: true };
}

function number({ is, text, offset }: Token, sign: '' | '-'): Node {
  if (is === 'int') {
    const value = sign === '-' ? -BigInt(text) : BigInt(text);
    if (value >= int64.min && value <= int64.max) return made({ is: 'literal', value }, offset);
  } else if (Number.isFinite(Number(text)))
    return made({ is: 'literal', value: Number(`${sign}${text}`) }, offset);
  throw new RuleError('overflow', offset, `\`${sign}${text}\` does not fit 64 bits`);
}
