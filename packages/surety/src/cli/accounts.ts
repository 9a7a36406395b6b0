// Accounts of this system, by name or number; and the folders of a sealer that has one of its own, as root makes them.

import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Config, SealerConfig } from '../config/index.ts';
import { apart, type SealerPlace, together } from '../ledger/sealer-place.ts';
import { CommandError } from './terminal.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Asks `id`, which knows every account that the system does. Throws CommandError. */
export function accountOf(name: string): Account {
  const ask = (what: '-u' | '-g') =>
    Number(execFileSync('id', [what, '--', name], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { name, uid: ask('-u'), gid: ask('-g') };
  } catch {
    // A number without a name is an account too, as in a container.
    if (/^\d+$/.test(name)) return { name, uid: Number(name), gid: Number(name) };
    throw new CommandError(`there is no account \`${name}\``, `useradd --system ${name}`);
  }
}

export const sealerPlace = ({ store, sealer }: Pick<Config, 'store' | 'sealer'>): SealerPlace =>
  sealer === undefined ? together(store) : apart(store, sealer.home);

/** The two accounts that root starts: neither root, and not the same. Throws CommandError. */
export function accountsOf({ user, gatewayUser }: SealerConfig): {
  readonly sealer: Account;
  readonly gateway: Account;
} {
  if (gatewayUser === undefined)
    throw new CommandError(
      'as which account does the gateway run?',
      'set `ledger.gateway-user` in surety.yaml, or start `surety up` and `surety sealer` under their own accounts',
    );
  const [sealer, gateway] = [accountOf(user), accountOf(gatewayUser)];
  if (sealer.uid === gateway.uid || sealer.uid === 0 || gateway.uid === 0)
    throw new CommandError(
      'the sealer and the gateway need two accounts, and neither may be root',
      'set `ledger.sealer-user` and `ledger.gateway-user` in surety.yaml',
    );
  return { sealer, gateway };
}

/**
 * What needs root, once: the store is the gateway's, the sealer's folder its own with the gateway's group, and what
 * an earlier sealer of the gateway's account held is taken over. Gives true if a key was.
 */
export function prepareApart(config: Config, sealer: Account, gateway: Account): boolean {
  const { home, keys } = sealerPlace(config);
  ownFolder(config.store, gateway.uid, gateway.gid, 0o750);
  ownFolder(home, sealer.uid, gateway.gid, 0o750);
  ownFolder(keys, sealer.uid, gateway.gid, 0o700);
  const old = join(config.store, 'keys');
  const taken = takeOver(join(old, 'log.key'), join(keys, 'log.key'), sealer, 0o600);
  if (taken) {
    for (const name of ['head.signed', 'head'])
      takeOver(join(config.store, name), join(home, name), { ...sealer, gid: gateway.gid }, 0o640);
    unlinkSync(join(old, 'log.key'));
  }
  return taken;
}

/**
 * Made, or given by root to its account if root had made it; one of another account is refused. Looked at through the
 * opened folder: the account that owns the one above could put something else in its place meanwhile.
 */
function ownFolder(path: string, uid: number, gid: number, mode: number): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const owner = fstatSync(folder).uid;
    if (owner === uid) return;
    if (owner !== 0)
      throw new CommandError(`\`${path}\` belongs to uid ${owner}, not ${uid}`, `chown ${uid} ${path}`);
    giveContents(path, uid, gid);
    fchownSync(folder, uid, gid);
    fchmodSync(folder, mode);
  } finally {
    closeSync(folder);
  }
}

/**
 * What root made in a store while everything ran as root. Nobody else could reach it, so nothing in it can be somebody
 * else's doing; and a folder of other things, named by a slip in surety.yaml, is left alone.
 */
function giveContents(folder: string, uid: number, gid: number): void {
  const names = readdirSync(folder);
  if (names.length === 0) return;
  if (!names.includes('log.sqlite') || (lstatSync(folder).mode & 0o077) !== 0)
    throw new CommandError(
      `\`${folder}\` is root's, and no store that could be handed over`,
      `chown ${uid} ${folder}`,
    );
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    lchownSync(join(entry.parentPath, entry.name), uid, gid);
}

const smallBytesMax = 64 * 1024;

/** A small file of one account becomes one of another, if there is none yet. */
function takeOver(from: string, to: string, { uid, gid }: Account, mode: number): boolean {
  const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  if (!isThere(from) || isThere(to)) return false;
  const source = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stat = fstatSync(source);
    if (!stat.isFile() || stat.nlink > 1 || stat.size > smallBytesMax)
      throw new CommandError(`\`${from}\` is no file that could be taken over`);
    const target = openSync(to, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      writeSync(target, readFileSync(source));
      fchownSync(target, uid, gid);
      fchmodSync(target, mode);
    } finally {
      closeSync(target);
    }
    return true;
  } finally {
    closeSync(source);
  }
}
