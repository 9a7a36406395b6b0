// population.csv: every row of the record in the window and how it is accounted for (RFC 4180, UTF-8, a header,
// lines that end in CRLF). Columns of ours come first, those of the record after them in the order they were read.

import { canonicalJson } from '../values/canonical.ts';
import type { Accounted, Population } from '../verdict/index.ts';

/** What begins a formula in some spreadsheet, full-width forms too; and our own mark, so that it can be taken off. */
const formula = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20']/u;
const blank = /^[\t\r\n]/;
const number = /^-?\d+(\.\d+)?$/;

/**
 * Whoever can write to the record chooses these texts: a cell that a spreadsheet could take for a formula is made
 * text with a leading apostrophe, and so is one that begins with an apostrophe. Taking one off gives every value back.
 */
function cell(value: unknown): string {
  const text = textOf(value);
  const isRisky = (formula.test(text) || blank.test(text)) && !number.test(text);
  const safe = isRisky ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? canonicalJson(value) : String(value);
}

const accounts = ['accounted', 'call', 'channel', 'amount_minor', 'currency_code'] as const;

export function populationCsv({ rows, columns: read }: Population): string {
  const there = new Set(rows.flatMap(({ row }) => Object.keys(row ?? {})));
  const columns = [...new Set([...read.filter((column) => there.has(column)), ...there])];
  const lines = [headerOf(columns), ...rows.map((each) => line(each, columns))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

/** A column of the record that is called as one of ours gets another name: no two columns have one. */
function headerOf(columns: readonly string[]): readonly string[] {
  const names = new Set<string>(accounts);
  const own = columns.map((column) => {
    let name = column;
    while (names.has(name) || (name !== column && columns.includes(name))) name = `record.${name}`;
    names.add(name);
    return name;
  });
  return [...accounts, ...own];
}

const line = (
  { row, is, call, channel, amountMinor, currency }: Accounted,
  columns: readonly string[],
): unknown[] => [is, call, channel, amountMinor, currency, ...columns.map((column) => row?.[column])];
