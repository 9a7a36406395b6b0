// Upgrades: a store that the previous version wrote, opened by this one; and the mechanism, with steps of its own.

import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { commitmentsIn, parseFact } from '@surety/proof/facts';
import { digestOf, equal, leafHash, openHead, parseVerifier, treeRoot } from '@surety/proof/records';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../hash.ts';
import { openingOf } from '../opening.ts';
import { Sealing } from '../sealing.ts';
import { soleKey } from '../sole-key.fixture.ts';
import { oldStore } from './old-store.fixture.ts';
import { openReader } from './reader.ts';
import { newFolder, opened, optionsFor } from './samples.fixture.ts';
import { openLog } from './sqlite.ts';
import { copyOf, type Upgrade, upgradeStore, upgrades } from './upgrades.ts';
import { storeFile, storeFormat } from './wire.ts';

const rowsOf = (file: string): readonly { position: number; bytes: Uint8Array }[] => {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT position, bytes FROM facts ORDER BY position').all();
  database.close();
  return rows as unknown as { position: number; bytes: Uint8Array }[];
};

describe('the steps', () => {
  it('lead from the first format to this one, without a hole', () => {
    expect(upgrades.map(({ from }) => from)).toEqual(
      Array.from({ length: storeFormat - 1 }, (_, at) => at + 1),
    );
  });
});

describe('a store of an earlier version', () => {
  const formats = Array.from({ length: storeFormat }, (_, at) => at + 1);
  it.each(formats.filter((format) => existsSync(join(import.meta.dirname, `format-${format}`))))(
    'of format %i is taken over whole',
    async (format) => {
      const folder = oldStore(format);
      const before = rowsOf(join(folder, storeFile));
      const first = parseFact(before[0]?.bytes as Uint8Array, 0);
      if (first.kind !== 'log.opened') throw new Error('no log');
      const { origin, logKey, statementKey } = first.body;
      const log = await openLog({ ...optionsFor(folder), origin, logKey, statementKey });
      const facts = log.read(0, before.length);
      expect(facts.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
        before.map(({ bytes }) => Buffer.from(bytes).toString()),
      );
      for (const { position, bytes } of facts) {
        const fact = parseFact(bytes, position);
        const digests = log.disclosures(position, position + 1).map(([, text]) => digestOf(text, sha256));
        // Nothing in that day was erased: whatever a fact commits to is there, but rows of extracts, which are more.
        for (const digest of commitmentsIn(fact)) expect(digests).toContain(digest);
        const later = facts
          .slice(position + 1)
          .filter((each) => parseFact(each.bytes, each.position).stream === fact.stream);
        if (later.length === 0) expect(await log.version(fact.stream)).toBe(fact.streamVersion + 1);
      }
      const { cosigned: _, ...head } = await openHead(readFileSync(join(folder, 'head'), 'utf8'), {
        log: [parseVerifier(logKey)],
        witnesses: [],
      });
      const leaves = facts.slice(0, head.size).map(({ bytes }) => leafHash(bytes, sha256));
      expect(equal(treeRoot(leaves, sha256), head.root)).toBe(true);
      await log.append([{ stream: 'after', facts: [opened('after')] }]);
      await log.close();
      await restored(folder);
      expect(existsSync(copyOf(join(folder, storeFile), format))).toBe(format < storeFormat);
    },
  );

  it('of format 1 leaves no disclosure in the clear, and each is about its case, its person or its extract', async () => {
    const folder = oldStore(1);
    const path = join(folder, storeFile);
    const plain = new DatabaseSync(path, { readOnly: true });
    const before = plain.prepare('SELECT position, texts FROM disclosures').all() as {
      position: number;
      texts: string;
    }[];
    plain.close();
    const first = parseFact(rowsOf(path)[0]?.bytes as Uint8Array, 0);
    if (first.kind !== 'log.opened') throw new Error('no log');
    const { origin, logKey, statementKey } = first.body;
    const log = await openLog({ ...optionsFor(folder), origin, logKey, statementKey });
    const kinds = new Map<string, string>();
    for (const { position, texts } of before) {
      expect(log.disclosures(position, position + 1)).toEqual(
        texts.split('\n').map((text) => [position, text]),
      );
      const { kind, case: of } = parseFact(log.read(position, 1)[0]?.bytes as Uint8Array, position);
      const [name = ''] = log.subjectsOf(position);
      if (of !== undefined) expect(name).toBe(log.subjectName(`case/${of}`));
      kinds.set(kind, name);
    }
    expect([...kinds.keys()]).toContain('record.extracted');
    expect(kinds.get('person.enrolled')).toBe(log.subjectName('person/lena@acme.example'));
    // The approval stands in the stream of its hold, the reservation in that of its budget.
    for (const kind of ['approval.given', 'budget.reserved'])
      expect(kinds.get(kind)).toBe(kinds.get('call.held'));
    await log.close();
    const bytes = readFileSync(path);
    for (const { texts } of before)
      for (const text of texts.split('\n')) expect(bytes.includes(text)).toBe(false);
  });

  /** The sealer accepts it as what was signed. */
  async function restored(folder: string): Promise<void> {
    const reader = openReader(folder);
    const verifier = parseVerifier(openingOf(reader).logKey);
    const sign = () => Promise.reject(new Error('nothing is signed here'));
    await new Sealing(folder, reader, soleKey({ verifier, sign }), []).restore();
    reader.close();
  }
});

