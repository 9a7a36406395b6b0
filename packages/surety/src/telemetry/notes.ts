// What a running gateway says to its operator, line by line: for people, or as JSON. Ids, codes and times; what went
// wrong inside is said by the kind of error and the places in the program, because its message may hold a value.

import { pino } from 'pino';

export const noteForms = ['text', 'json'] as const;
export type NoteForm = (typeof noteForms)[number];

export const noteLevels = ['debug', 'info', 'warn', 'error'] as const;
export type NoteLevel = (typeof noteLevels)[number];

/** Ids, codes and numbers that go with a line. */
export type NoteMembers = Readonly<Record<string, string | number | undefined>>;

export interface NotesOptions {
  readonly form: NoteForm;
  /** The least that is said. */
  readonly level: NoteLevel;
  /** Is given whole lines, without their end. */
  readonly write: (line: string) => void;
  readonly now: () => number;
}

export type Say = (level: NoteLevel, text: string, members?: NoteMembers) => void;

export function notes(options: NotesOptions): Say {
  return options.form === 'json' ? asJson(options) : asText(options);
}

function asJson({ level, write, now }: NotesOptions): Say {
  const logger = pino(
    {
      base: null,
      level,
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(line.trimEnd()) },
  );
  return (at, text, members = {}) => logger[at](members, text);
}

const asText =
  ({ level, write, now }: NotesOptions): Say =>
  (at, text, members = {}) => {
    if (noteLevels.indexOf(at) < noteLevels.indexOf(level)) return;
    const said = Object.entries(members).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    write([new Date(now()).toISOString(), at.padEnd(5), text, ...said].join(' '));
  };

const framesMax = 12;

/** An error by its name, its code and where in the program it came from. */
export function faultMembers(fault: Error): NoteMembers {
  const { code } = fault as { code?: unknown };
  const frames = (fault.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    fault: fault.name,
    code: typeof code === 'string' && /^[\w-]{1,64}$/.test(code) ? code : undefined,
    at: frames
      .slice(0, framesMax)
      .map((line) => line.trim().slice('at '.length))
      .join(' < '),
  };
}
