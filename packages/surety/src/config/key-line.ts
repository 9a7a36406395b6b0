// A public key as a line of `surety.yaml`, and what facts make of it:
//   ed25519:BASE64   p256:BASE64   passkey:ALG:BASE64:CREDENTIAL:ORIGIN
// A passkey's line says where it was made, since it signs for that origin alone.

import { createHash } from 'node:crypto';
import type { PersonKey } from '@surety/proof/facts';
import { isAlgorithm } from '@surety/proof/records';

const raw = '(?:ed25519:[A-Za-z0-9+/_-]{43}|p256:B[A-P][A-Za-z0-9+/_-]{85})=?';
const host = '(?:[a-z0-9-]{1,63}\\.){0,8}[a-z0-9-]{1,63}';
const origin = `(?:https://${host}|http://localhost)(?::[1-9]\\d{0,4})?`;
export const keyPattern = new RegExp(`^(?:${raw}|passkey:${raw}:[A-Za-z0-9_-]{1,1364}:${origin})$`);

/** Throws TypeError for what is no such line. A key's id is the SHA-256 of its raw bytes. */
export function keyOfLine(line: string): PersonKey {
  const isPasskey = line.startsWith('passkey:');
  const [alg = '', written = '', credential = '', ...origin] = (isPasskey ? line.slice(8) : line).split(':');
  if (!isAlgorithm(alg)) throw new TypeError(`unknown-algorithm: \`${alg}\``);
  const bytes = Buffer.from(written, 'base64');
  const id = createHash('sha256').update(bytes).digest('base64url');
  const key = { id, alg, public: bytes.toString('base64') };
  return isPasskey ? { ...key, passkey: { credential, origin: origin.join(':') } } : key;
}

/** The line of a key. */
export const lineOfKey = ({ alg, public: raw, passkey }: PersonKey): string =>
  passkey === undefined ? `${alg}:${raw}` : `passkey:${alg}:${raw}:${passkey.credential}:${passkey.origin}`;
