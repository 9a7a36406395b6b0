// Strict shapes: a value either is exactly what its shape says, or parsing throws a `ShapeError`.
// Unknown members are refused: a fact that carries something nobody reads is a fact that hides something.

/** Thrown for any value that is not exactly what its shape says. `path` is a JSON pointer. */
export class ShapeError extends Error {
  readonly path: string;
  readonly problem: string;
  constructor(path: string, problem: string) {
    super(`${path === '' ? 'value' : path} ${problem}`);
    this.name = 'ShapeError';
    this.path = path;
    this.problem = problem;
  }
}

/** JSON Schema, draft 2020-12; only the keywords that stand in this file. */
export type JsonSchema = Readonly<Record<string, unknown>>;
/** Reads a value, and says as JSON Schema what it reads: one source for the parser and for what is published. */
export type Shape<T> = ((value: unknown, path: string) => T) & { readonly schema: JsonSchema };
export type Infer<S> = S extends Shape<infer T> ? T : never;
type Optional<T> = Shape<T> & { readonly optional: true };

const shape = <T>(schema: JsonSchema, read: (value: unknown, path: string) => T): Shape<T> =>
  Object.assign(read, { schema });

const fail = (path: string, problem: string): never => {
  throw new ShapeError(path, problem);
};

/** What is wrong below a place, as seen from above it: a path is put together only for a value that is refused. */
const within = (cause: unknown, path: string, name: string | number): unknown =>
  cause instanceof ShapeError ? new ShapeError(`${path}/${name}${cause.path}`, cause.problem) : cause;

export const text: Shape<string> = shape({ type: 'string' }, (value, path) =>
  typeof value === 'string' ? value : fail(path, 'is not text'),
);

/** A safe integer. Larger numbers travel as decimal text. */
export const integer: Shape<number> = shape(
  { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  (value, path) => (Number.isSafeInteger(value) ? (value as number) : fail(path, 'is not an integer')),
);

export const natural: Shape<number> = shape({ ...integer.schema, minimum: 0 }, (value, path) =>
  integer(value, path) >= 0 ? (value as number) : fail(path, 'is negative'),
);

export const bool: Shape<boolean> = shape({ type: 'boolean' }, (value, path) =>
  typeof value === 'boolean' ? value : fail(path, 'is not true or false'),
);

export const json: Shape<unknown> = shape({}, (value) => value);

export const oneOf = <const T extends readonly string[]>(...words: T): Shape<T[number]> =>
  shape({ type: 'string', enum: words }, (value, path) =>
    words.includes(value as string) ? (value as T[number]) : fail(path, `is none of ${words.join(', ')}`),
  );

/** This very value and no other. */
export const exactly = <const T extends string | number | boolean>(word: T): Shape<T> =>
  shape({ const: word }, (value, path) =>
    value === word ? word : fail(path, `is not ${JSON.stringify(word)}`),
  );

export const matching = (pattern: RegExp, what: string): Shape<string> =>
  shape({ type: 'string', pattern: pattern.source }, (value, path) =>
    pattern.test(text(value, path)) ? (value as string) : fail(path, `is not ${what}`),
  );

export const nullable = <T>(inner: Shape<T>): Shape<T | null> =>
  shape({ anyOf: [inner.schema, { type: 'null' }] }, (value, path) =>
    value === null ? null : inner(value, path),
  );

/** What the first shape reads, else what the second does. */
export const either = <A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> =>
  shape<A | B>({ anyOf: [first.schema, second.schema] }, (value, path) => {
    try {
      return first(value, path);
    } catch (cause) {
      if (!(cause instanceof ShapeError)) throw cause;
      return second(value, path);
    }
  });

export const list = <T>(item: Shape<T>): Shape<readonly T[]> =>
  shape({ type: 'array', items: item.schema }, (value, path) => {
    if (!Array.isArray(value)) return fail(path, 'is not a list');
    const parsed: T[] = [];
    try {
      for (const each of value) parsed.push(item(each, ''));
    } catch (cause) {
      throw within(cause, path, parsed.length);
    }
    return parsed;
  });

export const pair = <A, B>(first: Shape<A>, second: Shape<B>): Shape<readonly [A, B]> =>
  shape(
    { type: 'array', prefixItems: [first.schema, second.schema], items: false, minItems: 2, maxItems: 2 },
    (value, path) =>
      Array.isArray(value) && value.length === 2
        ? [first(value[0], `${path}/0`), second(value[1], `${path}/1`)]
        : fail(path, 'is not a pair'),
  );

/** An object used as a map: any names, one shape of value. */
export const map = <T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  shape({ type: 'object', additionalProperties: item.schema }, (value, path) =>
    Object.fromEntries(
      Object.entries(members(value, path)).map(([name, each]) => [name, item(each, `${path}/${name}`)]),
    ),
  );

export const optional = <T>(inner: Shape<T>): Optional<T> =>
  Object.assign(
    shape(inner.schema, (value, path) => inner(value, path)),
    { optional: true as const },
  );

type Fields = Record<string, Shape<unknown>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly optional: true } ? K : never;
}[keyof F];
type RecordOf<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: Infer<F[K]> };

/** Exactly these members: a missing one and an unknown one are both refused. */
export const record = <F extends Fields>(fields: F): Shape<RecordOf<F>> => {
  const known = Object.entries(fields).map(([name, shape]) => ({
    name,
    shape,
    must: !('optional' in shape),
  }));
  const refuseUnknown = (given: Record<string, unknown>, path: string): void => {
    for (const name of Object.keys(given))
      if (!Object.hasOwn(fields, name)) fail(`${path}/${name}`, 'is not known here');
  };
  return shape(schemaOf(fields), (value, path) => {
    const given = members(value, path);
    const parsed: Record<string, unknown> = {};
    let found = 0;
    let at = '';
    try {
      for (const { name, shape, must } of known) {
        at = name;
        if (Object.hasOwn(given, name)) {
          parsed[name] = shape(given[name], '');
          found++;
        } else if (must) fail('', 'is missing');
      }
    } catch (cause) {
      refuseUnknown(given, path);
      throw within(cause, path, at);
    }
    if (Object.keys(given).length !== found) refuseUnknown(given, path);
    return parsed as RecordOf<F>;
  });
};

const schemaOf = (fields: Fields): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
  required: Object.entries(fields).flatMap(([name, each]) => ('optional' in each ? [] : [name])),
  additionalProperties: false,
});

function members(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'is not an object');
  return value as Record<string, unknown>;
}
