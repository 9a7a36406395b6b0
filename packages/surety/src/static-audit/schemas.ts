// What a tool takes and returns, by its own JSON Schemas (draft 2020-12). Only what they say for certain: behind a
// reference, a condition or a choice of schemas nothing is claimed.

type Path = readonly string[];

/** The schemas of a tool, as a person approved them, else as they were listed last. */
export interface ToolSchemas {
  readonly input?: unknown;
  readonly output?: unknown;
}
export type SchemasOf = (tool: string) => ToolSchemas | undefined;

/** `there` it is described; `closed` no value can stand there; `open` it is not described, and not ruled out. */
export type Reach =
  | { readonly is: 'there'; readonly types: ReadonlySet<JsonType> | undefined }
  /** `among`: the names that are described where the path leaves the schema. */
  | { readonly is: 'closed' | 'open'; readonly at: Path; readonly among: readonly string[] }
  | { readonly is: 'unknown' };

type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';
const jsonTypes: ReadonlySet<string> = new Set(['null', 'boolean', 'number', 'string', 'array', 'object']);

type Schema = Readonly<Record<string, unknown>>;
const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (of: Schema, name: string): unknown => (Object.hasOwn(of, name) ? of[name] : undefined);

/** Keywords after which what a schema describes is no longer in one place. */
const elsewhere = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'patternProperties'];

/** How far a path leads into what the schema describes. */
export function reachOf(schema: unknown, path: Path): Reach {
  let at = schema;
  for (const [index, name] of path.entries()) {
    if (!isSchema(at) || elsewhere.some((word) => own(at as Schema, word) !== undefined))
      return { is: 'unknown' };
    const types = typesIn(at);
    const here = path.slice(0, index + 1);
    if (types !== undefined && !types.has('object')) return { is: 'closed', at: here, among: [] };
    const properties = own(at, 'properties');
    const described = isSchema(properties) ? properties : {};
    const next = own(described, name);
    const rest = own(at, 'additionalProperties') ?? own(at, 'unevaluatedProperties');
    if (next !== undefined) at = next;
    else if (isSchema(rest)) at = rest;
    // One that describes nothing rules nothing out.
    else if (rest !== false && Object.keys(described).length === 0) return { is: 'unknown' };
    else
      return { is: rest === false ? 'closed' : 'open', at: here, among: Object.keys(described).slice(0, 64) };
  }
  if (at === false) return { is: 'closed', at: path, among: [] };
  if (!isSchema(at) || elsewhere.some((word) => own(at as Schema, word) !== undefined))
    return { is: 'unknown' };
  return { is: 'there', types: typesIn(at) };
}

/** The types that its values can have; undefined where it does not say. */
function typesIn(schema: Schema): ReadonlySet<JsonType> | undefined {
  const type = own(schema, 'type');
  const named = typeof type === 'string' ? [type] : Array.isArray(type) ? type : undefined;
  if (named !== undefined) {
    const known = named.map((each) => (each === 'integer' ? 'number' : each));
    return known.every((each) => jsonTypes.has(String(each))) ? new Set(known as JsonType[]) : undefined;
  }
  const listed = own(schema, 'enum') ?? (Object.hasOwn(schema, 'const') ? [schema.const] : undefined);
  return Array.isArray(listed) ? new Set(listed.map(typeOf)) : undefined;
}

export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'number';
  return typeof value as JsonType;
}
