// How a story is told: what was asked, what the agent did, what Surety did and why. Progress goes to stderr,
// so that stdout is free for the one JSON line.

const color = process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === '';
const paint = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);

export const say = (line = ''): void => void process.stderr.write(`${line}\n`);
export const indent = (text: string): void => {
  for (const line of text.trimEnd().split('\n')) say(`    ${line}`);
};

export function heading(text: string): void {
  say();
  say(bold(text));
  say(bold('─'.repeat(Math.min(text.length, 78))));
}

export function verdictWord(verdict: string): string {
  const tone = verdict === 'violated' ? red : verdict === 'proven' ? green : yellow;
  return tone(bold(verdict));
}

export const firstLine = (text: string): string => text.split('\n')[0] ?? '';

export interface Shown {
  readonly verdict: string;
  readonly rung: string;
  readonly grade: string;
  readonly figures: {
    readonly effects: number;
    readonly rows: number;
    readonly governed: number;
    readonly elsewhere: number;
    readonly orphans: number;
  };
  readonly questions: readonly {
    readonly question: string;
    readonly verdict: string;
    readonly otherwise?: string;
    readonly reasons: readonly {
      readonly code: string;
      readonly text: string;
      readonly who: readonly string[];
      readonly remedy: string;
    }[];
  }[];
  readonly assumptions: readonly { readonly text: string }[];
}

/**
 * The verdict of a day. A reason that an earlier day already gave is counted, not told again: what is new is
 * what the day was about. The report in the proof holds everything.
 */
export function tellVerdict(shown: Shown, told: Set<string>, record: string): void {
  const { verdict, questions, figures, rung, grade, assumptions } = shown;
  const { rows, governed, elsewhere, orphans } = figures;
  say(`  The day is ${verdictWord(verdict)} (weakest grade ${grade}, completeness ${rung}).`);
  say(
    `  Rows in ${record}: ${rows}, of which ${governed} governed, ${elsewhere} declared elsewhere and ${orphans} accounted for by nothing.`,
  );
  for (const { question, verdict: word, otherwise, reasons } of questions) {
    const fresh = reasons.filter(({ text }) => !told.has(`${question} ${text}`));
    const would = otherwise === undefined || otherwise === word ? '' : ` (otherwise ${otherwise})`;
    const before = reasons.length - fresh.length;
    say(
      `    ${verdictWord(word)} ${question}${dim(would)}${before === 0 ? '' : dim(` for ${before === 1 ? 'a reason' : `${before} reasons`} told before`)}`,
    );
    for (const { code, text, who, remedy } of fresh) {
      told.add(`${question} ${text}`);
      say(`        ${text}`);
      say(dim(`        ${code}; ${who.join(', ') || 'nobody'} can end it: ${remedy}`));
    }
  }
  const assumed = assumptions.map(({ text }) => text).filter((text) => !told.has(text));
  for (const text of assumed) told.add(text);
  if (assumed.length > 0) say(dim(`    Assumed: ${assumed.join('; ')}.`));
}
