// The sealer's rounds: seals what is new, gets it cosigned, rests, until it is told to end; and one round more, so
// that the last facts of whoever told it are under a head.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  openHead,
  parseHead,
  parseNote,
  parseVerifier,
  type RotationReason,
  toBase64,
} from '@surety/proof/records';
import { writeDurable } from './durable.ts';
import { LedgerError } from './errors.ts';
import { takeExclusive } from './exclusive.ts';
import { Unsound } from './growing.ts';
import { KeysOfLog } from './key-history.ts';
import { LogKeys } from './log-keys.ts';
import { signRotation, writeOrder } from './rotating.ts';
import { logKeyPlace, publicFolder, type SealerPlace } from './sealer-place.ts';
import { type Published, Sealing, type WitnessAddress } from './sealing.ts';
import { openReader } from './stores/reader.ts';

const pollMs = 200;
/** Between two heads under load, unless somebody waits for one: each costs files, syncs and a signature a witness. */
const restMs = 100;
/** With more than this still to seal, it goes on at once. */
const backlogFacts = 4_096;
/** While old facts are still being compared: slowly, beside the traffic. */
const sweepMs = 10;
/** A sealer that was just replaced may still be finishing its last head. */
const lockMsMax = 5000;

/** What wakes the sealer before its time, and what ends it. */
export interface Wakes {
  readonly ended: boolean;
  next(waitMs: number): Promise<void>;
}

export interface RoundsOptions {
  readonly witnesses: readonly WitnessAddress[];
  readonly wakes: Wakes;
  readonly onReady: () => void;
  readonly onHead: (head: Published) => void;
}

/** Where a sealer apart says why it ended for good, for the gateway to find. */
const troubleFile = (home: string): string => join(home, 'trouble');

export function troubleIn(home: string): string | undefined {
  const path = troubleFile(home);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

/** Throws `Unsound` when the store is not what was signed, `LedgerError` when it cannot begin. */
export async function sealRounds(place: SealerPlace, options: RoundsOptions): Promise<void> {
  const { home, folder } = place;
  const lock = takeExclusive(join(home, 'sealer'), 'sealer', lockMsMax);
  const store = openReader(folder);
  try {
    await rounds(place, store, options);
  } catch (cause) {
    if (cause instanceof Unsound && home !== folder) writeDurable(troubleFile(home), `${cause.message}\n`);
    throw cause;
  } finally {
    store.close();
    lock.release();
  }
}

async function rounds(
  place: SealerPlace,
  store: ReturnType<typeof openReader>,
  { witnesses, wakes, onReady, onHead }: RoundsOptions,
): Promise<void> {
  const log = new KeysOfLog(store, place.home);
  const keys = new LogKeys(logKeyPlace(place, store.origin), publicFolder(place), log);
  const sealing = new Sealing(place.home, store, keys, witnesses);
  await sealing.restore();
  rmSync(troubleFile(place.home), { force: true });
  onReady();
  for (let last = false; ; last = wakes.ended) {
    const published = await sealing.round(performance.now());
    if (published !== undefined) onHead(published);
    if (last) return;
    if (wakes.ended) continue;
    if (published === undefined) await wakes.next(sealing.sweep() ? sweepMs : pollMs);
    else if (store.size() - published.size < backlogFacts) await wakes.next(restMs);
  }
}

/** Signs an order to rotate the log key after its last head, and leaves it where the gateway finds it. */
export async function orderRotation(place: SealerPlace, reason: RotationReason, at: number): Promise<void> {
  const lock = takeExclusive(join(place.keys, 'rotation'), 'rotation', lockMsMax);
  const store = openReader(place.folder);
  try {
    const log = new KeysOfLog(store, place.home);
    const path = join(place.home, 'head.signed');
    if (!existsSync(path))
      throw new LedgerError('not-sealed', 'there is no head yet that the log key has signed');
    const note = readFileSync(path, 'utf8');
    const { size } = parseHead(parseNote(note).text);
    const { root } = await openHead(note, { log: [parseVerifier(log.at('log', size))], witnesses: [] });
    const keyPlace = logKeyPlace(place, store.origin);
    const head = { size, root: toBase64(root) };
    writeOrder(
      publicFolder(place),
      await signRotation(keyPlace, log.history(), { role: 'log', reason, head, at }),
    );
  } finally {
    store.close();
    lock.release();
  }
}
