// kill -9 at every point at which the writer or the sealer changes what is on disk, with and without the loss of what
// was not synced; then a start on what is left. Acknowledged must mean: in the next tree, byte for byte.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { commitmentsIn, isKind, parseFact } from '@surety/proof/facts';
import { digestOf, NOTE_ED25519, openHead, printVerifier } from '@surety/proof/records';
import { describe, expect, it } from 'vitest';
import { acknowledgedIn, checkSealed, checkWritten, copyOf, headsIn, runTo } from './crash.fixture.ts';
import { sha256 } from './hash.ts';
import { ensureKey } from './keys.ts';
import { Sealing } from './sealing.ts';
import { soleKey } from './sole-key.fixture.ts';
import { oldStore } from './stores/old-store.fixture.ts';
import { openReader } from './stores/reader.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';
import { openWitness, runWitness } from './witness/witness.ts';

const keys = newFolder();
const key = ensureKey({ folder: keys, stem: 'log', name: 'ledger.example/test', type: NOTE_ED25519 });
const vkey = printVerifier(key.verifier);

/** A log of so many facts and what its process says of itself, closed; with a head over `sealed` of them. */
async function storeOf(facts: number, sealed: number): Promise<string> {
  const folder = newFolder();
  const log = await openLog({ ...optionsFor(folder), logKey: vkey });
  for (let at = 0; at < facts; at += 100)
    await log.append([
      { stream: `s${at}`, facts: Array.from({ length: 100 }, (_, n) => opened(`${at} ${n}`)) },
    ]);
  await log.close();
  if (sealed === 0) return folder;
  const store = openReader(folder);
  await new Sealing(folder, { ...store, size: () => sealed }, soleKey(key), []).round(0);
  store.close();
  return folder;
}

const described = (cause: unknown, where: string): Error =>
  new Error(`${where}: ${(cause as Error).message}`, { cause });

/** Kills the program at each of its boundaries in turn, on a copy each, and checks every wreck. */
async function killEverywhere(
  base: string,
  thread: 'main' | 'worker',
  program: (folder: string) => readonly [string, ...string[]],
  check: typeof checkWritten,
  boundariesMax = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const { boundaries, code, trouble } = await runTo(0, thread, program(copyOf(base)));
  expect({ code, trouble }).toEqual({ code: 0, trouble: '' });
  const turns = boundaries.map((_, at) => at + 1).slice(0, boundariesMax);
  // Two at a time: one dies while the other is looked at.
  const inTurn = async (): Promise<void> => {
    for (let killAt = turns.shift(); killAt !== undefined; killAt = turns.shift()) {
      const folder = copyOf(base);
      const ended = await runTo(killAt, thread, program(folder));
      const where = `at ${killAt} of ${boundaries.length}, ${boundaries[killAt - 1]}`;
      expect(ended.signal, `${where}: ${ended.trouble}`).toBe('SIGKILL');
      await check(folder, key, acknowledgedIn(ended.lines)).catch((cause) => {
        throw described(cause, where);
      });
      rmSync(folder, { recursive: true });
    }
  };
  await Promise.all([inTurn(), inTurn()]);
  return boundaries;
}

/** The first boundary after the n-th head was put in its place that is no sync of it. */
function goesOnAfter(boundaries: readonly string[], nth: number): number {
  const placed = boundaries.flatMap((what, at) => (/rename .*head\.signed/.test(what) ? [at] : []))[nth] ?? 0;
  return boundaries.findIndex((what, at) => at > placed && !what.startsWith('sync'));
}

const writer = (folder: string) => ['./crash-writer.fixture.ts', folder, vkey] as const;
const timeout = 300_000;

