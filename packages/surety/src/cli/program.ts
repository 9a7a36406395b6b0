// The command line: one table, from which help, did-you-mean and completion are made. Every command is
// imported when it runs, so that `--help` stays fast.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { OpenDesk } from './desk.ts';
import { CommandError, type Exit, exit, type Terminal } from './terminal.ts';

export interface Roots {
  readonly openDesk: OpenDesk;
  /** `surety up`: resolves when it has been asked to stop. */
  readonly up: (terminal: Terminal, options: { folder: string; port?: number }) => Promise<Exit>;
  /** `surety demo`: the story of examples/supplier-payments. */
  readonly demo: (terminal: Terminal, options: { once?: boolean; json?: boolean }) => Promise<Exit>;
  readonly version: string;
}

const whole = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('not a whole number');
  return Number(text);
};

/** Runs one command line. Resolves to its exit code; never throws for what a person typed. */
export async function run(argv: readonly string[], terminal: Terminal, roots: Roots): Promise<Exit> {
  let code: Exit = exit.ok;
  const program = build(terminal, roots, (answered) => {
    code = answered;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return failure(error, terminal);
  }
}

function failure(error: unknown, terminal: Terminal): Exit {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.ok : exit.usage;
  const { message } = error as Error;
  terminal.note(`${terminal.paint('red', 'error:')} ${message}`);
  if (error instanceof CommandError) {
    if (error.help !== undefined) terminal.note(`${terminal.paint('cyan', 'help:')} ${error.help}`);
    return error.exit;
  }
  if (terminal.env['SURETY_DEBUG'] !== undefined) terminal.note((error as Error).stack ?? '');
  return exit.error;
}

function build(terminal: Terminal, roots: Roots, done: (code: Exit) => void): Command {
  const { openDesk } = roots;
  const program = new Command('surety')
    .description('How do I prove the outcome is secure? A gateway, a ledger and a verdict for AI agents.')
    .version(roots.version)
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
    .exitOverride()
    .showHelpAfterError('(surety --help lists the commands)')
    .showSuggestionAfterError();
  const folder = () => new Option('-C, --folder <path>', 'folder of surety.yaml').default('.');
  const json = () => new Option('--json', 'print one JSON document on stdout');

  program
    .command('init')
    .argument('[folder]', 'where', '.')
    .description('write a working surety.yaml, a policy and an outcome')
    .action(async (where: string) => done((await import('./commands/init.ts')).init(terminal, where)));
  program
    .command('up')
    .description('run the gateway and the sealer')
    .addOption(folder())
    .option('-p, --port <port>', 'instead of the one in surety.yaml', whole)
    .action(async (options: { folder: string; port?: number }) => done(await roots.up(terminal, options)));
  program
    .command('demo')
    .description('play the story of the supplier payments, with real processes on this machine')
    .option('--once', 'end after the story')
    .addOption(json())
    .action(async (options: { once?: boolean; json?: boolean }) => done(await roots.demo(terminal, options)));
  program
    .command('check')
    .description('check the files; says every problem at once')
    .addOption(folder())
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/look.ts')).check(terminal, options)));
  program
    .command('status')
    .description('outcomes with their latest verdict, and what waits for approval')
    .addOption(folder())
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/look.ts')).status(terminal, options)));
  program
    .command('tail')
    .description('the newest facts, as a person would say them')
    .addOption(folder())
    .addOption(json())
    .option('-n, --lines <n>', 'how many', whole, 20)
    .option('-f, --follow', 'go on as facts come')
    .action(async (options) => done(await (await import('./commands/look.ts')).tail(terminal, options)));
  program
    .command('why')
    .argument('<ref>', 'a call (c-...) or a hold (h-...)')
    .description('everything the ledger says about one call')
    .addOption(folder())
    .addOption(json())
    .action(async (ref: string, options) => done(await (await import('./commands/look.ts')).why(terminal, ref, options)));
  program
    .command('key')
    .argument('<file>', 'where the private half goes')
    .description('make a key to approve with')
    .action(async (file: string) => done((await import('./commands/approve.ts')).newKey(terminal, file)));
  program
    .command('approve')
    .argument('[ref]', 'a hold (h-...); without one, lists what waits')
    .description('approve, or refuse, the exact action that waits')
    .addOption(folder())
    .addOption(json())
    .option('--as <person>', 'who approves')
    .option('--key <file>', 'the private key to sign with')
    .option('--refuse', 'say no')
    .action(async (ref: string | undefined, options) =>
      done(await (await import('./commands/approve.ts')).approve(terminal, openDesk, ref, options)),
    );
  program
    .command('credential')
    .argument('<identity>', 'an agent or an application')
    .description('issue a credential; it is shown once')
    .addOption(folder())
    .addOption(json())
    .option('--days <n>', 'how long it lives', whole, 90)
    .action(async (identity: string, options) =>
      done(await (await import('./commands/credential.ts')).credential(terminal, openDesk, identity, options)),
    );
  for (const [name, description] of [
    ['verdict', 'judge an outcome over a window, from the facts'],
    ['prove', 'the verdict and its proof as one file, to be verified by anyone'],
  ] as const) {
    const command = program
      .command(name)
      .argument('<outcome>')
      .description(description)
      .addOption(folder())
      .addOption(json())
      .option('--day <day>', 'a day in the window, such as 2026-03-02 (default: the newest closed window)');
    if (name === 'prove') command.option('-o, --out <file>', 'where the proof goes');
    command.action(async (outcome: string, options) =>
      done(await (await import('./commands/judge.ts'))[name](terminal, openDesk, outcome, options)),
    );
  }
  program
    .command('verify')
    .argument('<proof>', 'a proof file')
    .description('check a proof offline; needs no store and no network')
    .addOption(json())
    .option('--trust <file>', 'keys that you pin: lines of `log|statement|witness KEY`')
    .option('--head <file>', 'an earlier head that you kept: the log must extend it')
    .action(async (proof: string, options) =>
      done(await (await import('./commands/judge.ts')).verifyProof(terminal, proof, options)),
    );
  program
    .command('doctor')
    .description('check the installation; exits 1 if a check fails')
    .addOption(folder())
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/doctor.ts')).doctor(terminal, options)));
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh, fish or powershell')
    .description('print a completion script')
    .action(async (shell: string) =>
      done((await import('./commands/completion.ts')).completion(terminal, shell, program)),
    );
  return program;
}
