// What keeps a gateway from starting, in the form of its other lines: whoever reads JSON from a service must not find a
// page for people there.

import type { Problem } from '../config/index.ts';
import { notes, type Say } from '../telemetry/notes.ts';
import { explain } from './explain.ts';
import { CommandError, type Exit, exit, type Terminal } from './terminal.ts';

export const jsonLines = (terminal: Terminal): Say =>
  notes({ form: 'json', level: 'info', now: Date.now, write: (line) => terminal.note(line) });

/** A line for each problem in the files. */
export function sayProblems(problems: readonly Problem[], say: Say): void {
  for (const { severity, file, line, column, problem, remedy } of problems)
    say(severity === 'error' ? 'error' : 'warn', problem, { file, line, column, remedy });
}

/** The error that a command ended with, as one line; gives its exit code. */
export function sayFailure(thrown: unknown, say: Say): Exit {
  const error = explain(thrown);
  const { help, exit: code } = error instanceof CommandError ? error : { help: undefined, exit: exit.error };
  say('error', error.message, { help, exit: code });
  return code;
}

/** A terminal whose notes are such lines: text that somebody wrote for people is one of them. */
export function withJsonNotes(terminal: Terminal): Terminal {
  const say = jsonLines(terminal);
  const note = (text: string) => {
    const [, word = '', rest = text] = /^(?:(error|warning): )?([\s\S]*)$/.exec(text) ?? [];
    say(word === 'error' ? 'error' : word === 'warning' ? 'warn' : 'info', rest);
  };
  return Object.create(terminal, { note: { value: note } }) as Terminal;
}
