// What a notice says: nothing that somebody else chose ends a line, opens a tag or makes a link.

import { expect, test } from 'vitest';
import type { Notice, Told } from './notices.ts';
import type { Message } from './owed.ts';
import { plain, wordingOf } from './wording.ts';

const hostile = '<a href="https://evil.example/x">\r\nBcc: eve@evil.example';
const held: Told = {
  ...{ kind: 'hold', hold: 'h-abc_DEF-1234', tool: `erp.${hostile}`, rule: 'R', agent: 'buyer' },
  ...{ user: hostile, approve: { function: 'finance', count: 1, not: [] }, expires: 0 },
};
const message = (told: Told, form: Message['form'] = 'single'): Message => {
  const notice: Notice = { position: 1, at: 0, until: 1, told, over: new Set() };
  return { id: 'n-1', channel: { by: 'mail', person: 'ines@acme.example' }, form, notices: [notice] };
};

test('a name is reduced to letters', () => {
  expect(plain(hostile)).not.toMatch(/[\r\n<>"/:]/);
  const { subject, text } = wordingOf(message(held));
  expect(subject).toBe('[Surety] Approval asked: h-abc_DEF-1234');
  expect(text).not.toMatch(/https?:|<|>|\r/);
  expect(text.split('\n').filter((line) => line.startsWith('Bcc'))).toEqual([]);
});

test('it leads to the page of the call where there is one', () => {
  const pages = 'https://approve.acme.example';
  expect(wordingOf(message(held), pages).text).toContain(`${pages}/approve/h-abc_DEF-1234\n`);
  expect(wordingOf(message(held, 'gathered'), pages).text).toContain(`${pages}/\n`);
});
