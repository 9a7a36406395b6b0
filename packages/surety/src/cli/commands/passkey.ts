// `surety passkey`: who is invited to register a passkey, what was registered, and who confirms or ends it. The code of an
// invitation is made here and shown once; what is signed and recorded is its digest.

import { type InForce, type Invitation, passkeyObjection, passkeyText } from '@surety/proof/changes';
import type { PasskeyStatement } from '@surety/proof/facts';
import { clockFrom } from '../../clock.ts';
import type { Config } from '../../config/index.ts';
import { newCode, newInvitation, type PasskeyShown, shownPasskey } from '../../governance/index.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { functionsOf } from '../ordering.ts';
import { type Signer, signerOf } from '../signer.ts';
import { configOf, inForceOf } from '../store.ts';
import { CommandError, type Exit, exit, printable, type Terminal } from '../terminal.ts';

export type PasskeyAction = 'list' | 'invite' | 'confirm' | 'revoke';

export interface PasskeyAsked {
  readonly folder: string;
  readonly key?: string;
  readonly as?: string;
  readonly reason?: string;
  readonly days?: number;
  readonly json?: boolean;
}

const dayMs = 86_400_000;
const daysDefault = 7;

export async function passkey(
  terminal: Terminal,
  open: OpenDesk,
  action: PasskeyAction,
  name: string | undefined,
  asked: PasskeyAsked,
): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const inForce = inForceOf(config);
  const now = clockFrom(terminal.env).now();
  if (action === 'list') return list(terminal, inForce, now, name, asked);
  if (name === undefined) throw new CommandError('which one?', usage[action], exit.usage);
  const signer = signerOf(terminal, config, asked);
  if (action === 'invite') return invite({ terminal, open, config, inForce, now, asked }, name, signer);
  const found = invitationBy(inForce, name);
  const statement =
    action === 'confirm'
      ? confirming(inForce, config, found, { by: signer.person, now })
      : revoking(config, found, { by: signer.person, now, reason: asked.reason });
  if (action === 'confirm') {
    const { fingerprint, origin = '' } = shownPasskey(found, now);
    terminal.note(`it signs for ${printable(found.person)} on ${printable(origin)}`);
    terminal.note(
      `${printable(found.person)} registered ${fingerprint}: confirm it only if they read you the same`,
    );
  }
  const shown = await withDesk(config, terminal, open, (desk) => desk.passkey(signed(signer, statement)));
  if (asked.json === true) terminal.out(JSON.stringify(jsonOf(shown)));
  else
    terminal.out(
      action === 'confirm'
        ? `the passkey of ${printable(shown.person)} signs for them from now on (${shown.invitation})`
        : `${shown.invitation} is revoked: it signs nothing any more`,
    );
  return exit.ok;
}

const usage = {
  invite: 'surety passkey invite PERSON --key FILE',
  confirm: '`surety passkey` lists what waits; surety passkey confirm p-... --key FILE',
  revoke: '`surety passkey` lists them; surety passkey revoke p-... --key FILE --reason TEXT',
} as const;

interface Doing {
  readonly terminal: Terminal;
  readonly open: OpenDesk;
  readonly config: Config;
  readonly inForce: InForce;
  readonly now: number;
  readonly asked: PasskeyAsked;
}

async function invite(
  { terminal, open, config, inForce, now, asked }: Doing,
  person: string,
  signer: Signer,
): Promise<Exit> {
  const { code, digest } = newCode();
  const by = signer.person;
  const statement: PasskeyStatement = {
    ...{ does: 'invite', log: config.origin, invitation: newInvitation(), person, by, at: now },
    function: functionFor(inForce, config, 'invite', { person, by }),
    ...{ code: digest, expires: now + (asked.days ?? daysDefault) * dayMs },
  };
  const shown = await withDesk(config, terminal, open, (desk) => desk.passkey(signed(signer, statement)));
  const { pages } = config;
  if (asked.json === true) {
    const page = pages === undefined ? {} : { page: `${pages.url}/invite/${code}` };
    terminal.out(JSON.stringify({ ...jsonOf(shown), code, ...page }));
    return exit.ok;
  }
  terminal.out(pages === undefined ? code : `${pages.url}/invite/${code}`);
  terminal.note(
    `${printable(person)} registers a passkey with this ${pages === undefined ? 'code' : 'address'}, once, until ${instant(shown.expires)} (${shown.invitation})`,
  );
  terminal.note('give it to them alone, in a way that shows who they are; it is not shown again');
  return exit.ok;
}

