// A log with keys of its own under a real sealer and a real witness, for the tests of backups.

import { join } from 'node:path';
import { leafHash, parseVerifier, printVerifier, toBase64url, treeRoot } from '@surety/proof/records';
import { sha256 } from './hash.ts';
import { statementKeyPlace } from './key-desk.ts';
import { ensureKey } from './keys.ts';
import type { Log } from './log.ts';
import { endProcesses, startWitness, type WitnessProcess } from './processes.fixture.ts';
import type { RestoreOptions } from './restore.ts';
import { ensureLogKey, type Sealer, startSealer } from './seal.ts';
import { openReader } from './stores/reader.ts';
import { newFolder, optionsFor, refused } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';

export const origin = 'ledger.example/test';
export const second = 'ledger.example/test-2';
export const timeoutMs = 20_000;
const ends: (() => Promise<void>)[] = [];
export async function endAll(): Promise<void> {
  for (const end of ends.splice(0).reverse()) await end();
  await endProcesses();
}

export interface Running {
  readonly store: string;
  readonly witness: WitnessProcess;
  readonly log: Log;
  readonly sealer: Sealer;
  grow(facts: number): Promise<void>;
  stop(): Promise<void>;
}

export const keysOf = async (store: string, name: string) => ({
  logKey: await ensureLogKey(join(store, 'keys'), name),
  statementKey: printVerifier(ensureKey(statementKeyPlace(join(store, 'keys'), name)).verifier),
});

/** A log with keys of its own, cosigned by a witness that knows both names. */
export async function run(
  store = join(newFolder(), 'store'),
  name = origin,
  known?: WitnessProcess,
): Promise<Running> {
  const keys = await keysOf(store, name);
  const witness = known ?? (await startWitness(newFolder(), 'witness.example', [keys.logKey]));
  const log = await openLog({ ...optionsFor(store), origin: name, ...keys });
  const sealer = await startSealer({ folder: store, keys: join(store, 'keys'), witnesses: [witness] });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    await log.close();
    await sealer.stop();
  };
  ends.push(stop);
  const grow = async (facts: number): Promise<void> => {
    for (let at = 0; at < facts; at++)
      await log.append([{ stream: 's', facts: [refused(`${log.size()} ${at}`, ['WzFd', 'WzJd'])] }]);
    await sealer.sealed(log.size(), { timeoutMs });
  };
  return { store, witness, log, sealer, grow, stop };
}

export const asked = { keys: false, at: 1_000, version: '0' };
export const newFile = (): string => join(newFolder(), 'backup');

export const optionsOf = (
  backup: string,
  ...witnesses: readonly { url: string; vkey: string }[]
): RestoreOptions => ({
  ...{ backup, origin, heads: [], clock: () => Date.now(), clockKind: 'system', version: '0' },
  store: join(newFolder(), 'store'),
  witnesses: witnesses.map(({ url, vkey }) => ({ url, key: parseVerifier(vkey) })),
});

export const bytesOf = (store: string): string[] => {
  const reader = openReader(store);
  const all = reader.read(0, reader.size()).map(({ bytes }) => Buffer.from(bytes).toString());
  reader.close();
  return all;
};

export const rootOf = (facts: readonly string[]): string =>
  toBase64url(
    treeRoot(
      facts.map((fact) => leafHash(Buffer.from(fact), sha256)),
      sha256,
    ),
  );
