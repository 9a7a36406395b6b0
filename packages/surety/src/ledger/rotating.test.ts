// Rotations end to end: a real store, real sealers, a real witness; and each place where a process can die in the
// middle, from which the next one must lead on to exactly one key.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { keyAt, openHead, parseVerifier, type Rotation } from '@surety/proof/records';
import { afterEach, describe, expect, it } from 'vitest';
import { KeyDesk, statementKeyPlace } from './key-desk.ts';
import { KeysOfLog } from './key-history.ts';
import { ensureKey, publishedKey } from './keys.ts';
import type { Log } from './log.ts';
import { endProcesses, kill, runSealer, startWitness } from './processes.fixture.ts';
import { waitingOrder } from './rotating.ts';
import { ensureLogKey, ensureNextLogKey, orderLogRotation, type Sealer, startSealer } from './seal.ts';
import { together } from './sealer-place.ts';
import { openReader } from './stores/reader.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';
import { markSuccession } from './stores/succession.ts';
import { storeFile } from './stores/wire.ts';

const origin = 'ledger.example/test';
const timeoutMs = 20_000;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await endProcesses();
});

interface Made {
  readonly folder: string;
  readonly keys: string;
  readonly log: Log;
  readonly vkey: string;
  readonly sealer: Sealer;
  readonly desk: KeyDesk;
  stop(): Promise<void>;
}

