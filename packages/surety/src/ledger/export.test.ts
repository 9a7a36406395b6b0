// Exports of a real log with a real sealer: what a folder holds after each, what stays in it, what an interruption
// leaves, and every way in which store and folder can disagree.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import {
  decodeEntries,
  leafHash,
  openHead,
  parseHead,
  parseNote,
  parseTilePath,
  parseVerifier,
  subtreeOf,
  TILE_WIDTH,
  tileBytes,
  tilePath,
  tileWidth,
  toBase64,
  treeRoot,
} from '@surety/proof/records';
import { afterEach, describe, expect, it } from 'vitest';
import { takeExclusive } from './exclusive.ts';
import { exportLog } from './export.ts';
import { sha256 } from './hash.ts';
import type { Log } from './log.ts';
import { endProcesses } from './processes.fixture.ts';
import { ensureLogKey, type Sealer, startSealer } from './seal.ts';
import { type OpenedReader, openReader } from './stores/reader.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';

const timeoutMs = 30_000;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await endProcesses();
});

interface Sealed {
  readonly store: string;
  readonly vkey: string;
  readonly log: Log;
  readonly sealer: Sealer;
  /** Writes until the log has this many facts, and waits for their head. */
  grow(size: number): Promise<void>;
}

function readerOf(store: string): OpenedReader {
  const reader = openReader(store);
  ends.push(async () => reader.close());
  return reader;
}

async function newLog(origin = 'ledger.example/test', keys = newFolder()): Promise<Sealed> {
  const store = newFolder();
  const vkey = await ensureLogKey(keys, origin);
  const log = await openLog({ ...optionsFor(store), origin, logKey: vkey });
  ends.push(() => log.close());
  const sealer = await startSealer({ folder: store, keys, witnesses: [] });
  ends.push(() => sealer.stop());
  const grow = async (size: number): Promise<void> => {
    while (log.size() < size) {
      const facts = Array.from({ length: Math.min(500, size - log.size()) }, (_, n) => opened(`c-${n}`));
      await log.append([{ stream: `action/${log.size()}`, facts }]);
    }
    await sealer.sealed(size, { timeoutMs });
  };
  return { store, vkey, log, sealer, grow };
}

const filesIn = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => [path.slice(folder.length + 1), readFileSync(path).toString('base64')]),
  );

/** What a client of static files finds for a tile of this tree: the partial one, or the full one after it. */
function served(folder: string, level: number | 'entries', index: number, width: number): Buffer {
  const exact = join(folder, tilePath({ level, index, width }));
  if (existsSync(exact)) return readFileSync(exact);
  return readFileSync(join(folder, tilePath({ level, index, width: TILE_WIDTH })));
}

/** Every tile and every entry of the tree of this checkpoint, from the folder alone. */
async function check(folder: string, note: string, vkey: string): Promise<void> {
  const { size, root } = await openHead(note, { log: [parseVerifier(vkey)], witnesses: [] });
  const leaves: Uint8Array[] = [];
  for (let index = 0; tileWidth(0, index, size) > 0; index++) {
    const width = tileWidth(0, index, size);
    const bundle = served(folder, 'entries', index, width);
    const has = existsSync(join(folder, tilePath({ level: 'entries', index, width }))) ? width : TILE_WIDTH;
    leaves.push(
      ...decodeEntries(bundle, has)
        .slice(0, width)
        .map((entry) => leafHash(entry, sha256)),
    );
  }
  expect(toBase64(treeRoot(leaves, sha256))).toBe(toBase64(root));
  const subtree = subtreeOf(leaves, sha256);
  for (let level = 0; tileWidth(level, 0, size) > 0; level++)
    for (let index = 0; tileWidth(level, index, size) > 0; index++) {
      const width = tileWidth(level, index, size);
      const bytes = served(folder, level, index, width).subarray(0, 32 * width);
      expect(bytes.equals(tileBytes({ level, index, width }, subtree))).toBe(true);
    }
}

