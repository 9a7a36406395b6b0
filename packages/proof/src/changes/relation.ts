// How what is proposed stands to what is in force, member by member. Everything that is not shown to narrow weakens:
// a member that no line here knows, and a value that no comparison here understands.
// The published table: docs/weakening.md.

import { canonicalJson } from '../values/canonical.ts';

/** `narrows`: whatever was stopped or reported before still is. */
export type Relation = 'same' | 'narrows' | 'weakens';
/** Compares what is in force with what is proposed; `undefined` is what is not there. */
export type Compare = (before: unknown, after: unknown) => Relation;
export type Members = Readonly<Record<string, unknown>>;

/** Of the whole by its parts: one that weakens is enough. */
export const together = (relations: readonly Relation[]): Relation =>
  relations.includes('weakens') ? 'weakens' : relations.includes('narrows') ? 'narrows' : 'same';

const textOf = (value: unknown): string => (value === undefined ? '' : canonicalJson(value));
export const isSame = (before: unknown, after: unknown): boolean => textOf(before) === textOf(after);

export const equal: Compare = (before, after) => (isSame(before, after) ? 'same' : 'weakens');
/** Follows from other members, or says something to people. */
export const told: Compare = () => 'same';

/** What says more narrows, what says it no more weakens; `inner` compares what both say. */
export const addable =
  (inner: Compare = equal): Compare =>
  (before, after) => {
    if (before === undefined) return after === undefined ? 'same' : 'narrows';
    return after === undefined ? 'weakens' : inner(before, after);
  };

const inOrder =
  (narrower: (before: number, after: number) => boolean): Compare =>
  (before, after) => {
    if (isSame(before, after)) return 'same';
    const numbers = typeof before === 'number' && typeof after === 'number';
    return numbers && narrower(before, after) ? 'narrows' : 'weakens';
  };
export const less = inOrder((before, after) => after < before);
export const more = inOrder((before, after) => after > before);

/** Words from the weakest to the strictest. */
export const stricter =
  (...words: readonly string[]): Compare =>
  (before, after) => {
    if (isSame(before, after)) return 'same';
    const [from, to] = [words.indexOf(before as string), words.indexOf(after as string)];
    return from !== -1 && to > from ? 'narrows' : 'weakens';
  };

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(textOf) : []);
/** A list in which everything asks for something: none may be missing. */
export const superset: Compare = (before, after) => {
  const [old, next] = [listOf(before), listOf(after)];
  if (!old.every((each) => next.includes(each))) return 'weakens';
  return next.every((each) => old.includes(each)) ? 'same' : 'narrows';
};
/** A list in which everything allows something: none may be added. */
export const subset: Compare = (before, after) => superset(after, before);

/** Each member by its own comparison; a name without one must stay as it is. */
export const members =
  (table: Readonly<Record<string, Compare>>): Compare =>
  (before, after) =>
    eachMember(before, after, (name) => (Object.hasOwn(table, name) ? table[name] : undefined) ?? equal);

/** A map in which every name asks for something. */
export const mapOf = (inner: Compare): Compare => {
  const each = addable(inner);
  return (before, after) => eachMember(before, after, () => each);
};

function eachMember(before: unknown, after: unknown, compareOf: (name: string) => Compare): Relation {
  if (!isMembers(before) || !isMembers(after)) return equal(before, after);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return together([...names].map((name) => compareOf(name)(own(before, name), own(after, name))));
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (value: Members, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
