// `surety key`: a person's own key to approve with. And how a key file is read again.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSmallFile } from '../reading.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

/** Makes a key pair; prints the public half as `surety.yaml` wants it. */
export function newKey(terminal: Terminal, file: string): Exit {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  try {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(resolve(terminal.cwd, file), pem, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new CommandError(`\`${file}\` exists`, 'a key is never overwritten: choose another name');
  }
  terminal.out(publicLine(publicKey));
  terminal.note(`the private half is in ${file}: keep it to yourself`);
  terminal.note('the line above goes under `keys` of the person in surety.yaml, in quotes');
  return exit.ok;
}

const rawOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');
const publicLine = (key: KeyObject): string => `ed25519:${rawOf(key).toString('base64')}`;

export interface PersonKey {
  readonly privateKey: KeyObject;
  /** SHA-256 of the raw public half: how facts name it. */
  readonly id: string;
  /** As it stands in surety.yaml. */
  readonly line: string;
}

/** Throws CommandError for a file that is no such key, or that others can read. */
export function readPersonKey(terminal: Terminal, file: string): PersonKey {
  const { bytes, mode } = readSmallFile(terminal, file, 'key');
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0');
    throw new CommandError(`\`${file}\` can be read by others (mode ${shown})`, `chmod 600 ${file}`);
  }
  const privateKey = parse(bytes, file);
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new CommandError(`\`${file}\` is no Ed25519 key`, '`surety key FILE` makes one');
  const publicKey = createPublicKey(privateKey);
  const id = createHash('sha256').update(rawOf(publicKey)).digest('base64url');
  return { privateKey, id, line: publicLine(publicKey) };
}

function parse(bytes: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(bytes);
  } catch {
    // OpenSSL's own words say nothing to a person, and might repeat what stands in the file.
    throw new CommandError(
      `\`${file}\` is no private key that can be used`,
      'it must be PEM, without a passphrase',
    );
  }
}
