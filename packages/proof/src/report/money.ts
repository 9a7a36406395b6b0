// The money section of the report: every row of the record, by how it is accounted for, with its sums; and the
// rows that nobody could judge, one by one.

import type { Accounted, Judgement, Row } from '../verdict/index.ts';
import { escapeHtml as e } from './escape.ts';
import { accounts, counted, sumsOf } from './words.ts';

const shownMax = 100;

export function moneySection(judgement: Judgement): string {
  return `<section><h2>What stands in the record</h2>${body(judgement)}</section>`;
}

function body({ declared: { reconcile }, population: { rows, extract }, verdict }: Judgement): string {
  if (reconcile === undefined)
    return '<p>No business record was named to compare with, so nothing here says what happened to money.</p>';
  const record = `The record <strong>${e(reconcile.record)}</strong>`;
  if (extract === undefined) {
    const why =
      verdict === 'holding' ? 'It is read when the period is over.' : 'Nothing is known of its rows.';
    return `<p>${record} was not read for this period. ${why}</p>`;
  }
  if (rows.length === 0) return `<p>${record} was read, and holds no row for this period.</p>`;
  return `<p>${record} was read after the period was over. This is what it held, and how each row is accounted for. The rows themselves
stand in <code>population.csv</code>, for a spreadsheet.</p>${table(rows)}${unclear(rows)}`;
}

function table(rows: readonly Accounted[]): string {
  const lines = accounts.flatMap(([is, words]) => {
    const these = rows.filter((row) => row.is === is);
    if (these.length === 0) return [];
    if (is !== 'elsewhere') return [line(words, these, isOdd({ is }) ? 'odd' : '')];
    // Each declared channel has somebody of its own who answers for it.
    const owners = [...new Set(these.map(({ channel = '' }) => channel))];
    return owners.map((owner) =>
      line(
        `${words}: ${owner} answers for it`,
        these.filter(({ channel = '' }) => channel === owner),
        '',
      ),
    );
  });
  return `<table class="money"><thead><tr><th scope="col">How it is accounted for</th><th scope="col">Rows</th><th scope="col">Amount</th></tr></thead>
<tbody>${lines.join('')}</tbody><tfoot>${line('All rows', rows, '')}</tfoot></table>`;
}

const line = (words: string, rows: readonly Accounted[], className: string): string =>
  `<tr${className === '' ? '' : ` class="${className}"`}><th scope="row">${e(words)}</th><td>${rows.length}</td><td>${sumsOf(rows).map(e).join('<br>') || '–'}</td></tr>`;

/** Neither done through the gateway as asked, nor declared. */
export const isOdd = ({ is }: Pick<Accounted, 'is'>): boolean => is !== 'governed' && is !== 'elsewhere';

/** Rows that break nothing and that nobody could judge, column by column. */
function unclear(all: readonly Accounted[]): string {
  const rows = all.filter(({ is, row }) => is === 'unreadable' || (is === 'withheld' && row !== undefined));
  if (rows.length === 0) return '';
  const left = rows.length - shownMax;
  const more = left > 0 ? `<p>And ${e(counted(left, 'row'))} more, in <code>population.csv</code>.</p>` : '';
  return `<h3>Rows that could not be judged</h3>${rows.slice(0, shownMax).map(card).join('')}${more}`;
}

function card({ row, is, call }: Accounted): string {
  const words = accounts.find(([each]) => each === is)?.[1] ?? is;
  const of = call === undefined ? '' : ` <small>call <code>${e(call)}</code></small>`;
  return `<article><p>${e(words)}${of}</p>${cells(row)}</article>`;
}

/** A row of the record, each column with its name. */
export function cells(row: Row): string {
  const each = Object.entries(row ?? {}).map(
    ([column, value]) => `<div><dt>${e(column)}</dt><dd>${e(value ?? '–')}</dd></div>`,
  );
  return each.length === 0 ? '' : `<dl class="row">${each.join('')}</dl>`;
}
