import { expect, test } from 'vitest';
import { closest, problemAt, renderProblems } from './problem.ts';

test('the caret stands below the column, behind tabs and in long lines too', () => {
  const text = `\t\tkey: ${'x'.repeat(300)}!`;
  const near = problemAt({ file: 'a', text }, 2, { problem: 'p', remedy: 'r' });
  expect(renderProblems([near], false).split('\n')[2]).toBe('    | \t\t^');
  const far = problemAt({ file: 'a', text }, text.indexOf('!'), { problem: 'p', remedy: 'r' });
  const [, line = '', caret = ''] = renderProblems([far], false).split('\n');
  expect(line[caret.indexOf('^')]).toBe('!');
});

test('control characters of a file never reach the terminal', () => {
  const text = 'a: \u001b[2J\u202e\u0007';
  const rendered = renderProblems(
    [problemAt({ file: 'b\u001b', text }, 3, { problem: '\u001bp', remedy: '\u009br' })],
    false,
  );
  expect(rendered).toBe('b?:1:4: error: ?p\n  1 | a: ?[2J??\n    |    ^\n  help: ?r\n');
});

test('colours only where they are wanted', () => {
  const problem = problemAt({ file: 'a', text: 'x' }, 0, { problem: 'p', remedy: 'r' });
  expect(renderProblems([problem], true)).toContain('\u001b[31merror\u001b[0m');
  expect(renderProblems([problem], false)).not.toContain('\u001b');
});

test('the word that was meant', () => {
  expect(closest('spned', ['send', 'spend'])).toBe('spend');
  expect(closest('Stoer', ['listen', 'store'])).toBe('store');
  expect(closest('quux', ['listen', 'store'])).toBeUndefined();
});
