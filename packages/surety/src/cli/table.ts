// Every command with its words, in one table, from which help, did-you-mean and completion are made. A command
// is imported when it runs, so that `--help` stays fast.

import type { Algorithm } from '@surety/proof/records';
import { Argument, type Command, Option } from 'commander';
import type { LineFormat, NoteForm, NoteLevel } from '../telemetry/index.ts';
import { type Building, folder, json, several, whole } from './building.ts';
import type { UpOptions } from './roots.ts';
import { addContaining, addCustody, addPasskeys, addPinning } from './table-orders.ts';

export type { Roots } from './roots.ts';

/** As in `proof`; not read from there, so that `--help` loads nothing of it. */
const algorithms = ['ed25519', 'p256'] as const satisfies readonly Algorithm[];
/** As in `telemetry`. */
const noteForms = ['text', 'json'] as const satisfies readonly NoteForm[];
const noteLevels = ['debug', 'info', 'warn', 'error'] as const satisfies readonly NoteLevel[];
const lineFormats = ['jsonl', 'ocsf'] as const satisfies readonly LineFormat[];
export const rotatedKeys = ['log-key', 'statement-key'] as const;
export type RotatedKey = (typeof rotatedKeys)[number];
export const packActions = ['list', 'show', 'bind', 'test'] as const;
type PackAction = (typeof packActions)[number];
/** The folders of `examples` that hold one, in the order of their telling. */
export const stories = ['supplier-payments', 'production-database'] as const;
export type Story = (typeof stories)[number];
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

export function addCommands(building: Building): void {
  addStarting(building);
  addLooking(building);
  addActing(building);
  addPinning(building);
  addPasskeys(building);
  addContaining(building);
  addCustody(building);
  addJudging(building);
  addSharing(building);
  addCaring(building);
}

