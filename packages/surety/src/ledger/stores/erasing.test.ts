// Erasing: gone from every file and from older copies, with its fact or not at all, whatever happens to the process.

import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { copyOf, runTo } from '../crash.fixture.ts';
import { erasedBy, subjects } from './erasing.fixture.ts';
import { openReader } from './reader.ts';
import { ringFile } from './ring.ts';
import { newFolder, refused } from './samples.fixture.ts';
import {
  closeLogs,
  contentOf,
  erase,
  erasureOf,
  filesWith,
  open,
  say,
  slotOf,
  texts,
} from './subjects.fixture.ts';

afterEach(closeLogs);

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

describe('erasing', () => {
  it('leaves digests in their places, other subjects as they were, and the tree untouched', async () => {
    const log = await open();
    const at = await say(log, ['vendor/1', 'vendor/2', 'vendor/1'], 'a', 'b', 'c');
    const before = log.read(0, 10);
    await erase(log, 'vendor/1');
    expect(log.disclosures(at, at + 1)).toEqual([[at, 'b']]);
    const other = { disclosure: 'b', subject: log.subjectName('vendor/2') };
    expect(log.kept(at)).toEqual([{ digest: digest('a') }, other, { digest: digest('c') }]);
    expect(log.about(log.subjectName('vendor/1'))).toEqual([]);
    expect(log.read(0, 10).slice(0, before.length)).toEqual(before);
    await log.close();
    const again = await open(log.folder);
    expect(again.kept(at)).toEqual([{ digest: digest('a') }, other, { digest: digest('c') }]);
  });

  it('leaves nothing in any file: no value, no ciphertext, no data key, not in the write-ahead log either', async () => {
    const log = await open();
    const value = `CANARY${'v'.repeat(9_000)}`;
    await say(log, 'vendor/1', value);
    await say(log, 'vendor/2', 'stays');
    const ring = readFileSync(join(log.folder, ringFile));
    const slot = slotOf(log, 'vendor/1');
    const wrapped = ring.subarray(slot * 64, slot * 64 + 60);
    const ciphertext = contentOf(log, slot);
    // Both are found before, so that finding nothing after says something.
    expect(filesWith(log.folder, wrapped)).toHaveLength(1);
    expect(filesWith(log.folder, ciphertext.subarray(0, 40)).length).toBeGreaterThan(0);
    await erase(log, 'vendor/1');
    const pieces = Array.from({ length: 20 }, (_, n) => ciphertext.subarray(n * 400, n * 400 + 24));
    expect(
      filesWith(log.folder, 'CANARY', wrapped.subarray(0, 12), wrapped.subarray(12, 44), ...pieces),
    ).toEqual([]);
    // Nor in a copy made now, in the way that backups are made.
    const backup = join(newFolder(), 'backup.sqlite');
    const database = new DatabaseSync(join(log.folder, 'log.sqlite'), { readOnly: true });
    database.prepare('VACUUM INTO ?').run(backup);
    database.close();
    expect(readFileSync(backup).includes(pieces[0] as Buffer)).toBe(false);
    expect(texts(log)).toEqual(['stays']);
  });

  it('makes older copies of the store unreadable for that subject, with the ring of today', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'old');
    await say(log, 'vendor/2', 'stays');
    await log.close();
    const copy = newFolder();
    const database = new DatabaseSync(join(log.folder, 'log.sqlite'), { readOnly: true });
    database.prepare('VACUUM INTO ?').run(join(copy, 'log.sqlite'));
    database.close();
    const again = await open(log.folder);
    await erase(again, 'vendor/1');
    await again.close();
    mkdirSync(join(copy, 'keys'), { mode: 0o700 });
    for (const file of [ringFile, 'keys/keyring.key']) copyFileSync(join(log.folder, file), join(copy, file));
    const restored = openReader(copy);
    expect(restored.disclosures(2, 10).map(([, text]) => text)).toEqual(['stays']);
    restored.close();
    // Going on from such a copy, what is new about that subject gets a key that lives.
    const onwards = await open(copy);
    await say(onwards, 'vendor/1', 'new');
    expect(texts(onwards)).toEqual(['stays', 'new']);
  });

  it('is a conflict if more came since it was ordered, also in the same batch, and then nothing happens', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'one');
    const order = erasureOf(log, 'vendor/1');
    const [, answer] = await Promise.all([
      say(log, 'vendor/1', 'two'),
      log.append([{ stream: 'erased', expected: 0, facts: [refused('order')] }], order),
    ]);
    expect(answer).toEqual({ conflict: log.subjectName('vendor/1') });
    expect(texts(log)).toEqual(['one', 'two']);
    expect(await log.version('erased')).toBe(0);
    expect(await erase(log, 'vendor/1')).toHaveProperty('positions');
    expect(texts(log)).toEqual([]);
  });

  it('that is part of an append which conflicts does nothing', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'one');
    const stale = [{ stream: 's', expected: 0, facts: [refused('order')] }];
    expect(await log.append(stale, erasureOf(log, 'vendor/1'))).toEqual({ conflict: 's' });
    expect(texts(log)).toEqual(['one']);
  });

  it('lets the subject be spoken of again, under another key', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'one');
    const before = slotOf(log, 'vendor/1');
    const [erased] = await Promise.all([erase(log, 'vendor/1'), say(log, 'vendor/1', 'two')]);
    expect(erased).toHaveProperty('positions');
    expect(texts(log)).toEqual(['two']);
    expect(slotOf(log, 'vendor/1')).not.toBe(before);
    await log.close();
    const again = await open(log.folder);
    expect(texts(again)).toEqual(['two']);
  });

  it('of many subjects while others write is complete, and takes nothing else', async () => {
    const log = await open();
    for (let n = 0; n < 40; n++) await say(log, `vendor/${n % 8}`, `value-${n}`);
    const writing = Array.from({ length: 100 }, (_, n) => say(log, 'vendor/other', `other-${n}`));
    const answers = await Promise.all([0, 1, 2, 3].map((n) => erase(log, `vendor/${n}`)));
    await Promise.all(writing);
    expect(answers.every((answer) => 'positions' in answer)).toBe(true);
    const left = texts(log);
    expect(left.filter((text) => text.startsWith('other-'))).toHaveLength(100);
    const kept = Array.from({ length: 40 }, (_, n) => n).filter((n) => n % 8 >= 4);
    expect(left.filter((text) => text.startsWith('value-'))).toEqual(kept.map((n) => `value-${n}`));
  });

  it('that was recorded and not finished is finished at the next start', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'CANARY');
    const slot = slotOf(log, 'vendor/1');
    const ring = join(log.folder, ringFile);
    const wrapped = Buffer.from(readFileSync(ring).subarray(slot * 64, slot * 64 + 64));
    await erase(log, 'vendor/1');
    await log.close();
    // As a process killed right after the transaction leaves it: the fact is there, the key too.
    const bytes = readFileSync(ring);
    wrapped.copy(bytes, slot * 64);
    writeFileSync(ring, bytes);
    const database = new DatabaseSync(join(log.folder, 'log.sqlite'));
    database.exec(`UPDATE subjects SET erased = 0 WHERE slot = ${slot}`);
    database.close();
    const unfinished = openReader(log.folder);
    expect(unfinished.unfinishedErasures()).toBe(1);
    await open(log.folder);
    expect(unfinished.unfinishedErasures()).toBe(0);
    unfinished.close();
    expect(filesWith(log.folder, wrapped.subarray(0, 12), wrapped.subarray(12, 44))).toEqual([]);
  });
});