describe('a writer killed wherever it changes the disk', () => {
  it('keeps what it acknowledged', { timeout }, async () => {
    const boundaries = await killEverywhere(await storeOf(300, 290), 'worker', writer, checkWritten);
    for (const what of [
      'store COMMIT',
      'store after COMMIT',
      'store PRAGMA wal_checkpoint(PASSIVE)',
      'store close',
    ])
      expect(boundaries).toContain(what);
  });

  it('can be followed by another while it makes the store', { timeout }, async () => {
    const untilFirst = 29;
    const boundaries = await killEverywhere(newFolder(), 'worker', writer, checkWritten, untilFirst);
    expect(boundaries.slice(0, untilFirst).filter((each) => each === 'store after COMMIT')).toHaveLength(2);
  });
});

describe('a key ring, when the loss of power took what was not synced', () => {
  it('still opens everything that the store holds', { timeout }, async () => {
    const [folder, to] = [newFolder(), newFolder()];
    const { boundaries, code, trouble } = await runTo(0, 'worker', writer(folder), { of: folder, to });
    expect({ code, trouble }).toEqual({ code: 0, trouble: '' });
    expect(boundaries.some((what) => /^sync .*keyring$/.test(what))).toBe(true);
    const wrecks = readdirSync(to).filter((wreck) => !wreck.endsWith('none'));
    expect(wrecks.some((wreck) => wreck.endsWith('bytes'))).toBe(true);
    for (const wreck of wrecks) {
      const where = `${wreck}, ${boundaries[Number.parseInt(wreck, 10) - 1]}`;
      // Opening mends what nothing was encrypted under; then whatever is disclosed of a fact must be there.
      await checkWritten(join(to, wreck), key, []).catch((cause) => {
        throw described(cause, where);
      });
      const reader = openReader(join(to, wreck));
      const told = new Set(reader.disclosures(0, reader.size()).map(([position]) => position));
      for (const { bytes, position } of reader.read(0, reader.size())) {
        const fact = parseFact(bytes, position);
        if (isKind(fact, 'call.refused') && ['one', 'two'].includes(fact.body.call))
          expect(told.has(position), where).toBe(true);
      }
      reader.close();
    }
    rmSync(to, { recursive: true });
  });
});

