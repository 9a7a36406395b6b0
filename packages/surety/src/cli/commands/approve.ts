// `surety key` and `surety approve`: a person signs the exact action that waits, with a key of their own.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Fact, isKind } from '@surety/proof/facts';
import { openCommitments } from '@surety/proof/records';
import { approvalText, majorText } from '@surety/proof/rules';
import { actionId } from '../../logic/logic.ts';
import { type OpenDesk, withDesk } from '../desk.ts';
import { sayValue } from '../narrate.ts';
import { configOf, openStore, type Store } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

/** Makes a key pair; prints the public half as `surety.yaml` wants it. */
export function newKey(terminal: Terminal, file: string): Exit {
  const path = resolve(terminal.cwd, file);
  if (existsSync(path)) throw new CommandError(`\`${file}\` exists`, 'a key is never overwritten: choose another name');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  terminal.out(`ed25519:${rawOf(publicKey).toString('base64')}`);
  terminal.note(`private half in ${file}: keep it; put the line above under \`keys\` of the person in surety.yaml`);
  return exit.ok;
}

const rawOf = (key: ReturnType<typeof createPublicKey>): Buffer =>
  Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');

interface Asked {
  readonly folder: string;
  readonly as?: string;
  readonly key?: string;
  readonly refuse?: boolean;
  readonly json?: boolean;
}

export async function approve(terminal: Terminal, open: OpenDesk, ref: string | undefined, asked: Asked): Promise<Exit> {
  const config = await configOf(terminal, asked.folder);
  const store = openStore(config);
  try {
    if (ref === undefined) return listHolds(terminal, store, asked.json === true);
    const { held, args } = heldOf(store, ref);
    const statement = statementOf(held, args, asked);
    describe(terminal, held, args);
    const signed = signWith(terminal, asked.key, approvalText(statement));
    const answered = await withDesk(config, terminal, open, (desk) => desk.answer({ statement, ...signed }));
    if (asked.json === true) terminal.out(JSON.stringify(answered));
    else terminal.out(`${statement.person} ${asked.refuse === true ? 'refused' : 'approved'} ${ref}`);
    return exit.ok;
  } finally {
    store.close();
  }
}

function heldOf(store: Store, ref: string): { held: Fact<'call.held'>; args: unknown } {
  const row = store.views.database.prepare('SELECT position FROM held WHERE hold = ?').get(ref) as
    | { position: number }
    | undefined;
  if (row === undefined) throw new CommandError(`no call waits under \`${ref}\``, '`surety approve` lists what waits');
  const { fact, find } = store.fact(row.position);
  if (!isKind(fact, 'call.held')) throw new CommandError(`fact ${row.position} is no hold`);
  const opened = openCommitments(fact.body.args, find);
  if (opened.withheld > 0) throw new CommandError('the arguments were erased: nobody can approve what they cannot see');
  return { held: fact, args: opened.value ?? {} };
}

function statementOf({ body, agent, user, case: of }: Fact<'call.held'>, args: unknown, { as, refuse }: Asked) {
  if (as === undefined) throw new CommandError('who approves?', 'pass --as you@example.com', exit.usage);
  return {
    action: actionId(body.tool, args),
    agent: agent ?? '',
    ...(user === undefined ? {} : { user }),
    case: of ?? '',
    rule: body.rule,
    hold: body.hold,
    expires: body.expires,
    function: body.approve.function,
    person: as,
    decision: refuse === true ? ('refuse' as const) : ('approve' as const),
  };
}

function describe(terminal: Terminal, { body, agent, user }: Fact<'call.held'>, args: unknown): void {
  const { money, tool, approve: wanted } = body;
  if (money !== undefined) terminal.note(terminal.paint('bold', `${majorText(money.amountMinor, money.currency)} ${money.currency}`));
  terminal.note(`${agent} wants ${tool} with ${sayValue(args)}${user === undefined ? '' : `, for ${user}`}`);
  terminal.note(`it waits for ${wanted.count} of ${wanted.function}, until ${new Date(body.expires).toISOString()}`);
}

function signWith(terminal: Terminal, file: string | undefined, text: string): { key: string; signature: string } {
  if (file === undefined) throw new CommandError('with which key?', 'pass --key FILE; `surety key` makes one', exit.usage);
  const path = resolve(terminal.cwd, file);
  if (!existsSync(path)) throw new CommandError(`no key at \`${file}\``);
  if ((statSync(path).mode & 0o077) !== 0) throw new CommandError(`\`${file}\` can be read by others`, 'set its mode to 0600');
  const privateKey = createPrivateKey(readFileSync(path));
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new CommandError(`\`${file}\` is no Ed25519 key`);
  const raw = rawOf(createPublicKey(privateKey));
  const key = createHash('sha256').update(raw).digest('base64url');
  return { key, signature: sign(null, Buffer.from(text), privateKey).toString('base64') };
}

function listHolds(terminal: Terminal, store: Store, json: boolean): Exit {
  const rows = store.views.database.prepare('SELECT hold, expires FROM held WHERE answered = 0').all() as {
    hold: string;
    expires: number;
  }[];
  if (json) terminal.out(JSON.stringify(rows));
  else if (rows.length === 0) terminal.out('nothing waits for approval');
  else for (const { hold } of rows) {
    const { held, args } = heldOf(store, hold);
    terminal.out(`${hold}  ${held.body.tool} with ${sayValue(args)}, for ${held.body.approve.function}`);
  }
  return exit.ok;
}
