// Sealing end to end: a real store, the real sealer process, real witnesses; every head is opened and every
// proof checked with what the verifier uses, and every way to change history is refused.

import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  consistencyProof,
  inclusionProof,
  leafHash,
  openHead,
  parsePolicy,
  parseVerifier,
  toBase64,
  treeRoot,
  utf8,
  verifyConsistency,
  verifyInclusion,
} from '@surety/proof/records';
import { afterEach, describe, expect, it } from 'vitest';
import { sha256 } from './hash.ts';
import type { Log } from './log.ts';
import { endProcesses, kill, runSealer, startWitness, witnessKey } from './processes.fixture.ts';
import { ensureLogKey, type Published, type Sealer, type SealerOptions, startSealer } from './seal.ts';
import { newFolder, opened, optionsFor, refused } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';
import { TileFolder } from './tile-folder.ts';

const origin = 'ledger.example/test';
const timeoutMs = 20_000;
/** As soon as there is a head: with what cosignatures there are then. */
const soon = { timeoutMs: 1, headMs: timeoutMs };
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await endProcesses();
});

async function newLog(): Promise<{ folder: string; keys: string; vkey: string; log: Log }> {
  const [folder, keys] = [newFolder(), newFolder()];
  const vkey = await ensureLogKey(keys, origin);
  const log = await openLog({ ...optionsFor(folder), logKey: vkey });
  ends.push(() => log.close());
  return { folder, keys, vkey, log };
}

async function sealerOf(options: SealerOptions): Promise<Sealer> {
  const sealer = await startSealer(options);
  ends.push(() => sealer.stop());
  return sealer;
}

const write = (log: Log, count: number): Promise<unknown> =>
  Promise.all(
    Array.from({ length: Math.ceil(count / 500) }, (_, n) =>
      log.append([
        {
          stream: `s${n}`,
          facts: Array.from({ length: Math.min(500, count - 500 * n) }, (_, m) => opened(`${n} ${m}`)),
        },
      ]),
    ),
  );

const leavesOf = (log: Log, size: number): Uint8Array[] =>
  log.read(0, size).map(({ bytes }) => leafHash(bytes, sha256));

/** Opens the head as the verifier does and recomputes its root from the facts. */
async function check(log: Log, head: Published, logKey: string, witnesses: readonly string[]): Promise<void> {
  const keys = { log: [parseVerifier(logKey)], witnesses: witnesses.map((each) => parseVerifier(each)) };
  const result = await openHead(head.head, keys);
  expect(result).toMatchObject({ origin, size: head.size, unknown: 0 });
  expect(toBase64(result.root)).toBe(head.root);
  expect(toBase64(treeRoot(leavesOf(log, head.size), sha256))).toBe(head.root);
  expect(result.cosigned.map(({ witness }) => witness).toSorted()).toEqual([...head.cosigned].toSorted());
}

describe('ensureLogKey', () => {
  it('makes one key, which only its owner can read', async () => {
    const keys = newFolder();
    const vkey = await ensureLogKey(keys, origin);
    expect(await ensureLogKey(keys, origin)).toBe(vkey);
    expect(statSync(join(keys, 'log.key')).mode & 0o777).toBe(0o600);
    expect(parseVerifier(vkey).name).toBe(origin);
    await expect(ensureLogKey(keys, 'other.example')).rejects.toThrow(origin);
  });
});

