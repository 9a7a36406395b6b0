// The canonical form of JSON, RFC 8785: one text for one value.

import { JsonError } from './json.ts';

const DEPTH_MAX = 256;

/** RFC 8785. What JSON cannot hold is refused, never dropped or replaced. */
export function canonicalJson(value: unknown): string {
  return canonical(value, 0);
}

function canonical(value: unknown, depth: number): string {
  if (typeof value === 'string') return canonicalText(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new JsonError('not-json', -1);
    return String(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') throw new JsonError('not-json', -1);
  // Also ends a value that contains itself.
  if (depth >= DEPTH_MAX) throw new JsonError('too-deep', -1);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonical(item, depth + 1)}`;
    return `[${text}]`;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw new JsonError('not-json', -1);
  for (const name of sorted(Object.keys(value))) {
    const member = canonical((value as Record<string, unknown>)[name], depth + 1);
    text += `${text === '' ? '' : ','}${canonicalText(name)}:${member}`;
  }
  return `{${text}}`;
}

/** The default order of `sort` is that of UTF-16 code units, as section 3.2.3 asks; many names come in it. */
function sorted(names: string[]): string[] {
  for (let at = 1; at < names.length; at++)
    if ((names[at] as string) < (names[at - 1] as string)) return names.sort();
  return names;
}

/** Nothing to escape, and no surrogates. */
const PLAIN = /^[ !#-[\]-\ud7ff]*$/;

/** ECMAScript's own quoting is what section 3.2.2.2 asks, but for lone surrogates. */
function canonicalText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new JsonError('not-unicode', -1);
  return JSON.stringify(text);
}
