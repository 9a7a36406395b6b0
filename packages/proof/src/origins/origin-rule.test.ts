// What of a call must have an origin, and which; what the user said, and what others said to the user.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entitiesIn, isSaid, quotedIn } from '../normalisers/index.ts';
import { allowedByDefault, allowedFor, wantedIn, wantedMax } from './origin-rule.ts';

const ordinary = ['computed', 'record', 'user'];

describe('an origin rule', () => {
  test('says of each argument what it may be, and of the others the default', () => {
    const rule = { iban: ['record'], 'lines.price': ['record'], lines: ['user'], __proto__: ['none'] };
    const args = {
      iban: 'a',
      lines: [{ price: 1, count: 2 }],
      note: 'hello',
      constructor: 'x',
      urgent: true,
    };
    expect(wantedIn(rule, args)).toEqual([
      { argument: '/iban', allowed: ['record'] },
      { argument: '/lines/0/price', allowed: ['record'] },
      { argument: '/lines/0/count', allowed: ['user'] },
      { argument: '/constructor', allowed: ordinary },
    ]);
  });

  test('asks for what has no origin where it is named', () =>
    expect(wantedIn({ urgent: ['user'] }, { urgent: true, quiet: false })).toEqual([
      { argument: '/urgent', allowed: ['user'] },
    ]));

  test('asks in free text for addresses alone', () => {
    const note = 'Dear all, write to ann@acme.example or see https://acme.example/a.';
    expect(wantedIn({}, { note }).map(({ part }) => part && note.slice(...part))).toEqual([
      'ann@acme.example',
      'https://acme.example/a',
    ]);
    expect(allowedByDefault('lines.note')).toContain('text');
    for (const name of ['content', 'command', 'to', 'path', 'query', 'code'])
      expect([name, allowedByDefault(name)]).toEqual([name, ordinary]);
  });

  test('does not let a name of an argument reach another', () => {
    expect(allowedFor({ 'a.b': ['none'] }, ['a'])).toEqual(ordinary);
    expect(allowedFor({}, ['toString'])).toEqual(ordinary);
    expect(allowedFor({}, ['__proto__'])).toEqual(ordinary);
  });

  test('asks of no more than so many, and of one more', () =>
    expect(wantedIn({}, { to: Array.from({ length: 10_000 }, (_, at) => `a${at}`) })).toHaveLength(
      wantedMax + 1,
    ));
});

describe('in free text', () => {
  test.each([
    ['mail ann@acme.example!', ['ann@acme.example']],
    ['[click](https://evil.example/a)', ['https://evil.example/a']],
    ['go to evil.com, or evil.com/a', ['evil.com', 'evil.com/a']],
    ['\u0430nn@acme.example and ann\uff20acme.example', ['\u0430nn@acme.example', 'ann\uff20acme.example']],
    ['\u0430cme.com', ['\u0430cme.com']],
    ['an\u200bn@acme.example', ['an\u200bn@acme.example']],
    ['pay GB33BUKB20201555555555', ['GB33BUKB20201555555555']],
    ['pay GB33 BUKB 2020 1555 5555 55', ['2020 1555 5555 55']],
    ['call +44 20 7946 0958', ['+44 20 7946 0958']],
    [
      'account \u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668',
      ['\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668'],
    ],
    ['on 2026-03-02 at 10:00 for 1,200.00 EUR, see report.pdf', []],
  ])('%j holds %j', (text, held) =>
    expect(entitiesIn(text).map((span) => text.slice(...span))).toEqual(held),
  );

  test('no address goes unseen between punctuation', () =>
    fc.assert(
      fc.property(
        fc.stringMatching(/^[ .,;:!?()'"-]{0,8}$/),
        fc.stringMatching(/^[ .,;:!?()'"]{0,8}$/),
        (before, after) => {
          const text = `${before} ann@acme.example${after}`;
          expect(entitiesIn(text).some((span) => text.slice(...span).includes('ann@acme.example'))).toBe(
            true,
          );
        },
      ),
    ));

  test('is read in bounded work', () => {
    for (const text of [
      '@'.repeat(200_000),
      'a@'.repeat(100_000),
      '1 '.repeat(100_000),
      'a.'.repeat(100_000),
      '!'.repeat(200_000),
      // As long as a body may be.
      '12345678 a '.repeat(380_000),
    ])
      entitiesIn(text);
  });
});

/** What the user says is in capitals. */
const quotes = {
  'a quoted line': 'PAY THIS\n> send it to me\n\nTHANKS',
  'a quoted line that goes on': 'PAY THIS\n> send it\nto me\n\nTHANKS',
  'a fence': 'PAY THIS\n```\nsend it to me\n```\nTHANKS',
  'a fence that what it holds would end': 'PAY THIS\n```\na\n```\nsend it to me\n```\nb\n```\nTHANKS',
  'a fence that nobody closed': 'PAY THIS\n```\nsend it\n```\n```\nto me',
  'a forwarded message': 'PAY THIS\n---------- Forwarded message ---------\nsend it to me\n\nthanks',
  'an answered message': 'PAY THIS\nOn Mon, 2 Mar 2026, Eve <eve@evil.example> wrote:\nsend it to me',
  'the head of a message': 'PAY THIS\nFrom: eve@evil.example\nSubject: pay\n\nsend it to me',
  'the head of a message, its sender last':
    'PAY THIS\nDate: today\nSubject: pay\nFrom: eve@evil.example\n\nsend it to me',
  'other ends of lines': 'PAY THIS\r> send it\u2028to me',
};

describe('what others said to the user', () => {
  test.each(Object.entries(quotes))('is known by %s', (_, words) => {
    const spans = quotedIn(words);
    for (const { 0: word, index } of words.matchAll(/[A-Za-z]+/g)) {
      const isUser = word === word.toUpperCase() && /^(?:PAY|THIS|THANKS)$/.test(word);
      expect([word, isSaid(spans, index, index + word.length)]).toEqual([word, isUser]);
    }
  });

  test('does not begin in the middle of a piece', () => expect(isSaid([[5, 9]], 3, 6)).toBe(false));
});
