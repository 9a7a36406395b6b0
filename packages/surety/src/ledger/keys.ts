// Private keys in files: Ed25519, PKCS #8 PEM, readable by their owner alone, the public verifier key
// (C2SP signed-note) beside it. Only the process that signs imports this: the sealer its log key, the
// witness its own. Whoever else needs the public half reads the `.vkey` file.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, linkSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import {
  fromBase64url,
  type KeyType,
  printVerifier,
  type Sign,
  type Verifier,
  verifier,
} from '@surety/proof/records';
import { makeFolder, writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';

export interface SigningKey {
  readonly verifier: Verifier;
  readonly sign: Sign;
}

export interface KeyPlace {
  readonly folder: string;
  /** `<stem>.key` and `<stem>.vkey`. */
  readonly stem: string;
  /** The name in the verifier key: the log's origin, or the witness's name. */
  readonly name: string;
  readonly type: KeyType;
}

/** Reads the key, making it at the first call. Throws if it belongs to another name or others can read it. */
export function ensureKey(place: KeyPlace): SigningKey {
  const path = join(place.folder, `${place.stem}.key`);
  if (!existsSync(path)) makeKey(place.folder, path);
  return readKey(place);
}

/** Throws `missing` if there is none. */
export function readKey({ folder, stem, name, type }: KeyPlace): SigningKey {
  const path = join(folder, `${stem}.key`);
  if (!existsSync(path)) throw new LedgerError('missing', `there is no key \`${path}\``);
  if ((statSync(path).mode & 0o077) !== 0)
    throw new LedgerError('corrupt', `key \`${path}\` can be read by others: set its mode to 0600`);
  const key = createPrivateKey(readFileSync(path));
  if (key.asymmetricKeyType !== 'ed25519') throw new LedgerError('corrupt', `key \`${path}\` is not Ed25519`);
  const own = verifier(name, type, publicBytes(key));
  publish(join(folder, `${stem}.vkey`), printVerifier(own));
  return { verifier: own, sign: (message) => sign(null, message, key) };
}

function publish(path: string, text: string): void {
  const stored = existsSync(path) ? readFileSync(path, 'utf8').trimEnd() : undefined;
  if (stored !== undefined && stored !== text)
    throw new LedgerError('wrong-log', `key \`${path}\` is \`${stored.split('+')[0]}\`'s, or of another key`);
  if (stored === undefined) writeDurable(path, `${text}\n`);
}

function makeKey(folder: string, path: string): void {
  makeFolder(folder, 0o700);
  const { privateKey } = generateKeyPairSync('ed25519');
  const made = `${path}.${process.pid}.new`;
  writeDurable(made, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  try {
    // A link fails if the name exists: of two processes that make a key at once, one wins and both read it.
    linkSync(made, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
  } finally {
    unlinkSync(made);
  }
}

const publicBytes = (key: KeyObject): Uint8Array =>
  fromBase64url(createPublicKey(key).export({ format: 'jwk' }).x as string);