describe('a sealer killed wherever it changes the disk', () => {
  it('with a witness, gets every head cosigned in the end, and never shows two histories', {
    timeout,
  }, async () => {
    const base = await storeOf(700, 300);
    const notes: string[] = [];
    const sealing = async (folder: string, killAt: number) => {
      const opened = await openWitness({ folder: newFolder(), name: 'witness.example', moved: false });
      const { port, ended, stop } = await runWitness(opened, [{ key: key.verifier }], {
        ...{ host: '127.0.0.1', port: 0, nowMs: () => Date.now() },
        onNote: (note) => notes.push(note),
      });
      const address = `${printVerifier(opened.key.verifier)} http://127.0.0.1:${port}`;
      const program = ['./sealer.ts', '--folder', folder, '--keys', keys, '--witness', address] as const;
      const killed = await runTo(killAt, 'main', program);
      // The same witness, which may have cosigned what the sealer did not live to see.
      const after = killAt === 0 ? killed : await runTo(0, 'main', program);
      stop();
      await ended;
      return { killed, after, witness: opened.key.verifier };
    };
    const whole = await sealing(copyOf(base), 0);
    expect(whole.killed.trouble).toBe('');
    const { boundaries } = whole.killed;
    for (let killAt = 1; killAt <= boundaries.length; killAt++) {
      const folder = copyOf(base);
      const where = `at ${killAt} of ${boundaries.length}, ${boundaries[killAt - 1]}`;
      const { killed, after, witness } = await sealing(folder, killAt);
      expect(killed.signal, `${where}: ${killed.trouble}`).toBe('SIGKILL');
      expect({ code: after.code, trouble: after.trouble }, where).toEqual({ code: 0, trouble: '' });
      const head = await openHead(readFileSync(join(folder, 'head'), 'utf8'), {
        log: [key.verifier],
        witnesses: [witness],
      });
      const reader = openReader(folder);
      expect(head, where).toMatchObject({ size: reader.size(), cosigned: [{ witness: 'witness.example' }] });
      reader.close();
      await checkSealed(folder, key, []).catch((cause) => {
        throw described(cause, where);
      });
      rmSync(folder, { recursive: true });
    }
    expect(notes.filter((note) => !note.includes('birth times'))).toEqual([]);
  });

  it('goes on from what it signed', { timeout }, async () => {
    const boundaries = await killEverywhere(
      await storeOf(700, 300),
      'main',
      (folder) => ['./sealer.ts', '--folder', folder, '--keys', keys],
      checkSealed,
    );
    for (const what of [/rename .*\/head$/, /rename .*head\.signed/, /sync .*entries/, /write .*tmp/])
      expect(
        boundaries.some((each) => what.test(each)),
        String(what),
      ).toBe(true);
  });

  it('goes on when the loss of power took what was not synced, with any of several heads', {
    timeout,
  }, async () => {
    const folder = await storeOf(700, 0);
    const to = newFolder();
    const sizes = [255, 256, 300, 513];
    const program = ['./crash-sealer.fixture.ts', folder, keys, ...sizes.map(String)] as const;
    const { boundaries, code, trouble } = await runTo(0, 'main', program, { of: folder, to });
    expect({ code, trouble }).toEqual({ code: 0, trouble: '' });
    for (const what of ['remove', 'rename', 'mkdir'])
      expect(boundaries.some((each) => each.startsWith(what))).toBe(true);
    const wrecks = readdirSync(to);
    const taken = (loss: string) => wrecks.filter((wreck) => wreck.endsWith(loss)).length;
    expect(taken('none')).toBe(boundaries.length);
    expect(Math.min(taken('names'), taken('bytes'))).toBeGreaterThan(10);
    for (const wreck of wrecks) {
      const at = Number.parseInt(wreck, 10) - 1;
      const where = `${wreck}, ${boundaries[at]}`;
      // Before it goes on, it can have told nobody of a head; from then on, no loss may take that head.
      const told = sizes.filter((_, nth) => at >= goesOnAfter(boundaries, nth));
      const left = Math.max(0, ...headsIn(join(to, wreck)).map(({ size }) => size));
      expect(left, where).toBeGreaterThanOrEqual(Math.max(0, ...told));
      await checkSealed(join(to, wreck), key, []).catch((cause) => {
        throw described(cause, where);
      });
    }
    rmSync(to, { recursive: true });
  });
});

describe('an upgrade killed wherever it changes the disk', () => {
  it('has happened or has not, and nothing is lost', { timeout }, async () => {
    const base = oldStore(1);
    const rows = rowsOf(base);
    const first = parseFact(rows[0] as Uint8Array, 0);
    if (first.kind !== 'log.opened') throw new Error('no log');
    const { origin, logKey, statementKey } = first.body;
    const boundaries = await killEverywhere(
      base,
      'worker',
      (folder) => ['./crash-upgrade.fixture.ts', folder, origin, logKey, statementKey],
      async (folder) => {
        const log = await openLog({ ...optionsFor(folder), origin, logKey, statementKey });
        const facts = log.read(0, rows.length);
        expect(facts.map(({ bytes }) => Buffer.from(bytes))).toEqual(rows.map((bytes) => Buffer.from(bytes)));
        for (const { position, bytes } of facts) {
          const own = log.disclosures(position, position + 1).map(([, text]) => digestOf(text, sha256));
          for (const digest of commitmentsIn(parseFact(bytes, position))) expect(own).toContain(digest);
        }
        await log.close();
      },
    );
    expect(boundaries.some((what) => what.startsWith('rename') && what.includes('format-'))).toBe(true);
  });
});

/** The facts as they lie in a store of any format. */
function rowsOf(folder: string): Uint8Array[] {
  const database = new DatabaseSync(join(folder, 'log.sqlite'), { readOnly: true });
  const rows = database.prepare('SELECT bytes FROM facts ORDER BY position').all();
  database.close();
  return rows.map(({ bytes }) => bytes as Uint8Array);
}
