// The closed list of ways in which a value of a call may be written elsewhere. Each gives an argument one key, and a
// piece of a source the keys that it may mean; they match where a key is the same. Pure and bounded: no clock, no
// locale, no pattern that goes back over its text. Examples and counter-examples: docs/origins.md.
// An argument is what will be done, so it must stand in its plain form; a source may be spelled as people write.

import * as addresses from './addresses.ts';
import { dateKey, dateKeys, durationKeys, timeKey, timeKeys } from './dates.ts';
import { idKey, idKeys, nameKey, nameKeys } from './names.ts';
import { moneyKeys, numberKey, numberKeys, percentKeys } from './numbers.ts';
import { listOf, textMax } from './plain.ts';

/** In this order: what a value is, is the first that reads it, so that there is one way to say where it stands. */
export const normalisers = [
  ...(['iban', 'email', 'link', 'date', 'time', 'number', 'money', 'percent'] as const),
  ...(['duration', 'account', 'id', 'name'] as const),
] as const;
export type Normaliser = (typeof normalisers)[number];

/** What has an origin: text and numbers. Yes, no and nothing say too little to come from anywhere. */
export type Leaf = string | number;
export const isLeaf = (value: unknown): value is Leaf =>
  typeof value === 'string' || typeof value === 'number';

const ofText =
  (key: (text: string) => string | undefined) =>
  (leaf: Leaf): string | undefined =>
    typeof leaf === 'string' ? key(leaf) : undefined;
const fromText =
  (keys: (piece: string, at: number) => readonly string[]) =>
  (piece: Leaf, at: number): readonly string[] =>
    typeof piece === 'string' ? keys(piece, at) : [];

interface Way {
  readonly value: (leaf: Leaf) => string | undefined;
  readonly source: (piece: Leaf, at: number) => readonly string[];
}

const ways: Readonly<Record<Normaliser, Way>> = {
  iban: { value: ofText(addresses.ibanKey), source: fromText((piece) => listOf(addresses.ibanKey(piece))) },
  email: { value: ofText(addresses.emailKey), source: fromText(addresses.emailKeys) },
  link: { value: ofText(addresses.linkKey), source: fromText(addresses.linkKeys) },
  date: { value: ofText(dateKey), source: fromText(dateKeys) },
  time: { value: ofText(timeKey), source: fromText(timeKeys) },
  number: { value: numberKey, source: numberKeys },
  money: { value: numberKey, source: fromText(moneyKeys) },
  percent: { value: numberKey, source: fromText(percentKeys) },
  // Only ever part of an expression: a call says when, not how much later.
  duration: { value: () => undefined, source: fromText(durationKeys) },
  account: { value: addresses.accountKey, source: (piece) => listOf(addresses.accountKey(piece)) },
  id: { value: ofText(idKey), source: fromText(idKeys) },
  name: { value: ofText(nameKey), source: fromText(nameKeys) },
};

/** A way of reading, and what it reads. */
export type Reading = readonly [as: Normaliser, key: string];

const ofDigits: readonly Normaliser[] = [
  ...(['iban', 'date', 'time', 'number', 'money', 'percent', 'account'] as const),
];

/** What may read this at all, by the characters that it has: most are one or two. */
function candidatesFor(leaf: Leaf): readonly Normaliser[] {
  if (typeof leaf === 'number') return ['number', 'money', 'percent', 'account'];
  const [hasDigit, hasAt, hasPoint] = [/[0-9]/.test(leaf), leaf.includes('@'), leaf.includes('.')];
  return normalisers.filter((as) => {
    if (as === 'email') return hasAt;
    if (as === 'link') return hasPoint;
    return hasDigit || !ofDigits.includes(as);
  });
}

/** All that an argument may be. */
export function valueReadings(leaf: Leaf): readonly Reading[] {
  if (String(leaf).length > textMax) return [];
  return candidatesFor(leaf).flatMap((as): Reading[] => {
    const key = ways[as].value(leaf);
    return key === undefined ? [] : [[as, key]];
  });
}

/** All that a piece of a source may mean. */
export function sourceReadings(piece: Leaf, at: number): readonly Reading[] {
  if (typeof piece === 'string' && (piece.length > textMax || piece !== piece.trim())) return [];
  return candidatesFor(piece).flatMap((as) => ways[as].source(piece, at).map((key): Reading => [as, key]));
}

/** What stands for an argument under this normaliser; undefined if it is no such value, or not in its plain form. */
export function valueKey(normaliser: Normaliser, leaf: Leaf): string | undefined {
  return String(leaf).length > textMax ? undefined : ways[normaliser].value(leaf);
}