describe('kill -9 wherever the writer changes the disk', () => {
  it('leaves every subject whole without a fact of its erasure, or gone with one', {
    timeout: 300_000,
  }, async () => {
    const base = newFolder();
    const first = await open(base);
    await first.close();
    const run = (killAt: number, folder: string) =>
      runTo(killAt, 'worker', ['./stores/erasing.fixture.ts', folder]);
    const { boundaries, lines } = await run(0, copyOf(base));
    expect(lines).toHaveLength(5);
    expect(boundaries.some((what) => what.includes('write') && what.includes('keyring'))).toBe(true);
    let both = 0;
    for (const [at, what] of boundaries.entries()) {
      const folder = copyOf(base);
      const ended = await run(at + 1, folder);
      both += (await checkWhatIsLeft(folder, ended.lines, `at ${at + 1}, ${what}`)) ? 1 : 0;
    }
    // Somewhere in between one was gone and the other was not.
    expect(both).toBeGreaterThan(0);
  });
});

/** True if some subject is gone and another that was to go is not. */
async function checkWhatIsLeft(folder: string, said: readonly string[], where: string): Promise<boolean> {
  const log = await open(folder);
  const facts = log.read(0, 1_000).map(({ bytes }) => Buffer.from(bytes).toString());
  const gone = subjects.filter((subject) => facts.some((fact) => fact.includes(`"${erasedBy(subject)}"`)));
  for (const subject of subjects) {
    const left = log.about(log.subjectName(subject)).length;
    const wanted = gone.includes(subject) ? [0] : said.includes(`kept ${subject}`) ? [3] : [0, 3];
    expect(wanted, `${where}: ${subject}`).toContain(left);
    if (said.includes(`erased ${subject}`)) expect(gone, where).toContain(subject);
  }
  await log.close();
  const reader = openReader(folder);
  expect(reader.unfinishedErasures(), where).toBe(0);
  reader.close();
  // The keys of all that was erased are gone, of nothing else.
  const ring = readFileSync(join(folder, ringFile));
  const slots = Array.from({ length: ring.length / 64 }, (_, slot) =>
    ring.subarray(slot * 64, slot * 64 + 64),
  );
  expect(slots.filter((slot) => slot.every((byte) => byte === 0)).length, where).toBe(gone.length);
  return gone.length === 1;
}
