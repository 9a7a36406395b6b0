// What may be made of a backup: the same log again, or a successor that says what is lost.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseFact } from '@surety/proof/facts';
import { digestOf, openHead, parseVerifier } from '@surety/proof/records';
import { afterEach, describe, expect, it } from 'vitest';
import {
  asked,
  bytesOf,
  endAll,
  keysOf,
  newFile,
  optionsOf,
  origin,
  rootOf,
  run,
  second,
} from './backup.fixture.ts';
import { backUp, ringOf } from './backup.ts';

import { sha256 } from './hash.ts';
import { openingOf } from './opening.ts';
import { kill, startWitness } from './processes.fixture.ts';
import { restore } from './restore.ts';
import { oldStore } from './stores/old-store.fixture.ts';
import { openReader } from './stores/reader.ts';
import { KeyRing } from './stores/ring.ts';
import { newFolder } from './stores/samples.fixture.ts';
import { storeFormat } from './stores/wire.ts';

afterEach(endAll);

describe('a backup of all there is', () => {
  it('goes on under its name, and its witness follows', async () => {
    const { store, witness, grow, stop } = await run();
    await grow(5);
    await stop();
    const file = newFile();
    await backUp(store, file, { ...asked, keys: true });
    const options = optionsOf(file, witness);
    // What a restore that was killed would leave.
    const dead = join(options.store, '..', '.store.2147483646.new');
    mkdirSync(dead);
    const restored = await restore(options);
    expect(readdirSync(join(dead, '..'))).toEqual(['store']);
    expect(restored).toEqual({ origin, size: 8, sealedSize: 8, madeAt: 1_000 });
    expect(bytesOf(options.store)).toEqual(bytesOf(store));
    expect(statSync(options.store).mode & 0o777).toBe(0o700);
    expect(statSync(join(options.store, 'keys', 'log.key')).mode & 0o777).toBe(0o600);
    const again = await run(options.store, origin, witness);
    expect(again.log.disclosures(3, 4)).toEqual([
      [3, 'WzFd'],
      [3, 'WzJd'],
    ]);
    await again.grow(1);
    expect(again.sealer.latest()).toMatchObject({ size: 10, cosigned: ['witness.example'] });
    const fact = parseFact(again.log.read(8, 1)[0]?.bytes as Uint8Array, 8);
    expect(fact.body).toMatchObject({ tail: 'clean' });
  });

  it('needs its keys: in it, or beside it, and no others', async () => {
    const { store, witness, grow, stop } = await run();
    await grow(1);
    await stop();
    const file = newFile();
    await backUp(store, file, asked);
    const options = optionsOf(file, witness);
    await expect(restore(options)).rejects.toMatchObject({ code: 'no-keys' });
    const other = join(newFolder(), 'other');
    await keysOf(other, origin);
    const ringKey = 'keys/keyring.key';
    copyFileSync(join(store, ringKey), join(other, ringKey));
    await expect(restore({ ...options, keys: join(other, 'keys') })).rejects.toMatchObject({
      code: 'wrong-log',
    });
    expect(existsSync(options.store)).toBe(false);
    await restore({ ...options, keys: join(store, 'keys') });
    await (await run(options.store, origin, witness)).grow(1);
  });

  it('stays without what was erased since, under the ring of today', async () => {
    const { store, witness, grow, stop } = await run();
    await grow(2);
    await stop();
    const file = newFile();
    await backUp(store, file, { ...asked, keys: true });
    const reader = openReader(store);
    expect(reader.disclosures(2, 3)).toHaveLength(2);
    const [subject] = reader.subjectsOf(2);
    const database = new DatabaseSync(join(store, 'log.sqlite'));
    const { slot } = database.prepare('SELECT slot FROM subjects WHERE name = ?').get(subject as string) as {
      slot: number;
    };
    database.close();
    reader.close();
    const ring = new KeyRing(store, true);
    ring.destroy([slot]);
    ring.close();
    const options = { ...optionsOf(file, witness), keyring: join(store, 'keyring') };
    await restore(options);
    const again = await run(options.store, origin, witness);
    expect(again.log.disclosures(2, 4)).toEqual([]);
    await again.grow(1);
    expect(again.log.disclosures(again.log.size() - 1, again.log.size())).toHaveLength(2);
  });

  it('is refused where nobody can say that it is all, unless somebody does', async () => {
    const { store, witness, grow, stop, log } = await run();
    await grow(3);
    const [open, closed] = [newFile(), newFile()];
    await backUp(store, open, { ...asked, keys: true });
    const superseded = (text: string) => ({ code: 'superseded', message: expect.stringContaining(text) });
    await expect(restore(optionsOf(open, witness))).rejects.toMatchObject(superseded('was being written'));
    expect(log.size()).toBe(5);
    await stop();
    await backUp(store, closed, { ...asked, keys: true });
    const options = optionsOf(closed, witness);
    await expect(restore({ ...options, witnesses: [] })).rejects.toMatchObject(
      superseded('no witness could say'),
    );
    const forgetful = await startWitness(newFolder(), 'forgetful.example', [
      openingOf(openReader(store)).logKey,
    ]);
    const two = [...options.witnesses, { url: forgetful.url, key: parseVerifier(forgetful.vkey) }];
    await expect(restore({ ...options, witnesses: two })).rejects.toMatchObject(
      superseded('forgetful.example does not know'),
    );
    await kill(forgetful.child);
    await expect(restore({ ...options, witnesses: two })).rejects.toMatchObject(
      superseded('does not say what it has seen'),
    );
    await restore({ ...options, witnesses: two, choice: 'complete' });
  });

  it('is refused when it is damaged, of another log, or of a newer format; and over a store', async () => {
    const { store, witness, grow, stop } = await run();
    await grow(3);
    await stop();
    const file = newFile();
    await backUp(store, file, { ...asked, keys: true });
    const options = { ...optionsOf(file, witness), keyring: ringOf(file) };
    const change = (sql: string): string => {
      const changed = newFile();
      copyFileSync(file, changed);
      const database = new DatabaseSync(changed);
      database.exec(sql);
      database.close();
      return changed;
    };
    const refusal = async (sql: string, code: string): Promise<void> => {
      await expect(restore({ ...options, backup: change(sql) })).rejects.toMatchObject({ code });
      expect(readdirSync(join(options.store, '..'))).toEqual([]);
    };
    await refusal("UPDATE facts SET bytes = CAST('{}' AS BLOB) WHERE position = 4", 'corrupt');
    await refusal('DELETE FROM facts WHERE position = 4', 'corrupt');
    await refusal('DELETE FROM facts WHERE position > 4', 'corrupt');
    await refusal('DROP TABLE backup', 'corrupt');
    await refusal("UPDATE streams SET version = 1 WHERE name = 's'", 'corrupt');
    await refusal("INSERT INTO facts VALUES (7, CAST('{}' AS BLOB))", 'corrupt');
    await refusal('CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM disclosures; END', 'corrupt');
    await refusal("INSERT INTO backup VALUES ('../../evil', x'00')", 'corrupt');
    await refusal("INSERT INTO backup VALUES ('keys/../../evil.key', x'00')", 'corrupt');
    await refusal(`PRAGMA user_version = ${storeFormat + 1}`, 'other-format');
    await refusal('PRAGMA application_id = 1', 'corrupt');
    await expect(restore({ ...options, origin: second })).rejects.toMatchObject({ code: 'wrong-log' });
    const torn = newFile();
    writeFileSync(torn, readFileSync(file).subarray(0, 20_000));
    await expect(restore({ ...options, backup: torn })).rejects.toMatchObject({ code: 'corrupt' });
    await expect(restore({ ...options, backup: newFile() })).rejects.toMatchObject({ code: 'no-backup' });
    const strange = newFile();
    writeFileSync(strange, readFileSync(ringOf(file)).fill(0, 16, 64));
    await expect(restore({ ...options, keyring: strange })).rejects.toMatchObject({ code: 'wrong-log' });
    await expect(restore({ ...options, keyring: newFile() })).rejects.toMatchObject({ code: 'no-keys' });
    mkdirSync(options.store);
    writeFileSync(join(options.store, 'mine'), '');
    await expect(restore(options)).rejects.toMatchObject({ code: 'exists' });
    rmSync(join(options.store, 'mine'));
    await restore(options);
  });
});

