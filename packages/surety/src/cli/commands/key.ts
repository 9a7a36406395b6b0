// `surety key`: a person's own key to approve with. And how a key file is read again.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Algorithm, onlyFormOf, toBase64 } from '@surety/proof/records';
import { readSmallFile } from '../reading.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Form {
  readonly make: () => { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly is: (key: KeyObject) => boolean;
  readonly raw: (jwk: { readonly x?: string; readonly y?: string }) => Buffer;
  readonly digest: string | null;
}

const half = (text = ''): Buffer => Buffer.from(text, 'base64url');

/** What a person's key may be, by the names that facts use. */
const forms: Readonly<Record<Algorithm, Form>> = {
  ed25519: {
    make: () => generateKeyPairSync('ed25519'),
    is: (key) => key.asymmetricKeyType === 'ed25519',
    raw: ({ x }) => half(x),
    digest: null,
  },
  p256: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    is: (key) => key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
    raw: ({ x, y }) => Buffer.concat([Buffer.of(4), half(x), half(y)]),
    digest: 'sha256',
  },
};
const names = Object.keys(forms) as Algorithm[];

/** Makes a key pair; prints the public half as `surety.yaml` wants it. */
export function newKey(terminal: Terminal, file: string, { alg }: { readonly alg: Algorithm }): Exit {
  const { privateKey, publicKey } = forms[alg].make();
  try {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(resolve(terminal.cwd, file), pem, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new CommandError(`\`${file}\` exists`, 'a key is never overwritten: choose another name');
  }
  terminal.out(publicLine(alg, publicKey));
  terminal.note(`the private half is in ${file}: keep it to yourself`);
  terminal.note('the line above goes under `keys` of the person in surety.yaml, in quotes');
  return exit.ok;
}

const rawOf = (alg: Algorithm, key: KeyObject): Buffer => forms[alg].raw(key.export({ format: 'jwk' }));
const publicLine = (alg: Algorithm, key: KeyObject): string => `${alg}:${rawOf(alg, key).toString('base64')}`;

export interface PersonKey {
  readonly alg: Algorithm;
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
  const alg = names.find((name) => forms[name].is(privateKey));
  if (alg === undefined)
    throw new CommandError(
      `unknown-algorithm: \`${file}\` is a key of type ${typeOf(privateKey)}, not ${names.join(' or ')}`,
      '`surety key FILE` makes one',
    );
  const publicKey = createPublicKey(privateKey);
  const id = createHash('sha256').update(rawOf(alg, publicKey)).digest('base64url');
  return { alg, privateKey, id, line: publicLine(alg, publicKey) };
}

const typeOf = ({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string =>
  details?.namedCurve === undefined ? String(type) : `${type} (${details.namedCurve})`;

/** A signature in base64, in the one form that is accepted. */
export function signWith({ alg, privateKey: key }: PersonKey, text: string): string {
  const made = sign(forms[alg].digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return toBase64(onlyFormOf(alg, made));
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
