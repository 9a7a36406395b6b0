// When a new version of a shape may keep its name: if whatever the old one accepts, the new one accepts too.
// Knows the keywords that `values/shape.ts` makes; of anything else it says no, so that a person decides.

export type Schema = Readonly<Record<string, unknown>>;

const known = new Set([
  ...['type', 'const', 'enum', 'pattern', 'minimum', 'maximum', 'anyOf', 'items', 'prefixItems'],
  ...['minItems', 'maxItems', 'properties', 'required', 'additionalProperties'],
]);
const nothing: Schema = { enum: [] };

/** True if every value of `before` is one of `now`. */
export function isWider(before: Schema, now: Schema): boolean {
  if (Object.keys(now).length === 0) return true;
  if (Object.keys({ ...before, ...now }).some((keyword) => !known.has(keyword))) return false;
  if (before['anyOf'] !== undefined || now['anyOf'] !== undefined)
    return branches(before).every((old) => branches(now).some((wide) => isWider(old, wide)));
  return (
    (now['type'] === undefined || now['type'] === before['type']) &&
    (now['pattern'] === undefined || now['pattern'] === before['pattern']) &&
    ['prefixItems', 'minItems', 'maxItems'].every((each) => isSame(before[each], now[each])) &&
    hasWords(before, now) &&
    hasRange(before, now) &&
    ['items', 'additionalProperties'].every((each) => isInside(before[each], now[each])) &&
    hasMembers(before, now)
  );
}

const branches = (schema: Schema): readonly Schema[] => (schema['anyOf'] ?? [schema]) as readonly Schema[];
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const words = (schema: Schema): readonly unknown[] | undefined =>
  schema['const'] === undefined ? (schema['enum'] as readonly unknown[] | undefined) : [schema['const']];

function hasWords(before: Schema, now: Schema): boolean {
  const [was, is] = [words(before), words(now)];
  return is === undefined || was?.every((word) => is.includes(word)) === true;
}

function hasRange(before: Schema, now: Schema): boolean {
  const bound = (schema: Schema, keyword: string, open: number) => (schema[keyword] ?? open) as number;
  const isBelow = bound(now, 'minimum', -Infinity) <= bound(before, 'minimum', -Infinity);
  return isBelow && bound(now, 'maximum', Infinity) >= bound(before, 'maximum', Infinity);
}

const isInside = (before: unknown, now: unknown): boolean =>
  now === undefined ||
  now === before ||
  (typeof before === 'object' && typeof now === 'object' && isWider(before as Schema, now as Schema));

/** What was a member still is one, and nothing must be there that was not always. */
function hasMembers(before: Schema, now: Schema): boolean {
  const members = (schema: Schema) => (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  const needed = (schema: Schema) => (schema['required'] ?? []) as readonly string[];
  const isKept = Object.entries(members(before)).every(([name, old]) =>
    isWider(old, members(now)[name] ?? nothing),
  );
  return isKept && needed(now).every((name) => needed(before).includes(name));
}