/** Kills an export when it has said so many lines; gives the signal that it died of. */
async function killedAfter(lines: number, store: string, to: string): Promise<NodeJS.Signals | null> {
  const program = join(import.meta.dirname, 'export.fixture.ts');
  const child = spawn(process.execPath, [program, store, to], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = 0;
  createInterface({ input: child.stdout }).on('line', () => {
    said += 1;
    if (said === lines) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return signal;
}

describe('an export', () => {
  it('has what its checkpoint needs, and what every earlier one needs until the full tile is there', async () => {
    const { store, vkey, grow } = await newLog();
    const to = join(newFolder(), 'out');
    const had: string[] = [];
    for (const size of [3, 255, 256, 300, 511, 1000]) {
      const before = had.length === 0 ? 0 : parseHead(parseNote(had.at(-1) ?? '').text).size;
      await grow(size);
      const exported = await exportLog({ store, reader: readerOf(store), to });
      expect(exported).toMatchObject({ size, added: size - before, repaired: false });
      had.push(readFileSync(join(to, 'checkpoint'), 'utf8'));
      for (const note of had) await check(to, note, vkey);
    }
    const partial = [...filesIn(to).keys()].filter((path) => path.includes('.p/'));
    // Of the tiles that are not full yet, those of the last checkpoint and of earlier ones; of no other.
    expect(partial).toEqual([
      'tile/0/003.p/232',
      'tile/1/000.p/1',
      'tile/1/000.p/3',
      'tile/entries/003.p/232',
    ]);
    const strangers = [...filesIn(to).keys()].filter(
      (path) => path !== 'checkpoint' && parseTilePath(path) === undefined,
    );
    expect(strangers).toEqual([]);
  });

  it('is of the facts alone, closed to others, and unchanged when nothing is new', async () => {
    const { store, log, grow } = await newLog();
    const to = join(newFolder(), 'out');
    await grow(300);
    await exportLog({ store, reader: readerOf(store), to });
    expect(statSync(to).mode & 0o777).toBe(0o700);
    expect(statSync(join(to, 'tile/0/000')).mode & 0o777).toBe(0o644 & ~process.umask());
    const bundle = decodeEntries(readFileSync(join(to, 'tile/entries/000')), 256);
    expect(bundle).toEqual(log.read(0, 256).map(({ bytes }) => Buffer.from(bytes)));
    const before = filesIn(to);
    const times = [...before.keys()].map((path) => statSync(join(to, path)).mtimeMs);
    expect(await exportLog({ store, reader: readerOf(store), to })).toMatchObject({
      added: 0,
      repaired: false,
    });
    expect(filesIn(to)).toEqual(before);
    expect([...before.keys()].map((path) => statSync(join(to, path)).mtimeMs)).toEqual(times);
  });

  it('is right while the log is being written', async () => {
    const { store, vkey, log, sealer, grow } = await newLog();
    const to = join(newFolder(), 'out');
    await grow(1);
    let isWriting = true;
    const writing = (async () => {
      while (isWriting) await log.append([{ stream: 's', facts: [opened('more'), opened('more')] }]);
    })();
    try {
      for (let round = 0; round < 5; round++) {
        await sealer.sealed(log.size(), { timeoutMs });
        await exportLog({ store, reader: readerOf(store), to });
        await check(to, readFileSync(join(to, 'checkpoint'), 'utf8'), vkey);
      }
    } finally {
      isWriting = false;
      await writing;
    }
  });
});

describe('an interrupted export', () => {
  it('leaves the last checkpoint with all its tiles, and is taken up: killed at any file', async () => {
    const { store, vkey, grow } = await newLog();
    const [to, fresh] = [join(newFolder(), 'out'), join(newFolder(), 'fresh')];
    await grow(300);
    await exportLog({ store, reader: readerOf(store), to });
    const first = readFileSync(join(to, 'checkpoint'), 'utf8');
    await grow(12_500);
    // Each round lets it come a little further: it says so after every 4,096 facts.
    for (const lines of [1, 2]) {
      expect(await killedAfter(lines, store, to)).toBe('SIGKILL');
      expect(readFileSync(join(to, 'checkpoint'), 'utf8')).toBe(first);
      await check(to, first, vkey);
    }
    // As a process leaves it that is killed between writing a file and giving it its name.
    writeFileSync(join(to, 'tile/0/.4242.tmp'), 'half a ti');
    await exportLog({ store, reader: readerOf(store), to });
    await exportLog({ store, reader: readerOf(store), to: fresh });
    const grown = filesIn(to);
    // A tree of 300 leaves had a partial tile above, which is not full yet.
    expect(grown.delete('tile/1/000.p/1')).toBe(true);
    expect(grown).toEqual(filesIn(fresh));
  });

  it('makes damaged files again', async () => {
    const { store, vkey, grow } = await newLog();
    const to = join(newFolder(), 'out');
    await grow(700);
    await exportLog({ store, reader: readerOf(store), to });
    const whole = filesIn(to);
    for (const damage of [
      () => writeFileSync(join(to, 'tile/0/002.p/188'), Buffer.alloc(188 * 32)),
      () => rmSync(join(to, 'tile/1'), { recursive: true }),
      () => writeFileSync(join(to, 'tile/1/000.p/2'), 'short'),
    ]) {
      damage();
      expect(await exportLog({ store, reader: readerOf(store), to })).toMatchObject({
        added: 0,
        repaired: true,
      });
      expect(filesIn(to)).toEqual(whole);
    }
    await check(to, readFileSync(join(to, 'checkpoint'), 'utf8'), vkey);
  });
});

describe('an export is refused', () => {
  const code = (wanted: string) => expect.objectContaining({ name: 'LedgerError', code: wanted });

  it('before the first head', async () => {
    const store = newFolder();
    const log = await openLog(optionsFor(store));
    ends.push(() => log.close());
    await expect(exportLog({ store, reader: readerOf(store), to: newFolder() })).rejects.toThrow(
      code('not-sealed'),
    );
  });

  it('into the export of another history, though the same key signed it', async () => {
    const keys = newFolder();
    const origin = 'ledger.example/test';
    const [first, second] = [await newLog(origin, keys), await newLog(origin, keys)];
    const to = newFolder();
    await first.grow(300);
    await second.grow(500);
    await exportLog({ store: first.store, reader: readerOf(first.store), to });
    const before = filesIn(to);
    await expect(exportLog({ store: second.store, reader: readerOf(second.store), to })).rejects.toThrow(
      code('corrupt'),
    );
    expect(readFileSync(join(to, 'checkpoint')).toString('base64')).toBe(before.get('checkpoint'));
    // Nor if all that is left of the first is what it signed.
    rmSync(join(to, 'tile'), { recursive: true });
    await expect(exportLog({ store: second.store, reader: readerOf(second.store), to })).rejects.toThrow(
      code('corrupt'),
    );
    expect(filesIn(to).get('checkpoint')).toBe(before.get('checkpoint'));
  });

  it('into the export of another log', async () => {
    const [ours, theirs] = [await newLog(), await newLog('other.example/log')];
    const to = newFolder();
    for (const { grow } of [ours, theirs]) await grow(5);
    await exportLog({ store: theirs.store, reader: readerOf(theirs.store), to });
    const before = filesIn(to);
    await expect(exportLog({ store: ours.store, reader: readerOf(ours.store), to })).rejects.toThrow(
      code('wrong-log'),
    );
    writeFileSync(join(to, 'checkpoint'), 'not a note');
    await expect(exportLog({ store: ours.store, reader: readerOf(ours.store), to })).rejects.toThrow(
      code('wrong-log'),
    );
    expect(filesIn(to)).toEqual(
      new Map(before).set('checkpoint', Buffer.from('not a note').toString('base64')),
    );
  });

  it('when the folder is ahead of the store', async () => {
    const { store, grow } = await newLog();
    const [to, old] = [newFolder(), newFolder()];
    await grow(5);
    cpSync(join(store, 'head'), join(old, 'head'));
    await grow(9);
    await exportLog({ store, reader: readerOf(store), to });
    await expect(exportLog({ store: old, reader: readerOf(store), to })).rejects.toThrow(code('corrupt'));
  });

  it('when the store is not what was signed', async () => {
    const { store, log, sealer, grow } = await newLog();
    const to = newFolder();
    await grow(400);
    await exportLog({ store, reader: readerOf(store), to });
    await grow(900);
    await sealer.stop();
    await log.close();
    ends.length = 0;
    const database = new DatabaseSync(join(store, 'log.sqlite'));
    const change = database.prepare(
      "UPDATE facts SET bytes = CAST(replace(CAST(bytes AS TEXT), 'c-', 'x-') AS BLOB) WHERE position = ?",
    );
    const restore = database.prepare('UPDATE facts SET bytes = ? WHERE position = ?');
    const checkpoint = readFileSync(join(to, 'checkpoint'), 'utf8');
    // One that was exported (in the open bundle), and one that was not.
    for (const position of [399, 850]) {
      const [{ bytes } = { bytes: new Uint8Array() }] = openReader(store).read(position, 1);
      change.run(position);
      const reader = openReader(store);
      await expect(exportLog({ store, reader, to })).rejects.toThrow(code('corrupt'));
      reader.close();
      expect(readFileSync(join(to, 'checkpoint'), 'utf8')).toBe(checkpoint);
      restore.run(bytes, position);
    }
    database.close();
    const reader = openReader(store);
    expect(await exportLog({ store, reader, to })).toMatchObject({ added: 500 });
    reader.close();
  });

  it('while another one runs', async () => {
    const { store, grow } = await newLog();
    await grow(5);
    const lock = takeExclusive(join(store, 'export'), 'export');
    const to = join(newFolder(), 'out');
    mkdirSync(to);
    await expect(exportLog({ store, reader: readerOf(store), to })).rejects.toThrow(code('held'));
    lock.release();
    expect(readdirSync(to)).toEqual([]);
  });
});
