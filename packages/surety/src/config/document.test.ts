// Positions: an offset in a rule's text must lead to that very character of the file, however it is quoted.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scalar, stringify } from 'yaml';
import { Document } from './document.ts';

const styles = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const;

test('INVARIANT: an offset in a text leads to that character of the file, in every style', () => {
  const token = fc.constantFrom('args.a', '==', "'it''s'", '"x"', '\\', '&&', 'é', '10', '# no', '-', "'");
  const rule = fc.array(token, { minLength: 1, maxLength: 12 }).map((tokens) => tokens.join(' '));
  fc.assert(
    fc.property(
      rule,
      fc.constantFrom(...styles),
      fc.constantFrom(20, 40, 0),
      fc.nat(),
      (value, type, lineWidth, seed) => {
        const scalar = new Scalar(value);
        scalar.type = type;
        const text = stringify({ first: 1, rules: [{ when: scalar }] }, { lineWidth });
        const document = new Document({ file: 'a.yaml', text });
        // The printer of the library does not always fold without changing the text.
        fc.pre(JSON.stringify(document.value) === JSON.stringify({ first: 1, rules: [{ when: value }] }));
        const offsets = [...value].flatMap((_, at) => (value[at] === ' ' ? [] : [at]));
        const offset = offsets[seed % offsets.length] as number;
        const { line, column } = document.within(['rules', 0, 'when'], offset, 'x', 'y');
        const found = (text.split('\n')[line - 1] ?? '').slice(column - 1);
        // In double quotes a character may be written as an escape.
        expect(
          found[0] === value[offset] || found.startsWith(JSON.stringify(value[offset]).slice(1, -1)),
        ).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test('a problem points at the key, the value, or the nearest parent that is there', () => {
  const document = new Document({ file: 'a.yaml', text: 'a:\n  b: [1, { c: 2 }]\n' });
  const at = (path: (string | number)[], where: 'key' | 'value') => {
    const { line, column, path: pointer } = document.problem(path, where, { problem: 'x', remedy: 'y' });
    return [line, column, pointer];
  };
  expect(at(['a', 'b'], 'key')).toEqual([2, 3, '/a/b']);
  expect(at(['a', 'b', 1, 'c'], 'value')).toEqual([2, 15, '/a/b/1/c']);
  expect(at(['a', 'x/y'], 'value')).toEqual([1, 1, '/a/x~1y']);
});

test('nesting is bounded', () => {
  for (const text of [
    `a: ${'['.repeat(5_000)}`,
    `a: ${'['.repeat(50)}${']'.repeat(50)}`,
    `a: ${'{b: '.repeat(40)}1${'}'.repeat(40)}`,
  ])
    expect(new Document({ file: 'a.yaml', text }).problems).not.toEqual([]);
});

test('an empty value is as good as none', () => {
  expect(new Document({ file: 'a.yaml', text: 'a:\nb: ~\nc: 1\n' }).value).toEqual({ c: 1 });
});
