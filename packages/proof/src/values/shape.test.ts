import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bool,
  exactly,
  integer,
  json,
  list,
  map,
  matching,
  natural,
  oneOf,
  optional,
  pair,
  record,
  type Shape,
  ShapeError,
  text,
} from './shape.ts';

const invoice = record({
  id: matching(/^[a-z]{1,3}$/, 'an id'),
  lines: list(record({ amountMinor: integer, note: optional(text) })),
  kind: oneOf('paid', 'open'),
  of: optional(pair(text, natural)),
  totals: map(integer),
  final: bool,
  v: exactly(1),
  free: json,
});
const good = {
  id: 'abc',
  lines: [{ amountMinor: -5 }, { amountMinor: 7, note: 'x' }],
  kind: 'paid',
  of: ['a', 0],
  totals: { EUR: 1 },
  final: true,
  v: 1,
  free: { any: [null] },
};

/** What is said of a value: what it parses to, or the path and the problem. */
const said = (shape: Shape<unknown>, value: unknown, path = '/body'): unknown => {
  try {
    return { parsed: shape(value, path) };
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    return [cause.path, cause.message];
  }
};

describe('a record', () => {
  test('is what its shape says, in the order of the shape, and a copy', () => {
    const shuffled = Object.fromEntries(Object.entries(good).toReversed());
    const parsed = invoice(shuffled, '');
    expect(JSON.stringify(parsed)).toBe(JSON.stringify(good));
    expect(parsed.lines).not.toBe(good.lines);
    expect(parsed.lines[0]).not.toBe(good.lines[0]);
  });

  test.each([
    ['/body/id', 'is not an id', { id: 'ABC' }],
    ['/body/id', 'is not text', { id: 1 }],
    ['/body/lines', 'is not a list', { lines: {} }],
    ['/body/lines/1/amountMinor', 'is not an integer', { lines: [{ amountMinor: 1 }, { amountMinor: 1.5 }] }],
    ['/body/lines/0/amountMinor', 'is missing', { lines: [{ note: 'x' }] }],
    ['/body/lines/0/other', 'is not known here', { lines: [{ amountMinor: '', other: 1 }] }],
    ['/body/lines/0', 'is not an object', { lines: [[]] }],
    ['/body/lines/0', 'is not an object', { lines: [null] }],
    ['/body/lines/0', 'is not an object', { lines: new Array(1) }],
    ['/body/kind', 'is none of paid, open', { kind: 'lost' }],
    ['/body/of', 'is not a pair', { of: ['a'] }],
    ['/body/of/1', 'is negative', { of: ['a', -1] }],
    ['/body/totals/EUR', 'is not an integer', { totals: { EUR: '1' } }],
    ['/body/final', 'is not true or false', { final: 0 }],
    ['/body/v', 'is not 1', { v: 2 }],
    ['/body/of', 'is not a pair', { of: undefined }],
  ])('%s %s', (path, problem, change) => {
    expect(said(invoice, { ...good, ...change })).toEqual([path, `${path} ${problem}`]);
  });

  test('lacks nothing, has nothing more, and takes nothing from a prototype', () => {
    for (const name of Object.keys(good)) {
      const { [name as 'id']: _, ...rest } = good;
      const missing = name === 'of' ? { parsed: rest } : [`/body/${name}`, `/body/${name} is missing`];
      expect(said(invoice, rest)).toEqual(missing);
      expect(said(invoice, Object.create(good))).toEqual(['/body/id', '/body/id is missing']);
    }
    for (const name of ['more', 'toString', '__proto__', 'constructor', ''])
      expect(said(invoice, JSON.parse(JSON.stringify(good).replace('{', `{"${name}":1,`)))).toEqual([
        `/body/${name}`,
        `/body/${name} is not known here`,
      ]);
    expect(said(invoice, [], '')).toEqual(['', 'value is not an object']);
  });
});

/** Without a schema: only what it reads is compared. */
const unsaid = (read: (value: unknown, path: string) => unknown): Shape<unknown> =>
  Object.assign(read, { schema: {} });

/** The shapes in the plainest form: paths are made on the way down. */
const plain = {
  list: (item: Shape<unknown>): Shape<unknown> =>
    unsaid((value, path) =>
      Array.isArray(value)
        ? value.map((each, index) => item(each, `${path}/${index}`))
        : list(item)(value, path),
    ),
  record: (fields: Record<string, Shape<unknown>>): Shape<unknown> =>
    unsaid((value, path) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw new ShapeError(path, 'is not an object');
      const given = value as Record<string, unknown>;
      for (const name of Object.keys(given))
        if (!Object.hasOwn(fields, name)) throw new ShapeError(`${path}/${name}`, 'is not known here');
      const parsed: Record<string, unknown> = {};
      for (const [name, shape] of Object.entries(fields))
        if (Object.hasOwn(given, name)) parsed[name] = shape(given[name], `${path}/${name}`);
        else if (!('optional' in shape)) throw new ShapeError(`${path}/${name}`, 'is missing');
      return parsed;
    }),
};

test('says of any value what the plainest form says, in the same words', () => {
  const of = (how: typeof plain): Shape<unknown> =>
    how.record({
      a: how.list(how.record({ b: natural, c: optional(text) as Shape<unknown> })),
      b: optional(how.record({ a: how.list(integer) })) as Shape<unknown>,
      c: bool,
    });
  const [quick, slow] = [of({ list, record } as typeof plain), of(plain)];
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(1, -1, 'x', true, null),
      fc.array(tie('tree'), { maxLength: 2 }),
      fc.dictionary(name, tie('tree'), { noNullPrototype: true }),
    ),
  }));
  const near = fc.record(
    {
      a: fc.array(
        fc.record({ b: fc.oneof(fc.nat(), tree), c: fc.constantFrom('x', 1) }, { requiredKeys: ['b'] }),
        { maxLength: 2 },
      ),
      b: fc.record({ a: fc.oneof(fc.array(fc.integer()), tree) }),
      c: fc.oneof(fc.boolean(), tree),
      d: fc.constant(1),
    },
    { requiredKeys: ['a', 'c'] },
  );
  fc.assert(
    fc.property(fc.oneof(near, tree), (value) => {
      expect(said(quick, value)).toEqual(said(slow, value));
    }),
    { numRuns: 2000 },
  );
});
