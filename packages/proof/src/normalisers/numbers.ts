// Numbers and money, as people write them and as a call holds them; the key of both is the exact decimal.
// A spelling that two people could read as two numbers (`1.200`) is read as neither, unless its currency decides: no
// currency of two decimals is written with three.

import { exponentIn } from '../rules/money.ts';
import { listOf } from './plain.ts';

/** As JSON and SQL write it: the only form in which an argument is a number. */
const plain = /^(-?)(0|[1-9][0-9]{0,24})(?:\.([0-9]{1,12}))?$/;
const blanks = /[ \u00a0\u2009\u202f]/g;

const keyOf = (sign: string, whole: string, fraction: string): string => {
  const decimals = fraction.replace(/0{1,12}$/, '');
  const digits = whole.replace(/^0{1,24}(?=.)/, '');
  const key = decimals === '' ? digits : `${digits}.${decimals}`;
  return key === '0' ? key : `${sign}${key}`;
};

/** The number that an argument is, or that a member of a result is. */
export function numberKey(leaf: string | number): string | undefined {
  if (typeof leaf === 'number' && !Number.isFinite(leaf)) return undefined;
  // Beyond 21 digits, and below a millionth, JavaScript writes an exponent: no amount and no count.
  const [, sign = '', whole = '', fraction = ''] = plain.exec(String(leaf)) ?? [];
  return whole === '' ? undefined : keyOf(sign, whole, fraction);
}

interface Read {
  readonly key: string;
  /** Three digits behind its only point or comma: thousands to one reader, decimals to another. */
  readonly asGroup?: string;
}

/** Digits with points, commas, blanks or apostrophes between them. */
function read(text: string): Read | undefined {
  const written = text.replace(blanks, ' ').replaceAll('\u2212', '-').replaceAll('\u2019', "'");
  const [, sign = '', body = ''] = /^([-+]?)([0-9][0-9 .,']{0,40})$/.exec(written) ?? [];
  const groups = body.split(/[ .,']/);
  const marks = body.replace(/[0-9]/g, '');
  const [first = '', ...rest] = groups;
  if (body === '' || groups.includes('')) return undefined;
  const minus = sign === '-' ? '-' : '';
  const last = rest.at(-1) ?? '';
  const grouped = (parts: readonly string[]) =>
    /^[1-9][0-9]{0,2}$/.test(first) && parts.every((part) => part.length === 3);
  const decimal = marks.at(-1) ?? '';
  const before = marks.slice(0, -1);
  if (marks === '') return isWhole(first) ? { key: keyOf(minus, first, '') } : undefined;
  if (marks.length === 1 && '.,'.includes(marks)) {
    if (!isWhole(first) || last.length > 12) return undefined;
    const key = keyOf(minus, first, last);
    return grouped(rest) ? { key, asGroup: keyOf(minus, groups.join(''), '') } : { key };
  }
  // All marks alike part thousands; a last one that differs is the decimal one.
  if (new Set(marks).size === 1)
    return grouped(rest) ? { key: keyOf(minus, groups.join(''), '') } : undefined;
  if (new Set(before).size !== 1 || before.includes(decimal) || !'.,'.includes(decimal)) return undefined;
  return grouped(rest.slice(0, -1)) && last.length <= 12
    ? { key: keyOf(minus, groups.slice(0, -1).join(''), last) }
    : undefined;
}

const isWhole = (digits: string): boolean => digits === '0' || !digits.startsWith('0');

/** `48000`, `48,000.00`, `48.000,00`, `48 000`; not `48.000` and not `48,000`. */
export function numberKeys(piece: string | number): readonly string[] {
  if (typeof piece === 'number') return listOf(numberKey(piece));
  const found = read(piece);
  return found === undefined || found.asGroup !== undefined ? [] : [found.key];
}

/** What people write for a currency, and how many decimals it has. */
const marks: ReadonlyMap<string, number> = new Map([
  ...['$', '€', '£', 'us$', 'dollar', 'dollars', 'euro', 'euros', 'pound', 'pounds'].map(
    (mark) => [mark, 2] as const,
  ),
  ...['¥', 'yen'].map((mark) => [mark, 0] as const),
]);

function decimalsOf(mark: string): number | undefined {
  const known = marks.get(mark.toLowerCase());
  if (known !== undefined) return known;
  return /^[A-Za-z]{3}$/.test(mark) ? exponentIn(mark.toUpperCase()) : undefined;
}

/** `$48,000`, `48.000,00 EUR`, `CHF 12.50`: its mark is part of the piece, and decides what three digits are. */
export function moneyKeys(piece: string): readonly string[] {
  const [, before, signed] = /^([^0-9\s+-]{1,8})\s?([-+]?[0-9][^\p{L}\p{Sc}]{0,40})$/u.exec(piece) ?? [];
  const [, number, after] = /^([-+]?[0-9][^\p{L}\p{Sc}]{0,40}?)\s?([^0-9\s.,'+-]{1,8})$/u.exec(piece) ?? [];
  const decimals = decimalsOf(before ?? after ?? '');
  const found = decimals === undefined ? undefined : read(signed ?? number ?? '');
  if (decimals === undefined || found === undefined) return [];
  const { key, asGroup } = found;
  if (asGroup !== undefined) return decimals <= 2 ? [asGroup] : [];
  return (key.split('.')[1] ?? '').length <= decimals ? [key] : [];
}

/** `10%`, `2.5 percent`. */
export function percentKeys(piece: string): readonly string[] {
  const [, number = ''] = /^([^\p{L}%]{1,40}?) ?(?:%|percent|per cent|prozent)$/iu.exec(piece) ?? [];
  return number === '' ? [] : numberKeys(number);
}
