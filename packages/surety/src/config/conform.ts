// Holds a document against its schema: every deviation becomes a problem at its place, with a remedy.
// What conforms is kept (`salvage`), so that one mistake does not hide those that other checks find.

import { z } from 'zod';
import type { Document, Path } from './document.ts';
import { didYouMean, type Problem, quote } from './problem.ts';

/** A file is parsed once a start: compiling the schema to code first would take twice as long. */
const once = { jitless: true };

type Issue = z.core.$ZodIssue;

interface Conformed<T> {
  /** The largest part of the document that conforms; undefined if nothing does. */
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}

export function conform<T extends z.ZodType>(document: Document, schema: T): Conformed<z.infer<T>> {
  const first = schema.safeParse(document.value, once);
  if (first.success) return { value: first.data as z.infer<T>, problems: [] };
  const problems = meant(first.error.issues).flatMap((issue) => problemsOf(issue, document, schema));
  return { value: salvage(document.value, schema), problems };
}

/** Where a value may have one of several forms, what is wrong with the one that it was given, if it has one. */
function meant(issues: readonly Issue[]): readonly Issue[] {
  return issues.flatMap((issue): readonly Issue[] => {
    if (issue.code !== 'invalid_union') return [issue];
    const form = issue.errors.find((each) =>
      each.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
    );
    return form === undefined
      ? [issue]
      : meant(form.map((each) => ({ ...each, path: [...issue.path, ...each.path] })));
  });
}

const salvageRoundsMax = 64;

/**
 * Removes what deviates, and the parent of what is missing, until the rest conforms. An item that is
 * removed leaves a hole in its list, so that the places of the others stay: `forEach` and `map` skip holes.
 */
function salvage<T extends z.ZodType>(value: unknown, schema: T): z.infer<T> | undefined {
  const rest = structuredClone(value);
  for (let round = 0; round < salvageRoundsMax; round += 1) {
    const parsed = schema.safeParse(withoutHoles(rest), once);
    if (parsed.success) return rest as z.infer<T>;
    const paths = meant(parsed.error.issues).flatMap((issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
    );
    // All are translated before the first is removed: removing one moves those behind it.
    const places = paths.map((path) => withHoles(rest, path as Path));
    if (!places.every((place) => prune(rest, place))) return undefined;
  }
  return undefined;
}

function withoutHoles(value: unknown): unknown {
  if (Array.isArray(value)) return Object.values(value).map(withoutHoles);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutHoles(each)]));
}

function withHoles(root: unknown, path: Path): Path {
  let at = root;
  return path.map((name) => {
    const real = Array.isArray(at) ? Number(Object.keys(at)[Number(name)]) : name;
    at = valueAt(at, [real]);
    return real;
  });
}

/** Removes the value, or its parent if it is not there; false if that would be everything. */
function prune(root: unknown, path: Path): boolean {
  const name = path.at(-1);
  if (name === undefined) return false;
  const parent = valueAt(root, path.slice(0, -1)) as Record<string, unknown> | undefined;
  // An earlier issue of the same round may have removed the parent already.
  if (typeof parent !== 'object' || parent === null) return true;
  if (!Object.hasOwn(parent, name)) return prune(root, path.slice(0, -1));
  delete parent[name];
  return true;
}

function valueAt(root: unknown, path: Path): unknown {
  let at = root;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Record<string | number, unknown>)[name];
  }
  return at;
}

function problemsOf(issue: Issue, document: Document, schema: z.ZodType): Problem[] {
  const path = issue.path as Path;
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schemaAt(schema, path).schema);
    return issue.keys.map((key) => {
      const remedy = didYouMean(key, known, `known here: ${known.join(', ')}`);
      return document.problem([...path, key], 'key', { problem: `unknown key ${quote(key)}`, remedy });
    });
  }
  if (issue.code === 'invalid_key') {
    const [problem, remedy] = split(issue.issues[0]?.message ?? 'is not allowed');
    return [document.problem(path, 'key', { problem: `${quote(path.at(-1))} ${problem}`, remedy })];
  }
  const given = valueAt(document.value, path);
  // It stands there, and the document has already said what is wrong with it.
  if (given === undefined && document.has(path)) return [];
  const { description } = schemaAt(schema, path);
  if (given === undefined) {
    const remedy =
      description === undefined ? `add \`${path.at(-1)}\`` : `add \`${path.at(-1)}\`: ${description}`;
    return [document.problem(path, 'key', { problem: `${nameOf(path)} is missing`, remedy })];
  }
  return [
    document.problem(path, 'value', said(issue, path, given, description ?? 'see docs/configuration.md')),
  ];
}

function said(
  issue: Issue,
  path: Path,
  given: unknown,
  description: string,
): { problem: string; remedy: string } {
  const name = nameOf(path);
  const shown = typeof given === 'object' ? '' : `: ${quote(given)}`;
  if (issue.code === 'invalid_value' && !issue.message.includes('\n')) {
    const words = issue.values.map(String);
    const problem = `${name} is none of ${words.join(', ')}${shown}`;
    return { problem, remedy: didYouMean(String(given), words, `write one of ${words.join(', ')}`) };
  }
  if (issue.code === 'invalid_type' && !issue.message.includes('\n'))
    return {
      problem: `${name} is not ${kinds[issue.expected] ?? issue.expected}${shown}`,
      remedy: description,
    };
  const [problem, remedy] = split(issue.message);
  return { problem: `${name} ${problem}${shown}`, remedy: remedy === '' ? description : remedy };
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a list of `key: value`',
  record: 'a list of `key: value`',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
};

function split(message: string): [problem: string, remedy: string] {
  const [problem = '', remedy = ''] = message.split('\n');
  return [problem, remedy];
}

/** The nearest name above a value: of an item, that of its list. */
function nameOf(path: Path): string {
  const at = path.findLastIndex((each) => typeof each === 'string');
  if (at === -1) return 'the file';
  return `\`${path[at]}${path
    .slice(at + 1)
    .map((index) => `[${index}]`)
    .join('')}\``;
}

/** Walks a schema along a path, and keeps the last thing it says about the value there. */
function schemaAt(root: z.ZodType, path: Path): { schema: z.ZodType; description: string | undefined } {
  let at = open(root);
  for (const name of path) {
    if (at.schema instanceof z.ZodUnion) at = open(formFor(at.schema, name));
    if (at.schema instanceof z.ZodObject)
      at = open((at.schema.shape as Record<string, z.ZodType>)[name] ?? z.unknown());
    else if (at.schema instanceof z.ZodRecord) at = open(at.schema.valueType as z.ZodType);
    else if (at.schema instanceof z.ZodArray) at = open(at.schema.element as z.ZodType);
    else return { schema: z.unknown(), description: undefined };
  }
  return at;
}

/** Of several forms, the list for an index and another for a name. */
const formFor = ({ options }: z.ZodUnion, name: string | number): z.ZodType =>
  (options as z.ZodType[]).find((each) => each instanceof z.ZodArray === (typeof name === 'number')) ??
  z.unknown();

function open(schema: z.ZodType): { schema: z.ZodType; description: string | undefined } {
  let [at, description] = [schema, schema.description];
  while (at instanceof z.ZodOptional) {
    at = at.unwrap() as z.ZodType;
    description ??= at.description;
  }
  return { schema: at, description };
}

const knownKeys = (schema: z.ZodType): string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
