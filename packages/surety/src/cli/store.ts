// Reading a store from a command, whether or not Surety is running on it.

import { type Fact, isKind, parseFact, type UnknownFact } from '@surety/proof/facts';
import { byDigest, knownVerifiers, type OpenedHead } from '@surety/proof/records';
import { type Config, loadConfig, type Problem, renderProblems } from '../config/index.ts';
import { sha256 } from '../ledger/hash.ts';
import { publishedHead } from '../ledger/published.ts';
import { type OpenedReader, openReader } from '../ledger/stores/reader.ts';
import { openViews, type Views } from '../ledger/views.ts';
import { askFacts } from './asked.ts';
import { containmentFacts } from './contained.ts';
import { declarations, inForceIn } from './in-force.ts';
import { contractFacts } from './pinned.ts';
import { references } from './references.ts';
import { seedFacts } from './seeded.ts';
import { CommandError, type Terminal } from './terminal.ts';

/** The configuration of a folder, or a CommandError after every problem in it was said. */
export async function configOf(
  terminal: Terminal,
  folder: string,
  say: (problems: readonly Problem[]) => void = (problems) =>
    terminal.note(renderProblems(problems, terminal.color)),
): Promise<Config> {
  const loaded = await loadConfig(folder, terminal.env);
  if (loaded.ok) return loaded.config;
  say(loaded.problems);
  const errors = loaded.problems.filter(({ severity }) => severity === 'error').length;
  throw new CommandError(`the configuration has ${errors} ${errors === 1 ? 'error' : 'errors'}`);
}

/** For who acts without the secrets that the configuration takes from the environment, and is given none. */
export function configWithoutSecrets(terminal: Terminal, folder: string): Promise<Config> {
  const env = new Proxy(terminal.env, { get: (own, name) => Reflect.get(own, name) ?? 'not given here' });
  return configOf(Object.create(terminal, { env: { value: env } }) as Terminal, folder);
}

export interface Store {
  readonly reader: OpenedReader;
  readonly views: Views;
  fact(position: number): { fact: Fact | UnknownFact; find: (digest: string) => string | undefined };
  close(): void;
}

/** Throws `LedgerError`: `missing` when nothing has run here yet. */
export function openStore({ store }: Config): Store {
  const reader = openReader(store);
  try {
    const views = openViews(store, reader, [
      references,
      declarations,
      containmentFacts,
      contractFacts,
      askFacts,
      seedFacts,
    ]);
    return {
      reader,
      views,
      fact: (position) => factAt(reader, position),
      close: () => {
        views.close();
        reader.close();
      },
    };
  } catch (cause) {
    reader.close();
    throw cause;
  }
}

/** What is in force in the store of this configuration. */
export function inForceOf(config: Config): ReturnType<typeof inForceIn> {
  const store = openStore(config);
  try {
    return inForceIn(store);
  } finally {
    store.close();
  }
}

function factAt(reader: OpenedReader, position: number): ReturnType<Store['fact']> {
  const [entry] = reader.read(position, 1);
  if (entry === undefined) throw new CommandError(`there is no fact ${position}`);
  const disclosures = reader.disclosures(position, position + 1).map(([, disclosure]) => disclosure);
  const known = byDigest(disclosures, sha256);
  return { fact: parseFact(entry.bytes, position), find: (digest) => known.get(digest) };
}

/** The newest published head of this store, if there is one. Throws if this log's key did not sign it. */
export async function headOf(
  folder: string,
  reader: OpenedReader,
  witnessKeys: readonly string[],
): Promise<OpenedHead | undefined> {
  return (await publishedHead(folder, reader, knownVerifiers(witnessKeys).known))?.head;
}

/** The verdict that was given last on an outcome. */
export function latestVerdict(store: Store, outcome: string): Fact<'verdict.given'> | undefined {
  const newest = 'SELECT max(position) AS position FROM verdict WHERE outcome = ?';
  const found = store.views.database.prepare(newest).get(outcome) as { position: number | null };
  if (found.position === null) return undefined;
  const { fact } = store.fact(found.position);
  return isKind(fact, 'verdict.given') ? fact : undefined;
}
