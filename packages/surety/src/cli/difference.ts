// The difference between what is in force and what is proposed, member by member, for the person who is to sign it.
// Nothing is left out and nothing is cut: nobody signs what they could not see.

import type { Content } from '@surety/proof/changes';
import { canonicalJson } from '@surety/proof/records';
import { printable } from './terminal.ts';

export interface Difference {
  /** Members from the top: `approve.count`; empty for the whole. */
  readonly path: string;
  /** What stands there, as JSON; absent: nothing. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Hashes of what stands beside them: they follow from it. */
const derived = new Set(['hash']);

export function differences(before: Content | undefined, after: Content | undefined): readonly Difference[] {
  if (before === undefined || after === undefined) return [at('', before?.body, after?.body)];
  return within('', before.body, after.body).filter(({ path }) => !derived.has(path));
}

/** Of any two values. */
export const membersDiffering = (before: unknown, after: unknown): readonly Difference[] =>
  within('', before, after);

function within(path: string, before: unknown, after: unknown): readonly Difference[] {
  if (textOf(before) === textOf(after)) return [];
  if (!isMembers(before) || !isMembers(after)) return [at(path, before, after)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) =>
    within(path === '' ? name : `${path}.${name}`, own(before, name), own(after, name)),
  );
}

const at = (path: string, before: unknown, after: unknown): Difference => ({
  path,
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
});

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (value: Members, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined);
const textOf = (value: unknown): string => (value === undefined ? '' : canonicalJson(value));

/** Lines for people: `- ` what stands now, `+ ` what would. */
export function differenceLines(all: readonly Difference[]): readonly string[] {
  return all.flatMap(({ path, before, after }) => {
    const name = path === '' ? '' : `${printable(path)}: `;
    return [
      ...(before === undefined ? [] : [`- ${name}${printable(canonicalJson(before))}`]),
      ...(after === undefined ? [] : [`+ ${name}${printable(canonicalJson(after))}`]),
    ];
  });
}
