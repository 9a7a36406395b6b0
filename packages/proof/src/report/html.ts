// report.html: the verdict for a reader who is no engineer. One file, no script, no network; every value
// that somebody else chose is escaped. The verifier makes it again from the facts and compares the bytes.

import { majorText } from '../rules/index.ts';
import { type Answer, describeRow, type Judgement, type Question, type Reason } from '../verdict/index.ts';
import { style } from './style.ts';
import { termsOf } from './terms.ts';
import { asks, counted, headings, instant, marks, rowsInWords, words } from './words.ts';

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
const e = (value: unknown): string => escapeHtml(String(value));

export function reportHtml(judgement: Judgement, origin: string): string {
  const { verdict, statement, outcome } = judgement;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${e(outcome)}: ${e(verdict)}</title>
<style>${style}</style>
</head>
<body>
<header class="${e(verdict)}">
<p class="eyebrow">Outcome ${e(outcome)}</p>
<h1>${e(statement)}</h1>
<p class="verdict"><span class="mark" aria-hidden="true">${marks[verdict] ?? ''}</span> ${e(words[verdict] ?? verdict)}</p>
${facts(judgement)}
</header>
<main>
${headings.map(([heading, names]) => section(heading, names, judgement.questions)).join('\n')}
${population(judgement)}
${terms(judgement)}
${assumptions(judgement)}
${colophon(judgement, origin)}
</main>
</body>
</html>
`;
}

function facts({ window, owner, grade, rung, figures }: Judgement): string {
  const entries: [string, string][] = [
    ['Window', `${time(window.from)} to ${time(window.to)}`],
    ['Answers for it', e(owner)],
    ['Weakest grade', e(grade)],
    ['Completeness', e(rung)],
    ['Calls', `${e(figures.calls)}, ${e(figures.effects)} took effect`],
    ['Rows in the record', e(rowsInWords(figures))],
  ];
  return `<dl>${entries.map(([term, html]) => `<div><dt>${e(term)}</dt><dd>${html}</dd></div>`).join('')}</dl>`;
}

const time = (at: number): string => `<time>${e(instant(at))}</time>`;

function section(heading: string, names: readonly Question[], answers: readonly Answer[]): string {
  const body = names
    .map((name) =>
      answers
        .filter(({ question }) => question === name)
        .map(card)
        .join(''),
    )
    .join('');
  return `<section><h2>${e(heading)}</h2>${body}</section>`;
}

function card({ question, verdict, grade, otherwise, reasons }: Answer): string {
  const would =
    otherwise === undefined || otherwise === verdict ? '' : ` <small>otherwise ${e(otherwise)}</small>`;
  const list = reasons.length === 0 ? '' : `<ul>${reasons.map(reason).join('')}</ul>`;
  return `<article class="${e(verdict)}"><h3><span class="mark" aria-hidden="true">${marks[verdict] ?? ''}</span> ${e(asks[question])}</h3>
<p class="answer"><strong>${e(question)}: ${e(verdict)}</strong>${would} <small>grade: ${e(grade)}</small></p>${list}</article>`;
}

const reason = ({ code, text, who, remedy, facts: at }: Reason): string =>
  `<li><p>${e(text)}</p><p class="remedy"><code>${e(code)}</code> ${e(who.join(', '))} can end it: ${e(remedy)}${
    at.length === 0 ? '' : `. Facts ${e(at.join(', '))}`
  }</p></li>`;

/** Rows that nobody declared, first and whole; the rest stand in population.csv. */
function population({ population: { rows }, figures }: Judgement): string {
  if (rows.length === 0) return '';
  const odd = rows.filter(({ is }) => is !== 'governed' && is !== 'elsewhere');
  const listed = odd
    .slice(0, 100)
    .map(({ is, row }) => `<li><strong>${e(is)}</strong> ${e(describeRow(row))}</li>`)
    .join('');
  const sums = new Map<string, number>();
  for (const { amountMinor = 0, currency } of rows)
    if (currency !== undefined) sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
  const totals = [...sums].map(([currency, sum]) => `${majorText(sum, currency)} ${currency}`).join(', ');
  return `<section><h2>The record</h2><p>${e(counted(figures.rows, 'row'))}${totals === '' ? '' : `, ${e(totals)}`}. Each row and how it is accounted for: <code>population.csv</code>.</p>${
    listed === '' ? '' : `<ul class="rows">${listed}</ul>`
  }</section>`;
}

/** The rules themselves: the sentence above is the operator's, and worth no more than they are. */
const terms = (judgement: Judgement): string =>
  `<section><h2>What was judged</h2><ul class="terms">${termsOf(judgement)
    .map((term) => `<li>${e(term)}</li>`)
    .join('')}</ul></section>`;

const assumptions = ({ assumptions: all }: Judgement): string =>
  `<section><h2>What is assumed</h2><ul>${all.map(({ text, who }) => `<li>${e(text)} <small>(${e(who)} answers for it)</small></li>`).join('')}</ul></section>`;

const colophon = ({ head, hash, asOf }: Judgement, origin: string): string =>
  `<section class="colophon"><h2>How to check this</h2>
<p>This page was made from the facts in this proof and says nothing of its own. Check it offline with
<code>surety verify &lt;proof.zip&gt; --trust &lt;trust file&gt;</code>, or open a <code>verify.html</code> that you trust (its hash
is published with each release; the copy in this proof is only at hand) and pick the zip.</p>
<dl><div><dt>Ledger</dt><dd>${e(origin)}, ${e(head.size)} facts</dd></div>
<div><dt>Root</dt><dd><code>${e(head.root)}</code></dd></div>
<div><dt>Cosigned by</dt><dd>${e(head.cosigned.join(', ') || 'nobody')}</dd></div>
<div><dt>Outcome file</dt><dd><code>${e(hash)}</code></dd></div>
<div><dt>Judged as of</dt><dd>${e(instant(asOf))}</dd></div></dl></section>`;