/** The log in this folder, with its sealer and its desk, as the house joins them. */
async function house(folder: string, witnesses: { vkey: string; url: string }[] = []): Promise<Made> {
  const place = together(folder);
  const { keys } = place;
  const vkey = await ensureLogKey(keys, origin);
  const statement = statementKeyPlace(keys, origin);
  const options = { ...optionsFor(folder), logKey: vkey, statementKey: ensureKey(statement).vkey };
  const log = await openLog(options);
  const sealer = await startSealer({ folder, keys, witnesses });
  const desk = new KeyDesk({
    ...{ log, statement, now: Date.now },
    side: {
      place,
      orderLog: (reason) => orderLogRotation({ folder, keys }, reason),
      nextLog: () => ensureNextLogKey(keys, origin),
    },
    sealed: (size) => sealer.sealed(size, { timeoutMs: witnesses.length === 0 ? timeoutMs : 1_000 }),
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    desk.close();
    await log.close();
    await sealer.stop();
  };
  ends.push(stop);
  return { folder, keys, log, vkey, sealer, desk, stop };
}

const historyOf = (folder: string) => {
  const reader = openReader(folder);
  try {
    return { ...new KeysOfLog(reader).history(), size: reader.size() };
  } finally {
    reader.close();
  }
};

/** Names of the keys, of those known, that signed the published head. */
async function signersOf(folder: string, known: readonly string[]): Promise<string[]> {
  const note = readFileSync(join(folder, 'head'), 'utf8');
  const signed: string[] = [];
  for (const key of known) {
    const by = await openHead(note, { log: [parseVerifier(key)], witnesses: [] }).catch(() => undefined);
    if (by !== undefined) signed.push(key);
  }
  return signed;
}

const more = (log: Log) => log.append([{ stream: 'x', facts: [opened('x')] }]);
const oneKey = (keys: string) =>
  expect(
    readdirSync(keys)
      .filter((name) => /^(log|statement)/.test(name))
      .toSorted(),
  ).toEqual(['log.key', 'log.vkey', 'statement.key', 'statement.vkey']);

describe('a rotation of the log key', () => {
  it('is a fact that both keys signed, a head that both signed, and then one key', async () => {
    const { folder, keys, log, vkey, sealer, desk } = await house(newFolder());
    await sealer.sealed(log.size(), { timeoutMs });
    const rotated = await desk.rotate('log', 'scheduled');
    expect(rotated).toMatchObject({ role: 'log', from: vkey, reason: 'scheduled' });
    expect(sealer.latest()?.size).toBe(rotated.position + 1);
    expect(await signersOf(folder, [vkey, rotated.to])).toEqual([vkey, rotated.to]);
    await more(log);
    await sealer.sealed(log.size(), { timeoutMs });
    expect(await signersOf(folder, [vkey, rotated.to])).toEqual([rotated.to]);
    expect(publishedKey({ folder: keys, stem: 'log' })).toBe(rotated.to);
    oneKey(keys);
    const again = await desk.rotate('log', 'scheduled');
    expect(again.from).toBe(rotated.to);
    expect(historyOf(folder).rotations.map(({ to }) => to)).toEqual([rotated.to, again.to]);
  });

  it('may be made known before it is ordered', async () => {
    const { desk, keys } = await house(newFolder());
    for (const role of ['log', 'statement'] as const) {
      const next = await desk.next(role);
      expect(await desk.next(role)).toBe(next);
      expect(publishedKey({ folder: keys, stem: role })).not.toBe(next);
      expect((await desk.rotate(role, 'scheduled')).to).toBe(next);
    }
    oneKey(keys);
  });

  it('away from a compromised key is signed by the new one alone', async () => {
    const { folder, vkey, desk } = await house(newFolder());
    const { to } = await desk.rotate('log', 'compromised');
    expect(await signersOf(folder, [vkey, to])).toEqual([to]);
  });

  it('lets witnesses go on cosigning, once they know the new key', async () => {
    const folder = newFolder();
    const vkey = await ensureLogKey(together(folder).keys, origin);
    const memory = newFolder();
    const first = await startWitness(memory, 'witness.example', [vkey]);
    const made = await house(folder, [first]);
    const { to } = await made.desk.rotate('log', 'scheduled');
    // The head that both signed: a witness that knows one of them has what it needs.
    expect(made.sealer.latest()?.cosigned).toEqual(['witness.example']);
    await more(made.log);
    const alone = await made.sealer.sealed(made.log.size(), { timeoutMs: 1, headMs: timeoutMs });
    expect(alone.cosigned).toEqual([]);
    expect(alone.missing[0]?.cause).toMatch(
      /^refused: it does not know the log key `ledger.example\/test\+[0-9a-f]{8}`/,
    );
    await kill(first.child);
    await startWitness(memory, 'witness.example', [to], { port: first.port });
    const head = await made.sealer.sealed(made.log.size(), { timeoutMs });
    expect(head.cosigned).toEqual(['witness.example']);
  });

  it('survives starting again, and a log that is opened by any of its keys', async () => {
    const first = await house(newFolder());
    const { to } = await first.desk.rotate('log', 'scheduled');
    const statement = await first.desk.rotate('statement', 'scheduled');
    await first.stop();
    const second = await house(first.folder);
    expect(second.vkey).toBe(to);
    expect(second.desk.statementAt(second.log.size()).vkey).toBe(statement.to);
    await second.sealer.sealed(second.log.size(), { timeoutMs });
    expect(await signersOf(first.folder, [first.vkey, to])).toEqual([to]);
    await second.stop();
    // The note of where the rotations lie is a convenience: gone, or false, it changes nothing.
    const known = historyOf(first.folder).rotations;
    for (const note of [undefined, '[]', '[0]', '[1,2]', '"x"', '{']) {
      const path = join(first.folder, 'rotations.json');
      rmSync(path, { force: true });
      if (note !== undefined) writeFileSync(path, note);
      const reader = openReader(first.folder);
      expect(new KeysOfLog(reader, first.folder).history().rotations).toEqual(known);
      reader.close();
    }
  });
});

describe('a log that goes on under another name', () => {
  it('has the keys of each name in its place, with the rotations in it', async () => {
    const first = await house(newFolder());
    const { to } = await first.desk.rotate('log', 'scheduled');
    const before = first.log.size();
    await first.stop();
    const second = 'ledger.example/second';
    const options = { ...optionsFor(first.folder), origin: second, logKey: 'next log', statementKey: 'next' };
    const succession = { predecessor: origin, root: 'A'.repeat(43), witnessed: [] };
    const kept = historyOf(first.folder).size;
    const log = await openLog({ ...options, succession });
    await log.close();
    const database = new DatabaseSync(join(first.folder, storeFile));
    markSuccession(database, kept);
    database.close();
    const { eras, rotations, size } = historyOf(first.folder);
    expect(eras.map((each) => each.origin)).toEqual([origin, second]);
    const history = { eras, rotations };
    expect([1, before, size].map((each) => keyAt(history, 'log', each))).toEqual([
      first.vkey,
      to,
      'next log',
    ]);
  });
});

describe('a process that dies', () => {
  /** A log whose sealer and desk are gone, with an order that waits. */
  async function ordered() {
    const made = await house(newFolder());
    await made.sealer.sealed(made.log.size(), { timeoutMs });
    const { folder, keys } = made;
    await orderLogRotation({ folder, keys }, 'scheduled');
    const order = waitingOrder(keys, 'log', historyOf(folder), made.log.size()) as Rotation;
    return { ...made, order };
  }

  it('between the next key and the order leaves the old key in force', async () => {
    const made = await ordered();
    rmSync(join(made.keys, 'log.rotation'));
    await made.stop();
    const next = await house(made.folder);
    expect(await next.desk.resume()).toEqual([]);
    await next.sealer.sealed(next.log.size(), { timeoutMs });
    expect(await signersOf(made.folder, [made.vkey, made.order.to])).toEqual([made.vkey]);
    // The key that was made is used by the next order: there is never a third.
    expect(await next.desk.rotate('log', 'scheduled')).toMatchObject({ to: made.order.to });
    oneKey(made.keys);
  });

  it('between the order and the fact leaves the order to whoever comes next', async () => {
    const made = await ordered();
    await made.stop();
    const next = await house(made.folder);
    expect(await next.desk.resume()).toMatchObject([{ role: 'log', to: made.order.to }]);
    expect(await next.desk.resume()).toEqual([]);
    await next.sealer.sealed(next.log.size(), { timeoutMs });
    expect(await signersOf(made.folder, [made.vkey, made.order.to])).toEqual([made.vkey, made.order.to]);
    oneKey(made.keys);
  });

  it('between the fact and the head over it has both sign it then', async () => {
    const made = await ordered();
    const { pid } = JSON.parse(readFileSync(join(made.folder, 'sealer.holder'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGSTOP');
    await made.desk.resume();
    process.kill(pid, 'SIGKILL');
    await made.sealer.sealed(made.log.size(), { timeoutMs });
    expect(await signersOf(made.folder, [made.vkey, made.order.to])).toEqual([made.vkey, made.order.to]);
    oneKey(made.keys);
  });

  it('between the head and the new key’s place puts it there', async () => {
    const made = await ordered();
    const [old, next] = ['log.key', 'log.next.key'].map((name) => readFileSync(join(made.keys, name)));
    await made.desk.resume();
    await made.sealer.sealed(made.log.size(), { timeoutMs });
    await made.stop();
    const back = () => {
      writeFileSync(join(made.keys, 'log.key'), old ?? '', { mode: 0o600 });
      writeFileSync(join(made.keys, 'log.next.key'), next ?? '', { mode: 0o600 });
      writeFileSync(join(made.keys, 'log.rotation'), JSON.stringify(made.order));
    };
    const settled = async () => {
      const again = await house(made.folder);
      expect(await again.desk.resume()).toEqual([]);
      await again.sealer.sealed(again.log.size(), { timeoutMs });
      expect(await signersOf(made.folder, [made.vkey, made.order.to])).toEqual([made.order.to]);
      oneKey(made.keys);
      expect(publishedKey({ folder: made.keys, stem: 'log' })).toBe(made.order.to);
      await again.stop();
    };
    back();
    writeFileSync(join(made.keys, 'log.vkey'), `${made.vkey}\n`);
    await settled();
    // One step on: the private half is in its place, the public one is not.
    writeFileSync(join(made.keys, 'log.vkey'), `${made.vkey}\n`);
    await settled();
  });

  it('at any step of a rotation of the statement key leaves one that signs', async () => {
    const made = await house(newFolder());
    const keep = newFolder();
    mkdirSync(join(keep, 'keys'));
    for (const name of ['statement.key', 'statement.vkey'])
      copyFileSync(join(made.keys, name), join(keep, 'keys', name));
    const before = made.desk.statementAt(made.log.size()).vkey;
    const { to } = await made.desk.rotate('statement', 'scheduled');
    const rotated = readFileSync(join(made.keys, 'statement.key'));
    expect(made.desk.statementAt(made.log.size()).vkey).toBe(to);
    oneKey(made.keys);
    await made.stop();
    // The fact is there; the new key is not in its place yet.
    for (const name of ['statement.key', 'statement.vkey'])
      copyFileSync(join(keep, 'keys', name), join(made.keys, name));
    writeFileSync(join(made.keys, 'statement.next.key'), rotated, { mode: 0o600 });
    const next = await house(made.folder);
    expect(next.desk.statementAt(next.log.size()).vkey).toBe(to);
    oneKey(made.keys);
    await next.stop();
    // Without the new key there is nothing to sign with, and the old one is not taken in its place.
    for (const name of ['statement.key', 'statement.vkey'])
      copyFileSync(join(keep, 'keys', name), join(made.keys, name));
    await expect(house(made.folder)).rejects.toThrow('the statement key in force');
    expect(before).not.toBe(to);
  });
});

describe('what is no rotation', () => {
  it('is never recorded: an order by a stranger, for another key, or too old', async () => {
    const made = await house(newFolder());
    const { to } = await made.desk.rotate('log', 'scheduled');
    await orderLogRotation(made, 'scheduled');
    const path = join(made.keys, 'log.rotation');
    const order = JSON.parse(readFileSync(path, 'utf8')) as Rotation;
    const size = made.log.size();
    const cases: [Partial<Rotation>, string | undefined][] = [
      [{ signature: order.acceptance }, 'is not signed by the log key'],
      [{ acceptance: order.signature }, 'was not accepted'],
      [{ reason: 'compromised' }, 'is not signed by the log key'],
      [{ size: size + 1 }, 'is not signed'],
      // Of a key that is not in force, or long ago: it is passed over, and ordered anew.
      [{ from: made.vkey }, undefined],
      [{ size: -10_000 }, 'the order to rotate is none'],
    ];
    for (const [change, said] of cases) {
      writeFileSync(path, JSON.stringify({ ...order, ...change }));
      if (said === undefined) expect(await made.desk.resume()).toEqual([]);
      else await expect(made.desk.resume()).rejects.toThrow(said);
    }
    writeFileSync(path, JSON.stringify({ ...order, extra: 1 }));
    await expect(made.desk.resume()).rejects.toThrow('the order to rotate is none');
    expect(made.log.size()).toBe(size);
    for (let count = 0; count < 9; count++)
      await made.log.append([
        { stream: 'x', facts: Array.from({ length: 1_000 }, (_, at) => opened(`${count} ${at}`)) },
      ]);
    writeFileSync(path, JSON.stringify(order));
    expect(await made.desk.resume()).toEqual([]);
    expect(await made.desk.rotate('log', 'scheduled')).toMatchObject({ from: to });
  });

  it('is not ordered twice: the first must be under a head', async () => {
    const made = await house(newFolder());
    await made.sealer.sealed(made.log.size(), { timeoutMs });
    await orderLogRotation(made, 'scheduled');
    const { pid } = JSON.parse(readFileSync(join(made.folder, 'sealer.holder'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGSTOP');
    await made.desk.resume();
    await expect(orderLogRotation(made, 'scheduled')).rejects.toThrow('over which there is no head yet');
    process.kill(pid, 'SIGCONT');
  });

  it('is a head of the old key put back: the sealer ends', async () => {
    const made = await house(newFolder());
    await made.sealer.sealed(made.log.size(), { timeoutMs });
    const old = readFileSync(join(made.keys, 'log.key'));
    const { to } = await made.desk.rotate('log', 'scheduled');
    await made.stop();
    writeFileSync(join(made.keys, 'log.key'), old, { mode: 0o600 });
    const { code, stderr } = await runSealer(['--folder', made.folder, '--keys', made.keys]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('the log key in force')]);
    expect(stderr).toContain(to.split('+')[1]);
    expect(existsSync(join(made.keys, 'log.next.key'))).toBe(false);
  });
});
