// Restoring a backup into an empty folder: checked first, whole or not at all. If anybody has seen more of the log than
// the backup holds, it must not go on under its name, or that name would have two histories: it goes on as a successor,
// whose first fact commits to what was kept and to the last head that is known, and lists what is lost.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Body, parseFact } from '@surety/proof/facts';
import {
  appendLeaf,
  emptyFrontier,
  eraAt,
  leafHash,
  NOTE_ED25519,
  openHead,
  parseVerifier,
  printVerifier,
  rootOf,
  toBase64url,
  type Verifier,
} from '@surety/proof/records';
import { type Beside, besideIn, checkHeads, ownHead, ringOf } from './backup.ts';
import { makeFolder, syncFolder, writeDurable } from './durable.ts';
import { LedgerError, storeError } from './errors.ts';
import { isAlive } from './exclusive.ts';
import { sha256 } from './hash.ts';
import { statementKeyPlace } from './key-desk.ts';
import { KeysOfLog } from './key-history.ts';
import { ensureKey, readKey } from './keys.ts';
import type { LogReader } from './log.ts';
import { logSalt, predecessorOf } from './opening.ts';
import { ensureLogKey } from './seal.ts';
import { askWitness, type Seen } from './seen.ts';
import { checkIntegrity, copyBeside, place, withDatabase } from './snapshot.ts';
import { type OpenedReader, openReader } from './stores/reader.ts';
import { ringFile, ringKeyFile } from './stores/ring.ts';
import { openLog } from './stores/sqlite.ts';
import { markSuccession } from './stores/succession.ts';
import { copyOf, formatOf, upgradeStore } from './stores/upgrades.ts';
import { storeFile } from './stores/wire.ts';

export interface RestoreOptions {
  readonly backup: string;
  /** The store's folder: absent or empty. */
  readonly store: string;
  /** The origin that the installation declares. */
  readonly origin: string;
  /** Whom to ask what they have seen. */
  readonly witnesses: readonly { readonly key: Verifier; readonly url: string }[];
  /** Signed heads of the log that somebody kept. */
  readonly heads: readonly string[];
  /**
   * `successor`: go on under `origin`, which is new. `complete`: somebody knows that nothing was recorded after the
   * backup. Without a choice it goes on under its name only if its last process had stopped and every witness bears that
   * out.
   */
  readonly choice?: 'successor' | 'complete';
  /** A folder with the private keys, where they are not in the backup. */
  readonly keys?: string;
  /** The key ring, where it is not beside the backup: the newer, the less of what was erased since comes back. */
  readonly keyring?: string;
  readonly clock: () => number;
  readonly clockKind: 'system' | 'injected';
  readonly version: string;
}

export interface Restored {
  readonly origin: string;
  readonly size: number;
  readonly sealedSize: number;
  readonly madeAt: number;
  readonly succession?: Body<'log.succeeded'>;
}

/**
 * Throws `LedgerError`: `exists` (the folder is not empty), `corrupt` or `wrong-log` (the backup does not hold what was
 * signed), `superseded` (it must not go on under its name, or nobody can say that it may), `no-keys`.
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { store } = options;
  if (existsSync(store) && readdirSync(store).length > 0)
    throw new LedgerError('exists', `\`${store}\` is not empty: nothing is restored over a store`);
  // Beside it, and moved there when all of it is right: half a store must not look like one.
  makeFolder(dirname(store));
  const made = join(dirname(store), `.${basename(store)}.${process.pid}.new`);
  removeUnfinished(store);
  mkdirSync(made, { mode: 0o700 });
  try {
    const beside = unpack(options, made);
    const restored = await goOn(made, beside, options);
    rmSync(join(made, 'writer.lock'), { force: true });
    rmSync(join(made, 'writer.holder'), { force: true });
    syncFolder(made);
    if (existsSync(store)) rmdirSync(store);
    renameSync(made, store);
    syncFolder(dirname(store));
    return restored;
  } catch (cause) {
    throw storeError(cause, 'nothing was restored');
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** What a restore that was killed has left: a store, with keys perhaps, that nobody knows of. */
function removeUnfinished(store: string): void {
  const name = `.${basename(store)}.`;
  for (const each of readdirSync(dirname(store))) {
    const pid = each.startsWith(name)
      ? Number(/^(\d+)\.new$/.exec(each.slice(name.length))?.[1])
      : Number.NaN;
    if (pid === process.pid || (Number.isSafeInteger(pid) && !isAlive(pid)))
      rmSync(join(dirname(store), each), { recursive: true, force: true });
  }
}

