import { expect, test } from 'vitest';
import { asides, isNativeName } from './names.ts';

test.each(['pay', 'files.read', 'admin/tools.v1', 'A-b_c:d', 'n'.repeat(256)])(
  '`%s` names a tool',
  (name) => {
    expect(isNativeName(name)).toBe(true);
  },
);

const none: readonly [what: string, name: string][] = [
  ['looks as `pay` does', '\u0440ay'],
  ['has a space of no width', 'pa\u200by'],
  ['is written from right to left', '\u202eyap'],
  ['is of full width', '\uff50ay'],
  ['has a space', 'two words'],
  ['has a line', 'pay\n'],
  ['is too long', 'n'.repeat(257)],
  ['is empty', ''],
  ...asides.map((aside): [string, string] => ['is what a server can be asked beside its tools', aside]),
];
test.each(none)('what %s names none', (_, name) => {
  expect(isNativeName(name)).toBe(false);
});
