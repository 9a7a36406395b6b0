// Where a sealer reads and writes. Together with the gateway it writes into the store; apart, under an account of
// its own, into a folder of its own, which the gateway can read but for the key.
//   together   <store>/keys/log.key   <store>/keys/log.vkey   <store>/head, head.signed, tiles/
//   apart      <home>/keys/log.key    <home>/log.vkey         <home>/head, head.signed, tiles/

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { NOTE_ED25519 } from '@surety/proof/records';
import { makeFolder } from './durable.ts';
import { LedgerError } from './errors.ts';
import type { KeyPlace } from './keys.ts';

export interface SealerPlace {
  /** The store, which is read. */
  readonly folder: string;
  /** Where heads and tiles go. */
  readonly home: string;
  /** Where the private key lies. */
  readonly keys: string;
}

export const together = (store: string): SealerPlace => ({
  folder: store,
  home: store,
  keys: join(store, 'keys'),
});

export const apart = (store: string, home: string): SealerPlace => ({
  folder: store,
  home,
  keys: join(home, 'keys'),
});

export const isApart = ({ folder, home }: SealerPlace): boolean => folder !== home;

/** Where everybody finds the public half of the log key, and an order to rotate it. */
export const publicFolder = (place: SealerPlace): string => (isApart(place) ? place.home : place.keys);

export const logKeyPlace = (place: SealerPlace, origin: string): KeyPlace => ({
  folder: place.keys,
  publicFolder: publicFolder(place),
  stem: 'log',
  name: origin,
  type: NOTE_ED25519,
  rotates: true,
});

/**
 * Makes the folders of a sealer apart, or makes sure that they are this account's alone to write: whoever could
 * put another head there could have the sealer sign a second history.
 */
export function ownHome({ home, keys }: SealerPlace): void {
  makeFolder(home, 0o750);
  makeFolder(keys, 0o700);
  for (const [folder, allowed] of [
    [home, 0o755],
    [keys, 0o700],
  ] as const) {
    const { mode, uid } = lstatSync(folder);
    const problem = !lstatSync(folder).isDirectory()
      ? 'is no folder'
      : uid !== process.geteuid?.()
        ? `belongs to another account (uid ${uid})`
        : (mode & 0o777 & ~allowed) !== 0
          ? `has mode ${(mode & 0o777).toString(8)}, at most ${allowed.toString(8)} is safe`
          : undefined;
    if (problem !== undefined)
      throw new LedgerError('corrupt', `the sealer's folder \`${folder}\` ${problem}`);
  }
}