function list(
  terminal: Terminal,
  inForce: InForce,
  now: number,
  person: string | undefined,
  { json }: PasskeyAsked,
): Exit {
  const all = inForce.passkeys.all
    .map((each) => shownPasskey(each, now))
    .filter((each) => person === undefined || each.person === person);
  if (json === true) terminal.out(JSON.stringify(all.map(jsonOf)));
  else if (all.length === 0) terminal.out('nobody was invited to register a passkey');
  else for (const each of all) terminal.out(lineOf(each));
  return exit.ok;
}

function lineOf({ invitation, person, by, state, fingerprint, expires, confirmedBy }: PasskeyShown): string {
  const said = {
    invited: `was invited by ${by}, until ${instant(expires)}`,
    registered: `registered ${fingerprint}, invited by ${by}: it waits for somebody to confirm it, until ${instant(expires)}`,
    confirmed: `signs with ${fingerprint}, confirmed by ${confirmedBy}`,
    revoked: `has it no more${fingerprint === undefined ? '' : ` (${fingerprint})`}`,
    expired: `was invited by ${by}; it expired ${instant(expires)}`,
  } as const;
  return printable(`${invitation}  ${person} ${said[state]}`);
}

const instant = (at: number): string => new Date(at).toISOString();
const jsonOf = ({ since, expires, ...shown }: PasskeyShown) => ({
  ...shown,
  since: instant(since),
  expires: instant(expires),
});

const signed = ({ sign }: Signer, statement: PasskeyStatement) => ({
  statement,
  ...sign(passkeyText(statement)),
});

/** The beginning of a name is enough where only one begins so. */
function invitationBy({ passkeys }: InForce, name: string): Invitation {
  const found = passkeys.all.filter(({ invitation }) => invitation.startsWith(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new CommandError(
    `${found.length === 0 ? 'there is no invitation' : 'several invitations begin with'} \`${printable(name)}\``,
    '`surety passkey` lists them',
  );
}

/** The first function in which this person may do it. */
function functionFor(
  { standing }: InForce,
  config: Config,
  does: 'invite' | 'confirm',
  { person, by }: { readonly person: string; readonly by: string },
  invited?: Invitation,
): string {
  const answers = functionsOf(config, by).map((as) => {
    return { as, against: passkeyObjection(standing, does, { person, by, function: as }, invited) };
  });
  const found = answers.find(({ against }) => against === undefined);
  if (found !== undefined) return found.as;
  throw new CommandError(
    `${printable(by)} may not ${does}: ${answers[0]?.against ?? 'they act for no function'}`,
    '`passkeys` in surety.yaml says which functions invite and which confirm',
    exit.unauthenticated,
  );
}

function confirming(
  inForce: InForce,
  config: Config,
  found: Invitation,
  { by, now }: { readonly by: string; readonly now: number },
): PasskeyStatement {
  const { invitation, person, passkey } = found;
  if (passkey === undefined)
    throw new CommandError(`nobody has registered a passkey under \`${invitation}\` yet`, usage.confirm);
  const as = functionFor(inForce, config, 'confirm', { person, by }, found);
  const named = { does: 'confirm', log: config.origin, invitation, person } as const;
  return { ...named, by, function: as, at: now, passkey };
}

function revoking(
  config: Config,
  { invitation, person, function: invited }: Invitation,
  { by, now, reason }: { readonly by: string; readonly now: number; readonly reason: string | undefined },
): PasskeyStatement {
  if (reason === undefined) throw new CommandError('for which reason?', 'pass --reason TEXT', exit.usage);
  const named = { does: 'revoke', log: config.origin, invitation, person, by, at: now, reason } as const;
  if (by === person) return named;
  const own = functionsOf(config, by);
  const { invite = [], confirm = [] } = functionsIn(config);
  const as = [...invite, ...confirm].find((each) => own.includes(each)) ?? own[0] ?? invited;
  return { ...named, function: as };
}

/** As the files say; what is in force decides. */
function functionsIn({ declarations }: Config): { invite?: readonly string[]; confirm?: readonly string[] } {
  for (const each of declarations) if (each.kind === 'passkeys.declared') return each.body;
  return {};
}
