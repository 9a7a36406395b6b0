// Who on this machine could read or write what only Surety may: the store's folder, its keys, its socket; and
// whether the sealer is somebody else than the gateway.

import { existsSync, lstatSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { keysBeside, keysIn, modeOf, sealerKey } from './keys.ts';
import { fail, ok, type Row, warn } from './row.ts';

const openToOthers = ({ mode }: Stats, allowed = 0o700): boolean => (mode & 0o777 & ~allowed) !== 0;

/** A sealer with an account of its own, as surety.yaml names it. */
export interface SealerApart {
  readonly user: string;
  readonly uid: number;
  readonly home: string;
}

interface Installed {
  readonly store: string;
  /** Of surety.yaml. */
  readonly folder: string;
  readonly sealer?: SealerApart | undefined;
}

/** Everything about permissions. The store exists. */
export function ownership({ store, folder, sealer }: Installed): Row[] {
  const gateway = { uid: statSync(store).uid, who: 'the gateway' };
  return [
    // The sealer apart is let in by the group, and nobody else is.
    folderMode('store folder', store, sealer === undefined ? 0o700 : 0o750),
    ...keys(join(store, 'keys'), gateway),
    ...(sealer === undefined ? [sealerTogether(store)] : sealerApart(store, gateway.uid, sealer)),
    ...keysBeside(folder),
    // Where a witness of this folder would have its own.
    ...(existsSync(join(folder, 'witness')) ? keysBeside(join(folder, 'witness')) : []),
    ...socket(store),
  ];
}

function folderMode(check: string, path: string, allowed = 0o700): Row {
  const stat = lstatSync(path);
  const found = `${path}, mode ${modeOf(stat)}`;
  if (stat.isSymbolicLink()) return fail(check, `${path} is a link`, 'put the folder itself there');
  return openToOthers(stat, allowed)
    ? fail(check, `${found}: others can look in`, `chmod ${allowed.toString(8)} ${path}`)
    : ok(check, found);
}

function keys(folder: string, gateway: { readonly uid: number; readonly who: string }): Row[] {
  if (!existsSync(folder)) return [warn('keys', `${folder} is not there`, '`surety up` makes the keys')];
  return [folderMode('keys folder', folder), ...keysIn(folder, gateway)];
}

/** `sun_path` of Linux, without its end. */
const socketPathBytesMax = 107;

function socket(store: string): Row[] {
  const path = join(store, 'admin.sock');
  if (Buffer.byteLength(path) > socketPathBytesMax)
    return [
      fail('admin socket', `${path} is too long for a socket`, 'put the store where its path is shorter'),
    ];
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const found = `${path}, mode ${modeOf(stat)}`;
  return [
    openToOthers(stat)
      ? fail('admin socket', `${found}: other accounts could give orders`, `chmod 600 ${path}`)
      : ok('admin socket', found),
  ];
}

function sealerTogether(store: string): Row {
  return existsSync(join(store, 'keys', 'log.key'))
    ? warn(
        'sealer',
        'the sealer runs under the same account as the gateway',
        'give it one of its own (`ledger.sealer-user`, docs/keys.md): until then only a witness elsewhere keeps a taken-over gateway from rewriting the log',
      )
    : warn('sealer', 'there is no log key yet', '`surety up` makes it');
}

/** Apart, whoever takes over the gateway can neither sign a head nor take one back. */
function sealerApart(store: string, gatewayUid: number, { user, uid, home }: SealerApart): Row[] {
  const owner = { uid, who: user };
  const left = join(store, 'keys', 'log.key');
  const rows: Row[] = [];
  if (uid === gatewayUid)
    rows.push(
      fail(
        'sealer',
        `\`${user}\` is the account of the gateway too (uid ${uid})`,
        'give it an account of its own',
      ),
    );
  if (existsSync(left))
    rows.push(
      fail(
        'key log',
        `${left} is still within reach of the gateway`,
        'start `surety up` once as root, which takes it over; then rotate it',
      ),
    );
  const stat = lstatSync(home, { throwIfNoEntry: false });
  if (stat === undefined)
    return [
      ...rows,
      warn('sealer', `${home} is not there`, '`surety up` as root, or `surety sealer`, makes it'),
    ];
  rows.push(
    stat.uid === uid
      ? folderMode('sealer folder', home, 0o755)
      : fail(
          'sealer folder',
          `${home} belongs to uid ${stat.uid}, not to ${user} (uid ${uid})`,
          `chown -R ${uid} ${home}`,
        ),
    ...sealerKey(join(home, 'keys'), owner),
    running(home, owner),
  );
  return rows;
}

/** The process that says it is the sealer, and whose it is. */
function running(home: string, { uid, who }: { readonly uid: number; readonly who: string }): Row {
  const pid = holderIn(home);
  const process = pid === undefined ? undefined : lstatSync(`/proc/${pid}`, { throwIfNoEntry: false });
  if (process === undefined)
    return warn(
      'sealer',
      `an account of its own (${who}, uid ${uid}); it does not run, or cannot be seen`,
      'start it: `surety sealer`',
    );
  return process.uid === uid
    ? ok('sealer', `an account of its own: process ${pid} runs as ${who} (uid ${uid})`)
    : fail(
        'sealer',
        `process ${pid} runs as uid ${process.uid}, not as ${who} (uid ${uid})`,
        'stop it, and start `surety sealer` as that account',
      );
}

function holderIn(home: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(home, 'sealer.holder'), 'utf8')) as { pid?: unknown };
    return Number.isSafeInteger(pid) ? (pid as number) : undefined;
  } catch {
    return undefined;
  }
}