/** The store out of the backup, in this version's format, without what lay beside it. */
function unpack({ backup: path, keyring = ringOf(path), keys }: RestoreOptions, folder: string): Beside {
  if (!existsSync(path)) throw new LedgerError('no-backup', `there is no backup \`${path}\``);
  const file = join(folder, storeFile);
  const backup = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  let beside: Beside;
  try {
    formatOf(backup, path);
    checkIntegrity(backup, path);
    beside = besideIn(backup, path);
    place(copyBeside(backup, file), file);
  } catch (cause) {
    throw storeError(cause, `\`${path}\` cannot be read`);
  } finally {
    backup.close();
  }
  // From before there were key rings, the upgrade makes one.
  if (existsSync(keyring)) {
    writeDurable(join(folder, ringFile), readFileSync(keyring));
    takeKey(folder, basename(ringKeyFile(folder)), beside, keys);
  }
  withDatabase(file, (database) => {
    // The keys go into files of their own.
    database.exec('PRAGMA secure_delete = ON; DROP TABLE backup');
    const foreign = "SELECT name FROM sqlite_schema WHERE type IN ('trigger', 'view')";
    // What acts on its own when it is written to is nothing of ours.
    if (database.prepare(foreign).all().length > 0)
      throw new LedgerError('corrupt', `\`${path}\` holds what belongs to no store`);
    const found = formatOf(database, file);
    upgradeStore(database, file);
    // The backup is the copy of what was there before.
    rmSync(copyOf(file, found), { force: true });
  });
  if (beside.definitions.size > 0) mkdirSync(join(folder, 'definitions'), { mode: 0o700 });
  for (const [name, bytes] of beside.definitions) writeDurable(join(folder, name), bytes);
  if (!existsSync(join(folder, ringFile)))
    throw new LedgerError('no-keys', `there is no key ring \`${keyring}\`: without one no disclosure opens`);
  return beside;
}

/** Every fact parses, and every stream counts its own: decisions rest on that. Throws `corrupt`. */
function checkStreams(reader: OpenedReader): void {
  const versions = new Map<string, number>();
  const size = reader.size();
  for (let from = 0; from < size; from += pageFacts)
    for (const { bytes, position } of reader.read(from, pageFacts)) {
      const { stream, streamVersion } = parsed(bytes, position);
      const version = versions.get(stream) ?? 0;
      if (streamVersion !== version)
        throw new LedgerError('corrupt', `fact ${position} is not the next of its stream`);
      versions.set(stream, version + 1);
    }
  for (const [stream, version] of versions)
    if (reader.version(stream) !== version)
      throw new LedgerError('corrupt', `the store counts \`${stream}\` otherwise than its facts`);
}

function parsed(bytes: Uint8Array, position: number): ReturnType<typeof parseFact> {
  try {
    return parseFact(bytes, position);
  } catch (cause) {
    throw new LedgerError('corrupt', `fact ${position} is none: ${(cause as Error).message}`);
  }
}

/** What is in the backup, and what is known of the log beyond it. */
interface Situation {
  readonly beside: Beside;
  readonly reader: OpenedReader;
  readonly keys: KeysOfLog;
  readonly origin: string;
  /** Facts in the backup. */
  readonly kept: number;
  readonly sealedSize: number;
  /** Heads that somebody kept, and what witnesses said. */
  readonly seen: readonly { readonly witness?: string; readonly size: number; readonly note?: string }[];
  /** Why nobody can say that this was all. */
  readonly doubts: readonly string[];
}

