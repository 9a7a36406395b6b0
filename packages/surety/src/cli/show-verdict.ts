// A verdict as the owner reads it in a terminal.

import type { VerdictShown } from '../api/index.ts';
import { printable, type Paint, type Tone } from './terminal.ts';

const tones: Readonly<Record<string, Tone>> = {
  proven: 'green',
  holding: 'cyan',
  unproven: 'yellow',
  violated: 'red',
  unsound: 'red',
};
/** Shape as well as colour. */
const marks: Readonly<Record<string, string>> = { proven: '✓', violated: '✕', unproven: '?', holding: '…', unsound: '!' };

export const verdictWord = (verdict: string, paint: Paint): string =>
  paint(tones[verdict] ?? 'bold', `${marks[verdict] ?? ''} ${verdict}`);

const headings: readonly (readonly [string, readonly string[]])[] = [
  ['Did it hold?', ['reconciled', 'guarded']],
  ['How bad could it get, and who answers?', ['bounded', 'owned']],
  ['How do we know?', ['tested', 'recorded']],
];

export function verdictLines(verdict: VerdictShown, paint: Paint): string[] {
  const { outcome, statement, window, owner, grade, rung, figures, cosigned } = verdict;
  const lines = [
    `${paint('bold', outcome)}  ${verdictWord(verdict.verdict, paint)}  ${paint('dim', `weakest grade: ${grade}, completeness ${rung}`)}`,
    printable(statement),
    paint('dim', `${window.from} to ${window.to}, answered for by ${owner}`),
    `${figures.calls} calls, ${figures.effects} took effect; ${figures.rows} rows in the record: ${figures.governed} governed, ${figures.elsewhere} declared elsewhere, ${figures.orphans} orphans`,
  ];
  for (const [heading, names] of headings) {
    lines.push('', paint('bold', heading));
    for (const answer of verdict.questions.filter(({ question }) => names.includes(question))) {
      const would =
        answer.otherwise === undefined || answer.otherwise === answer.verdict
          ? ''
          : paint('dim', `  (otherwise ${answer.otherwise})`);
      lines.push(`  ${verdictWord(answer.verdict, paint)}  ${answer.question}${would}`);
      for (const { code, text, who, remedy } of answer.reasons) {
        lines.push(`      ${printable(text)}`);
        lines.push(paint('dim', `      ${code}: ${who.join(', ')} can end it: ${remedy}`));
      }
    }
  }
  lines.push('', paint('bold', 'Assumed'));
  for (const { text, who } of verdict.assumptions) lines.push(`  ${printable(text)} ${paint('dim', `(${who})`)}`);
  lines.push('', paint('dim', `${verdict.ledgerSize} facts, cosigned by ${cosigned.join(', ') || 'nobody'}`));
  return lines;
}
