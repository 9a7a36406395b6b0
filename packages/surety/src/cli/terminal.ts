// Where commands print: results on stdout, everything else on stderr; colour only for a stream that wants it
// (https://no-color.org). Whatever a command forgot, nothing but our own colours reaches a terminal as control.
// Exit codes are documented in docs/cli.md and never reused.

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
  /** True if anything that is painted shows in colour. */
  readonly color: boolean;
  /** Aborted when nobody reads stdout any more (`surety tail -f | head -1`): what never ends should end. */
  readonly unread: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export type Tone = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (tone: Tone, text: string) => string;

const codes: Readonly<Record<Tone, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

type Stream = Pick<NodeJS.WriteStream, 'write' | 'on' | 'isTTY'>;

export function processTerminal(): Terminal {
  const unread = watch(process.stdout, process.stderr);
  return newTerminal(process.stdout, process.stderr, process.env, unread);
}

export function newTerminal(
  stdout: Pick<Stream, 'write' | 'isTTY'>,
  stderr: Pick<Stream, 'write' | 'isTTY'>,
  env: Terminal['env'],
  unread: AbortSignal = new AbortController().signal,
): Terminal {
  const outColor = wantsColor(stdout, env);
  const noteColor = wantsColor(stderr, env);
  const color = outColor || noteColor;
  return {
    out: (line) => {
      if (!unread.aborted) stdout.write(`${harmless(line, outColor)}\n`);
    },
    note: (line) => void stderr.write(`${harmless(line, noteColor)}\n`),
    paint: (tone, text) => (color ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text),
    color,
    unread,
    env,
    cwd: process.cwd(),
  };
}

/** NO_COLOR, if not empty, wins; then FORCE_COLOR (0 or false: never); then whether it is a terminal. */
function wantsColor({ isTTY }: { isTTY?: boolean }, env: Terminal['env']): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTTY === true && env['TERM'] !== 'dumb';
}

/**
 * A reader that goes away is no failure: the command ends as it would have, and what it prints goes nowhere.
 * Anything else that goes wrong with stdout (a full disk) is one: a result that was lost must not look given.
 */
function watch(stdout: Stream, stderr: Stream): AbortSignal {
  const unread = new AbortController();
  stderr.on('error', () => undefined);
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return unread.abort();
    stderr.write(`error: the result cannot be written: ${error.message}\n`);
    process.exit(exit.error);
  });
  return unread.signal;
}

/** Controls, marks that reorder or hide text, halves of characters: CWE-150 and its cousins. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const unprintableOrOwn = new RegExp(`(\\u001b\\[(?:0|1|2|31|32|33|36)m)|${unprintable.source}`, 'gu');

/** As JSON would escape it, so that a value in a JSON document stays the same value. */
const escaped = (mark: string): string =>
  Array.from(
    { length: mark.length },
    (_, at) => `\\u${mark.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('');

/**
 * Text that somebody else chose, made safe to stand within a line: control characters could move the
 * cursor, recolour what was printed before or hide a line, and so could marks that reorder text.
 */
export const printable = (text: string): string => text.replace(unprintable, escaped);

const harmless = (line: string, color: boolean): string =>
  line.replace(unprintableOrOwn, (mark: string, own: string | undefined) => {
    if (own !== undefined) return color ? own : '';
    return mark === '\n' || mark === '\t' ? mark : escaped(mark);
  });

/** Exit code of a printed verdict: 12, else 10, else 11, else 0. */
export function exitOf(verdict: string): Exit {
  if (verdict === 'unsound') return exit.unsound;
  if (verdict === 'violated') return exit.violated;
  return verdict === 'unproven' ? exit.unproven : exit.ok;
}
