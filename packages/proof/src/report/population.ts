// population.csv: every row of the record in the window and how it is accounted for (RFC 4180).

import type { Accounted, Population } from '../verdict/index.ts';

/**
 * Whoever can write to the record chooses these texts: a cell that a spreadsheet would take for a formula
 * is made text with a leading apostrophe.
 */
function cell(value: unknown): string {
  const text = value === undefined || value === null ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const accounts = ['accounted', 'call', 'channel', 'amount_minor', 'currency_code'] as const;

export function populationCsv({ rows }: Population): string {
  const columns = [...new Set(rows.flatMap(({ row }) => Object.keys(row ?? {})))];
  const lines = [[...accounts, ...columns], ...rows.map((each) => line(each, columns))];
  return lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

const line = (
  { row, is, call, channel, amountMinor, currency }: Accounted,
  columns: readonly string[],
): unknown[] => [is, call, channel, amountMinor, currency, ...columns.map((column) => row?.[column])];
