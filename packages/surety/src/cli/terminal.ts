// Where commands print: results on stdout, everything else on stderr; colour only for a terminal that
// wants it (https://no-color.org). Exit codes are documented in docs/cli.md and never reused.

export const exit = {
  ok: 0,
  error: 1,
  cancelled: 2,
  unauthenticated: 4,
  violated: 10,
  unproven: 11,
  unsound: 12,
  usage: 64,
} as const;
export type Exit = (typeof exit)[keyof typeof exit];

/** Something that the person who typed the command can put right; printed without a stack. */
export class CommandError extends Error {
  readonly exit: Exit;
  readonly help: string | undefined;
  constructor(message: string, help?: string, code: Exit = exit.error) {
    super(message);
    this.name = 'CommandError';
    this.help = help;
    this.exit = code;
  }
}

export interface Terminal {
  /** A line of the result. */
  out(line: string): void;
  /** A line about the work. */
  note(line: string): void;
  readonly paint: Paint;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (tone: Tone, text: string) => string;

const codes: Readonly<Record<Tone, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

export function processTerminal(): Terminal {
  const { NO_COLOR: noColor, FORCE_COLOR: forced, TERM: term } = process.env;
  const wanted = forced !== undefined && forced !== '0';
  const color = (noColor ?? '') === '' && (wanted || (process.stdout.isTTY && term !== 'dumb'));
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
    paint: (tone, text) => (color ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text),
    env: process.env,
    cwd: process.cwd(),
  };
}

/**
 * Text that somebody else chose, made safe to print: control characters could move the cursor, recolour
 * what was printed before or hide a line (CWE-150), and so could marks that reorder text.
 */
export const printable = (text: string): string =>
  text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Exit code of a printed verdict: 12, else 10, else 11, else 0. */
export function exitOf(verdict: string): Exit {
  if (verdict === 'unsound') return exit.unsound;
  if (verdict === 'violated') return exit.violated;
  return verdict === 'unproven' ? exit.unproven : exit.ok;
}