function addStarting({ program, terminal, roots, done }: Building): void {
  program.commandsGroup('Start:');
  program
    .command('init')
    .argument('[folder]', 'where; made if it is not there', '.')
    .description('write a working surety.yaml, a policy and an outcome')
    .action(async (where: string) => done((await import('./commands/init.ts')).init(terminal, where)));
  program
    .command('check')
    .description('check the files that people write, and say every problem at once')
    .addOption(folder())
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/check.ts')).check(terminal, options)));
  program
    .command('audit')
    .description(
      'say each path to an effect that no checkpoint stops, and what is wrong with the checkpoints',
    )
    .addOption(folder())
    .addOption(json())
    .option('--sarif', 'print SARIF 2.1.0, for readers of code scanning')
    .option('--tests <folder>', 'also write each counterexample there, as a file')
    .option('--replay <folder>', 'instead: play the counterexamples kept there; exits 1 if one is still open')
    .action(async (options) =>
      done(await (await import('./commands/audit.ts')).audit(terminal, roots.version, options)),
    );
  program
    .command('dcr')
    .argument('<file>', 'the graph: events and relations, as JSON')
    .description('say a DCR graph as checkpoints, and what of it none can say')
    .requiredOption('--server <name>', 'the server whose tools its events are')
    .addOption(json())
    .action(async (file: string, options: { server: string; json?: boolean }) =>
      done((await import('./commands/dcr.ts')).dcr(terminal, file, options)),
    );
  program
    .command('pack')
    .addArgument(new Argument('<action>', 'what to do').choices(packActions))
    .argument('[pack]', 'which pack: one of `list`, or the path of a file')
    .description('checkpoints that others wrote and tested: look at them, test them, bind them to your tools')
    .addOption(folder())
    .addOption(json())
    .option('--binding <file>', 'what its actions are called here (default: <pack>.binding.yaml)')
    .option('-o, --out <file>', 'where the outcome is written (default: outcomes/<outcome>.yaml)')
    .action(async (action: PackAction, pack: string | undefined, options) =>
      done((await import('./commands/pack.ts')).pack(terminal, action, pack, options)),
    );
  program
    .command('incident')
    .argument('[name]', 'which; without, all of them are listed')
    .description('play an incident that happened somewhere: what stops it, the verdict with it and without')
    .addOption(json())
    .action(async (name: string | undefined, options: { json?: boolean }) =>
      done(await (await import('./commands/incident.ts')).incident(terminal, roots, name, options)),
    );
  program
    .command('up')
    .description('run the gateway, with the sealer beside it, until it is asked to stop')
    .addOption(folder())
    .option('-p, --port <port>', 'instead of the one in surety.yaml; 0 is any free one', whole(0, 65_535))
    .addOption(new Option('--log <form>', 'of its lines on stderr').choices(noteForms).default('text'))
    .addOption(
      new Option('--log-level <level>', 'the least that is said').choices(noteLevels).default('info'),
    )
    .option('--no-sealer', 'the sealer is started by itself: `surety sealer`')
    .addOption(new Option('--with-parent', 'end when stdin ends').hideHelp())
    .action(async ({ sealer, ...options }: UpOptions & { sealer: boolean }) =>
      done(await (await import('./commands/up.ts')).up(terminal, roots, { ...options, noSealer: !sealer })),
    );
  program
    .command('sealer')
    .description('run the sealer alone, under an account of its own')
    .addOption(folder())
    .addOption(json('print each head as one line of JSON'))
    .addOption(new Option('--with-parent', 'end when stdin ends').hideHelp())
    .action(async (options) => done(await (await import('./commands/sealer.ts')).sealer(terminal, options)));
  program
    .command('connect')
    .argument('[server]', 'one server behind it; without, all of them')
    .description('stand in for an MCP server towards a client that speaks only stdio')
    .option('--url <url>', 'where Surety is (default: $SURETY_URL, else http://127.0.0.1:7300)')
    .action(async (server: string | undefined, options: { url?: string }) =>
      done(await (await import('./commands/connect.ts')).connect(terminal, server, options)),
    );
  program
    .command('witness')
    .description('cosign the heads of ledgers that others run, as long as they only grow')
    .option('--config <file>', 'the file of this witness')
    .option('-C, --folder <path>', 'folder of its key and its memory (default: witness)')
    .option('--name <name>', 'its name, in its verifier key')
    .option('--listen <host:port>', 'where it listens (default: 127.0.0.1:7310)')
    .option('--log <key>', 'a log that it cosigns: `KEY [URL]`; may be given again', several)
    .option('--make-key', 'instead: make the key if there is none, and print its verifier key')
    .option('--moved', 'you moved its folder yourself, and its memory is the last there is')
    .addOption(json('print one JSON line when it is ready'))
    .addOption(new Option('--with-parent', 'end when stdin ends').hideHelp())
    .action(async (options) =>
      done(await (await import('./commands/witness.ts')).witness(terminal, options)),
    );
  program
    .command('demo')
    .addArgument(new Argument('[story]', 'which').choices(stories).default(stories[0]))
    .description('play a story of three days, with real processes on this machine')
    .option('--once', 'end after the story')
    .addOption(json())
    .action(async (story: Story, options: { once?: boolean; json?: boolean }) =>
      done(await roots.demo(terminal, { story, ...options })),
    );
}

function addLooking({ program, terminal, done }: Building): void {
  program.commandsGroup('Look:');
  program
    .command('status')
    .description('each outcome with its latest verdict, and what waits for approval')
    .addOption(folder())
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/status.ts')).status(terminal, options)));
  program
    .command('tail')
    .description('the newest facts, as a person would say them')
    .addOption(folder())
    .addOption(json('print each fact as one line of JSON'))
    .option('-n, --lines <n>', 'how many', whole(0, 1_000_000), 20)
    .option('-f, --follow', 'go on as facts come')
    .action(async (options) => done(await (await import('./commands/look.ts')).tail(terminal, options)));
  program
    .command('why')
    .argument('<ref>', 'a call (c-...) or a hold (h-...); its beginning is enough')
    .description('everything that the ledger says about one call')
    .addOption(folder())
    .addOption(json())
    .action(async (ref: string, options) =>
      done(await (await import('./commands/look.ts')).why(terminal, ref, options)),
    );
}

