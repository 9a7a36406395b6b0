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
const timeout = 300_000;

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
  const files = readdirSync(place.keys).filter((name) => !/\.lock|\.holder$|^keyring/.test(name));
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

/** Kills the program at each of its boundaries, on a copy each, and goes on from every wreck. */
async function killEverywhere(
  base: string,
  program: (folder: string) => readonly [string, ...string[]],
  check: (folder: string, where: string) => Promise<void>,
): Promise<readonly string[]> {
  const { boundaries, code, trouble } = await runTo(0, 'main', program(copyOf(base)));
  expect({ code, trouble }).toEqual({ code: 0, trouble: '' });
  for (let killAt = 1; killAt <= boundaries.length; killAt++) {
    const folder = copyOf(base);
    const ended = await runTo(killAt, 'main', program(folder));
    const where = `at ${killAt} of ${boundaries.length}, ${boundaries[killAt - 1]}`;
    expect(ended.signal, `${where}: ${ended.trouble}`).toBe('SIGKILL');
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
    const boundaries = await killEverywhere(
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
    const boundaries = await killEverywhere(
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

  // The loss of power takes what was not synced: SQLite's own files are looked at in torn.test.ts.
  it.each([
    ['the sealer hands over', true, ['./sealer.ts', '--folder', 0, '--keys', 1], { log: 1 }],
    ['the gateway rotates its own key', false, ['./crash-rotation.fixture.ts', 0], { statement: 1 }],
  ] as const)('when the power goes while %s, leads on', { timeout }, async (_, ordered, words, counts) => {
    const [folder, to] = [await storeOf(ordered), newFolder()];
    const [program, ...rest] = words.map((word) =>
      word === 0 ? folder : word === 1 ? join(folder, 'keys') : word,
    );
    const { boundaries, code, trouble } = await runTo(0, 'main', [program ?? '', ...rest], {
      of: folder,
      to,
    });
    expect({ code, trouble }).toEqual({ code: 0, trouble: '' });
    const wrecks = readdirSync(to).filter((wreck) => !wreck.endsWith('none'));
    expect(wrecks.length).toBeGreaterThan(4);
    for (const wreck of wrecks) {
      const where = `${wreck}, ${boundaries[Number.parseInt(wreck, 10) - 1]}`;
      const again = ordered ? undefined : 'statement';
      expect(await goOn(join(to, wreck), again).catch((cause: Error) => cause.message), where).toEqual(
        counts,
      );
    }
    rmSync(to, { recursive: true });
  });
});
