// What of a change of origins narrows, as docs/weakening.md says it.

import { describe, expect, it } from 'vitest';
import { originRuleMode, originRules, results } from './origins.ts';

const pay = (originRule: Record<string, readonly string[]>) => ({ 'erp.pay': originRule });

describe('a change of origin rules', () => {
  it.each([
    ['a tool added', 'narrows', {}, pay({})],
    ['a tool gone', 'weakens', pay({}), {}],
    ['nothing', 'same', pay({ iban: ['record'] }), pay({ iban: ['record'] })],
    ['a shorter list', 'narrows', pay({ iban: ['record', 'user'] }), pay({ iban: ['record'] })],
    ['a longer list', 'weakens', pay({ iban: ['record'] }), pay({ iban: ['record', 'user'] })],
    ['an argument named with less than the default', 'narrows', pay({}), pay({ iban: ['record'] })],
    ['one with the default', 'narrows', pay({}), pay({ iban: ['record', 'user', 'computed'] })],
    ['one with more than the default', 'weakens', pay({}), pay({ iban: ['untrusted'] })],
    ['one that is free text from now on', 'weakens', pay({}), pay({ memo: ['text', 'user'] })],
    ['prose that is named as what it is', 'weakens', pay({}), pay({ note: ['text', 'user'] })],
    ['prose that is asked for', 'narrows', pay({}), pay({ note: ['user'] })],
    ['an argument no longer named', 'weakens', pay({ iban: ['record'] }), pay({})],
    [
      'one no longer named that had the default',
      'weakens',
      pay({ a: ['user', 'record', 'computed'] }),
      pay({}),
    ],
    [
      'a part that gets more than its whole',
      'weakens',
      pay({ a: ['user'] }),
      pay({ a: ['user'], 'a.b': ['record'] }),
    ],
    [
      'a part that gets less',
      'narrows',
      pay({ a: ['user', 'record'] }),
      pay({ a: ['user', 'record'], 'a.b': ['user'] }),
    ],
    ['a name from the prototype', 'weakens', pay({}), pay({ constructor: ['none'] })],
  ] as const)('%s: %s', (_, expected, before, after) => expect(originRules(before, after)).toBe(expected));
});

describe('a change of the mode', () => {
  it.each([
    ['observe', undefined, 'narrows'],
    [undefined, 'deny', 'same'],
    [undefined, 'observe', 'weakens'],
  ] as const)('from %s to %s: %s', (before, after, expected) =>
    expect(originRuleMode(before, after)).toBe(expected),
  );
});

describe('a change of labels of results', () => {
  const record = { is: 'record' };
  const directory = { is: 'directory' };
  const outsider = { is: 'outsider-text' };
  it.each([
    ['a field vouched for', 'weakens', undefined, { a: record }],
    ['no more', 'narrows', { a: record }, undefined],
    ['for less', 'narrows', { a: record }, { a: directory }],
    ['for more', 'weakens', { a: directory }, { a: record }],
    ['a field said to be an outsider’s', 'same', {}, { a: outsider }],
    ['an identity that becomes text', 'narrows', { a: { is: 'outsider-identity' } }, { a: outsider }],
    ['an exception gone', 'weakens', { 'a.b': outsider, '*.b': record }, { '*.b': record }],
    ['an exception made', 'same', { '*.b': record }, { 'a.b': outsider, '*.b': record }],
    ['a class added', 'narrows', { a: record }, { a: { ...record, class: 'bank' } }],
    ['a class gone', 'weakens', { a: { ...record, class: 'bank' } }, { a: record }],
    ['another class', 'weakens', { a: { ...record, class: 'bank' } }, { a: { ...record, class: 'other' } }],
  ] as const)('%s: %s', (_, expected, before, after) => expect(results(before, after)).toBe(expected));
});