function addActing({ program, terminal, roots: { openDesk }, done }: Building): void {
  program.commandsGroup('Act:');
  const plain = (name: string) => program.command(name).addOption(folder()).addOption(json());
  program
    .command('key')
    .argument('<file>', 'where the private half goes')
    .description('make a key to approve with; prints its public half')
    .addOption(new Option('--alg <name>', 'what kind of key').choices(algorithms).default('ed25519'))
    .action(async (file: string, options) =>
      done((await import('./commands/key.ts')).newKey(terminal, file, options)),
    );
  program
    .command('approve')
    .argument('[ref]', 'a hold (h-...); without one, lists what waits')
    .description('approve, or refuse, the exact action that waits')
    .addOption(folder())
    .addOption(json())
    .option('--key <file>', 'the private key to sign with')
    .option('--as <person>', 'who approves (default: whose key it is)')
    .option('--refuse', 'say no')
    .option('--reason <text>', 'why not; committed to in the ledger, and shown to people')
    .action(async (ref: string | undefined, options) =>
      done(await (await import('./commands/approve.ts')).approve(terminal, openDesk, ref, options)),
    );
  plain('changes')
    .description('what the files ask for and waits for an owner, with the difference to what is in force')
    .action(async (options) =>
      done(await (await import('./commands/changes.ts')).changes(terminal, options)),
    );
  program
    .command('sign')
    .argument('[change...]', 'changes that wait (d-...); the beginning is enough')
    .description('let a change take force that weakens what your outcome relies on, or refuse it')
    .addOption(folder())
    .addOption(json('print one line of JSON for each'))
    .option('--key <file>', 'the private key to sign with')
    .option('--as <person>', 'who signs (default: whose key it is)')
    .option('--all', 'every change that waits for you')
    .option('--refuse <reason>', 'say no, and why: it stays out until the files ask for something else')
    .action(async (refs: readonly string[], options) =>
      done(await (await import('./commands/changes.ts')).sign(terminal, openDesk, refs, options)),
    );
  plain('reload')
    .description('have a running Surety read its files again, without a call lost')
    .action(async (options) => done(await (await import('./commands/reload.ts')).reload(terminal, options)));
  program
    .command('credential')
    .argument('<identity>', 'an agent or an application')
    .description('issue a credential, shown once; or revoke those there are')
    .addOption(folder())
    .addOption(json())
    .option('--days <n>', 'how long it lives', whole(1, 366), 90)
    .option('--revoke', 'instead: end every credential that it has, at once')
    .action(async (identity: string, options) =>
      done(
        await (await import('./commands/credential.ts')).credential(terminal, openDesk, identity, options),
      ),
    );
  plain('settle')
    .description('look in the records for the effects of calls whose answer was lost')
    .action(async (options) =>
      done(await (await import('./commands/settle.ts')).settle(terminal, openDesk, options)),
    );
}

function addJudging({ program, terminal, roots: { openDesk, openRecord }, done }: Building): void {
  program.commandsGroup('Judge:');
  const about = (command: Command): Command =>
    command
      .argument('<outcome>', 'its id, as in its file')
      .addOption(folder())
      .addOption(json())
      .option('--day <day>', 'a day of the window, such as 2026-03-02 (default: the newest closed window)');
  about(program.command('verdict'))
    .description('judge an outcome over a window, from the facts')
    .action(async (outcome: string, options) =>
      done(await (await import('./commands/judge.ts')).verdict(terminal, openDesk, outcome, options)),
    );
  about(program.command('prove'))
    .description('the verdict, with its proof as one file that anyone can verify')
    .option('-o, --out <file>', 'where the proof goes (default: OUTCOME-DAY.proof.zip)')
    .action(async (outcome: string, options) =>
      done(await (await import('./commands/judge.ts')).prove(terminal, openDesk, outcome, options)),
    );
  program
    .command('verify')
    .argument('<proof>', 'a proof file, a receipt, or released disclosures')
    .description(
      'check a proof, a receipt or released values offline: needs no store, no network, no account',
    )
    .addOption(json())
    .option('--trust <file>', 'a policy: the keys that you pin, and the witnesses that must have cosigned')
    .option('--head <file>', 'an earlier head that you kept: the log must extend it')
    .option('--fact <file>', 'the fact, where a receipt does not carry it')
    .option('--full', 'do it again with engines that are not ours: Cedar, CEL, SQL')
    .option('--extract <record>', 'read your own copy of the record again, and compare each row')
    .option(
      '--sample <count>',
      'draw so many facts by the head and your nonce; with --json, each with its path',
    )
    .option('--nonce <text>', 'what you chose after the head was signed')
    .action(async (proof: string, options) =>
      done(await (await import('./commands/verify.ts')).verifyProof(terminal, openRecord, proof, options)),
    );
}

