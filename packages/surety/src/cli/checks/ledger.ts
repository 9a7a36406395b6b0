// The ledger: does it open, do its newest facts parse, who writes it, and how far is it sealed.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseFact } from '@surety/proof/facts';
import { isReached, type Policy } from '@surety/proof/records';
import type { Config, WitnessConfig } from '../../config/index.ts';
import { successionAt } from '../../ledger/opening.ts';
import { type OpenedReader, openReader } from '../../ledger/stores/reader.ts';
import { headOf } from '../store.ts';
import { attempt, fail, ok, type Row, warn } from './row.ts';

const untouched =
  'change nothing in the store: keep a copy of it, and compare it with a head that a witness cosigned';

/** Opens the log for reading only; several rows. The folder exists. */
export async function ledger(
  store: string,
  { witnesses, quorum }: Pick<Config, 'witnesses' | 'quorum'>,
): Promise<readonly Row[]> {
  if (!existsSync(join(store, 'log.sqlite'))) return [warn('log', 'nothing has run here yet', 'surety up')];
  const reader = openReader(store);
  try {
    const rows = [
      await attempt('log', untouched, () => newestFacts(reader)),
      await attempt('head', untouched, () => head(store, reader, witnesses, quorum?.policy)),
      await attempt('disclosures', restore, () => disclosures(reader)),
      await attempt('succession', untouched, () => succession(reader)),
      await attempt('old copies', 'run doctor under the account of Surety', () => oldCopies(store)),
    ];
    return rows.flat();
  } finally {
    reader.close();
  }
}

const restore = 'put back `keyring` and `keys/keyring.key` from their backups (docs/privacy.md)';

/** The ring and its key are there and belong together: they open the first disclosure of the log. */
function disclosures(reader: OpenedReader): Row {
  if (reader.disclosures(0, 1).length === 0)
    return fail(
      'disclosures',
      'the key ring does not open the log: no disclosure of it can be read',
      restore,
    );
  const unfinished = reader.unfinishedErasures();
  return unfinished === 0
    ? ok('disclosures', 'the key ring opens them')
    : warn(
        'disclosures',
        `${unfinished} erasures are recorded, and their keys may not be destroyed yet`,
        'let `surety up` run, or start it once: it finishes them',
      );
}

/** Nothing to say of a log that has always had its name. */
function succession(reader: OpenedReader): readonly Row[] {
  const { succeededAt: position } = reader;
  if (position === undefined) return [];
  const { predecessor, lost } = successionAt(reader, position);
  const since = `since fact ${position} it succeeds ${predecessor}`;
  return [
    lost === undefined
      ? ok('succession', since)
      : warn(
          'succession',
          `${since}, whose facts ${lost.from} to ${lost.to - 1} are lost`,
          'reconcile the records of that time by hand: every verdict that the loss touches is unproven',
        ),
  ];
}

/** What an upgrade kept holds disclosures as they lay then, and nobody erases anything in it. */
function oldCopies(store: string): readonly Row[] {
  const copies = readdirSync(store).filter((name) => name.startsWith('log.sqlite.format-'));
  return copies.map((name) =>
    warn(
      'old copies',
      `${name} is from before an upgrade`,
      '`surety prune` removes it, once the upgrade has shown itself to be right',
    ),
  );
}

const looked = 1_000;

function newestFacts(reader: OpenedReader): Row {
  const size = reader.size();
  const from = Math.max(0, size - looked);
  let unknown = 0;
  for (const { bytes, position } of reader.read(from, looked))
    if (parseFact(bytes, position).kind === 'unknown') unknown += 1;
  const found = `${reader.origin}, ${size} facts, the newest ${size - from} parse`;
  return unknown === 0
    ? ok('log', found)
    : warn(
        'log',
        `${found}, ${unknown} of a kind that this version does not know`,
        'run the version that wrote them',
      );
}

async function head(
  store: string,
  reader: OpenedReader,
  witnesses: readonly WitnessConfig[],
  quorum: Policy | undefined,
): Promise<Row> {
  const found = await headOf(
    store,
    reader,
    witnesses.map(({ key }) => key),
  );
  // After the head: facts that came meanwhile are lacking, never too many.
  const size = reader.size();
  if (found === undefined)
    return warn(
      'head',
      `no head is signed yet, over ${size} facts`,
      '`surety up` starts the sealer, which signs one',
    );
  const lacks = size - found.size;
  if (lacks < 0) return fail('head', `it is over ${found.size} facts, the log holds ${size}`, untouched);
  const names = found.cosigned.map(({ witness }) => witness);
  const said = `signed over ${found.size} facts, ${lacks === 0 ? 'all there are' : `it lacks ${lacks}`}, cosigned by ${names.join(', ') || 'nobody'}`;
  if (lacks > behindMax)
    return warn('head', said, 'see that the sealer runs: `surety up` says on stderr if it does not');
  const keys = found.cosigned.map(({ key }) => key);
  if (quorum !== undefined && !isReached(quorum, keys))
    return warn(
      'head',
      `${said}: the quorum \`${quorum.quorum}\` is not reached`,
      'see that its witnesses answer; until then a verdict ends at C1',
    );
  return names.length === 0 && witnesses.length > 0
    ? warn('head', said, 'see that a witness answers')
    : ok('head', said);
}

/** What may come in while the sealer works on a batch. */
const behindMax = 1_000;

/** Who holds the writer. Looks before it knocks: to take the lock, however shortly, could stop a start. */
export function writer(store: string): Row {
  const path = join(store, 'writer');
  const holder = holderOf(`${path}.holder`);
  if (holder === undefined) return ok('writer', 'nobody has opened this log for writing yet');
  const who = `process ${holder.pid} (${holder.program})`;
  if (!isAlive(holder.pid)) return ok('writer', `free; ${who} was the last`);
  return isLocked(`${path}.lock`)
    ? ok('writer', `${who} has it`)
    : ok('writer', `free; the last was process ${holder.pid}, whose number another program has now`);
}

function holderOf(path: string): { pid: number; program: string } | undefined {
  if (!existsSync(path)) return undefined;
  const { pid, program } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  // A process id of 0 or below would name a group.
  if (!Number.isSafeInteger(pid) || (pid as number) <= 0) throw new Error(`\`${path}\` names no process`);
  return { pid: pid as number, program: String(program).slice(0, 64) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isLocked(file: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}
