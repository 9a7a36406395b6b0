// Private keys in files: PKCS #8 PEM, readable by their owner alone, the public verifier key (C2SP signed-note)
// beside it. Only the process that signs imports this: the sealer its log key, the witness its own. Whoever else
// needs the public half reads the `.vkey` file.
//   <stem>.key   <stem>.vkey   <stem>.next.key while a rotation is under way: not in force until a fact says so

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type Algorithm,
  algorithmOf,
  fromBase64url,
  type KeyType,
  parseVerifier,
  printVerifier,
  type Sign,
  type Verifier,
  verifier,
} from '@surety/proof/records';
import { makeFolder, syncFolder, writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';

export interface SigningKey {
  readonly verifier: Verifier;
  /** The verifier key as text: how facts and trust files name it. */
  readonly vkey: string;
  readonly sign: Sign;
}

export interface KeyPlace {
  readonly folder: string;
  /** `<stem>.key` and `<stem>.vkey`. */
  readonly stem: string;
  /** The name in the verifier key: the log's origin, or the witness's name. */
  readonly name: string;
  readonly type: KeyType;
  /** Where the public half lies, if it is not the folder of the private one. */
  readonly publicFolder?: string;
  /** The log's facts say which key is in force, so another public half of the same name is no mistake. */
  readonly rotates?: boolean;
}

/** How each algorithm's keys are made, told apart, and their public half taken out. */
const forms: Readonly<
  Partial<
    Record<
      Algorithm,
      { readonly make: () => KeyObject; readonly is: string; readonly raw: (key: KeyObject) => Uint8Array }
    >
  >
> = {
  ed25519: {
    make: () => generateKeyPairSync('ed25519').privateKey,
    is: 'ed25519',
    raw: (key) => fromBase64url(createPublicKey(key).export({ format: 'jwk' }).x as string),
  },
};

function formOf({ type, stem }: KeyPlace) {
  const algorithm = algorithmOf({ type });
  const form = forms[algorithm];
  if (form === undefined)
    throw new LedgerError('corrupt', `unknown-algorithm: nothing here signs with ${algorithm} (\`${stem}\`)`);
  return form;
}

/** Reads the key, making it at the first call. Throws if it belongs to another name or others can read it. */
export function ensureKey(place: KeyPlace): SigningKey {
  const path = pathOf(place);
  if (!existsSync(path)) makeKey(place, path);
  return readKey(place);
}

/** Throws `missing` if there is none. */
export function readKey(place: KeyPlace): SigningKey {
  const own = readPrivate(place, pathOf(place));
  const stored = publishedKey(place);
  if (stored === undefined) publishKey(place, own.vkey);
  else if (stored !== own.vkey && !(place.rotates === true && nameOf(stored) === place.name))
    throw new LedgerError(
      'wrong-log',
      `key \`${publicPathOf(place)}\` is \`${nameOf(stored)}\`'s, or of another key`,
    );
  return own;
}

/** The key and, while a rotation is under way, the one that follows it: the facts say which is in force. */
export function readKeys(place: KeyPlace): readonly SigningKey[] {
  const next = nextPathOf(place);
  return [readKey(place), ...(existsSync(next) ? [readPrivate(place, next)] : [])];
}

/** The key that a rotation will hand over to; made at the first call, the same until it is in force. */
export function ensureNextKey(place: KeyPlace): SigningKey {
  const path = nextPathOf(place);
  if (!existsSync(path)) makeKey(place, path);
  return readPrivate(place, path);
}

/**
 * The key that is in force takes the place of the one that was: after this there is one private key again. Also
 * right after a crash at any step of it.
 */
export function settleKeys(place: KeyPlace, inForce: string): void {
  sweep(place.folder);
  const next = nextPathOf(place);
  if (existsSync(next) && readPrivate(place, next).vkey === inForce) {
    renameSync(next, pathOf(place));
    syncFolder(place.folder);
  }
  if (publishedKey(place) !== inForce) publishKey(place, inForce);
}

/** What a process that died while it made a key left behind: a second name or copy of it would outlive a rotation. */
function sweep(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^(?:.*\.key)?\.(\d+)\.(?:new|tmp)$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

export function publishedKey(place: Pick<KeyPlace, 'folder' | 'publicFolder' | 'stem'>): string | undefined {
  const path = publicPathOf(place);
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : undefined;
}

/** Writes the public half where everybody finds it. */
export function publishKey(place: Pick<KeyPlace, 'folder' | 'publicFolder' | 'stem'>, vkey: string): void {
  writeDurable(publicPathOf(place), `${vkey}\n`, { mode: 0o644 });
}

const pathOf = ({ folder, stem }: KeyPlace): string => join(folder, `${stem}.key`);
const nextPathOf = ({ folder, stem }: KeyPlace): string => join(folder, `${stem}.next.key`);
const publicPathOf = ({
  folder,
  publicFolder = folder,
  stem,
}: Pick<KeyPlace, 'folder' | 'publicFolder' | 'stem'>) => join(publicFolder, `${stem}.vkey`);

function nameOf(vkey: string): string {
  try {
    return parseVerifier(vkey).name;
  } catch {
    return vkey.slice(0, 64);
  }
}

function readPrivate(place: KeyPlace, path: string): SigningKey {
  const key = createPrivateKey(readOwn(path));
  const { is, raw } = formOf(place);
  if (key.asymmetricKeyType !== is)
    throw new LedgerError(
      'corrupt',
      `unknown-algorithm: key \`${path}\` is of type ${key.asymmetricKeyType}, not ${is}`,
    );
  const own = verifier(place.name, place.type, raw(key));
  return { verifier: own, vkey: printVerifier(own), sign: (message) => sign(null, message, key) };
}

/**
 * The bytes of a file that is this account's own and no other's: looked at through the opened file, since whoever
 * can write to the folder could put another in its place between two looks.
 */
function readOwn(path: string): Buffer {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new LedgerError('missing', `there is no key \`${path}\``);
    if (code === 'ELOOP')
      throw new LedgerError('corrupt', `key \`${path}\` is a link: put the key itself there`);
    if (code === 'EACCES') throw new LedgerError('missing', `key \`${path}\` belongs to another account`);
    throw cause;
  }
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & 0o077) !== 0)
      throw new LedgerError('corrupt', `key \`${path}\` can be read by others: set its mode to 0600`);
    // Root reads everything: that it can open the file does not make it the one that is meant.
    const own = process.geteuid?.() ?? uid;
    if (uid !== own)
      throw new LedgerError('corrupt', `key \`${path}\` belongs to another account (uid ${uid})`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function makeKey(place: KeyPlace, path: string): void {
  makeFolder(place.folder, 0o700);
  const made = `${path}.${process.pid}.new`;
  writeDurable(made, formOf(place).make().export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    // A link fails if the name exists: of two processes that make a key at once, one wins and both read it.
    linkSync(made, path);
    syncFolder(place.folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  } finally {
    unlinkSync(made);
  }
}
