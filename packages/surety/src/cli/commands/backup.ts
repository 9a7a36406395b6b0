// `surety backup`: all that the store holds at one moment, as one file, while Surety runs. Without the private keys unless
// somebody asks for them: who has the log key can sign as this log.

import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { clockFrom } from '../../clock.ts';
import { backUp } from '../../ledger/backup.ts';
import { openReader } from '../../ledger/stores/reader.ts';
import { configOf } from '../store.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';
import { checkPlace } from '../writing.ts';

interface Asked {
  readonly folder: string;
  readonly keys?: boolean;
  readonly json?: boolean;
}

export async function backup(
  terminal: Terminal,
  named: string,
  version: string,
  { folder, keys = false, json }: Asked,
): Promise<Exit> {
  const { store, origin } = await configOf(terminal, folder);
  const at = clockFrom(terminal.env).now();
  const place = resolve(terminal.cwd, named);
  const isFolder = statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) checkPlace(terminal, named);
  const file = isFolder ? join(place, nameOf(origin, at)) : place;
  const reader = openReader(store);
  terminal.note(terminal.paint('dim', `copying ${reader.size()} facts of ${reader.origin}`));
  reader.close();
  const made = await backUp(store, file, { keys, at, version });
  if (json === true) terminal.out(JSON.stringify({ file, ...made }));
  else terminal.out(`${file}: ${made.size} facts of ${made.origin}, ${made.sealedSize} of them under a head`);
  terminal.note(
    `the key ring is ${made.keyring}: it opens what is erased later, so keep it for a short time only`,
  );
  terminal.note(
    keys
      ? `it holds private keys (${made.keys.join(', ')}): whoever has it can sign as this log`
      : `the private keys are not in it, and without them nothing is restored: keep a copy of ${join(store, 'keys')} elsewhere`,
  );
  return exit.ok;
}

/** `acme.example-surety-20260302T090000Z.surety-backup` */
const nameOf = (origin: string, at: number): string =>
  `${origin.replace(/[^A-Za-z0-9.-]/g, '-')}-${new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')}.surety-backup`;
