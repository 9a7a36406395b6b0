// Backups of a real log under a real sealer and a real witness.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { asked, bytesOf, endAll, newFile, origin, run } from './backup.fixture.ts';
import { backUp } from './backup.ts';

import { newFolder, opened } from './stores/samples.fixture.ts';

afterEach(endAll);

describe('a backup', () => {
  it('is the store of one moment, while it is written', async () => {
    const { store, log, grow } = await run();
    await grow(20);
    let isOver = false;
    const writing = (async () => {
      for (let at = 0; !isOver; at++)
        await log.append([{ stream: 'busy', facts: [opened(String(at)), opened('b')] }]);
    })();
    const file = newFile();
    const made = await backUp(store, file, asked);
    isOver = true;
    await writing;
    expect(made).toMatchObject({ origin, keys: [] });
    expect(made.sealedSize).toBeGreaterThanOrEqual(22);
    expect(made.size).toBeGreaterThanOrEqual(made.sealedSize);
    expect(log.size()).toBeGreaterThanOrEqual(made.size);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, '..'))).toEqual(['backup', 'backup.keyring']);
    const copy = new DatabaseSync(file, { readOnly: true });
    const facts = copy.prepare('SELECT bytes FROM facts ORDER BY position').all() as { bytes: Uint8Array }[];
    expect(facts.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(
      bytesOf(store).slice(0, made.size),
    );
    // An append of two facts is in it whole.
    const busy = copy.prepare("SELECT version FROM streams WHERE name = 'busy'").get() as
      | { version: number }
      | undefined;
    expect((busy?.version ?? 0) % 2).toBe(0);
    expect(copy.prepare('SELECT count(*) AS count FROM disclosures').get()).toEqual({ count: 21 });
    copy.close();
  });

  it('holds private keys only when it is asked to', async () => {
    const { store, grow } = await run();
    await grow(1);
    const secret = readFileSync(join(store, 'keys', 'log.key'), 'utf8').split('\n')[1] as string;
    const ringKey = readFileSync(join(store, 'keys', 'keyring.key'));
    const [bare, full] = [newFile(), newFile()];
    await backUp(store, bare, asked);
    expect((await backUp(store, full, { ...asked, keys: true })).keys.toSorted()).toEqual([
      'keys/keyring.key',
      'keys/log.key',
      'keys/statement.key',
    ]);
    expect(readFileSync(bare).includes(secret)).toBe(false);
    expect(readFileSync(full).includes(secret)).toBe(true);
    expect([bare, full].map((file) => readFileSync(file).includes(ringKey))).toEqual([false, true]);
    for (const file of [bare, full]) expect(statSync(`${file}.keyring`).mode & 0o777).toBe(0o600);
  });

  it('is not made of a store that is not what was signed, nor over a file', async () => {
    const { store, grow, stop } = await run();
    await grow(5);
    await stop();
    const file = newFile();
    writeFileSync(file, 'mine');
    await expect(backUp(store, file, asked)).rejects.toMatchObject({ code: 'exists' });
    const database = new DatabaseSync(join(store, 'log.sqlite'));
    database.exec(
      'UPDATE facts SET bytes = CAST(replace(CAST(bytes AS TEXT), \'"time":1\', \'"time":2\') AS BLOB) WHERE position = 3',
    );
    database.close();
    const other = newFile();
    await expect(backUp(store, other, asked)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('do not give the root that was signed'),
    });
    expect(readdirSync(join(other, '..'))).toEqual([]);
    await expect(backUp(newFolder(), other, asked)).rejects.toMatchObject({ code: 'missing' });
  });
});
