// A YAML 1.2 file as plain data that remembers where each value stands.
// Only what a reader can take in at a glance: one document, text keys, no anchors, aliases, tags or merges
// (they make two readers see two files), bounded depth. Everything else is a problem with its position.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Finding, type Problem, problemAt } from './problem.ts';
import type { Source } from './source.ts';

export type Path = readonly (string | number)[];

interface Place {
  readonly key: number;
  readonly value: number;
  readonly scalar?: Scalar;
}

const depthMax = 24;

export const pointer = (path: Path): string =>
  path.map((each) => `/${String(each).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** A parsed file. `value` holds no null: an empty value is as good as an absent one. */
export class Document {
  readonly source: Source;
  readonly value: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
  /** Nothing could be read: what seems to be missing may well stand in the file. */
  readonly isBroken: boolean;
  readonly #places: ReadonlyMap<string, Place>;

  constructor(source: Source) {
    const reader = new Reader(source);
    this.source = source;
    this.value = reader.root();
    this.problems = reader.problems;
    this.isBroken = reader.places.size === 0;
    this.#places = reader.places;
  }

  has(path: Path): boolean {
    return this.#places.has(pointer(path));
  }

  /** A problem at a value (or its key); at the nearest parent that stands in the file if it does not. */
  problem(path: Path, at: 'key' | 'value', finding: Finding): Problem {
    const place = this.#nearest(path);
    return problemAt(this.source, place[at], { ...finding, path: pointer(path) });
  }

  /** A problem inside a text, at the offset that its own language counts. */
  within(path: Path, offset: number, problem: string, remedy: string): Problem {
    const { scalar, value } = this.#nearest(path);
    const at = scalar === undefined ? value : offsetInScalar(this.source.text, scalar, offset);
    return problemAt(this.source, at, { path: pointer(path), problem, remedy });
  }

  #nearest(path: Path): Place {
    for (let length = path.length; length >= 0; length -= 1) {
      const place = this.#places.get(pointer(path.slice(0, length)));
      // What is missing is reported at the key of its parent: that is where a line must be added.
      if (place !== undefined) return length === path.length ? place : { key: place.key, value: place.key };
    }
    return { key: 0, value: 0 };
  }
}

class Reader {
  readonly source: Source;
  readonly problems: Problem[] = [];
  readonly places = new Map<string, Place>();

  constructor(source: Source) {
    this.source = source;
  }

  root(): Record<string, unknown> {
    const { contents, errors, warnings } = parseDocument(this.source.text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      // Quadratic in the library; `#map` looks for duplicates itself.
      uniqueKeys: false,
      strict: true,
      prettyErrors: false,
      intAsBigInt: true,
      // `silent` would also silence a second document.
      logLevel: 'error',
    });
    for (const { code, message, pos } of [...errors, ...warnings]) {
      const [problem, remedy] = said(code, message);
      this.#add(pos[0], [], problem, remedy);
    }
    if (errors.length > 0) return {};
    if (!isMap(contents)) {
      this.#add(
        0,
        [],
        contents === null ? 'the file is empty' : 'the file is not a list of `key: value`',
        'start with a key, such as `origin:`',
      );
      return {};
    }
    this.places.set('', { key: 0, value: 0 });
    return this.#map(contents, []);
  }

  #value(node: unknown, path: Path, key: number): unknown {
    const start = offsetOf(node) ?? key;
    this.places.set(pointer(path), { key, value: start, ...(isScalar(node) ? { scalar: node } : {}) });
    if (path.length > depthMax) return this.#add(start, path, `deeper than ${depthMax} levels`, 'flatten it');
    if (isAlias(node)) return this.#add(start, path, 'an alias (`*`) is not allowed', 'write the value out');
    const { anchor, tag } = node as { anchor?: string; tag?: string };
    if (anchor !== undefined)
      this.#add(start, path, 'an anchor (`&`) is not allowed', 'write the value out where it is used');
    if (tag !== undefined)
      this.#add(start, path, 'a tag (`!`) is not allowed', 'remove it: the schema knows the type');
    if (isMap(node)) return this.#map(node, path);
    if (isSeq(node)) return this.#list(node, path);
    return isScalar(node) ? this.#scalar(node, path, start) : undefined;
  }

  #map(node: YAMLMap, path: Path): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const at = offsetOf(key) ?? offsetOf(node) ?? 0;
      const name = isScalar(key) ? key.value : undefined;
      if (name === '<<') this.#add(at, path, 'a merge key (`<<`) is not allowed', 'write the values out');
      // `__proto__` would set a prototype instead of a member.
      else if (
        typeof name !== 'string' ||
        name === '__proto__' ||
        !name.isWellFormed() ||
        (isScalar(key) && (key.anchor ?? key.tag) !== undefined)
      )
        this.#add(at, path, 'a key is not plain text', 'write the key as a word, or in quotes');
      else if (seen.has(name))
        this.#add(at, [...path, name], `\`${name}\` stands here twice`, 'keep one of the two');
      else {
        seen.add(name);
        const empty = value === null || (isScalar(value) && value.value === null);
        if (!empty) members[name] = this.#value(value, [...path, name], at);
      }
    }
    return members;
  }

  #list(node: YAMLSeq, path: Path): unknown[] {
    return node.items.map((item, index) => {
      const at = offsetOf(item) ?? offsetOf(node) ?? 0;
      const value = this.#value(item, [...path, index], at);
      if (isScalar(item) && item.value === null)
        this.#add(at, [...path, index], 'an empty item', 'remove the dash or the comma');
      return value;
    });
  }

  #scalar({ value }: Scalar, path: Path, at: number): unknown {
    if (typeof value === 'bigint') {
      const number = Number(value);
      return Number.isSafeInteger(number)
        ? number
        : this.#add(at, path, 'the number is too large', 'write it in quotes');
    }
    if (typeof value === 'string' && !value.isWellFormed())
      return this.#add(at, path, 'half a character', 'remove the escape');
    if (typeof value === 'number' && !Number.isFinite(value))
      return this.#add(at, path, 'not a number', 'write a number');
    return value;
  }

  #add(offset: number, path: Path, problem: string, remedy: string): undefined {
    this.problems.push(problemAt(this.source, offset, { path: pointer(path), problem, remedy }));
  }
}

