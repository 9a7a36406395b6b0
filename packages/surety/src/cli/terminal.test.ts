import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capture } from './capture.fixture.ts';
import { exitOf, printable } from './terminal.ts';

const sequence = '\u001b';
const own = new RegExp(`${sequence}\\[(?:0|1|2|31|32|33|36)m`, 'g');
const red = '\u001b[31mno\u001b[0m';

describe('colour', () => {
  test.each([
    ['a terminal', { isTTY: true }, true],
    ['a pipe', { isTTY: false }, false],
    ['NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['an empty NO_COLOR, which says nothing', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['FORCE_COLOR through a pipe', { isTTY: false, env: { FORCE_COLOR: '1' } }, true],
    ['FORCE_COLOR=0', { isTTY: true, env: { FORCE_COLOR: '0' } }, false],
    ['NO_COLOR beside FORCE_COLOR', { isTTY: true, env: { NO_COLOR: '1', FORCE_COLOR: '1' } }, false],
    ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
  ])('%s', (_, options, colored) => {
    const terminal = capture(options);
    terminal.out(terminal.paint('red', 'no'));
    expect(terminal.stdout()).toBe(`${colored ? red : 'no'}\n`);
  });

  test('is decided for each stream: a result in a file stays plain while the notes are coloured', () => {
    const terminal = capture({ isTTY: false, errIsTTY: true });
    terminal.out(terminal.paint('red', 'no'));
    terminal.note(terminal.paint('red', 'no'));
    expect([terminal.stdout(), terminal.stderr()]).toEqual(['no\n', `${red}\n`]);
  });
});

describe('hostile text', () => {
  test.each([
    ['\u001b[2J', '\\u001b[2J'],
    ['a\rb', 'a\\u000db'],
    ['\u009b31m', '\\u009b31m'],
    ['invoice\u202egnp.exe', 'invoice\\u202egnp.exe'],
    ['zero\u200bwidth', 'zero\\u200bwidth'],
    ['tag\u{e0041}', 'tag\\udb40\\udc41'],
    ['half\ud800', 'half\\ud800'],
    ['two\nlines', 'two\\nlines'.replace('\\n', '\\u000a')],
    ['Zürich €5 東京', 'Zürich €5 東京'],
  ])('%j is printed as %j', (text, shown) => expect(printable(text)).toBe(shown));

  test('INVARIANT: whatever is printed, no control but a line break, a tab and our own colours arrives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, isTTY) => {
        const terminal = capture({ isTTY });
        terminal.out(text);
        const left = terminal.stdout().replace(own, '');
        expect(left).not.toMatch(/[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\u2028\u2029]/u);
        if (!isTTY) expect(terminal.stdout()).toBe(left);
      }),
    );
  });

  test('a JSON document says the same after it was made harmless', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({ unit: 'binary' }), (json, text) => {
        const value = { text, nested: JSON.parse(json) as unknown };
        const terminal = capture();
        terminal.out(JSON.stringify(value));
        expect(JSON.parse(terminal.stdout())).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

test.each([
  ['proven', 0],
  ['holding', 0],
  ['violated', 10],
  ['unproven', 11],
  ['unsound', 12],
] as const)('%s exits %i', (verdict, code) => expect(exitOf(verdict)).toBe(code));
