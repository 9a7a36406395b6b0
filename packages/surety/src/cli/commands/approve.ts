// `surety approve`: a person signs the exact action that waits, with a key of their own. What the agent asked for
// is shown whole before it is signed: nobody approves what they could not see.

import { declaredAs } from '@surety/proof/changes';
import {
  type ApprovalStatement,
  type Fact,
  isKind,
  type Money,
  money as moneyShape,
} from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import { approvalText, approverOf, functionFor, majorText, personsByAccount } from '@surety/proof/rules';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { actionId } from '../../logic/logic.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { inForceIn } from '../in-force.ts';
import { sayValue } from '../narrate.ts';
import { waitingHolds } from '../references.ts';
import { signerOf } from '../signer.ts';
import { configOf, openStore, type Store } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly as?: string;
  readonly key?: string;
  readonly refuse?: boolean;
  readonly reason?: string;
  readonly json?: boolean;
}

export async function approve(
  terminal: Terminal,
  open: OpenDesk,
  ref: string | undefined,
  asked: Asked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const store = openStore(config);
  try {
    if (ref === undefined) return listHolds(terminal, store, config, asked);
    const { held, args, money } = heldOf(store, ref);
    for (const line of describe(held, args, money)) terminal.note(line);
    const { person, sign } = signerOf(terminal, config, asked);
    const acting = functionOf(store, held, person, clockFrom(terminal.env).now());
    const statement = statementOf(held, args, person, acting, asked);
    const answered = await withDesk(config, terminal, open, (desk) =>
      desk.answer({ statement, ...sign(approvalText(statement)) }),
    );
    if (asked.json === true) terminal.out(JSON.stringify({ ...answered, person: statement.person }));
    else {
      terminal.out(`${statement.person} ${asked.refuse === true ? 'refused' : 'approved'} ${ref}`);
      if (answered.seed !== undefined) for (const line of seedLines(answered.seed)) terminal.out(line);
    }
    return exit.ok;
  } finally {
    store.close();
  }
}

function heldOf(
  store: Store,
  ref: string,
): { held: Fact<'call.held'>; args: unknown; money: Money | undefined } {
  const row = store.views.database.prepare('SELECT position FROM held WHERE hold = ?').get(ref) as
    | { position: number }
    | undefined;
  if (row === undefined)
    throw new CommandError(`no call waits under \`${ref}\``, '`surety approve` lists what waits');
  const { fact, find } = store.fact(row.position);
  if (!isKind(fact, 'call.held')) throw new CommandError(`fact ${row.position} is no hold`);
  const opened = openCommitments(fact.body.args, find);
  if (opened.withheld > 0)
    throw new CommandError('the arguments were erased: nobody can approve what they cannot see');
  const { amount } = fact.body;
  const value = amount === undefined ? undefined : openCommitments(amount, find).value;
  return {
    held: fact,
    args: opened.value ?? {},
    money: value === undefined ? undefined : moneyShape(value, '/amount'),
  };
}

/** The action with every argument in full, each on a line of its own: its values are the agent's choice. */
function describe(
  { body, agent, user }: Fact<'call.held'>,
  args: unknown,
  money: Money | undefined,
): string[] {
  const { tool, approve: wanted, expires } = body;
  const over =
    money === undefined ? '' : ` over ${majorText(money.amountMinor, money.currency)} ${money.currency}`;
  const lines = [
    `${agent} wants ${printable(tool)}${over}${user === undefined ? '' : `, for ${printable(user)}`}`,
  ];
  for (const [name, value] of Object.entries(args as object))
    lines.push(`  ${printable(name)}: ${printable(JSON.stringify(value))}`);
  const people = wanted.count === 1 ? 'one' : String(wanted.count);
  return [...lines, `it waits for ${people} of ${wanted.function}, until ${new Date(expires).toISOString()}`];
}

function seedLines({ seed, caught, because }: { seed: string; caught: boolean; because: string }): string[] {
  return [
    caught
      ? `it was planted to see whether people look (${seed}), and you caught it`
      : `it was planted to see whether people look (${seed}), and ought to have been refused: nothing was sent`,
    printable(because),
  ];
}

/** In which function this person answers now: the one that is asked, or the one that it was handed on to. */
function functionOf(store: Store, { body, time }: Fact<'call.held'>, person: string, at: number): string {
  const people = declaredAs(inForceIn(store).standing, 'person.enrolled');
  const persons = personsByAccount(people);
  const approver = approverOf(person, people, (account) => persons.get(account) ?? account);
  // Where there is none, the gate says why.
  const found = approver && functionFor(body.approve, approver, { at, heldAt: time });
  return found ?? body.approve.function;
}

function statementOf(
  { body, agent, user, case: of }: Fact<'call.held'>,
  args: unknown,
  person: string,
  acting: string,
  { refuse, reason }: Asked,
): ApprovalStatement {
  if (reason !== undefined && refuse !== true)
    throw new CommandError('a reason belongs to a refusal', 'add --refuse', exit.usage);
  return {
    action: actionId(body.tool, args),
    agent: agent ?? '',
    ...(user === undefined ? {} : { user }),
    case: of ?? '',
    rule: body.rule,
    hold: body.hold,
    expires: body.expires,
    function: acting,
    person,
    decision: refuse === true ? 'refuse' : 'approve',
    ...(reason === undefined ? {} : { reason }),
  };
}

function listHolds(terminal: Terminal, store: Store, config: Config, asked: Asked): Exit {
  const { json, key, refuse } = asked;
  if (key !== undefined || refuse === true)
    throw new CommandError('which hold?', '`surety approve` alone lists what waits', exit.usage);
  const waiting = waitingHolds(store.views.database, clockFrom(terminal.env).now());
  const { pages } = config;
  if (json === true) {
    const shown = waiting.map(({ hold, expires, needed, given }) => {
      const { held, args, money } = heldOf(store, hold);
      const { tool, approve: wanted } = held.body;
      const about = { tool, args, agent: held.agent, user: held.user, money, function: wanted.function };
      const page = pages === undefined ? {} : { page: `${pages.url}/approve/${hold}` };
      return { hold, ...page, ...about, expires: new Date(expires).toISOString(), needed, given };
    });
    terminal.out(JSON.stringify(shown));
  } else if (waiting.length === 0) terminal.out('nothing waits for approval');
  else
    for (const { hold } of waiting) {
      terminal.out(listLine(store, hold));
      if (pages !== undefined) terminal.out(`  ${pages.url}/approve/${hold}`);
    }
  return exit.ok;
}

function listLine(store: Store, hold: string): string {
  const { held, args } = heldOf(store, hold);
  return `${hold}  ${printable(held.body.tool)} with ${sayValue(args)}, for ${held.body.approve.function}`;
}
