// A witness (C2SP tlog-witness): remembers the last head that it cosigned of each log it knows, and cosigns only one
// that extends it. Run by somebody whom the log's operator does not control, as `surety witness`.

import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { NOTE_COSIGNATURE, printVerifier, type Verifier } from '@surety/proof/records';
import { makeFolder } from '../durable.ts';
import { type Exclusive, takeExclusive } from '../exclusive.ts';
import { ensureKey, type KeyPlace, type SigningKey } from '../keys.ts';
import { askLog } from './asking.ts';
import { WitnessError } from './error.ts';
import { Memory, memoryPath } from './memory.ts';
import { witnessServer } from './serving.ts';

export { WitnessError } from './error.ts';

export interface WitnessPlace {
  /** Of its key and its memory; its owner's alone. */
  readonly folder: string;
  /** In its verifier key. */
  readonly name: string;
  /** The folder was moved by somebody who knows that its memory is the last one. */
  readonly moved: boolean;
}

export interface OpenWitness {
  readonly key: SigningKey;
  readonly vkey: string;
  readonly memory: Memory;
  readonly lock: Exclusive;
}

/**
 * Takes the folder and opens key and memory, making both where there is neither. Throws WitnessError where one is
 * missing or not what it was, LedgerError where another process has the folder or the key is not safe.
 */
export async function openWitness({ folder, name, moved }: WitnessPlace): Promise<OpenWitness> {
  makeFolder(folder, 0o700);
  const lock = takeExclusive(join(folder, 'witness'), 'witness');
  try {
    const place: KeyPlace = { folder, stem: 'witness', name, type: NOTE_COSIGNATURE };
    const hadKey = existsSync(join(folder, 'witness.key'));
    const hadMemory = existsSync(memoryPath(folder));
    if (hadKey && !hadMemory)
      throw new WitnessError('lost', `there is a key in \`${folder}\` and no memory of what it cosigned`);
    // The memory first, for no witness yet: a start that was cut off here is told from a memory that was lost.
    if (!hadMemory) Memory.create(folder, '');
    if (!hadKey && hadMemory) refuseOrphan(folder);
    const key = ensureKey(place);
    const vkey = printVerifier(key.verifier);
    if (Memory.isUnclaimed(folder)) Memory.create(folder, vkey);
    return { key, vkey, lock, memory: await Memory.open(folder, key.verifier, vkey, moved) };
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

/** A memory without its key: making another key would leave those who pin the old one waiting in silence. */
function refuseOrphan(folder: string): void {
  if (!Memory.isUnclaimed(folder))
    throw new WitnessError('lost', `there is a memory in \`${folder}\` and not the key that it belongs to`);
}

/** A log that the witness cosigns, and where its newest head can be read (C2SP tlog-tiles), if it is known. */
export interface WitnessedLog {
  readonly key: Verifier;
  readonly url?: string;
}

export interface RunningWitness {
  readonly port: number;
  /** Resolves when it was stopped; rejects when it must not go on. */
  readonly ended: Promise<void>;
  readonly stop: () => void;
}

export interface RunOptions {
  readonly host: string;
  readonly port: number;
  readonly nowMs: () => number;
  readonly onNote: (note: string) => void;
}

/** Asks the logs what they were given, then serves. Throws WitnessError if one holds a head that is not remembered. */
export async function runWitness(
  { key, memory, lock }: OpenWitness,
  logs: readonly WitnessedLog[],
  { host, port, nowMs, onNote }: RunOptions,
): Promise<RunningWitness> {
  if (!memory.marked)
    onNote('this file system keeps no birth times: a memory restored from a copy would not be noticed here');
  const found = await Promise.all(logs.map((log) => askLog(log, key.verifier, memory, onNote)));
  for (const forgotten of found) if (forgotten !== undefined) throw memory.confess(forgotten);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const keys = logs.map((log) => log.key);
  const server = witnessServer({
    key,
    logs: keys,
    memory,
    nowMs,
    onForgotten: (cause) => close(() => reject(cause)),
  });
  const close = (then: () => void): void => {
    server.close(() => {
      lock.release();
      then();
    });
    server.closeIdleConnections();
  };
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, listening);
  });
  return { port: (server.address() as AddressInfo).port, ended: promise, stop: () => close(resolve) };
}
