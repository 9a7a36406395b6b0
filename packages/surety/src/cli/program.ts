// Runs one command line: what a person typed, to an exit code. Nothing that is typed ends in a stack, and
// what goes wrong below is said with what to do about it.

import { type Argument, Command, CommanderError } from 'commander';
import { explain } from './explain.ts';
import { addCommands, type Roots } from './table.ts';
import { CommandError, type Exit, exit, type Terminal } from './terminal.ts';

export type { Roots } from './table.ts';

/** Runs one command line. Resolves to its exit code; never throws for what a person typed. */
export async function run(argv: readonly string[], terminal: Terminal, roots: Roots): Promise<Exit> {
  let code: Exit = exit.ok;
  const program = newProgram(terminal, roots, (answered) => {
    code = answered;
  });
  try {
    await program.parseAsync(commandFirst(argv), { from: 'user' });
    return code;
  } catch (error) {
    return failure(error, terminal);
  }
}

/** `surety -C folder status`, as hands that know git type it. */
function commandFirst(argv: readonly string[]): string[] {
  const [first, folder, command, ...rest] = argv;
  if ((first !== '-C' && first !== '--folder') || folder === undefined || command === undefined)
    return [...argv];
  return [command, first, folder, ...rest];
}

function failure(thrown: unknown, terminal: Terminal): Exit {
  // Commander has said already what is wrong with the words.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exit.ok : exit.usage;
  const error = explain(thrown);
  const debug = (terminal.env['SURETY_DEBUG'] ?? '') !== '';
  const expected = error instanceof CommandError;
  const cancelled = expected && error.exit === exit.cancelled;
  terminal.note(cancelled ? error.message : `${terminal.paint('red', 'error:')} ${error.message}`);
  const help = expected ? error.help : debug ? undefined : 'SURETY_DEBUG=1 shows where this comes from';
  if (help !== undefined) terminal.note(`${terminal.paint('cyan', 'help:')} ${help}`);
  if (debug) terminal.note((thrown as Error).stack ?? '');
  return expected ? error.exit : exit.error;
}

const wordOf = (argument: Argument): string =>
  argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;

const epilogue = `
Exit codes: 0 ok, 1 error, 2 cancelled, 4 not allowed, 10 violated, 11 unproven, 12 unsound, 64 usage.
Start with: surety demo, or surety init and surety check. Every command: docs/cli.md`;

/** The whole command line. `done` is told the exit code of the command that ran. */
export function newProgram(terminal: Terminal, roots: Roots, done: (code: Exit) => void): Command {
  const program = new Command('surety')
    .description('How do I prove the outcome is secure? A gateway, a ledger and a verdict for AI agents.')
    .version(roots.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
      // Our wording: what was typed stands in backticks.
      outputError: (text, write) =>
        write(text.replace(/^error:/, terminal.paint('red', 'error:')).replace(/'([^'\n]*)'/g, '`$1`')),
    })
    .configureHelp({
      // Every command has options: saying so in each line says nothing.
      subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(wordOf)].join(' '),
    })
    .exitOverride()
    .showHelpAfterError('(add --help to see what is understood)')
    .showSuggestionAfterError()
    .addHelpText('after', epilogue);
  addCommands({ program, terminal, roots, done });
  return program;
}
