// population.csv against a reader of RFC 4180 written from its grammar, and against what spreadsheets take for formulas.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Accounted } from '../verdict/index.ts';
import { honestDay } from '../verify.fixture.ts';
import { populationCsv } from './population.ts';

/** RFC 4180 section 2: records end in CRLF; a field is quoted, with doubled quotes in it, or holds none of `",` CR LF. */
function parse(text: string): string[][] {
  const records: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const record: string[] = [];
    for (;;) {
      const field = /"((?:[^"]|"")*)"|([^",\r\n]*)/y;
      field.lastIndex = at;
      const [whole = '', quoted, bare = ''] = field.exec(text) ?? [];
      at += whole.length;
      record.push(quoted?.replaceAll('""', '"') ?? bare);
      if (text[at] !== ',') break;
      at += 1;
    }
    expect(text.slice(at, at + 2)).toBe('\r\n');
    at += 2;
    records.push(record);
  }
  return records;
}

const csv = (rows: readonly Record<string, unknown>[], columns: readonly string[] = []) =>
  parse(
    populationCsv({
      rows: rows.map((row): Accounted => ({ row, is: 'orphan' })),
      ...{ extract: 1, columns },
    }),
  );
const ours = ['accounted', 'call', 'channel', 'amount_minor', 'currency_code'];
/** What stands in the cell, as its reader takes the mark off. */
const unmarked = (cell: string): string => (cell.startsWith("'") ? cell.slice(1) : cell);

describe('population.csv', () => {
  it('of a day has a line for each row, with what accounts for it', async () => {
    const { population } = await honestDay().close().judged();
    const [header, ...rows] = parse(populationCsv(population));
    expect(header).toEqual([...ours, 'id', 'invoice_id', 'iban', 'amount', 'currency', 'created_by']);
    expect(rows).toHaveLength(5);
    expect(rows.at(-1)).toEqual([
      ...['elsewhere', '', 'paul@acme.example', '250000', 'USD'],
      ...['R1', '', 'X', '2500.00', 'USD', 'payroll-batch'],
    ]);
  });

  it('without rows is its header', () => {
    expect(populationCsv({ rows: [], extract: undefined, columns: ['id'] })).toBe(`${ours.join(',')}\r\n`);
  });

  it('keeps the order of columns in which they were read, and every row as wide as its header', () => {
    const table = csv(
      [
        { b: 1, a: 2 },
        { a: 3, c: 4 },
      ],
      ['b', 'a', 'gone'],
    );
    expect(table.map((record) => record.slice(ours.length))).toEqual([
      ['b', 'a', 'c'],
      ['1', '2', ''],
      ['', '3', '4'],
    ]);
  });

  it('gives a column of the record that is called like ours another name', () => {
    const [header] = csv([{ call: 1, 'record.call': 2 }]);
    expect(header?.slice(ours.length)).toEqual(['record.record.call', 'record.call']);
  });

  it.each([
    ...[
      '=1+1',
      '+1+1',
      '-1+1',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '\n=1',
      ' =1',
      '\u00a0=1',
      '\ufeff=1',
      '\u200b=1',
    ],
    ...['＝1+1', '＋1', '－1', '＠A1', "'=1", "=cmd|' /C calc'!A0", '-2+3+cmd', '=HYPERLINK("http://x","y")'],
  ])('makes text of %j, in a cell and in a header', (text) => {
    const [header, row] = csv([{ [text]: text }]);
    for (const cell of [header?.at(-1) ?? '', row?.at(-1) ?? '']) {
      expect(cell).toBe(`'${text}`);
      expect(unmarked(cell)).toBe(text);
    }
  });

  it.each([
    ['-5', -5],
    ['-0.25', '-0.25'],
    ['12', 12],
    ['a=b', 'a=b'],
    ['', null],
    ['{"a":"=1"}', { a: '=1' }],
  ])('leaves %j as it is', (text, value) => {
    expect(
      csv([{ x: value }])
        .at(-1)
        ?.at(-1),
    ).toBe(text);
  });

  it('gives back whatever stood in a row, and no cell that begins a formula', () => {
    const value = fc.string({
      unit: fc.constantFrom(...'=+-@\'",\r\n\t ;a1', '＝', 'é', '\u2028', '\u200e'),
    });
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(value, value, { maxKeys: 4 }), { minLength: 1, maxLength: 4 }),
        (rows) => {
          const [header = [], ...lines] = csv(rows);
          expect(new Set(header).size).toBe(header.length);
          for (const [index, row] of rows.entries())
            for (const [column, each] of Object.entries(row)) {
              const at = header.findIndex((name) => unmarked(name) === column);
              expect(unmarked(lines[index]?.[at] ?? '')).toBe(each);
            }
          for (const cell of lines.flat())
            expect(cell).not.toMatch(/^[\s\u200e]*[=+@＝]|^[\s\u200e]*-(?!\d+(\.\d+)?$)/);
        },
      ),
    );
  });
});
