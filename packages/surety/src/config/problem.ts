// What is wrong with a file that a person wrote: where, what, and what to do about it.
// A problem carries its own source line, so that printing one reads no file.
// Files may come from a pack that somebody else wrote: control characters never reach a terminal.

import type { Source } from './source.ts';
import { placeOf } from './source.ts';

export type Severity = 'error' | 'warning';

export interface Place {
  /** Relative to the configuration folder. */
  readonly file: string;
  /** From 1. Both are 1 where there is no text to point at. */
  readonly line: number;
  /** From 1, in UTF-16 code units, as editors count. */
  readonly column: number;
}

export interface Problem extends Place {
  /** JSON pointer to the value; empty for the file itself. */
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
  readonly severity: Severity;
  /** The line of the file that `line` counts, as it stands there; empty if there is none. */
  readonly source: string;
}

export interface Finding {
  readonly path?: string;
  readonly problem: string;
  readonly remedy: string;
  readonly severity?: Severity;
}

/** A problem at an offset of a text. */
export function problemAt(source: Source, offset: number, finding: Finding): Problem {
  const { line, column, text } = placeOf(source, offset);
  const { path = '', problem, remedy, severity = 'error' } = finding;
  return { file: source.file, line, column, path, problem, remedy, severity, source: text };
}

/** A problem with a file as a whole. */
export function problemWith(
  file: string,
  problem: string,
  remedy: string,
  severity: Severity = 'error',
): Problem {
  return { file, line: 1, column: 1, path: '', problem, remedy, severity, source: '' };
}

const shownColumnsMax = 100;
const shownProblemsMax = 200;

/** Prints each problem with its line, a caret and the remedy, in the order of the files. */
export function renderProblems(problems: readonly Problem[], color: boolean): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const shown = problems.slice(0, shownProblemsMax).map((each) => {
    const head = paint(1, `${printable(each.file)}:${each.line}:${each.column}`);
    const kind = paint(each.severity === 'error' ? 31 : 33, each.severity);
    const lines = [`${head}: ${kind}: ${printable(each.problem)}`];
    if (each.source !== '') lines.push(...excerpt(each, paint));
    lines.push(`  ${paint(36, 'help:')} ${printable(each.remedy)}`);
    return `${lines.join('\n')}\n`;
  });
  const left = problems.length - shown.length;
  if (left > 0) shown.push(`and ${left} more\n`);
  return shown.join('\n');
}

function excerpt({ line, column, source }: Problem, paint: (code: number, text: string) => string): string[] {
  const from = column <= shownColumnsMax ? 0 : column - Math.floor(shownColumnsMax / 2);
  const shown = printable(source.slice(from, from + shownColumnsMax));
  // Tabs stay tabs before the caret, so that it points at the same column in any terminal.
  const before = printable(source.slice(from, column - 1)).replace(/[^\t]/g, ' ');
  const margin = String(line);
  return [`  ${margin} | ${shown}`, `  ${' '.repeat(margin.length)} | ${before}${paint(31, '^')}`];
}

// Tabs stay: the caret counts on them.
const printable = (text: string): string => text.replace(/(?!\t)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '?');

/** The candidate that somebody who typed `word` probably meant. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(typed.length / 3)) + 1;
  for (const candidate of candidates) {
    const steps = distance(typed, candidate.slice(0, 64).toLowerCase());
    if (steps < least) [best, least] = [candidate, steps];
  }
  return best;
}

/** Edits between two short words, a swap of neighbours counting as one (optimal string alignment). */
function distance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let steps = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        steps = Math.min(steps, (before[j - 2] ?? 0) + 1);
      next.push(steps);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}

/** `did you mean ...?` where something is close, else the few words that are known. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise: string): string {
  const meant = closest(word, candidates);
  return meant === undefined ? otherwise : `did you mean \`${meant}\`?`;
}

const quotedMax = 60;
/** User input inside a message: in backticks, and never longer than a line. */
export const quote = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return `\`${text.length > quotedMax ? `${text.slice(0, quotedMax)}...` : text}\``;
};