describe('the sealer', () => {
  it('signs what is durable and gets it cosigned', async () => {
    const { folder, keys, vkey, log } = await newLog();
    const witness = await startWitness(newFolder(), 'witness.example', [vkey]);
    const heads: Published[] = [];
    const sealer = await sealerOf({ folder, keys, witnesses: [witness], onHead: (head) => heads.push(head) });
    for (const count of [1, 7, 600]) {
      await write(log, count);
      const head = await sealer.sealed(log.size(), { timeoutMs });
      expect(head).toMatchObject({ size: log.size(), cosigned: ['witness.example'], missing: [] });
      await check(log, head, vkey, [witness.vkey]);
      expect(readFileSync(join(folder, 'head'), 'utf8')).toBe(head.head);
    }
    expect(heads.map(({ size }) => size)).toEqual(heads.map(({ size }) => size).toSorted((a, b) => a - b));
    expect(sealer.latest()).toEqual(heads.at(-1));
  });

  it('writes tiles from which every proof can be made', async () => {
    const { folder, keys, log } = await newLog();
    const sealer = await sealerOf({ folder, keys, witnesses: [] });
    await write(log, 300);
    const early = await sealer.sealed(log.size(), { timeoutMs });
    await write(log, 1000);
    const late = await sealer.sealed(log.size(), { timeoutMs });
    const tiles = new TileFolder(folder);
    const leaves = leavesOf(log, late.size);
    const roots = [early, late].map(({ root }) => Buffer.from(root, 'base64')) as [Buffer, Buffer];
    const subtree = tiles.subtree(late.size, sha256);
    for (const index of [0, 255, 256, 301, late.size - 1]) {
      const proof = inclusionProof(index, late.size, subtree, sha256);
      expect(verifyInclusion(leaves[index] as Uint8Array, index, late.size, proof, roots[1], sha256)).toBe(
        true,
      );
    }
    const grown = consistencyProof(early.size, late.size, subtree, sha256);
    expect(verifyConsistency(early.size, roots[0], late.size, roots[1], grown, sha256)).toBe(true);
    // The tree of the head before is still there for whoever reads it.
    const old = inclusionProof(299, early.size, tiles.subtree(early.size, sha256), sha256);
    expect(verifyInclusion(leaves[299] as Uint8Array, 299, early.size, old, roots[0], sha256)).toBe(true);
    const bundle = Math.floor(late.size / 256);
    expect(tiles.readEntries(bundle, late.size % 256).map((bytes) => Buffer.from(bytes))).toEqual(
      log.read(bundle * 256, late.size % 256).map(({ bytes }) => Buffer.from(bytes)),
    );
    expect(existsSync(join(folder, 'tiles/tile/1/000.p', String(bundle)))).toBe(true);
  });

  it('takes up where it was killed, and covers the last facts when it stops', async () => {
    const { folder, keys, vkey, log } = await newLog();
    const first = await startSealer({ folder, keys, witnesses: [] });
    await write(log, 500);
    const before = await first.sealed(log.size(), { timeoutMs });
    await write(log, 1);
    await first.stop();
    expect(readFileSync(join(folder, 'head'), 'utf8').split('\n')[1]).toBe(String(log.size()));
    rmSync(join(folder, 'tiles'), { recursive: true });
    const second = await sealerOf({ folder, keys, witnesses: [] });
    await write(log, 20);
    const after = await second.sealed(log.size(), { timeoutMs });
    expect(after.size).toBe(before.size + 21);
    await check(log, after, vkey, []);
  });

  it('seals without a witness that is away, and asks it again', async () => {
    const { folder, keys, vkey, log } = await newLog();
    const witnessFolder = newFolder();
    const gone = await startWitness(witnessFolder, 'witness.example', [vkey]);
    await kill(gone.child);
    const sealer = await sealerOf({ folder, keys, witnesses: [gone] });
    const head = await sealer.sealed(log.size(), soon);
    expect(head).toMatchObject({ cosigned: [], missing: [{ witness: 'witness.example' }] });
    expect(head.missing[0]?.cause).toMatch(/^away: /);
    await startWitness(witnessFolder, 'witness.example', [vkey], { port: gone.port });
    const again = await sealer.sealed(log.size(), { timeoutMs });
    expect(again).toMatchObject({ size: head.size, cosigned: ['witness.example'], missing: [] });
    await check(log, again, vkey, [gone.vkey]);
  });

  it('takes no cosignature that is not by the witness it was told of', async () => {
    const { folder, keys, vkey, log } = await newLog();
    const { url } = await startWitness(newFolder(), 'witness.example', [vkey]);
    const other = await witnessKey(newFolder(), 'witness.example');
    const sealer = await sealerOf({ folder, keys, witnesses: [{ vkey: other, url }] });
    const head = await sealer.sealed(log.size(), soon);
    expect(head.cosigned).toEqual([]);
    expect(head.missing[0]?.cause).toMatch(/^refused: /);
    await check(log, head, vkey, []);
  });

  it('is refused a second history by its witness', async () => {
    const { folder, keys, vkey, log } = await newLog();
    const witness = await startWitness(newFolder(), 'witness.example', [vkey]);
    await write(log, 10);
    await (await sealerOf({ folder, keys, witnesses: [witness] })).sealed(log.size(), { timeoutMs });
    // The operator takes the log key and writes the history anew.
    const folder2 = newFolder();
    const fork = await openLog({ ...optionsFor(folder2), logKey: vkey });
    ends.push(() => fork.close());
    const forked = await sealerOf({ folder: folder2, keys, witnesses: [witness] });
    const shorter = await forked.sealed(fork.size(), soon);
    expect(shorter.missing[0]?.cause).toMatch(/^refused: .*more than this head/);
    await write(fork, 30);
    await expect
      .poll(() => forked.latest()?.missing[0]?.cause, { timeout: timeoutMs })
      .toMatch(/^refused: .*does not extend/);
    expect(forked.latest()).toMatchObject({ size: fork.size(), cosigned: [] });
  });

  it('does not believe a witness that forgot, and shows it what it cosigned', async () => {
    const { folder, keys, vkey, log } = await newLog();
    const place = newFolder();
    const witness = await startWitness(place, 'witness.example', [vkey]);
    await write(log, 10);
    const sealing = { folder, keys, witnesses: [witness] };
    const first = await startSealer(sealing);
    await first.sealed(log.size(), { timeoutMs });
    copyFileSync(join(place, 'memory.json'), join(place, 'backup'));
    await write(log, 10);
    const { size } = await first.sealed(log.size(), { timeoutMs });
    await first.stop();
    await kill(witness.child);
    copyFileSync(join(place, 'backup'), join(place, 'memory.json'));
    const options = { port: witness.port, more: ['--moved'] };
    const { child } = await startWitness(place, 'witness.example', [vkey], options);
    const ended = once(child, 'close');
    const again = await sealerOf(sealing);
    await write(log, 1);
    await expect
      .poll(() => again.latest()?.missing[0]?.cause, { timeout: timeoutMs })
      .toMatch(new RegExp(`^refused: it has forgotten that it cosigned ${size} facts`));
    expect(await ended).toEqual([1, null]);
    expect(again.latest()).toMatchObject({ size: log.size(), cosigned: [] });
  });

  it('is content with the quorum, and waits for nobody beyond it', async () => {
    const { folder, keys, vkey, log } = await newLog();
    const here = await startWitness(newFolder(), 'here.example', [vkey]);
    const gone = await startWitness(newFolder(), 'gone.example', [vkey]);
    await kill(gone.child);
    const text = (least: string): string =>
      `witness here ${here.vkey}\nwitness gone ${gone.vkey}\ngroup both ${least} here gone\nquorum both\n`;
    const quorumOf = (least: string) => parsePolicy(utf8(text(least)));
    const any = await startSealer({ folder, keys, witnesses: [here, gone], quorum: quorumOf('any') });
    // Far longer than any of its answers takes: it resolves by the quorum, not by the time.
    const head = await any.sealed(log.size(), { timeoutMs: 2 ** 30 });
    expect(head).toMatchObject({ cosigned: ['here.example'], missing: [{ witness: 'gone.example' }] });
    await any.stop();
    const all = await sealerOf({ folder, keys, witnesses: [here, gone], quorum: quorumOf('all') });
    const without = await all.sealed(log.size(), soon);
    expect(without).toMatchObject({ cosigned: ['here.example'], missing: [{ witness: 'gone.example' }] });
  });

  it('starts again when it dies', async () => {
    const { folder, keys, log } = await newLog();
    const troubles: string[] = [];
    const sealer = await sealerOf({
      folder,
      keys,
      witnesses: [],
      onTrouble: (message) => troubles.push(message),
    });
    const { pid } = JSON.parse(readFileSync(join(folder, 'sealer.holder'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await write(log, 3);
    expect((await sealer.sealed(log.size(), { timeoutMs })).size).toBe(log.size());
    expect(troubles).toHaveLength(1);
  });

  it('cannot start without a log or its key', async () => {
    const { folder } = await newLog();
    const code = 'not-sealed';
    const keys = newFolder();
    await expect(startSealer({ folder: newFolder(), keys, witnesses: [] })).rejects.toMatchObject({ code });
    await expect(startSealer({ folder, keys, witnesses: [] })).rejects.toMatchObject({ code });
    await ensureLogKey(keys, origin);
    await expect(startSealer({ folder, keys, witnesses: [] })).rejects.toThrow('the log key in force');
  });

  it('says that nothing covers what is not written yet', async () => {
    const { folder, keys, log } = await newLog();
    const sealer = await sealerOf({ folder, keys, witnesses: [] });
    await expect(sealer.sealed(log.size() + 1, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'not-sealed',
    });
  });
});

describe('a store that is not what was signed', () => {
  async function sealedLog(facts: number) {
    const { folder, keys, log } = await newLog();
    const sealer = await startSealer({ folder, keys, witnesses: [] });
    await write(log, facts);
    await log.append([{ stream: 'x', facts: [refused('the payment')] }]);
    await sealer.sealed(log.size(), { timeoutMs });
    await log.close();
    await sealer.stop();
    return { folder, keys };
  }
  const change = (folder: string, sql: string): void => {
    const database = new DatabaseSync(join(folder, 'log.sqlite'));
    database.exec(sql);
    database.close();
  };
  const refusal = async (
    { folder, keys }: { folder: string; keys: string },
    message: string,
  ): Promise<void> => {
    const { code, stderr } = await runSealer(['--folder', folder, '--keys', keys]);
    expect(stderr).toContain(message);
    expect(code).toBe(12);
    await expect(startSealer({ folder, keys, witnesses: [] })).rejects.toMatchObject({ code: 'corrupt' });
  };

  it('is refused with exit code 12 when facts are cut off', async () => {
    const log = await sealedLog(10);
    change(log.folder, 'DELETE FROM facts WHERE position > 5');
    await refusal(log, 'the store holds 6 facts');
  });

  it('is refused when a fact in the middle is gone', async () => {
    const log = await sealedLog(600);
    change(log.folder, 'DELETE FROM facts WHERE position = 5');
    await refusal(log, 'fact 5 is missing');
  });

  it('is refused when one byte changed, early or late', async () => {
    const flip = (position: number): string =>
      `UPDATE facts SET bytes = CAST(replace(CAST(bytes AS TEXT), '"time":1', '"time":2') AS BLOB) WHERE position = ${position}`;
    const early = await sealedLog(600);
    change(early.folder, flip(5));
    await refusal(early, 'fact 5 is not the one that was sealed');
    const late = await sealedLog(600);
    change(late.folder, flip(601));
    await refusal(late, 'fact 601 is not the one that was sealed');
  });

  it('is refused when the tiles were changed with it', async () => {
    const log = await sealedLog(600);
    change(log.folder, `UPDATE facts SET bytes = CAST('{}' AS BLOB) WHERE position = 5`);
    rmSync(join(log.folder, 'tiles'), { recursive: true });
    await refusal(log, 'do not give the root that was signed');
    // Nor does it help to put a tile beside it that agrees with the store.
    const other = await sealedLog(600);
    const path = join(other.folder, 'tiles/tile/0/000');
    const bytes = readFileSync(path);
    bytes.set(leafHash(Buffer.from('{}'), sha256), 5 * 32);
    writeFileSync(path, bytes);
    change(other.folder, `UPDATE facts SET bytes = CAST('{}' AS BLOB) WHERE position = 5`);
    await refusal(other, 'tile 0/0 is not the one that was sealed');
  });

  it('is refused when the head was signed by another key', async () => {
    const log = await sealedLog(5);
    const other = await sealedLog(5);
    copyFileSync(join(other.folder, 'head'), join(log.folder, 'head'));
    copyFileSync(join(other.folder, 'head'), join(log.folder, 'head.signed'));
    expect((await runSealer(['--folder', log.folder, '--keys', log.keys])).code).toBe(12);
    expect((await runSealer(['--folder', log.folder, '--keys', other.keys])).code).toBe(12);
    // With the keys of another log its own head is not even asked about.
    expect((await runSealer(['--folder', other.folder, '--keys', log.keys])).code).toBe(1);
  });
});