/** All that a piece may mean; `at` is when it was said or read, in milliseconds. */
export function sourceKeys(normaliser: Normaliser, piece: Leaf, at: number): readonly string[] {
  if (typeof piece === 'string' && (piece.length > textMax || piece !== piece.trim())) return [];
  return ways[normaliser].source(piece, at);
}

/** Whether a piece of a source says this value. */
export function matches(normaliser: Normaliser, piece: Leaf, leaf: Leaf, at = 0): boolean {
  const key = valueKey(normaliser, leaf);
  return key !== undefined && sourceKeys(normaliser, piece, at).includes(key);
}

/** The one normaliser by which it does. */
export const normaliserOf = (piece: Leaf, leaf: Leaf, at = 0): Normaliser | undefined =>
  valueReadings(leaf).find(([as, key]) => sourceKeys(as, piece, at).includes(key))?.[0];

// --- Where a piece of a text begins and ends ------------------------------------------------------------------

const inWord = /[\p{L}\p{M}\p{N}\p{Default_Ignorable_Code_Point}]/u;
/** They join words into one: what stands on their other side belongs to the piece. */
const joiners = /[-_./:@+#%&=~\\'’,\u2010-\u2015\u2212]/;
const opening = /(?:^|[\s<([{"“‘'’*`|,;:])$/u;
/** Punctuation ends an address only where nothing follows it. */
const closing = /^[.,;:!?*|'’`]{0,8}(?:$|[\s>)\]}"”])/u;
const scales = /^\s?(?:hundred|thousand|million|billion|mio|mrd|mn|bn|k|m)(?![\p{L}\p{N}])/iu;

/**
 * Whether a piece of a text stands there by itself. A part of a longer word, number or address is not what was said:
 * `9` in `1,009`, `ann@a.example` in `joann@a.example`, `a.example` in `a.example.org`.
 */
export function isBounded(normaliser: Normaliser, text: string, from: number, to: number): boolean {
  if (!(from >= 0 && from < to && to <= text.length)) return false;
  const before = before2(text, from);
  const after = after2(text, to);
  if (inWord.test(before[0]) || inWord.test(after[0])) return false;
  if (joiners.test(before[0]) && inWord.test(before[1])) return false;
  if (joiners.test(after[0]) && inWord.test(after[1])) return false;
  if (normaliser === 'email' || normaliser === 'link')
    return opening.test(text.slice(Math.max(0, from - 1), from)) && closing.test(text.slice(to, to + 16));
  return !continues(normaliser, text.slice(Math.max(0, from - 4), from), text.slice(to, to + 16));
}

/** The two characters before a place, by code point, the nearest first. */
function before2(text: string, at: number): readonly [string, string] {
  const [second = '', first = ''] = ['', '', ...text.slice(Math.max(0, at - 4), at)].slice(-2);
  return [first, second];
}
function after2(text: string, at: number): readonly [string, string] {
  const [first = '', second = ''] = [...text.slice(at, at + 4)];
  return [first, second];
}

/** What a number, a date or a time would be read on with, across a blank or a sign. */
function continues(normaliser: Normaliser, before: string, after: string): boolean {
  if (normaliser === 'name' || normaliser === 'id') return false;
  if (normaliser === 'date') return /^,?\s[0-9]{4}(?![0-9])/.test(after);
  if (normaliser === 'time') return /^\s?[ap]\.?m/i.test(after);
  if (/[0-9]\s?[-+]?\s?$/.test(before) || /^\s?[-+]?[0-9]/.test(after)) return true;
  if (normaliser === 'iban' || normaliser === 'account') return /\+$/.test(before);
  return /[-+\u2212]\s?$/.test(before) || /^\s?%/.test(after) || scales.test(after);
}

// --- How much a match says ------------------------------------------------------------------------------------

const always: ReadonlySet<Normaliser> = new Set([
  ...(['iban', 'email', 'link', 'account', 'money', 'percent', 'duration'] as const),
]);

/**
 * Whether a value says by itself what it is. `3` stands in every text: that a person wrote it says nothing about which
 * file to delete. In what a person said, dates, times and numbers of three digits are told from others; in a record
 * every row has them, and `spoken` is false.
 */
export function isTelling(normaliser: Normaliser, key: string, spoken: boolean): boolean {
  if (always.has(normaliser)) return spoken || !['money', 'percent', 'duration'].includes(normaliser);
  const letters = key.replace(/^(?:fold|same):/, '');
  if (normaliser === 'number') return spoken && letters.replace(/[-.]/g, '').length >= 3;
  if (normaliser === 'date' || normaliser === 'time') return spoken;
  const least = spoken ? 3 : normaliser === 'id' ? 6 : 10;
  return [...letters].length >= least;
}
