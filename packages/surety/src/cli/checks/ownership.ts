// Who on this machine could read or write what only Surety may: the store's folder, its keys, its socket; and
// whether the sealer is somebody else than the gateway.

import { existsSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Row, warn } from './row.ts';

const modeOf = ({ mode }: Stats): string => (mode & 0o777).toString(8).padStart(4, '0');
const openToOthers = ({ mode }: Stats): boolean => (mode & 0o077) !== 0;

/** Everything about permissions. The folder exists. */
export function ownership(store: string): Row[] {
  return [
    folderMode('store folder', store),
    ...keys(join(store, 'keys')),
    ...socket(store),
    sealerAccount(store),
  ];
}

function folderMode(check: string, path: string): Row {
  const stat = statSync(path);
  const found = `${path}, mode ${modeOf(stat)}`;
  return openToOthers(stat)
    ? fail(check, `${found}: others can look in`, `chmod 700 ${path}`)
    : ok(check, found);
}

function keys(folder: string): Row[] {
  if (!existsSync(folder)) return [warn('keys', `${folder} is not there`, '`surety up` makes the keys')];
  const files = readdirSync(folder).filter((name) => name.endsWith('.key'));
  const open = files.filter((name) => openToOthers(statSync(join(folder, name))));
  const folderRow = folderMode('keys folder', folder);
  if (open.length === 0)
    return [folderRow, ok('keys', `${files.join(', ') || 'none'}, readable by their owner alone`)];
  const paths = open.map((name) => join(folder, name));
  const remedy = `chmod 600 ${paths.join(' ')}; and if somebody may have read them, start a new log`;
  return [folderRow, fail('keys', `others can read ${open.join(', ')}`, remedy)];
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

/** Apart, whoever takes over the gateway can neither sign a head nor take one back. */
function sealerAccount(store: string): Row {
  const key = statSync(join(store, 'keys', 'log.key'), { throwIfNoEntry: false });
  const log = statSync(join(store, 'log.sqlite'), { throwIfNoEntry: false });
  if (key === undefined || log === undefined)
    return warn('sealer', 'there is no log key yet', '`surety up` makes it');
  return key.uid === log.uid
    ? warn(
        'sealer',
        'the sealer runs under the same account as the gateway',
        'until it has an account of its own, only a witness elsewhere keeps a taken-over gateway from rewriting the log',
      )
    : ok('sealer', `an account of its own (uid ${key.uid}; the gateway's is ${log.uid})`);
}