async function goOn(folder: string, beside: Beside, options: RestoreOptions): Promise<Restored> {
  const reader = openReader(folder);
  try {
    const situation = await understand(beside, reader, options);
    const { kept: size, sealedSize, origin } = situation;
    const described = { size, sealedSize, madeAt: beside.made.at };
    if (options.choice === 'successor') {
      const succession = await succeed(folder, situation, options);
      return { origin: options.origin, ...described, succession };
    }
    mustBeAll(situation, options);
    takeKeys(folder, situation, options);
    for (const [name, note] of beside.heads) writeDurable(join(folder, name), note, { mode: 0o644 });
    return { origin, ...described };
  } finally {
    reader.close();
  }
}

async function understand(beside: Beside, reader: OpenedReader, options: RestoreOptions): Promise<Situation> {
  checkStreams(reader);
  // The log's salt is behind a disclosure: ring and key are those of this store, or nothing here opens.
  logSalt(reader);
  const keys = new KeysOfLog(reader);
  const kept = reader.size();
  const { origin } = eraAt(keys.history(), kept);
  const given = await Promise.all(
    options.heads.map(async (note) => ({ note, size: (await ownHead(note, keys)).size })),
  );
  const asked = await askAll(options, beside, origin, keys, kept);
  const seen = [...given, ...asked.answers];
  // Whatever anybody saw within what was kept must be what was kept.
  const within = seen.flatMap(({ note, size }) => (note !== undefined && size <= kept ? [note] : []));
  await checkHeads(reader, within);
  const newest = await checkHeads(reader, [...beside.heads.values()]);
  const { tail } = predecessorOf(reader);
  const running = `\`${origin}\` was being written when the backup was made: what came after is not in it`;
  return {
    ...{ beside, reader, keys, origin, kept, seen, sealedSize: newest?.size ?? 0 },
    doubts: [...(tail === 'clean' ? [] : [running]), ...asked.doubts],
  };
}

async function askAll(
  { witnesses }: RestoreOptions,
  { heads }: Beside,
  origin: string,
  keysOfLog: KeysOfLog,
  kept: number,
): Promise<{ answers: readonly Seen[]; doubts: readonly string[] }> {
  const log = parseVerifier(keysOfLog.at('log', kept));
  const note = heads.get('head.signed');
  const own = note === undefined ? undefined : { note, size: (await ownHead(note, keysOfLog)).size };
  const asked = await Promise.allSettled(witnesses.map((witness) => askWitness(witness, log, own)));
  const answers = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const silent = asked.flatMap((each) =>
    each.status === 'rejected' ? [(each.reason as Error).message] : [],
  );
  const published = heads.get('head');
  const keys = { log: [log], witnesses: witnesses.map(({ key }) => key) };
  const cosigned = published === undefined ? undefined : await openHead(published, keys);
  const forgetful = answers.filter(
    ({ witness, size }) =>
      size === 0 || cosigned?.cosigned.some((each) => each.witness === witness && cosigned.size > size),
  );
  const doubts = [
    ...silent,
    ...forgetful.map(({ witness }) => `the witness ${witness} does not know this log, or has forgotten it`),
    ...(witnesses.length === 0
      ? [`no witness could say whether \`${origin}\` went on after this backup`]
      : []),
  ];
  return { answers, doubts };
}