describe('a backup behind a witness', () => {
  /** Backed up at 6 facts; its witness has cosigned 12. */
  async function behind() {
    const running = await run();
    await running.grow(4);
    const file = newFile();
    await backUp(running.store, file, { ...asked, keys: true });
    await running.grow(5);
    await running.stop();
    const facts = bytesOf(running.store);
    const head = readFileSync(join(running.store, 'head'), 'utf8');
    return { ...running, file, facts, head, options: optionsOf(file, running.witness) };
  }

  it('never goes on under its name, whoever says that it may', async () => {
    const { options, facts } = await behind();
    for (const choice of [undefined, 'complete'] as const)
      await expect(restore({ ...options, ...(choice && { choice }) })).rejects.toMatchObject({
        code: 'superseded',
        message: expect.stringContaining(`${facts.length} were seen`),
      });
    // Nor by the head alone that somebody kept.
    const { head } = await behind();
    await expect(restore({ ...options, heads: [head] })).rejects.toMatchObject({ code: 'wrong-log' });
  });

  it('goes on as a successor that commits to the last cosigned head and lists the gap', async () => {
    const { options, facts, head, store } = await behind();
    const restored = await restore({ ...options, origin: second, choice: 'successor' });
    const { succession } = restored;
    expect(restored).toMatchObject({ origin: second, size: 6 });
    expect(succession).toMatchObject({
      predecessor: origin,
      root: rootOf(facts.slice(0, 6)),
      witnessed: [{ witness: 'witness.example', size: facts.length }],
      lost: { from: 6, to: facts.length },
    });
    // The note is the one that the witness cosigned.
    expect(succession?.head).toBe(head);
    const reader = openReader(options.store);
    expect(reader).toMatchObject({ origin: second, succeededAt: 6 });
    expect(reader.read(0, 6).map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(facts.slice(0, 6));
    const first = parseFact(reader.read(6, 1)[0]?.bytes as Uint8Array, 6);
    expect(first).toMatchObject({
      kind: 'log.succeeded',
      log: second,
      stream: 'log',
      streamVersion: 1,
      body: succession,
    });
    const { logKey, statementKey, salt } = openingOf(reader);
    expect([logKey, statementKey].map((each) => parseVerifier(each).name)).toEqual([
      second,
      `${second}/statement`,
    ]);
    const old = openReader(store);
    expect(salt).toEqual(openingOf(old).salt);
    expect(reader.disclosures(0, 1).map(([, text]) => digestOf(text, sha256))).toEqual(salt);
    reader.close();
    old.close();
    // It runs, is sealed under its new name, and a witness that knows that name cosigns all of it.
    const witness = await startWitness(newFolder(), 'new.example', [logKey]);
    const again = await run(options.store, second, witness);
    await again.grow(2);
    const latest = again.sealer.latest();
    expect(latest).toMatchObject({ size: again.log.size(), cosigned: ['new.example'] });
    await expect(
      openHead(latest?.head ?? '', { log: [parseVerifier(logKey)], witnesses: [] }),
    ).resolves.toMatchObject({
      origin: second,
    });
    await again.stop();
    // A backup of a successor is restored like any other, and can have a successor of its own.
    const file = newFile();
    await backUp(options.store, file, asked);
    const third = { ...optionsOf(file, witness), keys: join(options.store, 'keys') };
    const more = await restore({ ...third, origin: 'ledger.example/test-3', choice: 'successor' });
    expect(more.succession).toMatchObject({ predecessor: second });
    expect(more.succession).not.toHaveProperty('lost');
    expect(openReader(third.store)).toMatchObject({
      origin: 'ledger.example/test-3',
      succeededAt: more.size,
    });
  });

  it('knows by a head that was kept what no witness says', async () => {
    const { options, head, facts, store } = await behind();
    const away = { ...options, witnesses: [] };
    const named = { ...away, heads: [head], origin: second };
    await expect(restore({ ...away, heads: [head], choice: 'complete' })).rejects.toMatchObject({
      code: 'superseded',
    });
    await expect(restore({ ...named, origin, choice: 'successor' })).rejects.toMatchObject({
      code: 'same-name',
    });
    // A head that counts less must still be of the same facts.
    const forged = join(newFolder(), 'store');
    mkdirSync(join(forged, 'keys'), { recursive: true });
    for (const name of ['log.key', 'log.vkey', 'statement.key', 'statement.vkey'])
      copyFileSync(join(store, 'keys', name), join(forged, 'keys', name));
    const witness = await startWitness(newFolder(), 'other.example', [openingOf(openReader(store)).logKey]);
    const fork = await run(forged, origin, witness);
    await fork.grow(1);
    const forkHead = fork.sealer.latest()?.head ?? '';
    await expect(restore({ ...named, heads: [forkHead], choice: 'successor' })).rejects.toMatchObject({
      code: 'corrupt',
    });
    const { succession } = await restore({ ...named, choice: 'successor' });
    expect(succession).toMatchObject({ head, witnessed: [], lost: { from: 6, to: facts.length } });
  });

  it('of an earlier format is upgraded on its way', async () => {
    const old = oldStore(1);
    const file = newFile();
    copyFileSync(join(old, 'log.sqlite'), file);
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE backup (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT');
    const put = database.prepare('INSERT INTO backup VALUES (?, ?)');
    put.run('made', Buffer.from('{"at":1,"version":"0"}'));
    put.run('head', readFileSync(join(old, 'head')));
    database.close();
    const store = join(newFolder(), 'store');
    const restored = await restore({ ...optionsOf(file), store, origin: second, choice: 'successor' });
    expect(restored).toMatchObject({
      size: 70,
      sealedSize: 70,
      succession: { predecessor: 'acme.example/test' },
    });
    expect(readdirSync(store).filter((name) => name.includes('format'))).toEqual([]);
  });
});
