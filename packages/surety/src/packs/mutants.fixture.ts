// Checkpoints with one thing in them taken away or loosened: whoever tests a checkpoint notices each.

import type { Checkpoint } from './pack.ts';

type Node = Record<string | number, unknown>;
export type Mutant = readonly [what: string, checkpoint: Checkpoint];

/** Names, which nothing can be taken away from. */
const names = new Set(['id', 'before', 'call', 'as', 'mode', 'function', 'any']);
const conditions = new Set(['where', 'when']);
const counts = new Set(['most', 'count']);
const loosened = [
  ['>=', '>'],
  ['<=', '<'],
  [' > ', ' >= '],
  [' < ', ' <= '],
] as const;

export function* mutantsOf(checkpoint: Checkpoint): Generator<Mutant> {
  for (const [path, value] of placesIn(checkpoint)) {
    const key = path.at(-1) as string | number;
    const made = (what: string, change: (of: Node) => void): Mutant => {
      const copy = structuredClone(checkpoint);
      change(path.slice(0, -1).reduce<Node>((of, each) => of[each] as Node, copy as unknown as Node));
      return [`${path.join('.')} ${what}`, copy];
    };
    const set = (instead: unknown) => (of: Node) => {
      of[key] = instead;
    };
    if (names.has(String(key))) continue;
    if (counts.has(String(key)))
      for (const by of [1, -1]) yield made(`${by > 0 ? 'more' : 'less'} by one`, set((value as number) + by));
    else if (conditions.has(String(key))) {
      const parts = conjuncts(value as string);
      if (parts.length > 1)
        for (const part of parts)
          yield made(`without ${part}`, set(parts.filter((each) => each !== part).join(' && ')));
      yield made('gone', (of) => void delete of[key]);
      for (const [from, to] of loosened)
        if ((value as string).includes(from))
          yield made(`${from} as ${to}`, set((value as string).replace(from, to)));
    } else if (typeof key === 'number') {
      if (path.length > 1) yield made('gone', (of) => void (of as unknown as unknown[]).splice(key, 1));
    } else if (key === 'within') {
      yield made('hardly anything', set('1s'));
      yield made('for ever', set('3000d'));
    } else yield made('gone', (of) => void delete of[key]);
  }
}

/** Every member and item, with its place. */
function* placesIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): Generator<readonly [readonly (string | number)[], unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, each] of Object.entries(value)) {
    const place = [...path, Array.isArray(value) ? Number(name) : name];
    yield [place, each];
    yield* placesIn(each, place);
  }
}

/** What `&&` joins at the outermost level. */
function conjuncts(condition: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: text, index } of condition.matchAll(/'[^']*'|"[^"]*"|[([{]|[)\]}]|&&/g)) {
    if (/^[([{]$/.test(text)) depth += 1;
    else if (/^[)\]}]$/.test(text)) depth -= 1;
    else if (text === '&&' && depth === 0) {
      parts.push(condition.slice(from, index).trim());
      from = index + text.length;
    }
  }
  return [...parts, condition.slice(from).trim()];
}
