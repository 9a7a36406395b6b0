// What the gateway needs of a sealer, whether it starts one itself, under its own account, or one runs apart.

import { chmodSync, existsSync, lstatSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RotationReason } from '@surety/proof/records';
import { LedgerError } from './errors.ts';
import { publishedKey } from './keys.ts';
import {
  ensureLogKey,
  ensureNextLogKey,
  orderLogRotation,
  type Sealer,
  type SealerOptions,
  startSealer,
} from './seal.ts';
import { publicFolder, type SealerPlace, together } from './sealer-place.ts';
import { storeFile } from './stores/wire.ts';
import { watchSealer } from './watched.ts';

export interface SealerSide {
  readonly place: SealerPlace;
  /** The public half of the log key, made at the first call where the key is this account's. */
  logKey(): Promise<string>;
  /** After the log was opened. */
  start(): Promise<Sealer>;
  orderLog(reason: RotationReason): Promise<void>;
  nextLog(): Promise<string>;
}

type SideOptions = Omit<SealerOptions, 'folder' | 'keys'> & {
  readonly store: string;
  readonly origin: string;
};

/** A process that this one starts and ends. It has the same account, and so has whoever takes over the gateway. */
export function ownSealer({ store, origin, ...options }: SideOptions): SealerSide {
  const place = together(store);
  const { folder, keys } = place;
  return {
    place,
    logKey: () => ensureLogKey(keys, origin),
    start: () => startSealer({ ...options, folder, keys }),
    orderLog: (reason) =>
      orderLogRotation({ folder, keys, ...(options.env && { env: options.env }) }, reason),
    nextLog: () => ensureNextLogKey(keys, origin),
  };
}

/** Started at the same moment as the gateway it may still be making its key. */
const keyMsMax = 15_000;
const lookMs = 100;

/** A sealer apart: its key cannot be read here, and nobody here can have it sign but by recording facts. */
export function otherSealer(place: SealerPlace, user: string, options: SideOptions): SealerSide {
  const notHere = (): never => {
    throw new LedgerError('elsewhere', `only the sealer has the log key: ask as its account, \`${user}\``);
  };
  return {
    place,
    logKey: async () => {
      const stored = () => publishedKey({ folder: publicFolder(place), stem: 'log' });
      for (let waitedMs = 0; stored() === undefined && waitedMs < keyMsMax; waitedMs += lookMs)
        await pause(lookMs);
      const vkey = stored();
      if (vkey !== undefined) return vkey;
      throw new LedgerError(
        'elsewhere',
        `there is no log key in \`${place.home}\`: has \`surety sealer\` run as \`${user}\`?`,
      );
    },
    start: () => {
      giveToGroup(place);
      return watchSealer({ ...options, place });
    },
    orderLog: async () => notHere(),
    nextLog: async () => notHere(),
  };
}

/**
 * The sealer reads the store as a member of its group; what it publishes is found in the store as ever. The keys,
 * the views and the socket stay the gateway's alone.
 */
function giveToGroup({ folder, home }: SealerPlace): void {
  chmodSync(folder, 0o750);
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(folder, `${storeFile}${suffix}`);
    if (existsSync(path)) chmodSync(path, 0o640);
  }
  for (const name of ['head', 'tiles']) {
    const path = join(folder, name);
    const there = lstatSync(path, { throwIfNoEntry: false });
    if (there?.isSymbolicLink() === true) continue;
    // Of an earlier sealer of this account: the head was taken over, and tiles are made from the facts.
    rmSync(path, { recursive: true, force: true });
    symlinkSync(join(home, name), path);
  }
  rmSync(join(folder, 'head.signed'), { force: true });
}