function addSharing({ program, terminal, done }: Building): void {
  program.commandsGroup('Share:');
  program
    .command('receipt')
    .argument('<position>', 'of a fact, as `surety tail` shows it', whole(0, 999_999_999))
    .description('one fact and what shows, offline, that it stands in the log, as one small file')
    .addOption(folder())
    .addOption(json())
    .option('-o, --out <file>', 'where the receipt goes (default: fact-POSITION.tlog-proof)')
    .option('--bare', 'without the fact: for somebody who has it')
    .action(async (position: number, options) =>
      done(await (await import('./commands/receipt.ts')).receipt(terminal, position, options)),
    );
  program
    .command('export')
    .argument('[folder]', 'the log as files; what is new is added to an earlier export')
    .description('the log as a folder for any web server (C2SP tlog-tiles), or, without one, facts as lines')
    .addOption(folder())
    .addOption(json())
    .addOption(new Option('--format <name>', 'of the lines (default: jsonl)').choices(lineFormats))
    .option('-f, --follow', 'go on as facts come')
    .option('--cursor <file>', 'go on from where this file stands, and keep it')
    .option('--from <position>', 'where to begin if there is no such file yet', whole(0, 999_999_999))
    .option('-o, --out <file>', 'append the lines to a file instead of stdout')
    .action(async (to: string | undefined, options) =>
      done(await (await import('./commands/export.ts')).exportLog(terminal, to, options)),
    );
}

function addCaring({ program, terminal, roots: { openDesk, version }, done }: Building): void {
  program.commandsGroup('Care:');
  program
    .command('seeds')
    .addArgument(new Argument('[action]', 'what to do (default report)').choices(['report', 'plant']))
    .argument('[name]', 'with plant, which of `seeds/` (default any)')
    .description('how often planted requests that ought to be refused were, and how long people took')
    .addOption(folder())
    .addOption(json())
    .action(async (action: string | undefined, name: string | undefined, options) => {
      const { plantSeed, seeds } = await import('./commands/seeds.ts');
      const plants = action === 'plant';
      return done(await (plants ? plantSeed(terminal, openDesk, name, options) : seeds(terminal, options)));
    });
  program
    .command('rotate')
    .addArgument(new Argument('<key>', 'which key').choices(rotatedKeys))
    .description('hand the log key or the statement key over to a new one')
    .addOption(folder())
    .addOption(json())
    .option('--prepare', 'only make the new key and print its public half, to be made known before')
    .option('--compromised', 'somebody else may have the old key: it vouches for nothing any more')
    .action(async (key: RotatedKey, options) =>
      done(await (await import('./commands/rotate.ts')).rotate(terminal, openDesk, key, options)),
    );
  program
    .command('backup')
    .argument('<place>', 'a file that is not there yet, or a folder')
    .description('all that the store holds at this moment, as one file, while Surety runs')
    .addOption(folder())
    .addOption(json())
    .option('--keys', 'put the private keys in it: whoever has it can then sign as this log')
    .action(async (where: string, options) =>
      done(await (await import('./commands/backup.ts')).backup(terminal, where, version, options)),
    );
  program
    .command('restore')
    .argument('<backup>', 'a file that `surety backup` made')
    .description('a backup, checked, into a store that is empty')
    .addOption(folder())
    .addOption(json())
    .option('--keys <folder>', 'where the private keys are, if not in the backup')
    .option('--keyring <file>', 'the key ring, if it is not beside the backup; the newest that there is')
    .option('--head <file>', 'a signed head of this log that somebody kept; may be given again', several)
    .option('--successor', 'go on under the new `origin` in surety.yaml, and say what is lost')
    .option('--complete', 'you know that nothing was recorded after the backup')
    .action(async (file: string, options) =>
      done(await (await import('./commands/restore.ts')).restoreFrom(terminal, file, version, options)),
    );
  program
    .command('doctor')
    .description('check the installation, running or not; exits 1 if a check fails')
    .addOption(folder())
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/doctor.ts')).doctor(terminal, options)));
  program
    .command('prune')
    .description('remove what the store need not keep; facts always stay')
    .addOption(folder())
    .addOption(json())
    .option('--entries', 'also the bundles of facts under the head, which are made again when asked for')
    .option('--dry-run', 'only say what it would be')
    .action(async (options) =>
      done(await (await import('./commands/prune.ts')).pruneStore(terminal, options)),
    );
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which shell reads it').choices(shells))
    .description('print a completion script')
    .action(async (shell: string) =>
      done((await import('./commands/completion.ts')).completion(terminal, shell, program)),
    );
  program.helpCommand('help [command]', 'print help for a command');
}
