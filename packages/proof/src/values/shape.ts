// Strict shapes: a value either is exactly what its shape says, or parsing throws a `ShapeError`.
// Unknown members are refused: a fact that carries something nobody reads is a fact that hides something.

/** Thrown for any value that is not exactly what its shape says. `path` is a JSON pointer. */
export class ShapeError extends Error {
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path === '' ? 'value' : path} ${problem}`);
    this.name = 'ShapeError';
    this.path = path;
  }
}

export type Shape<T> = (value: unknown, path: string) => T;
export type Infer<S> = S extends Shape<infer T> ? T : never;
type Optional<T> = Shape<T> & { readonly optional: true };

const fail = (path: string, problem: string): never => {
  throw new ShapeError(path, problem);
};

export const text: Shape<string> = (value, path) =>
  typeof value === 'string' ? value : fail(path, 'is not text');

/** A safe integer. Larger numbers travel as decimal text. */
export const integer: Shape<number> = (value, path) =>
  Number.isSafeInteger(value) ? (value as number) : fail(path, 'is not an integer');

export const natural: Shape<number> = (value, path) =>
  integer(value, path) >= 0 ? (value as number) : fail(path, 'is negative');

export const bool: Shape<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : fail(path, 'is not true or false');

export const json: Shape<unknown> = (value) => value;

export const oneOf =
  <const T extends readonly string[]>(...words: T): Shape<T[number]> =>
  (value, path) =>
    words.includes(value as string) ? (value as T[number]) : fail(path, `is none of ${words.join(', ')}`);

/** This very value and no other. */
export const exactly =
  <const T extends string | number | boolean>(word: T): Shape<T> =>
  (value, path) =>
    value === word ? word : fail(path, `is not ${JSON.stringify(word)}`);

export const matching =
  (pattern: RegExp, what: string): Shape<string> =>
  (value, path) =>
    pattern.test(text(value, path)) ? (value as string) : fail(path, `is not ${what}`);

export const list =
  <T>(item: Shape<T>): Shape<readonly T[]> =>
  (value, path) =>
    Array.isArray(value)
      ? value.map((each, index) => item(each, `${path}/${index}`))
      : fail(path, 'is not a list');

export const pair =
  <A, B>(first: Shape<A>, second: Shape<B>): Shape<readonly [A, B]> =>
  (value, path) =>
    Array.isArray(value) && value.length === 2
      ? [first(value[0], `${path}/0`), second(value[1], `${path}/1`)]
      : fail(path, 'is not a pair');

/** An object used as a map: any names, one shape of value. */
export const map =
  <T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  (value, path) =>
    Object.fromEntries(
      Object.entries(members(value, path)).map(([name, each]) => [name, item(each, `${path}/${name}`)]),
    );

export const optional = <T>(shape: Shape<T>): Optional<T> =>
  Object.assign((value: unknown, path: string) => shape(value, path), { optional: true as const });

type Fields = Record<string, Shape<unknown>>;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends { readonly optional: true } ? K : never;
}[keyof F];
type RecordOf<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Infer<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: Infer<F[K]> };

/** Exactly these members: a missing one and an unknown one are both refused. */
export const record =
  <F extends Fields>(fields: F): Shape<RecordOf<F>> =>
  (value, path) => {
    const given = members(value, path);
    for (const name of Object.keys(given))
      if (!Object.hasOwn(fields, name)) fail(`${path}/${name}`, 'is not known here');
    const parsed: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(fields)) {
      if (Object.hasOwn(given, name)) parsed[name] = shape(given[name], `${path}/${name}`);
      else if (!('optional' in shape)) fail(`${path}/${name}`, 'is missing');
    }
    return parsed as RecordOf<F>;
  };

function members(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'is not an object');
  return value as Record<string, unknown>;
}
