// For tests of the witness: logs with any history one likes, and how one asks.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  consistencyProof,
  fromBase64url,
  leafHash,
  NOTE_ED25519,
  printVerifier,
  signHead,
  signNote,
  subtreeOf,
  toBase64,
  treeRoot,
  verifier,
} from '@surety/proof/records';
import { sha256 } from '../hash.ts';

/** A log with any history one likes: `fork` changes every leaf from there on. */
export function logOf(origin: string, key = generateKeyPairSync('ed25519').privateKey) {
  const publicKey = publicOf(key);
  const leaves = (size: number, fork = size) =>
    Array.from({ length: size }, (_, n) => leafHash(Buffer.from(n < fork ? `${n}` : `fork ${n}`), sha256));
  const head = (size: number, fork?: number): Promise<string> =>
    signHead({ origin, size, root: treeRoot(leaves(size, fork), sha256) }, publicKey, (bytes) =>
      sign(null, bytes, key),
    );
  const proof = (from: number, to: number, fork?: number): string[] =>
    consistencyProof(from, to, subtreeOf(leaves(to, fork), sha256), sha256).map(toBase64);
  const body = async (from: number, to: number, fork?: number): Promise<string> =>
    `${[`old ${from}`, ...proof(from, to, fork)].join('\n')}\n\n${await head(to, fork)}`;
  const own = verifier(origin, NOTE_ED25519, publicKey);
  /** Any text, signed as a head of this log. */
  const signed = (text: string): Promise<string> =>
    signNote(text, origin, publicKey, (bytes) => sign(null, bytes, key));
  return { signed, vkey: printVerifier(own), verifier: own, head, proof, body };
}

const publicOf = (key: KeyObject): Uint8Array => fromBase64url(key.export({ format: 'jwk' }).x as string);

export async function submit(url: string, body: string | Uint8Array<ArrayBuffer>, path = '/add-checkpoint') {
  const response = await fetch(`${url}${path}`, { method: 'POST', body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}
