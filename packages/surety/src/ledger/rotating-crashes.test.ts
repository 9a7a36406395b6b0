// kill -9 at every point at which a rotation changes what is on disk: the order, the sealer that hands over, and the
// gateway that rotates its own key. What is left must lead on to one key that signs, and to a log that is sound.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  keyAt,
  leafHash,
  openHead,
  parseHead,
  parseNote,
  parseVerifier,
  RecentRoots,
  rotationProblem,
  toBase64,
} from '@surety/proof/records';
import { describe, expect, it } from 'vitest';
import { copyOf, runTo } from './crash.fixture.ts';
import { sha256 } from './hash.ts';
import { KeyDesk, statementKeyPlace } from './key-desk.ts';
import { KeysOfLog } from './key-history.ts';
import { ensureKey, publishedKey, readKey } from './keys.ts';
import { LogKeys } from './log-keys.ts';
import { orderRotation } from './rounds.ts';
import { logKeyPlace, publicFolder, together } from './sealer-place.ts';
import { type Published, Sealing } from './sealing.ts';
import { openReader } from './stores/reader.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';

const origin = 'ledger.example/test';
/** A guard against what hangs: some fifty wrecks, each with a log that goes on from it, take their time. */
const timeout = 1_800_000;

/** One round of a sealer that starts on what is there. */
async function seal(folder: string): Promise<void> {
  const place = together(folder);
  const reader = openReader(folder);
  try {
    const keys = new LogKeys(logKeyPlace(place, origin), publicFolder(place), new KeysOfLog(reader, folder));
    const sealing = new Sealing(folder, reader, keys, []);
    await sealing.restore();
    await sealing.round(0);
  } finally {
    reader.close();
  }
}

const headIn = (folder: string) =>
  parseHead(parseNote(readFileSync(join(folder, 'head.signed'), 'utf8')).text);

/** A log with its desk, whose sealer works in this process. */
async function withDesk<T>(folder: string, work: (desk: KeyDesk) => Promise<T>): Promise<T> {
  const place = together(folder);
  const statement = statementKeyPlace(place.keys, origin);
  const logKey = ensureKey(logKeyPlace(place, origin)).vkey;
  const log = await openLog({ ...optionsFor(folder), logKey, statementKey: ensureKey(statement).vkey });
  const side = { place, orderLog: () => orderRotation(place, 'scheduled', 1), nextLog: async () => '' };
  const sealed = async () => {
    await seal(folder);
    const { size, root } = headIn(folder);
    return { size, root: toBase64(root) } as Published;
  };
  const desk = new KeyDesk({ log, statement, now: () => 1, side, sealed });
  try {
    return await work(desk);
  } finally {
    desk.close();
    await log.append([{ stream: 'after', facts: [opened('after')] }]);
    await log.close();
    await seal(folder);
  }
}

/** A sealed log; with the fact of a rotation of the log key that no head covers yet, if so. */
async function storeOf(ordered: boolean): Promise<string> {
  const folder = newFolder();
  await withDesk(folder, async () => undefined);
  if (!ordered) return folder;
  const place = together(folder);
  await orderRotation(place, 'scheduled', 1);
  const statement = statementKeyPlace(place.keys, origin);
  const logKey = ensureKey(logKeyPlace(place, origin)).vkey;
  const log = await openLog({ ...optionsFor(folder), logKey, statementKey: ensureKey(statement).vkey });
  const side = { place, orderLog: async () => undefined, nextLog: async () => '' };
  const sealed = () => Promise.reject(new Error('the sealer is away'));
  const desk = new KeyDesk({ log, statement, now: () => 1, side, sealed });
  expect(await desk.resume()).toHaveLength(1);
  desk.close();
  await log.close();
  return folder;
}

/** Goes on after the crash; gives how often each key was rotated in the end. */
async function goOn(folder: string, again?: 'log' | 'statement'): Promise<Record<string, number>> {
  await withDesk(folder, async (desk) => {
    await desk.resume();
    if (again !== undefined && rotatedIn(folder)[again] === undefined) await desk.rotate(again, 'scheduled');
  });
  // The head over the rotation may have both signatures; the one after it has not.
  await withDesk(folder, async () => undefined);
  const place = together(folder);
  // What was written beside a name and lost it, stays beside it.
  const files = readdirSync(place.keys).filter((name) => !/\.lock|\.holder$|^keyring|\.tmp$/.test(name));
  expect(files.toSorted()).toEqual(['log.key', 'log.vkey', 'statement.key', 'statement.vkey']);
  const reader = openReader(folder);
  try {
    const history = new KeysOfLog(reader, folder).history();
    const roots = new RecentRoots(sha256);
    for (const rotation of history.rotations) {
      for (const { bytes } of reader.read(roots.size, rotation.position - roots.size))
        roots.add(leafHash(bytes, sha256));
      expect(await rotationProblem(history, rotation)).toBeUndefined();
      expect(roots.at(rotation.size)).toBe(rotation.root);
    }
    const { size } = headIn(folder);
    expect(size).toBe(reader.size());
    const inForce = keyAt(history, 'log', size);
    const note = readFileSync(join(folder, 'head.signed'), 'utf8');
    await openHead(note, { log: [parseVerifier(inForce)], witnesses: [] });
    expect(parseNote(note).signatures).toHaveLength(1);
    expect(readKey(logKeyPlace(place, origin)).vkey).toBe(inForce);
    expect(publishedKey({ folder: place.keys, stem: 'log' })).toBe(inForce);
    expect(publishedKey({ folder: place.keys, stem: 'statement' })).toBe(keyAt(history, 'statement', size));
  } finally {
    reader.close();
  }
  return rotatedIn(folder);
}

