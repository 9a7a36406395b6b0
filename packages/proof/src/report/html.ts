// report.html: the verdict for a reader who is no engineer: what was promised, whether it held, which money moved,
// what is not proven and who can end that, and how to check it. One file, no script, no network; every value that
// somebody else chose is escaped. The verifier makes it again from the facts and compares the bytes.

import {
  type Answer,
  describeRow,
  type Judgement,
  type Reason,
  type Row,
  reasonCodes,
} from '../verdict/index.ts';
import { erasedInWords, erasedSection } from './erased.ts';
import { escapeHtml as e, prose, sentence } from './escape.ts';
import { cells, isOdd, moneySection } from './money.ts';
import { style } from './style.ts';
import { termsOf } from './terms.ts';
import {
  asks,
  completeness,
  counted,
  headings,
  instant,
  known,
  marks,
  momentText,
  outcomes,
  replies,
  sumsOf,
  titleOf,
  windowText,
} from './words.ts';

export function reportHtml(judgement: Judgement, origin: string): string {
  const { verdict, statement, outcome } = judgement;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${e(outcome)}: ${e(verdict)}, ${e(windowText(judgement))}</title>
<style>${style}</style>
</head>
<body>
<header class="${e(verdict)}">
<p class="eyebrow">Verdict on ${e(outcome)}, ${e(windowText(judgement))}</p>
<p class="label">What was promised</p>
<h1>${e(statement)}</h1>
<div class="band">
<p class="verdict"><span class="mark" aria-hidden="true">${marks[verdict] ?? ''}</span> ${e(outcomes[verdict][0])}</p>
${opening(judgement)}
</div>
<p class="by">${e(judgement.owner)} answers for this promise. Judged on ${time(judgement.asOf)}.</p>
</header>
<main>
${broken(judgement)}
${erasedSection(judgement)}
${moneySection(judgement)}
${questions(judgement)}
${open(judgement)}
${terms(judgement)}
${assumptions(judgement)}
${colophon(judgement, origin)}
</main>
</body>
</html>
`;
}

const time = (at: number): string => `<time datetime="${e(instant(at))}">${e(momentText(at))}</time>`;

const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

const isBreach = ({ code }: Reason): boolean => reasonCodes[code].makes === 'violated';
const reasonsOf = ({ questions: all }: Judgement): readonly Reason[] => all.flatMap(({ reasons }) => reasons);

/** The three things to know, before anything else is read. */
function opening(judgement: Judgement): string {
  const { figures, population } = judgement;
  const reasons = reasonsOf(judgement);
  const breaches = reasons.filter(isBreach);
  const orphans = population.rows.filter(({ is }) => is === 'orphan');
  const sums = sumsOf(orphans);
  const rows = rowsByText(judgement);
  // Also an orphan that stands in an earlier reading only.
  const others = breaches.filter((each) => each.code !== 'orphan' || !rows.has(rowText(each))).length;
  const [, sentence] = outcomes[judgement.verdict];
  const lines = [
    ...(sentence === '' ? [] : [sentence]),
    ...(orphans.length === 0
      ? []
      : [
          `${many(orphans.length, 'row', 'rows')}${sums.length === 0 ? '' : ` over ${sums.join(' and ')}`} in the record, accounted for by nothing.`,
        ]),
    ...(others === 0
      ? []
      : [
          `${many(others, orphans.length > 0 ? 'other breach' : 'breach', orphans.length > 0 ? 'other breaches' : 'breaches')}, listed below.`,
        ]),
    ...(judgement.erased === undefined ? [] : erasedInWords(judgement.erased)),
    `Agents made ${counted(figures.calls, 'call')} that this promise is about; ${figures.effects} took effect, or may have.`,
    reasons.length === breaches.length
      ? 'Nothing else is open.'
      : `${many(reasons.length - breaches.length, 'thing is', 'things are')} not proven: below stands who can end each.`,
  ];
  return `<ul>${lines.map((line) => `<li>${e(line)}</li>`).join('')}</ul>`;
}

/** The rows of the record that a reason may be about, by how it describes them. */
const rowsByText = ({ population }: Judgement): ReadonlyMap<string, Row> =>
  new Map(population.rows.filter(isOdd).map(({ row }) => [describeRow(row), row]));
const rowText = ({ text }: Reason): string => text.slice(text.indexOf(': ') + 2);

/** Each breach, with the row that shows it laid out for reading. */
function broken(judgement: Judgement): string {
  const breaches = reasonsOf(judgement).filter(isBreach);
  if (breaches.length === 0) return '';
  const rows = rowsByText(judgement);
  const body = breaches.map((reason) => {
    const row = rows.get(rowText(reason));
    const text = row === undefined ? reason.text : reason.text.slice(0, -rowText(reason).length - 2);
    return breach({ ...reason, text }, row);
  });
  return `<section class="violated"><h2>What broke it</h2>${body.join('')}</section>`;
}

const breach = ({ code, text, who, remedy, facts }: Reason, row: Row): string =>
  `<article class="violated"><h3><span class="mark" aria-hidden="true">${marks['violated'] ?? ''}</span> ${e(titleOf({ code }))}</h3>
<p>${sentence(text)}</p>${cells(row)}<p class="remedy"><strong>${e(whoText(who))}</strong> can end it: ${prose(remedy)}. ${source(code, facts)}</p></article>`;

const source = (code: string, facts: readonly number[]): string =>
  `<small><code>${e(code)}</code>${facts.length === 0 ? '' : `, ${facts.length === 1 ? 'fact' : 'facts'} ${e(facts.join(', '))}`}</small>`;

const person = (who: string): string =>
  who === 'operator' ? 'Whoever runs Surety here (the operator)' : who;
const whoText = (who: readonly string[]): string => who.map(person).join(', ') || 'Nobody';

/** What is not proven, under the names of those who can end it; what is alike, together. */
function open(judgement: Judgement): string {
  const by = new Map<string, Map<string, Reason[]>>();
  for (const reason of reasonsOf(judgement).filter((each) => !isBreach(each))) {
    const alike = by.get(whoText(reason.who)) ?? new Map<string, Reason[]>();
    const title = titleOf(reason);
    alike.set(title, [...(alike.get(title) ?? []), reason]);
    by.set(whoText(reason.who), alike);
  }
  const last = person('operator');
  const groups = [...by].sort(([a], [b]) => Number(a === last) - Number(b === last));
  const body = groups.map(
    ([who, alike]) =>
      `<article><h3>${e(who)} can end this:</h3><ul class="open">${[...alike.values()].map(openReasons).join('')}</ul></article>`,
  );
  return `<section><h2>What is not proven, and who can end it</h2>${
    body.length === 0 ? '<p>Nothing is open: every question is answered.</p>' : body.join('')
  }</section>`;
}

function openReasons(alike: readonly Reason[]): string {
  const [first] = alike;
  if (first === undefined) return '';
  const texts = alike.map(({ text }) => `<p>${sentence(text)}</p>`);
  const facts = [...new Set(alike.flatMap((each) => each.facts))].slice(0, 20);
  const end =
    first.who.length === 0
      ? `Nothing ends it: ${prose(first.remedy)}.`
      : `To end it: ${prose(first.remedy)}.`;
  return `<li><p><strong>${e(titleOf(first))}</strong></p>${texts.join('')}<p class="remedy">${end} ${source(first.code, facts)}</p></li>`;
}

function questions({ questions: all }: Judgement): string {
  const rows = headings.map(([heading, names]) => {
    const answers = names.flatMap((name) => all.filter(({ question }) => question === name));
    return `<tr class="group"><th colspan="3" scope="rowgroup">${e(heading)}</th></tr>${answers.map(answerRow).join('')}`;
  });
  return `<section><h2>The six questions</h2><table class="questions"><thead><tr><th scope="col">Question</th><th scope="col">Answer</th><th scope="col">How it is known</th></tr></thead><tbody>${rows.join('')}</tbody></table></section>`;
}

function answerRow({ question, verdict, grade, otherwise }: Answer): string {
  const would =
    otherwise === undefined || otherwise === verdict
      ? ''
      : ` <small>(${e((replies[otherwise] ?? otherwise).toLowerCase())}, but for what is simulated or only watched)</small>`;
  return `<tr class="${e(verdict)}"><th scope="row">${e(asks[question])} <small><code>${e(question)}</code></small></th><td><span class="mark" aria-hidden="true">${marks[verdict] ?? ''}</span> <strong>${e(replies[verdict] ?? verdict)}</strong>${would}</td><td>${e(known[grade])} <small><code>${e(grade)}</code></small></td></tr>`;
}

/** The rules themselves: the sentence above is the operator's, and worth no more than they are. */
const terms = (judgement: Judgement): string =>
  `<section><h2>What exactly was judged</h2><p>The promise above is a sentence. These are the rules behind it, as they ran; it is worth no more than they are.</p><ul class="terms">${termsOf(
    judgement,
  )
    .map(
      ({ says, exact }) =>
        `<li>${sentence(says)}${exact.map((each) => `<code class="exact">${e(each)}</code>`).join('')}</li>`,
    )
    .join('')}</ul></section>`;

const assumptions = ({ assumptions: all }: Judgement): string =>
  `<section><h2>What is taken for granted</h2>${
    all.length === 0
      ? '<p>Nothing.</p>'
      : `<p>If one of these is not true, the verdict may not be either. Ask who answers for it.</p><ul class="assumed">${all.map(({ text, who }) => `<li>${sentence(text)} <small>${e(person(who))} answers for it.</small></li>`).join('')}</ul>`
  }</section>`;

const colophon = ({ head, hash, window, rung }: Judgement, origin: string): string =>
  `<section class="colophon"><h2>How to check this</h2>
<p>Do not take this page's word. It was made from the records in the proof it came in, and says nothing of its own.</p>
<ol><li>Get the keys of the ledger from its operator, and the witness's key from the witness, in another way than this file.</li>
<li>Open a <code>verify.html</code> from the publisher of Surety (the copy in the proof is only at hand) and choose the proof and the
keys. It works offline. Or run <code>surety verify &lt;proof.zip&gt; --trust &lt;trust file&gt;</code>.</li>
<li>It does every computation again and compares this page with its own, byte by byte.</li></ol>
<dl><div><dt>Period, exactly</dt><dd>${e(instant(window.from))} up to ${e(instant(window.to))}</dd></div>
<div><dt>Completeness of the records</dt><dd>${e(completeness[rung])}</dd></div>
<div><dt>Ledger</dt><dd>${e(origin)}, ${e(counted(head.size, 'fact'))}</dd></div>
<div><dt>Seen by witnesses</dt><dd>${e(head.cosigned.join(', ') || 'nobody')}</dd></div>
<div><dt>Root of the ledger</dt><dd><code>${e(head.root)}</code></dd></div>
<div><dt>Hash of the outcome's file</dt><dd><code>${e(hash)}</code></dd></div></dl></section>`;
