// Names and ids: what has no form of its own. A name is words of letters, or several words; an id is one word with a
// digit or a sign in it, and whether its letters are small may mean something.

import { folded, isCompatible, isPlain, spaced } from './plain.ts';

const isId = (text: string): boolean => !/\s/u.test(text) && /[^\p{L}\p{M}'’-]/u.test(text);

/** An argument that is not in its compatible form (a ligature, a wide letter) equals only itself. */
export function nameKey(text: string): string | undefined {
  const name = spaced(text);
  if (name === '' || name !== text || isId(text) || !isPlain(text)) return undefined;
  return isCompatible(text) ? `fold:${folded(text)}` : `same:${text}`;
}

export function nameKeys(piece: string): readonly string[] {
  const name = spaced(piece);
  if (name === '' || isId(name) || !isPlain(piece)) return [];
  return [`fold:${folded(name)}`, `same:${name}`];
}

const isOneCase = (text: string): boolean => text === text.toUpperCase() || text === text.toLowerCase();

/** `inv-7` names INV-7, but `aB3x` only itself: letters of both kinds are told apart by somebody. */
export function idKey(text: string): string | undefined {
  if (!isId(text) || !isPlain(text)) return undefined;
  return isOneCase(text) && isCompatible(text) ? `fold:${folded(text)}` : `same:${text}`;
}

export function idKeys(piece: string): readonly string[] {
  if (!isId(piece) || !isPlain(piece)) return [];
  return isOneCase(piece) ? [`fold:${folded(piece)}`, `same:${piece}`] : [`same:${piece}`];
}