function rotatedIn(folder: string): Record<string, number> {
  const reader = openReader(folder);
  const { rotations } = new KeysOfLog(reader).history();
  reader.close();
  const counted: Record<string, number> = {};
  for (const { role } of rotations) counted[role] = (counted[role] ?? 0) + 1;
  return counted;
}

/**
 * As `killEverywhere`, of a program whose only thread is the one that is counted: what a kill leaves is the disk as it is at
 * that moment, so one run gives all wrecks but those of half a write; and what the loss of power leaves, which takes what
 * was not synced besides (SQLite's own files are looked at in torn.test.ts).
 */
async function endEverywhere(
  base: string,
  program: (folder: string) => readonly [string, ...string[]],
  check: (folder: string, where: string) => Promise<void>,
): Promise<readonly string[]> {
  const [folder, to] = [copyOf(base), newFolder()];
  const { boundaries, code, trouble } = await runTo(0, 'main', program(folder), { of: folder, to });
  expect({ code, trouble }).toEqual({ code: 0, trouble: '' });
  const lost = readdirSync(to).filter((wreck) => !wreck.endsWith('none'));
  expect(lost.length).toBeGreaterThan(4);
  for (const [nth, what] of boundaries.entries()) {
    const at = nth + 1;
    const where = `at ${at} of ${boundaries.length}, ${what}`;
    const wreck = what.startsWith('write ')
      ? await killedAt(at, base, program, where)
      : join(to, `${at}-none`);
    const withLosses = lost.filter((each) => each.startsWith(`${at}-`)).map((each) => join(to, each));
    for (const each of [wreck, ...withLosses])
      await check(each, where).catch((cause: Error) => {
        throw new Error(`${where} (${each}): ${cause.message}`, { cause });
      });
  }
  rmSync(to, { recursive: true });
  return boundaries;
}

async function killedAt(
  at: number,
  base: string,
  program: (folder: string) => readonly [string, ...string[]],
  where: string,
): Promise<string> {
  const folder = copyOf(base);
  const ended = await runTo(at, 'main', program(folder));
  expect(ended.signal, `${where}: ${ended.trouble}`).toBe('SIGKILL');
  return folder;
}

/** Kills the program at each of its boundaries, on a copy each, and goes on from every wreck. */
async function killEverywhere(
  base: string,
  program: (folder: string) => readonly [string, ...string[]],
  check: (folder: string, where: string) => Promise<void>,
): Promise<readonly string[]> {
  const { boundaries, code, trouble } = await runTo(0, 'main', program(copyOf(base)));
  expect({ code, trouble }).toEqual({ code: 0, trouble: '' });
  for (let killAt = 1; killAt <= boundaries.length; killAt++) {
    const where = `at ${killAt} of ${boundaries.length}, ${boundaries[killAt - 1]}`;
    const folder = await killedAt(killAt, base, program, where);
    await check(folder, where).catch((cause: Error) => {
      throw new Error(`${where}: ${cause.message}`, { cause });
    });
    rmSync(folder, { recursive: true });
  }
  return boundaries;
}

const has = (boundaries: readonly string[], what: RegExp) =>
  expect(
    boundaries.some((each) => what.test(each)),
    String(what),
  ).toBe(true);

describe('a rotation killed wherever it changes the disk', () => {
  it('while it is ordered, is carried out later, once', { timeout }, async () => {
    const boundaries = await endEverywhere(
      await storeOf(false),
      (folder) => [
        './sealer.ts',
        '--rotate',
        'scheduled',
        '--folder',
        folder,
        '--keys',
        join(folder, 'keys'),
      ],
      async (folder, where) => expect(await goOn(folder, 'log'), where).toEqual({ log: 1 }),
    );
    has(boundaries, /log\.next\.key/);
    has(boundaries, /log\.rotation/);
  });

  it('while the sealer hands over, is finished by the next one', { timeout }, async () => {
    const boundaries = await endEverywhere(
      await storeOf(true),
      (folder) => ['./sealer.ts', '--folder', folder, '--keys', join(folder, 'keys')],
      async (folder, where) => expect(await goOn(folder), where).toEqual({ log: 1 }),
    );
    has(boundaries, /rename .*\/log\.key$/);
    has(boundaries, /log\.vkey/);
    has(boundaries, /remove .*log\.rotation/);
  });

  it('while the gateway rotates its own key, leaves one that signs', { timeout }, async () => {
    const boundaries = await killEverywhere(
      await storeOf(false),
      (folder) => ['./crash-rotation.fixture.ts', folder],
      async (folder, where) => expect(await goOn(folder, 'statement'), where).toEqual({ statement: 1 }),
    );
    has(boundaries, /rename .*\/statement\.key$/);
    has(boundaries, /statement\.rotation/);
  });
});