/** Throws `superseded` unless the log may go on under its name. */
function mustBeAll({ origin, kept, seen, doubts }: Situation, options: RestoreOptions): void {
  const known = Math.max(0, ...seen.map(({ size }) => size));
  if (known > kept)
    throw new LedgerError(
      'superseded',
      `the backup holds ${kept} facts, and ${known} were seen of \`${origin}\`: it cannot go on under this name`,
    );
  if (options.origin !== origin)
    throw new LedgerError(
      'wrong-log',
      `the backup is of \`${origin}\`, the files declare \`${options.origin}\``,
    );
  const [doubt] = options.choice === 'complete' ? [] : doubts;
  if (doubt !== undefined) throw new LedgerError('superseded', doubt);
}

/** Puts the keys that sign in their place; throws `no-keys` if one is not there, `wrong-log` if it is another's. */
function takeKeys(
  folder: string,
  { beside, keys: keysOfLog, kept, origin }: Situation,
  { keys }: RestoreOptions,
): void {
  // As they are now: either may have been handed over since the log was opened.
  const logKey = keysOfLog.at('log', kept);
  const statementKey = keysOfLog.at('statement', kept);
  const own = join(folder, 'keys');
  const logPlace = { folder: own, stem: 'log', name: origin, type: NOTE_ED25519 } as const;
  for (const [at, verifier] of [
    [logPlace, logKey],
    [statementKeyPlace(own, origin), statementKey],
  ] as const) {
    takeKey(folder, `${at.stem}.key`, beside, keys);
    writeDurable(join(own, `${at.stem}.vkey`), `${verifier}\n`, { mode: 0o644 });
    readKey(at);
  }
}

/** From the folder that somebody named, else from the backup. */
function takeKey(folder: string, file: string, { keys: own }: Beside, named: string | undefined): void {
  const given = named === undefined ? undefined : join(named, file);
  const bytes = given !== undefined && existsSync(given) ? readFileSync(given) : own.get(`keys/${file}`);
  if (bytes === undefined)
    throw new LedgerError('no-keys', `\`${file}\` is not in the backup, and not where you said`);
  makeFolder(join(folder, 'keys'), 0o700);
  writeDurable(join(folder, 'keys', file), bytes, { mode: 0o600 });
}

/** The log under its new name, with keys of its own and its first fact. */
async function succeed(
  folder: string,
  { reader, origin: predecessor, kept, seen }: Situation,
  { origin, clock, clockKind, version }: RestoreOptions,
): Promise<Body<'log.succeeded'>> {
  if (origin === predecessor)
    throw new LedgerError('same-name', `a successor of \`${predecessor}\` needs another \`origin\``);
  const lostTo = Math.max(0, ...seen.map(({ size }) => size));
  const beyond = seen.filter(({ note, size }) => note !== undefined && size > kept);
  const head = beyond.toSorted((a, b) => b.size - a.size)[0]?.note;
  const succession = {
    predecessor,
    root: toBase64url(rootOfAll(reader)),
    ...(head === undefined ? {} : { head }),
    witnessed: seen.flatMap(({ witness, size }) => (witness === undefined ? [] : [{ witness, size }])),
    ...(lostTo > kept ? { lost: { from: kept, to: lostTo } } : {}),
  };
  const place = join(folder, 'keys');
  const logKey = await ensureLogKey(place, origin);
  const statementKey = printVerifier(ensureKey(statementKeyPlace(place, origin)).verifier);
  const keys = { logKey, statementKey };
  const program = 'command';
  const log = await openLog({ folder, origin, clock, clockKind, program, version, ...keys, succession });
  await log.close();
  const database = new DatabaseSync(join(folder, storeFile));
  try {
    database.exec('PRAGMA synchronous = FULL');
    markSuccession(database, kept);
  } finally {
    database.close();
  }
  return { ...succession, origin, ...keys };
}

function rootOfAll(reader: LogReader): Uint8Array {
  let frontier = emptyFrontier();
  for (let from = 0; from < reader.size(); from += pageFacts)
    for (const { bytes } of reader.read(from, pageFacts))
      frontier = appendLeaf(frontier, leafHash(bytes, sha256), sha256);
  return rootOf(frontier, sha256);
}

const pageFacts = 1024;
