// Reading a store from a command, whether or not Surety is running on it.

import { type Fact, parseFact, type UnknownFact } from '@surety/proof/facts';
import { byDigest } from '@surety/proof/records';
import { type Config, loadConfig, renderProblems } from '../config/index.ts';
import { sha256 } from '../ledger/hash.ts';
import { type OpenedReader, openReader } from '../ledger/stores/reader.ts';
import { openViews, type Views } from '../ledger/views.ts';
import { references } from './references.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** The configuration of a folder, or a CommandError that shows every problem in it. */
export async function configOf(terminal: Terminal, folder: string): Promise<Config> {
  const loaded = await loadConfig(folder, terminal.env);
  if (loaded.ok) return loaded.config;
  terminal.note(renderProblems(loaded.problems, terminal.paint('bold', '') !== ''));
  const errors = loaded.problems.filter(({ severity }) => severity === 'error').length;
  throw new CommandError(`the configuration has ${errors} ${errors === 1 ? 'error' : 'errors'}`);
}

export interface Store {
  readonly reader: OpenedReader;
  readonly views: Views;
  fact(position: number): { fact: Fact | UnknownFact; find: (digest: string) => string | undefined };
  close(): void;
}

export function openStore({ store }: Config): Store {
  const reader = openReader(store);
  const views = openViews(store, reader, [references]);
  return {
    reader,
    views,
    fact: (position) => {
      const [entry] = reader.read(position, 1);
      if (entry === undefined) throw new CommandError(`there is no fact ${position}`);
      const known = byDigest(
        reader.disclosures(position, position + 1).map(([, disclosure]) => disclosure),
        sha256,
      );
      return { fact: parseFact(entry.bytes, position), find: (digest) => known.get(digest) };
    },
    close: () => {
      views.close();
      reader.close();
    },
  };
}
