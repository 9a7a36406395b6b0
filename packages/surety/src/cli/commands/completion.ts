// `surety completion`: a script for each shell, made from the same table as the help. The scripts run in a
// person's shell at every start: names and texts are quoted, and nothing in them is evaluated.

import type { Command, Option } from 'commander';
import { bash, fish, powershell, zsh } from '../completions.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

/** A command as a shell needs it. */
export interface Completed {
  readonly name: string;
  readonly text: string;
  readonly options: readonly CompletedOption[];
  /** Fixed words for the first argument. */
  readonly words: readonly string[];
  /** The first argument is a file or a folder. */
  readonly files: boolean;
}

export interface CompletedOption {
  readonly flags: readonly string[];
  readonly text: string;
  readonly takes: 'nothing' | 'word' | 'file';
}

const scripts = { bash, zsh, fish, powershell } as const;

export function completion(terminal: Terminal, shell: string, program: Command): Exit {
  // Commander has refused any other word.
  terminal.out(scripts[shell as keyof typeof scripts](commandsOf(program)).trimEnd());
  return exit.ok;
}

export function commandsOf(program: Command): Completed[] {
  const help = program.createHelp();
  return help.visibleCommands(program).map((command) => {
    const [first] = command.registeredArguments;
    const isHelp = command.name() === 'help';
    return {
      name: command.name(),
      text: command.description(),
      options: isHelp ? [] : help.visibleOptions(command).map(optionOf),
      words: isHelp ? help.visibleCommands(program).map((each) => each.name()) : (first?.argChoices ?? []),
      files: first !== undefined && isFile(first.name()),
    };
  });
}

const isFile = (name: string): boolean => ['file', 'folder', 'path', 'proof'].includes(name);

function optionOf({ short, long, description, flags, required, optional }: Option): CompletedOption {
  const value = /<(\w+)>/.exec(flags)?.[1] ?? '';
  const takes = required || optional ? (isFile(value) ? 'file' : 'word') : 'nothing';
  return { flags: [short, long].filter((flag) => flag !== undefined), text: description, takes };
}
