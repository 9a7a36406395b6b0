// The facts that every log begins with, and those that every process says about itself.
// `log.opened` names the origin and the keys, and commits to the log's salt, which keys the ids of
// actions and the names of subjects. Its disclosure is about nobody and stays.

import { randomBytes } from 'node:crypto';
import { type Body, parseFact } from '@surety/proof/facts';
import { commit, digestOf, fromBase64url, parseDisclosure, toBase64url } from '@surety/proof/records';
import type { NewFact } from '../facts/index.ts';
import { LedgerError } from './errors.ts';
import { salt, sha256 } from './hash.ts';
import type { LogReader } from './log.ts';
import { logSubject } from './subject.ts';

export interface Keys {
  /** Verifier keys (C2SP signed-note) that this log's heads and statements are signed with. */
  readonly logKey: string;
  readonly statementKey: string;
}

export function logOpened(
  origin: string,
  { logKey, statementKey }: Keys,
): { readonly fact: NewFact; readonly logSalt: Uint8Array } {
  const logSalt = randomBytes(16);
  const { digests, disclosures } = commit(toBase64url(logSalt), salt, sha256);
  const body = { origin, salt: digests, logKey, statementKey };
  return { fact: { kind: 'log.opened', body, disclosures, about: logSubject }, logSalt };
}

/** What position 0 says; throws `corrupt` if it is anything but `log.opened`. */
export function openingOf(reader: LogReader): Body<'log.opened'> {
  const [first] = reader.read(0, 1);
  const fact = first === undefined ? undefined : parseFact(first.bytes, 0);
  if (fact?.kind !== 'log.opened')
    throw new LedgerError('corrupt', 'the log does not begin with its opening');
  return fact.body;
}

/** The 16 bytes that key this log's action ids. Throws `missing` if they are not there. */
export function logSalt(reader: LogReader): Uint8Array {
  const { salt: committed } = openingOf(reader);
  for (const [, disclosure] of reader.disclosures(0, 1)) {
    if (!committed.includes(digestOf(disclosure, sha256))) continue;
    const { pointer, value } = parseDisclosure(disclosure);
    const bytes = pointer === '' && typeof value === 'string' ? fromBase64url(value) : undefined;
    if (bytes?.length === 16) return bytes;
  }
  throw new LedgerError('missing', 'the disclosure of the log salt is not there or does not match');
}

/**
 * How this process follows the one before it. There is one writer at a time, so the last fact is the last
 * word of the last emitter: if that is not `process.stopped`, reads queued in it may never have been recorded.
 */
export function predecessorOf(reader: LogReader): Pick<Body<'process.started'>, 'predecessor' | 'tail'> {
  const size = reader.size();
  const [last] = reader.read(size - 1, 1);
  if (last === undefined) return { tail: 'none' };
  const { kind, emitter } = parseFact(last.bytes, last.position);
  return { predecessor: emitter, tail: kind === 'process.stopped' ? 'clean' : 'may-be-lost' };
}