const offsetOf = (node: unknown): number | undefined =>
  (node as { range?: [number, number, number] | null } | null)?.range?.[0];

function said(code: string, message: string): [problem: string, remedy: string] {
  if (code === 'MULTIPLE_DOCS')
    return ['more than one document in the file', 'remove the `---` line, or split the file'];
  if (code === 'TAB_AS_INDENT') return ['a tab indents this line', 'indent with spaces'];
  if (code === 'RESOURCE_EXHAUSTION') return ['nested too deeply', 'flatten it'];
  const text = message.replace(/\s+/g, ' ').trim();
  return [
    `not YAML: ${text.charAt(0).toLowerCase()}${text.slice(1)}`,
    'correct the line, or put the value in quotes',
  ];
}

/**
 * Where in the file the character `offset` of a scalar's text stands. Walks both texts together, because
 * quotes, escapes, folding and indentation make the written text longer than the value.
 */
function offsetInScalar(text: string, scalar: Scalar, offset: number): number {
  const [start, end] = scalar.range ?? [0, 0];
  const value = String(scalar.value);
  const type = scalar.type ?? 'PLAIN';
  const block = type.startsWith('BLOCK');
  let at = block ? text.indexOf('\n', start) + 1 : type === 'PLAIN' ? start : start + 1;
  const skipSpace = () => {
    while (at < end && /\s/.test(text[at] ?? '')) at += 1;
  };
  for (let index = 0; index < Math.min(offset, value.length); index += 1) {
    const isSpace = /\s/.test(value[index] ?? '');
    if (isSpace && !/\s/.test(value[index + 1] ?? '')) {
      if (text[at] === '\\') at += escapeLength(text, at);
      skipSpace();
    } else if (!isSpace) {
      if (index === 0) skipSpace();
      if (type === 'QUOTE_DOUBLE' && text[at] === '\\') at += escapeLength(text, at);
      else at += type === 'QUOTE_SINGLE' && text.startsWith("''", at) ? 2 : 1;
    }
  }
  if (block && offset === 0) skipSpace();
  return Math.min(at, end);
}

/** `\x41`, `\u0041`, `\U00000041`, a folded line end, or one letter (YAML 1.2 section 5.7). */
function escapeLength(text: string, at: number): number {
  const letter = text[at + 1] ?? '';
  if (/\s/.test(letter)) return 2 + (/^\s*/.exec(text.slice(at + 2))?.[0].length ?? 0);
  return 2 + ({ x: 2, u: 4, U: 8 }[letter] ?? 0);
}
