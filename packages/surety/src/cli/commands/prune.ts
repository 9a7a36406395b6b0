// `surety prune`: gives back what the store need not keep, and says what that is. Facts stay: everything folds from the
// first of them on.

import { type Prunable, prunable, prune } from '../../ledger/prune.ts';
import { configOf } from '../store.ts';
import { type Exit, exit, type Terminal } from '../terminal.ts';

interface Asked {
  readonly folder: string;
  readonly entries?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const words: Readonly<Record<Prunable, string>> = {
  leftovers: 'files that a crash or an upgrade left behind',
  outgrown: 'partial tiles of earlier heads',
  entries: 'bundles of facts under the head, which the store holds too',
};

export async function pruneStore(terminal: Terminal, asked: Asked): Promise<Exit> {
  const { entries = false, dryRun = false } = asked;
  const { store } = await configOf(terminal, asked.folder);
  const kinds = prunable.filter((kind) => entries || kind !== 'entries');
  const found = prune(store, kinds, { dryRun });
  if (asked.json === true) terminal.out(JSON.stringify({ dryRun, ...found }));
  else
    for (const kind of kinds) {
      const { files, bytes } = found[kind];
      terminal.out(`${String(files).padStart(8)}  ${megabytes(bytes).padStart(10)}  ${words[kind]}`);
    }
  if (dryRun) terminal.note('nothing was removed');
  terminal.note(
    'facts, their streams and disclosures stay: every decision and verdict folds from the first fact on',
  );
  return exit.ok;
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;