describe('an upgrade', () => {
  const file = async (): Promise<string> => {
    const folder = newFolder();
    const log = await openLog(optionsFor(folder));
    await log.append([{ stream: 's', facts: [opened('one')] }]);
    await log.close();
    const path = join(folder, storeFile);
    opening(path, (database) =>
      database.exec(`CREATE TABLE plain (position INTEGER PRIMARY KEY, texts TEXT);
        INSERT INTO plain VALUES (2, 'SECRETVALUE'); PRAGMA wal_checkpoint(TRUNCATE)`),
    );
    return path;
  };
  const format = storeFormat;
  const move: Upgrade = {
    from: format,
    run: (database) =>
      database.exec(
        'CREATE TABLE moved (position INTEGER PRIMARY KEY, size INTEGER); INSERT INTO moved SELECT position, length(texts) FROM plain; DROP TABLE plain',
      ),
  };
  const drop: Upgrade = { from: format + 1, run: (database) => database.exec('DROP TABLE moved') };
  const opening = <T>(path: string, work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  const versionOf = (path: string): unknown =>
    opening(path, (database) => database.prepare('PRAGMA user_version').get()?.['user_version']);
  const failure = (path: string, steps: readonly Upgrade[], to: number): unknown => {
    try {
      opening(path, (database) => upgradeStore(database, path, { steps, format: to }));
    } catch (cause) {
      return cause;
    }
    return undefined;
  };

  it('goes through every step in order, and keeps what was there', async () => {
    const path = await file();
    const before = rowsOf(path);
    expect(failure(path, [drop, move], format + 2)).toBeUndefined();
    expect(versionOf(path)).toBe(format + 2);
    expect(rowsOf(path)).toEqual(before);
    const tables = opening(path, (database) => database.prepare('SELECT name FROM sqlite_schema').all());
    expect(tables.map(({ name }) => name)).not.toContain('plain');
    const copy = copyOf(path, format);
    expect(versionOf(copy)).toBe(format);
    expect(rowsOf(copy)).toEqual(before);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    copyFileSync(copy, path);
    expect(readFileSync(path).includes('SECRETVALUE')).toBe(true);
  });

  it('leaves nothing legible of what a step took away', async () => {
    const path = await file();
    expect(readFileSync(path).includes('SECRETVALUE')).toBe(true);
    expect(failure(path, [move], format + 1)).toBeUndefined();
    expect(readFileSync(path).includes('SECRETVALUE')).toBe(false);
  });

  it('is undone when a step fails, or touches a fact', async () => {
    const path = await file();
    const bytes = rowsOf(path);
    const broken: Upgrade = { from: format + 1, run: (database) => database.exec('DROP TABLE nowhere') };
    expect(failure(path, [move, broken], format + 2)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('stays as it was'),
    });
    const forging: Upgrade = {
      from: format,
      run: (database) => database.exec("UPDATE facts SET bytes = CAST('{}' AS BLOB) WHERE position = 1"),
    };
    expect(failure(path, [forging], format + 1)).toMatchObject({
      message: expect.stringContaining('changed a fact'),
    });
    const dropping: Upgrade = {
      from: format,
      run: (database) => database.exec('DELETE FROM facts WHERE position = 2'),
    };
    expect(failure(path, [dropping], format + 1)).toMatchObject({ code: 'corrupt' });
    expect(versionOf(path)).toBe(format);
    expect(rowsOf(path)).toEqual(bytes);
    await (await openLog(optionsFor(join(path, '..')))).close();
  });

  it('does not exist backwards, and a newer store is refused by name', async () => {
    const path = await file();
    opening(path, (database) => database.exec(`PRAGMA user_version = ${format + 1}`));
    const newer = {
      code: 'other-format',
      message: expect.stringContaining(`of format ${format + 1}, written by a newer`),
    };
    expect(() => openReader(join(path, '..'))).toThrow(expect.objectContaining(newer));
    await expect(openLog(optionsFor(join(path, '..')))).rejects.toMatchObject(newer);
    expect(versionOf(path)).toBe(format + 1);
  });

  it('is not made by who only reads, nor without its step', async () => {
    const path = await file();
    opening(path, (database) => database.exec('PRAGMA user_version = 99'));
    expect(failure(path, [], 100)).toMatchObject({ code: 'other-format' });
    opening(path, (database) => database.exec('PRAGMA application_id = 7'));
    expect(() => openReader(join(path, '..'))).toThrow('no store of Surety');
  });
});
