// Torn and lost writes below the process: `node:sqlite` takes no file layer of ours, so the files are caught as they were
// before and after each sync that an answer waits for, and put together again from parts of both, as a loss of power
// could leave them: sectors of old and new in any mixture, the rest zero or rubbish. A simulation: what a drive does that
// lies about its cache, nobody can see from here.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { Packing } from './packet.ts';
import { newFolder } from './samples.fixture.ts';
import { storeFile } from './wire.ts';
import { Writer } from './writer.ts';

const sectorBytes = 512;
const tearsPerCommit = 40;

interface Files {
  readonly store: Buffer;
  readonly wal: Buffer;
}

const read = (path: string): Buffer => (existsSync(path) ? readFileSync(path) : Buffer.alloc(0));
const filesOf = (folder: string): Files => ({
  store: read(join(folder, storeFile)),
  wal: read(join(folder, `${storeFile}-wal`)),
});

/** The same numbers each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Keep = (sector: number, of: number) => boolean;

/** Which of the new sectors reached the disk. */
const patterns: readonly ((random: () => number) => Keep)[] = [
  (random) => {
    const cut = random();
    return (sector, of) => sector / of < cut;
  },
  (random) => {
    const cut = random();
    return (sector, of) => sector / of >= cut;
  },
  (random) => {
    const share = random();
    return () => random() < share;
  },
  (random) => {
    const lost = random();
    return (sector, of) => sector !== Math.floor(lost * of);
  },
];

/** The new file, less the sectors that were lost: of those the old content is there, or nothing, or rubbish. */
function torn(before: Buffer, after: Buffer, random: () => number): Buffer {
  const keep = (patterns[Math.floor(random() * patterns.length)] as (typeof patterns)[number])(random);
  const made = Buffer.alloc(Math.max(before.length, after.length));
  before.copy(made);
  const rubbish = random() < 0.3;
  const changed = Array.from({ length: Math.ceil(after.length / sectorBytes) }, (_, sector) => sector).filter(
    (sector) => !part(before, sector).equals(part(after, sector)),
  );
  for (const [index, sector] of changed.entries()) {
    if (keep(index, changed.length)) part(after, sector).copy(made, sector * sectorBytes);
    else if (rubbish && sector * sectorBytes >= before.length)
      for (let at = sector * sectorBytes; at < Math.min(made.length, (sector + 1) * sectorBytes); at++)
        made[at] = Math.floor(random() * 256);
  }
  // The length may have been lost as well.
  return random() < 0.2 ? made.subarray(0, before.length) : made;
}

const part = (file: Buffer, sector: number): Buffer =>
  file.subarray(sector * sectorBytes, (sector + 1) * sectorBytes);

/** What is in these files once a store is opened over them; a store that cannot be read is none. */
function rowsIn({ store, wal }: Files): string {
  const folder = newFolder();
  writeFileSync(join(folder, storeFile), store);
  writeFileSync(join(folder, `${storeFile}-wal`), wal);
  const database = new DatabaseSync(join(folder, storeFile));
  try {
    const all = (sql: string): string => JSON.stringify(database.prepare(sql).all());
    const facts = 'SELECT position, hex(bytes) AS bytes FROM facts ORDER BY position';
    const sound = all('PRAGMA integrity_check');
    return `${sound}${all(facts)}${all('SELECT * FROM streams')}${all('SELECT * FROM disclosures')}`;
  } catch (cause) {
    return `unreadable: ${(cause as Error).message}`;
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

function packet(stream: string, sizes: readonly number[]) {
  const packing = new Packing();
  packing.append(
    [{ stream, facts: sizes.map(() => ({ kind: 'action.opened', body: { call: 'c' } })) }],
    () => {
      for (const [index, size] of sizes.entries())
        packing.fact(
          [`${stream} ${index} `, ' ', 'x'.repeat(size)],
          index % 2 === 0 ? ['WzFd', 'WzJd'] : [],
          stream,
        );
    },
  );
  return packing.take();
}

/** Each commit, as the files before it, when it was answered, and when its checkpoint (if any) was over. */
function history(): { before: Files; answered: Files; after: Files }[] {
  const folder = newFolder();
  const writer = new Writer({ folder, program: 'gateway' });
  const commits: { before: Files; answered: Files; after: Files }[] = [];
  const many = (facts: number, size: number): number[] => Array.from({ length: facts }, () => size);
  // The two that are large make the write-ahead log be emptied into the store, and begin anew.
  for (const sizes of [
    [10],
    [300, 20, 5],
    many(40, 200),
    many(70, 61_000),
    [7],
    many(9, 900),
    many(70, 61_000),
    [1],
    [2],
  ]) {
    const before = filesOf(folder);
    let answered = before;
    writer.stage(packet(`s${commits.length % 3}`, sizes), () => undefined);
    writer.commit(() => {
      answered = filesOf(folder);
    });
    commits.push({ before, answered, after: filesOf(folder) });
  }
  writer.close();
  return commits;
}

describe('a loss of power', () => {
  const commits = history();

  it('within a commit leaves all of it or nothing, and all before it', () => {
    const random = randomOf(1);
    const found = new Set<string>();
    for (const [index, { before, answered }] of commits.entries()) {
      const [old, whole] = [rowsIn(before), rowsIn(answered)];
      expect(whole).not.toBe(old);
      expect(answered.store.equals(before.store)).toBe(true);
      const tears =
        before.wal.length + answered.wal.length > 1_000_000 ? tearsPerCommit / 10 : tearsPerCommit;
      for (let tear = 0; tear < tears; tear++) {
        const left = rowsIn({ store: answered.store, wal: torn(before.wal, answered.wal, random) });
        expect(left === old || left === whole, `commit ${index}, tear ${tear}: ${left.slice(0, 200)}`).toBe(
          true,
        );
        found.add(left === old ? 'old' : 'whole');
      }
    }
    expect([...found].toSorted()).toEqual(['old', 'whole']);
  });

  it('while the write-ahead log is emptied into the store takes nothing', () => {
    const random = randomOf(2);
    const emptied = commits.filter(({ answered, after }) => !answered.store.equals(after.store));
    expect(emptied).toHaveLength(2);
    for (const { answered, after } of emptied) {
      const whole = rowsIn(answered);
      for (let tear = 0; tear < 6; tear++)
        expect(rowsIn({ store: torn(answered.store, after.store, random), wal: after.wal }) === whole).toBe(
          true,
        );
    }
  });

  it('would be seen here if the store were not synced before the log begins anew', () => {
    const random = randomOf(3);
    const [at = 0] = commits.flatMap(({ answered, after }, index) =>
      answered.store.equals(after.store) ? [] : [index],
    );
    const [{ answered, after }, next] = commits.slice(at, at + 2) as [
      (typeof commits)[0],
      (typeof commits)[0],
    ];
    const allowed = [rowsIn(next.before), rowsIn(next.answered)];
    const lying = Array.from({ length: 6 }, () =>
      rowsIn({ store: torn(answered.store, after.store, random), wal: next.answered.wal }),
    );
    expect(lying.some((rows) => !allowed.includes(rows))).toBe(true);
  });
});
