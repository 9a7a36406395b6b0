// A verdict as the owner reads it in a terminal. Its texts hold values of calls and rows, and a proof may come
// from anybody: whatever is not ours is made printable.

import type { VerdictShown } from '../api/index.ts';
import { type Paint, printable, type Tone } from './terminal.ts';

const tones: Readonly<Record<string, Tone>> = {
  proven: 'green',
  holding: 'cyan',
  unproven: 'yellow',
  violated: 'red',
  unsound: 'red',
};
/** Shape as well as colour. */
const marks: Readonly<Record<string, string>> = {
  proven: '✓',
  violated: '✕',
  unproven: '?',
  holding: '…',
  unsound: '!',
};

export const verdictWord = (verdict: string, paint: Paint): string =>
  paint(tones[verdict] ?? 'bold', `${marks[verdict] ?? ''} ${verdict}`);

const headings: readonly (readonly [string, readonly string[]])[] = [
  ['Did it hold?', ['reconciled', 'guarded']],
  ['How bad could it get, and who answers?', ['bounded', 'owned']],
  ['How do we know?', ['tested', 'recorded']],
];

export function verdictLines(verdict: VerdictShown, paint: Paint): string[] {
  const { questions, assumptions, ledgerSize, cosigned } = verdict;
  const lines = [...opening(verdict, paint), ...erasedLines(verdict, paint)];
  for (const [heading, names] of headings) {
    lines.push('', paint('bold', heading));
    for (const answer of questions.filter(({ question }) => names.includes(question)))
      lines.push(...answerLines(answer, paint));
  }
  lines.push('', paint('bold', 'Assumed'));
  for (const { text, who } of assumptions)
    lines.push(`  ${printable(text)} ${paint('dim', `(${printable(who)})`)}`);
  if (assumptions.length === 0) lines.push('  nothing');
  const witnesses = cosigned.map(printable).join(', ') || 'nobody';
  return [...lines, '', paint('dim', `${ledgerSize} facts, cosigned by ${witnesses}`)];
}

function opening(
  { outcome, verdict, grade, rung, statement, window, owner, figures }: VerdictShown,
  paint: Paint,
) {
  const { calls, effects, rows, governed, elsewhere, orphans } = figures;
  return [
    `${paint('bold', printable(outcome))}  ${verdictWord(verdict, paint)}  ${paint('dim', `weakest grade: ${grade}, completeness ${rung}`)}`,
    printable(statement),
    paint('dim', `${window.from} to ${window.to}, answered for by ${printable(owner)}`),
    `${calls} calls, ${effects} took effect; ${rows} rows in the record: ${governed} governed, ${elsewhere} declared elsewhere, ${orphans} ${orphans === 1 ? 'orphan' : 'orphans'}`,
  ];
}

/** What was found while it was there stands beside what can be found now. */
function erasedLines({ erased }: VerdictShown, paint: Paint): string[] {
  if (erased === undefined) return [];
  const { by, earlier } = erased;
  const orders = by.map(({ position, at, basis }) => `${at} (fact ${position}, ${printable(basis)})`);
  return [
    '',
    paint('bold', 'Erased'),
    `  values that it reads were erased at ${orders.join(', ')}: nobody can show them any more`,
    earlier === null
      ? '  no verdict on this window had been given before'
      : `  before that: ${verdictWord(earlier.verdict, paint)}, given at ${earlier.at} (fact ${earlier.position}, over ${earlier.ledgerSize} facts)`,
    ...(earlier === null
      ? []
      : [paint('dim', `  a proof of then has the judgement ${printable(earlier.judgement)}`)]),
  ];
}

function answerLines(answer: VerdictShown['questions'][number], paint: Paint): string[] {
  const { question, verdict, otherwise, reasons } = answer;
  const would =
    otherwise === undefined || otherwise === verdict ? '' : paint('dim', `  (otherwise ${otherwise})`);
  const lines = [`  ${verdictWord(verdict, paint)}  ${question}${would}`];
  for (const { code, text, who, remedy } of reasons) {
    lines.push(`      ${printable(text)}`);
    lines.push(
      paint(
        'dim',
        `      ${code}: ${printable(who.join(', ') || 'nobody')} can end it: ${printable(remedy)}`,
      ),
    );
  }
  return lines;
}
