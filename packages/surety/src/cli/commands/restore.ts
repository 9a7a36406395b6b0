// `surety restore`: a backup, checked, into a store that is empty; under its name if that is shown to be safe, else as a
// successor that says what is lost.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseVerifier } from '@surety/proof/records';
import { clockFrom } from '../../clock.ts';
import type { LedgerError } from '../../ledger/errors.ts';
import { type Restored, restore } from '../../ledger/restore.ts';
import { configOf } from '../store.ts';
import { CommandError, type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly keys?: string;
  readonly keyring?: string;
  readonly head?: readonly string[];
  readonly successor?: boolean;
  readonly complete?: boolean;
  readonly json?: boolean;
}

export async function restoreFrom(
  terminal: Terminal,
  named: string,
  version: string,
  asked: Asked,
): Promise<Exit> {
  const { keys, keyring, head = [], successor = false, complete = false } = asked;
  if (successor && complete)
    throw new CommandError('`--successor` and `--complete` contradict each other', undefined, exit.usage);
  const config = await configOf(terminal, asked.folder);
  const clock = clockFrom(terminal.env);
  const choice = successor ? 'successor' : complete ? 'complete' : undefined;
  const at = (path: string): string => resolve(terminal.cwd, path);
  const restored = await restore({
    backup: at(named),
    store: config.store,
    origin: config.origin,
    witnesses: config.witnesses.map(({ key, url }) => ({ key: parseVerifier(key), url })),
    heads: head.map((file) => readFileSync(at(file), 'utf8')),
    ...(choice === undefined ? {} : { choice }),
    ...(keys === undefined ? {} : { keys: at(keys) }),
    ...(keyring === undefined ? {} : { keyring: at(keyring) }),
    clock: clock.now,
    clockKind: clock.kind,
    version,
  }).catch((cause: LedgerError) => {
    throw told(cause);
  });
  if (asked.json === true) terminal.out(JSON.stringify(shown(restored)));
  else for (const line of lines(restored)) terminal.out(line);
  terminal.note('what was erased after its key ring was copied can be read again: erase it once more');
  return exit.ok;
}

const successorHelp =
  'give it a new `origin` in surety.yaml and restore it with `--successor`: what is lost will be said. With `--head FILE` for each signed head that anybody kept, it says so exactly';

const help: Readonly<Record<string, string>> = {
  superseded: `if you know that nothing was recorded after the backup, say \`--complete\`; else ${successorHelp}`,
  exists: 'move away what is there; a store that still opens needs no restoring',
  'no-keys': `name the folder that holds the keys with \`--keys\`, and the key ring with \`--keyring\`; a successor needs only \`keyring.key\` and the ring`,
  'no-backup': '`surety backup FILE` makes one',
  'same-name': 'change `origin` in surety.yaml, for example to one that ends in -2',
  corrupt: 'this backup does not hold what it should: take another one',
};

function told(cause: LedgerError): Error {
  const remedy = help[cause.code];
  return remedy === undefined ? cause : new CommandError(cause.message, remedy);
}

/** `surety restore --json`: documented in docs/cli.md; members are only ever added. */
const shown = ({ madeAt, succession, ...rest }: Restored) => ({
  ...rest,
  madeAt: new Date(madeAt).toISOString(),
  successorOf: succession?.predecessor ?? null,
  lost: succession?.lost ?? null,
});

function lines({ origin, size, sealedSize, madeAt, succession }: Restored): string[] {
  const from = `${size} facts from a backup of ${new Date(madeAt).toISOString()}, ${sealedSize} of them under its head`;
  if (succession === undefined) return [`${origin} is restored: ${from}`];
  const { predecessor, lost } = succession;
  return [
    `${origin} succeeds ${predecessor}: ${from}`,
    lost === undefined
      ? 'nobody is known to have seen more of it; what came after the backup may be lost'
      : `facts ${lost.from} to ${lost.to - 1} of ${predecessor} are lost: every verdict that they touch says so`,
    'auditors and witnesses need its new keys before they accept its heads',
  ];
}
