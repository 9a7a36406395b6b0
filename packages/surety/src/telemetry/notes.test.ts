import { expect, test } from 'vitest';
import { faultMembers, type NoteForm, type NoteLevel, notes } from './notes.ts';

function said(form: NoteForm, level: NoteLevel) {
  const lines: string[] = [];
  const now = () => Date.parse('2026-03-02T09:00:00Z');
  return { lines, say: notes({ form, level, now, write: (line) => lines.push(line) }) };
}

test('as JSON: one object a line, with level, time, text and ids', () => {
  const { lines, say } = said('json', 'debug');
  say('debug', 'a call', { call: 'c-1', code: undefined, ms: 1.5 });
  say('warn', 'two\nlines');
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    { level: 'debug', time: '2026-03-02T09:00:00.000Z', call: 'c-1', ms: 1.5, msg: 'a call' },
    { level: 'warn', time: '2026-03-02T09:00:00.000Z', msg: 'two\nlines' },
  ]);
  expect(lines.join('')).not.toContain('\n');
});

test('for people: the same on one line', () => {
  const { lines, say } = said('text', 'debug');
  say('info', 'a call', { call: 'c-1', code: undefined });
  expect(lines).toEqual(['2026-03-02T09:00:00.000Z info  a call call=c-1']);
});

test.each(['text', 'json'] as const)('%s: what is below the level is not said', (form) => {
  const { lines, say } = said(form, 'warn');
  for (const level of ['debug', 'info', 'warn', 'error'] as const) say(level, level);
  expect(lines).toHaveLength(2);
});

test('a fault is said by its kind and place, never by its message', () => {
  const fault = Object.assign(new TypeError('canary at canary\n    not a frame'), { code: 'a canary' });
  const members = faultMembers(fault);
  expect(members).toMatchObject({ fault: 'TypeError', at: expect.stringContaining('notes.test.ts') });
  expect(JSON.stringify(members)).not.toContain('canary');
  expect(faultMembers(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toMatchObject({ code: 'ENOSPC' });
});
