// Disclosures at rest: each subject's under a key of its own, readable by who holds the key ring and its key, in
// the order they were given, and by nobody else.

import { chmodSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { logSalt } from '../opening.ts';
import { subjectName } from '../subject.ts';
import { parcelsMax } from './parcel.ts';
import { openReader } from './reader.ts';
import { ringFile, ringKeyFile } from './ring.ts';
import { optionsFor, refused } from './samples.fixture.ts';
import { openLog } from './sqlite.ts';
import { about, closeLogs, codeOf, filesWith, flip, open, say, texts } from './subjects.fixture.ts';

afterEach(closeLogs);

describe('what is disclosed', () => {
  it('comes back in its order, whoever it is about, fact by fact and in pages', async () => {
    const log = await open();
    const answers = await Promise.all([
      log.append([{ stream: 'a', facts: [about('vendor/1', 'one', 'two'), about('vendor/2', 'three')] }]),
      log.append([{ stream: 'b', facts: [about(['vendor/2', 'vendor/1', 'vendor/2'], 'x', 'y', 'z')] }]),
      log.append([{ stream: 'c', facts: [refused('nothing')] }]),
      log.append([{ stream: 'd', facts: [about('vendor/1', 'four')] }]),
    ]);
    expect(answers).toMatchObject([{ positions: [2, 3] }, { positions: [4] }, { positions: [5] }, {}]);
    expect(texts(log)).toEqual(['one', 'two', 'three', 'x', 'y', 'z', 'four']);
    expect(log.disclosures(4, 5)).toEqual([
      [4, 'x'],
      [4, 'y'],
      [4, 'z'],
    ]);
    expect(log.disclosures(6, 7)).toEqual([[6, 'four']]);
    expect(log.disclosures(5, 6)).toEqual([]);
    expect(log.about(log.subjectName('vendor/2'))).toEqual([
      [3, 'three'],
      [4, 'x'],
      [4, 'z'],
    ]);
    expect(log.subjectsOf(4).toSorted()).toEqual(
      ['vendor/1', 'vendor/2'].map((each) => log.subjectName(each)).toSorted(),
    );
    expect(log.subjectsOf(5)).toEqual([]);
  });

  it('comes back as given under any mix of appends and subjects, after a restart too', async () => {
    const fact = fc.array(
      fc.tuple(fc.constantFrom('a/1', 'b/2', 'c/3'), fc.stringMatching(/^[\w-]{1,20}$/)),
      {
        maxLength: 4,
      },
    );
    const batches = fc.array(fc.array(fc.array(fact, { maxLength: 3 }), { maxLength: 5 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const log = await open();
        const wanted: [number, string][] = [];
        let position = 2;
        for (const batch of given) {
          const made = batch.map((facts) =>
            log.append([
              {
                stream: 's',
                facts: facts.map((each) =>
                  about(
                    each.map(([of]) => of),
                    ...each.map(([, text]) => text),
                  ),
                ),
              },
            ]),
          );
          for (const each of batch.flat()) {
            for (const [, text] of each) wanted.push([position, text]);
            position++;
          }
          await Promise.all(made);
        }
        for (let from = 2; from < position; from++)
          expect(log.disclosures(from, from + 2)).toEqual(
            wanted.filter(([at]) => at >= from && at < from + 2),
          );
        await log.close();
        const again = await open(log.folder);
        expect(again.disclosures(2, position)).toEqual(wanted);
        await again.close();
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it('of a fact about whom another is: they go together, also where that one says nothing', async () => {
    const log = await open();
    const first = await say(log, 'vendor/1', 'args');
    await say(log, { sameAs: first }, 'result');
    expect(log.about(log.subjectName('vendor/1'))).toHaveLength(2);
    const silent = await say(log, 'vendor/1');
    await say(log, { sameAs: silent }, 'other');
    expect(log.about(log.subjectName('case/case/1')).map(([, text]) => text)).toEqual(['other']);
  });

  it('is refused if it is empty or has a line break, or is not about somebody each', async () => {
    const log = await open();
    for (const bad of ['', 'a\nb', 'a\n'])
      expect(await codeOf(() => say(log, 'vendor/1', 'good', bad))).toBe('invalid');
    expect(await codeOf(() => say(log, ['vendor/1'], 'one', 'two'))).toBe('invalid');
    expect(log.size()).toBe(2);
  });
});

describe('at rest', () => {
  it('no file tells a value or a subject, and nobody else can read the keys', async () => {
    const log = await open();
    await say(log, 'vendor/CANARYSUBJECT', 'CANARYVALUE-in-a-disclosure');
    const salt = Buffer.from(logSalt(log));
    await log.close();
    expect(filesWith(log.folder, 'CANARY', salt, salt.toString('base64url'))).toEqual([]);
    expect(statSync(ringKeyFile(log.folder)).mode & 0o777).toBe(0o600);
    expect(subjectName(salt, 'vendor/CANARYSUBJECT')).toMatch(/^[\w-]{43}$/);
  });

  it('two values that are alike look different', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'the-same');
    await say(log, 'vendor/1', 'the-same');
    await log.close();
    const database = new DatabaseSync(join(log.folder, 'log.sqlite'), { readOnly: true });
    const rows = database.prepare('SELECT content FROM disclosures').all() as { content: Uint8Array }[];
    database.close();
    expect(new Set(rows.map(({ content }) => Buffer.from(content).toString('hex'))).size).toBe(rows.length);
  });

  it('facts are read without any key, as the sealer does', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'value');
    await log.close();
    for (const file of [ringKeyFile(log.folder), join(log.folder, ringFile)]) rmSync(file);
    const reader = openReader(log.folder);
    expect(reader.read(0, 10)).toHaveLength(4);
    expect(await codeOf(() => reader.disclosures(0, 4))).toBe('missing');
    reader.close();
  });

  const broken: readonly [string, string, (folder: string) => void][] = [
    ['the key is gone', 'missing', (folder) => rmSync(ringKeyFile(folder))],
    ['the ring is gone', 'missing', (folder) => rmSync(join(folder, ringFile))],
    ['others can read the key', 'corrupt', (folder) => chmodSync(ringKeyFile(folder), 0o640)],
    [
      'the key is of another ring',
      'wrong-log',
      (folder) =>
        writeFileSync(ringKeyFile(folder), `surety-keyring-key/1 ${Buffer.alloc(32).toString('base64')}\n`),
    ],
    ['the key is no key', 'corrupt', (folder) => writeFileSync(ringKeyFile(folder), 'hello')],
    ['the ring is cut off', 'corrupt', (folder) => truncateSync(join(folder, ringFile), 64)],
    ['a slot is damaged', 'corrupt', (folder) => flip(join(folder, ringFile), 64 + 20)],
    ['the ring is no ring', 'corrupt', (folder) => flip(join(folder, ringFile), 3)],
  ];
  it.each(broken)('the log does not open when %s: `%s`', async (_, code, breakIt) => {
    const log = await open();
    await say(log, 'vendor/1', 'value');
    await log.close();
    breakIt(log.folder);
    expect(await codeOf(() => openLog(optionsFor(log.folder)))).toBe(code);
    // Nothing was made anew in place of what is missing.
    expect(existsSync(ringKeyFile(log.folder)) && existsSync(join(log.folder, ringFile))).toBe(
      code !== 'missing',
    );
  });

  it('a parcel that was moved or changed does not open', async () => {
    const log = await open();
    const at = await say(log, 'vendor/1', 'first');
    await say(log, 'vendor/1', 'other');
    await log.close();
    const database = new DatabaseSync(join(log.folder, 'log.sqlite'));
    database.exec(`UPDATE disclosures SET content = (SELECT content FROM disclosures ORDER BY id DESC LIMIT 1)
      WHERE id = ${at * parcelsMax}`);
    database.close();
    const reader = openReader(log.folder);
    expect(await codeOf(() => reader.disclosures(at, at + 1))).toBe('corrupt');
    reader.close();
  });

  it('spare slots that a crash tore are made again before they are used', async () => {
    const log = await open();
    await say(log, 'vendor/1', 'one');
    await log.close();
    const ring = join(log.folder, ringFile);
    for (let slot = 3; slot < 200; slot += 7) flip(ring, slot * 64 + 30);
    truncateSync(ring, readFileSync(ring).length - 17);
    const again = await open(log.folder);
    for (let n = 0; n < 300; n++) await say(again, `vendor/new-${n}`, `value-${n}`);
    expect(texts(again)).toEqual(['one', ...Array.from({ length: 300 }, (_, n) => `value-${n}`)]);
  });
});
