// The files of private keys: whose each is, who else could open it, and whether it is where it seems to be. Looks at
// names, owners and modes; never into a key.

import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Row, warn } from './row.ts';

export const modeOf = ({ mode }: Stats): string => (mode & 0o777).toString(8).padStart(4, '0');

const compromised = 'if somebody may have read it, rotate it with `--compromised`: docs/keys.md';

/** Whose a key is meant to be: an account by its number, and what people call it. */
export interface Owner {
  readonly uid: number;
  readonly who: string;
}

/** Each `.key` file of a folder, which is this owner's alone. The folder exists. */
export function keysIn(folder: string, owner: Owner): Row[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.key'));
  return names.map((name) => keyFile(`key ${name.slice(0, -4)}`, join(folder, name), owner));
}

/** A private key: a file of its own, under one name, its owner's, and open to nobody else. */
export function keyFile(check: string, path: string, owner?: Owner): Row {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink())
    return fail(
      check,
      `${path} is a link`,
      'put the key itself there: whoever can change the link chooses the key',
    );
  if (!stat.isFile()) return fail(check, `${path} is no file`, `remove it`);
  if (owner !== undefined && stat.uid !== owner.uid)
    return fail(
      check,
      `${path} belongs to uid ${stat.uid}, not to ${owner.who} (uid ${owner.uid})`,
      `chown ${owner.uid} ${path}; and ${compromised}`,
    );
  const found = `${path}, mode ${modeOf(stat)}, uid ${stat.uid}`;
  if ((stat.mode & 0o077) !== 0)
    return fail(check, `${found}: others can read it`, `chmod 600 ${path}; and ${compromised}`);
  if (stat.nlink > 1)
    return warn(
      check,
      `${found}: it has ${stat.nlink} names`,
      `find the others (find / -xdev -samefile ${path}) and remove them`,
    );
  return ok(check, found);
}

/** The log key of a sealer apart, as seen from whoever asks: what is not to be read here cannot be looked at either. */
export function sealerKey(keys: string, owner: Owner): Row[] {
  const self = process.geteuid?.() ?? -1;
  const stat = lstatSync(keys, { throwIfNoEntry: false });
  if (stat === undefined) return [warn('key log', `${keys} is not there`, '`surety sealer` makes it')];
  if (stat.isSymbolicLink()) return [fail('key log', `${keys} is a link`, 'put the folder itself there')];
  if (stat.uid !== owner.uid)
    return [
      fail(
        'key log',
        `${keys} belongs to uid ${stat.uid}, not to ${owner.who} (uid ${owner.uid})`,
        `chown -R ${owner.uid} ${keys}`,
      ),
    ];
  if ((stat.mode & 0o077) !== 0)
    return [fail('key log', `${keys}, mode ${modeOf(stat)}: others can look in`, `chmod 700 ${keys}`)];
  if (self !== 0 && self !== owner.uid) return [unreadable(join(keys, 'log.key'), owner)];
  return keysIn(keys, owner);
}

/** By trying: whatever owners and modes seem to say. */
function unreadable(path: string, { who, uid }: Owner): Row {
  try {
    accessSync(path, constants.R_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES')
      return ok('key log', `${path} cannot be read here: it is ${who}'s alone (uid ${uid})`);
    throw cause;
  }
  return fail(
    'key log',
    `${path} can be read by this account (uid ${process.geteuid?.()})`,
    'see who is in which group, and which access lists the file system has (getfacl)',
  );
}

const beginBytes = 64;

/** Private keys that lie beside surety.yaml, as people leave them there to approve with. */
export function keysBeside(folder: string): Row[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /\.(?:key|pem)$/.test(entry.name))
    .map(({ name }) => name);
  return names
    .filter((name) => isPrivate(join(folder, name)))
    .map((name) => keyFile(`key ${name.replace(/\.[a-z]+$/, '')}`, join(folder, name)));
}

/** By its first line, so that certificates and public keys are left alone. One that cannot be read is out of reach. */
function isPrivate(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const begin = Buffer.alloc(beginBytes);
      readSync(file, begin, 0, beginBytes, 0);
      return /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(begin.toString('latin1'));
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}
