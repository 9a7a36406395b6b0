// The commands that carry out a person's signed order: stop and let go on, release and erase.

import type { ContainmentScope } from '@surety/proof/facts';
import { Argument, type Command } from 'commander';
import { type Building, folder, json, whole } from './building.ts';
import type { PasskeyAction } from './commands/passkey.ts';
import type { PinAction } from './commands/pins.ts';

/** As in `proof`. */
const scopes = [
  'agent',
  'tool',
  'server',
  'user',
  'outcome',
  'everything',
] as const satisfies readonly ContainmentScope['is'][];

/** What every order takes. */
const ordered = (command: Command): Command =>
  command
    .addOption(folder())
    .addOption(json())
    .option('--reason <text>', 'why; committed to in the ledger')
    .option('--key <file>', 'the private key to sign the order with')
    .option('--as <person>', 'who orders it (default: whose key it is)');

export function addContaining({ program, terminal, roots: { openDesk }, done }: Building): void {
  program.commandsGroup('Stop:');
  ordered(program.command('contain'))
    .addArgument(new Argument('[what]', 'of what kind; without it, lists what is contained').choices(scopes))
    .argument('[name]', 'its name; `everything` has none')
    .description('stop an agent, tool, server, user, outcome or everything, at once')
    .option('--list', 'list what is contained')
    .option('--dry-run', 'say who would be affected, and do nothing')
    .action(async (what: (typeof scopes)[number] | undefined, name: string | undefined, options) =>
      done(await (await import('./commands/contain.ts')).contain(terminal, openDesk, what, name, options)),
    );
  ordered(program.command('lift'))
    .argument('<order>', 'that contained it (o-...), as `surety contain` lists it')
    .description('let what was contained go on')
    .action(async (order: string, options) =>
      done(await (await import('./commands/contain.ts')).lift(terminal, openDesk, order, options)),
    );
  ordered(program.command('drill'))
    .addArgument(new Argument('<what>', 'what to measure').choices(['containment']))
    .description('contain an agent that nobody is, and measure how long that takes')
    .action(async (_: string, options) =>
      done(await (await import('./commands/contain.ts')).drill(terminal, openDesk, options)),
    );
}

const pinActions = ['list', 'show', 'approve', 'revoke'] as const satisfies readonly PinAction[];

export function addPinning({ program, terminal, roots: { openDesk }, done }: Building): void {
  program
    .command('pins')
    .addArgument(new Argument('[action]', 'what to do (default: list)').choices(pinActions).default('list'))
    .argument('[tool...]', 'tools, as `surety pins` lists them')
    .description('what tools say of themselves, who approved it, and what has changed since')
    .addOption(folder())
    .addOption(json())
    .option('--server <name>', 'every tool of this server')
    .option('--all', 'every tool of every server')
    .option('--key <file>', 'the private key to sign with')
    .option('--as <person>', 'who approves (default: whose key it is)')
    .action(async (action: PinAction, tools: readonly string[], options) =>
      done(await (await import('./commands/pins.ts')).pins(terminal, openDesk, action, tools, options)),
    );
}

const passkeyActions = ['list', 'invite', 'confirm', 'revoke'] as const satisfies readonly PasskeyAction[];

export function addPasskeys({ program, terminal, roots: { openDesk }, done }: Building): void {
  program
    .command('passkey')
    .addArgument(
      new Argument('[action]', 'what to do (default: list)').choices(passkeyActions).default('list'),
    )
    .argument('[name]', 'the person to invite or to list, or an invitation (p-...); its beginning is enough')
    .description('invite a person to register a passkey, confirm what they registered, or end it')
    .addOption(folder())
    .addOption(json())
    .option('--key <file>', 'the private key to sign with')
    .option('--as <person>', 'who signs (default: whose key it is)')
    .option('--days <number>', 'how long an invitation lasts (1 to 30, default 7)', whole(1, 30))
    .option('--reason <text>', 'why it is revoked; committed to in the ledger')
    .action(async (action: PasskeyAction, name: string | undefined, options) =>
      done(await (await import('./commands/passkey.ts')).passkey(terminal, openDesk, action, name, options)),
    );
}

export function addCustody({ program, terminal, roots: { openDesk }, done }: Building): void {
  program.commandsGroup('Data:');
  ordered(program.command('disclose'))
    .argument('<what>', 'a call (c-...) or hold (h-...), or a subject such as vendor/V-17')
    .description('release values to somebody, as a file that they can check against the log')
    .option('--to <who>', 'to whom')
    .option('-o, --out <file>', 'where the file goes (default: ORDER.released.json)')
    .option('--dry-run', 'say what would be released')
    .action(async (what: string, options) =>
      done(await (await import('./commands/disclose.ts')).disclose(terminal, openDesk, what, options)),
    );
  ordered(program.command('erase'))
    .argument('<subject>', 'whom the values are about, such as vendor/V-17, case/k-... or person/...')
    .description('destroy what is kept about a subject; facts and proofs stay valid')
    .option('--basis <basis>', 'the legal basis, an identifier such as gdpr-17-1-a')
    .option('--dry-run', 'say what would be erased, and what stands against it')
    .action(async (subject: string, options) =>
      done(await (await import('./commands/erase.ts')).erase(terminal, openDesk, subject, options)),
    );
  ordered(program.command('legal-hold'))
    .argument('[subject]', 'what must not be erased, or `all`; without one, lists what is in force')
    .description('forbid erasing what is about a subject; two people lift it')
    .option('--lift', 'say that it may go: another person must say so too')
    .action(async (subject: string | undefined, options) =>
      done(await (await import('./commands/legal-hold.ts')).legalHold(terminal, openDesk, subject, options)),
    );
}
