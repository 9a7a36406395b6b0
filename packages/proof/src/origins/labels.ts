// What somebody has said of a tool's results, field by field: who vouches for what stands there. A field that nobody
// labelled is text of an outsider. Paths name members; lists are gone through; `*` is any one member, for objects whose
// names are data. Whoever can add a member cannot thereby reach a labelled one: each path is matched whole.

import type { Body } from '../facts.ts';
import { JsonError, pointerToken, pointerTokens } from '../values/json.ts';

export type ResultLabels = NonNullable<Body<'tool.labelled'>['results']>;
export type Trust = ResultLabels[string]['is'];

export interface Located {
  readonly leaf: unknown;
  /** Names of members on the way, without the indices of lists. */
  readonly names: readonly string[];
  /** JSON pointer of the object that it is a member of. */
  readonly owner: string;
}

const index = /^(?:0|[1-9][0-9]{0,8})$/;

/** What stands at a JSON pointer: own members only, since an outsider may choose their names. */
export function locate(value: unknown, pointer: string): Located | undefined {
  let tokens: readonly string[];
  try {
    tokens = pointerTokens(pointer);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
  let at = value;
  let owner = '';
  let path = '';
  const names: string[] = [];
  for (const token of tokens) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, token)) return undefined;
    if (Array.isArray(at)) {
      if (!index.test(token)) return undefined;
    } else {
      names.push(token);
      owner = path;
    }
    at = (at as Record<string, unknown>)[token];
    path = `${path}/${pointerToken(token)}`;
  }
  return { leaf: at, names, owner };
}

/** From who vouches most to who vouches least. */
const trusts: readonly Trust[] = ['record', 'directory', 'outsider-identity', 'outsider-text'];

/** The label of a place by the names that lead to it, and the path it was said by: its own, else the least of those with `*`. */
export function labelAt(
  labels: ResultLabels,
  names: readonly string[],
): { readonly path: string; readonly is: Trust } | undefined {
  const exact = names.join('.');
  // A name with a point in it would read as two.
  if (Object.hasOwn(labels, exact) && exact.split('.').length === names.length)
    return { path: exact, is: (labels[exact] as ResultLabels[string]).is };
  let found: { readonly path: string; readonly is: Trust } | undefined;
  for (const [path, { is }] of Object.entries(labels)) {
    if (!path.includes('*')) continue;
    const steps = path.split('.');
    const isIt =
      steps.length === names.length && steps.every((step, at) => step === '*' || step === names[at]);
    if (isIt && (found === undefined || trusts.indexOf(is) > trusts.indexOf(found.is))) found = { path, is };
  }
  return found;
}

/** Goes through every leaf, in order, until `see` answers false. The value came from outside: depth was bounded when it was parsed. */
export function eachLeaf(
  value: unknown,
  see: (leaf: string | number, pointer: string, names: readonly string[], owner: string) => boolean,
): void {
  const walk = (at: unknown, pointer: string, names: readonly string[], owner: string): boolean => {
    if (typeof at === 'string' || typeof at === 'number') return see(at, pointer, names, owner);
    if (typeof at !== 'object' || at === null) return true;
    const isList = Array.isArray(at);
    for (const [name, member] of Object.entries(at)) {
      const below = `${pointer}/${pointerToken(name)}`;
      if (!walk(member, below, isList ? names : [...names, name], isList ? owner : pointer)) return false;
    }
    return true;
  };
  walk(value, '', [], '');
}
