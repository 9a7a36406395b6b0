// The facts that every log begins with, and those that every process says about itself.
// `log.opened` names the origin and the keys, and commits to the log's salt, which keys the ids of
// actions and the names of subjects. Its disclosure is about nobody and stays.

import { randomBytes } from 'node:crypto';
import { type Body, type Fact, parseFact, type UnknownFact } from '@surety/proof/facts';
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

/** What position 0 says: the name and the keys that the log had first. Throws `corrupt` if it is anything else. */
export function firstOpeningOf(reader: Pick<LogReader, 'read'>): Body<'log.opened'> {
  const first = factAt(reader, 0);
  if (first?.kind === 'log.opened') return first.body;
  throw new LedgerError('corrupt', 'the log does not begin with its opening');
}

/** The log's name and keys as they are now, and its salt. Throws `corrupt` if its facts do not say so. */
export function openingOf(reader: LogReader): Body<'log.opened'> {
  const first = firstOpeningOf(reader);
  if (reader.succeededAt === undefined) return first;
  const { origin, logKey, statementKey } = successionAt(reader, reader.succeededAt);
  return { ...first, origin, logKey, statementKey };
}

/** By which fact, and after what loss, the log goes on under its present name. */
export function successionAt(reader: Pick<LogReader, 'read'>, position: number): Body<'log.succeeded'> {
  const fact = factAt(reader, position);
  if (fact?.kind !== 'log.succeeded')
    throw new LedgerError('corrupt', `fact ${position} is not the beginning of a successor`);
  return fact.body;
}

function factAt(reader: Pick<LogReader, 'read'>, position: number): Fact | UnknownFact | undefined {
  const [entry] = reader.read(position, 1);
  return entry?.position === position ? parseFact(entry.bytes, position) : undefined;
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
