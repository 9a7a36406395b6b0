// Our public formats against an independent implementation, both ways: Go's `golang.org/x/mod/sumdb` (`tlog`, `note`).
// It recomputes our roots from the exported bundles, authenticates every tile, and checks our notes, cosignatures,
// receipts and proofs; and we read what it makes. Each way to damage what it reads is found by it, too.

import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consistencyProof,
  encodeEntries,
  fromBase64,
  inclusionProof,
  leafHash,
  makeReceipt,
  openHead,
  parseVerifier,
  printReceipt,
  subtreeFromTiles,
  TILE_WIDTH,
  tileBytes,
  tilePath,
  toBase64,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from '@surety/proof/records';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exportLog } from '../../packages/surety/src/ledger/export.ts';
import { sha256 } from '../../packages/surety/src/ledger/hash.ts';
import type { Log } from '../../packages/surety/src/ledger/log.ts';
import { endProcesses, startWitness } from '../../packages/surety/src/ledger/processes.fixture.ts';
import { ensureLogKey, type Sealer, startSealer } from '../../packages/surety/src/ledger/seal.ts';
import { openReader } from '../../packages/surety/src/ledger/stores/reader.ts';
import { opened, optionsFor } from '../../packages/surety/src/ledger/stores/samples.fixture.ts';
import { openLog } from '../../packages/surety/src/ledger/stores/sqlite.ts';
import { TileFolder } from '../../packages/surety/src/ledger/tile-folder.ts';
import { goPeer, noGo, type Peer } from './go.fixture.ts';

/** Two levels of full tiles and a third that is begun. */
const sizes = [3, 256, 700, 66_000];
const timeoutMs = 60_000;

const scratch = mkdtempSync(join(tmpdir(), 'surety-interop-'));
const [store, keys, out] = ['store', 'keys', 'out'].map((name) => join(scratch, name)) as [
  string,
  string,
  string,
];
const checkpoints: string[] = [];
let go: Peer | undefined;
let log: Log;
let sealer: Sealer;
let logKey = '';
let witnessKey = '';

beforeAll(async () => {
  go = goPeer();
  if (go === undefined) return;
  const origin = 'ledger.example/test';
  logKey = await ensureLogKey(keys, origin);
  log = await openLog({ ...optionsFor(store), logKey });
  const witness = await startWitness(join(scratch, 'witness'), 'witness.example', [logKey]);
  witnessKey = witness.vkey;
  sealer = await startSealer({ folder: store, keys, witnesses: [witness] });
  for (const size of sizes) {
    await grow(size);
    const { head } = await sealer.sealed(size, { timeoutMs });
    const reader = openReader(store);
    await exportLog({ store, reader, to: out });
    reader.close();
    checkpoints.push(readFileSync(join(out, 'checkpoint'), 'utf8'));
    expect(checkpoints.at(-1)).toBe(head);
  }
}, 300_000);
afterAll(async () => {
  await sealer?.stop();
  await log?.close();
  await endProcesses();
  rmSync(scratch, { recursive: true, force: true });
});
beforeEach(({ skip }) => skip(go === undefined, noGo));

async function grow(size: number): Promise<void> {
  while (log.size() < size) {
    const facts = Array.from({ length: Math.min(500, size - log.size()) }, (_, n) => opened(`c-${n}`));
    await log.append([{ stream: `action/${log.size()}`, facts }]);
  }
}

const subtree = (size: number) => new TileFolder(store).subtree(size, sha256);
const receiptOf = (index: number): string => {
  const [size, head] = [sizes.at(-1) as number, checkpoints.at(-1) as string];
  const entry = log.read(index, 1)[0]?.bytes as Uint8Array;
  return printReceipt(makeReceipt({ index, entry, head }, subtree(size), sha256));
};
const proofBetween = (Old: number, New: number) => ({
  Old,
  New,
  Proof: consistencyProof(Old, New, subtree(New), sha256).map(toBase64),
});
const asked = (changed: object = {}) => ({
  Folder: out,
  Log: logKey,
  Witnesses: [witnessKey],
  Checkpoints: checkpoints,
  Receipts: [],
  Trees: [],
  ...changed,
});
const run = async (verb: 'check' | 'make', what: object) => {
  if (go === undefined) throw new Error(noGo);
  return go.run(verb, what);
};

describe('Go reads what we write', () => {
  test('every root from the entries, every tile, every checkpoint that the folder ever had', async () => {
    const { code, stderr, answer } = await run('check', asked());
    expect([code, stderr]).toEqual([0, '']);
    const size = sizes.at(-1) as number;
    const root = toBase64((await openHead(checkpoints.at(-1) as string, keysOf())).root);
    expect(answer).toMatchObject({ size, root, records: size });
    expect((answer as { hashes: number }).hashes).toBeGreaterThan(2 * size - 100);
    const [time] = (answer as { times: number[] }).times;
    expect(time).toBe((await openHead(checkpoints.at(-1) as string, keysOf())).cosigned[0]?.timeSeconds);
  });

  test('receipts, and proofs between trees, which are the proofs that it makes itself', async () => {
    const Receipts = [0, 255, 256, 699, 65_535, 65_536, 65_999].map(receiptOf);
    const pairs = [1, 3, 255, 256, 257, 700, 65_535, 65_536, 65_999].flatMap((old) =>
      [700, 65_537, 66_000].filter((size) => size > old).map((size) => proofBetween(old, size)),
    );
    const { code, stderr, answer } = await run('check', asked({ Receipts, Trees: pairs }));
    expect([code, stderr]).toEqual([0, '']);
    expect(answer).toMatchObject({ receipts: Receipts.length, trees: pairs.length });
  });

  const damaged = (change: (folder: string) => void): object => {
    const Folder = mkdtempSync(join(scratch, 'damaged-'));
    cpSync(out, Folder, { recursive: true });
    change(Folder);
    return asked({ Folder });
  };
  const flip = (path: string, at: number) => (folder: string) => {
    const bytes = readFileSync(join(folder, path));
    bytes[at] = (bytes[at] as number) ^ 1;
    writeFileSync(join(folder, path), bytes);
  };
  const other = '65999';
  test.each<[string, () => object, string]>([
    ['an entry', () => damaged(flip('tile/entries/100', 1000)), 'the entries give the root'],
    ['a leaf hash', () => damaged(flip('tile/0/100', 1000)), 'inconsistent tile'],
    ['a hash above', () => damaged(flip('tile/1/000', 1000)), 'inconsistent tile'],
    ['the last bundle', () => damaged(flip('tile/entries/257.p/208', 9)), 'the entries give the root'],
    [
      'two bundles in each other’s place',
      () =>
        damaged((folder) => {
          const path = (name: string) => join(folder, 'tile/entries', name);
          renameSync(path('100'), path('swap'));
          renameSync(path('101'), path('100'));
          renameSync(path('swap'), path('101'));
        }),
      'the entries give the root',
    ],
    [
      'a checkpoint',
      () => asked({ Checkpoints: [checkpoints.at(-1)?.replace('\n66000\n', `\n${other}\n`)] }),
      'invalid signature',
    ],
    ['the witness', () => asked({ Witnesses: [logKey] }), 'not of type 0x04'],
    [
      'a receipt',
      () => asked({ Receipts: [receiptOf(7).replace('index 7', 'index 8')] }),
      'another entry than 8',
    ],
    [
      'a receipt’s proof',
      () => asked({ Receipts: [receiptOf(7).replace(/(index 7\n.*\n)(.*)\n(.*)\n/, '$1$3\n$2\n')] }),
      'invalid transparency proof',
    ],
    [
      'a proof between trees',
      () => asked({ Trees: [{ ...proofBetween(700, 66_000), Old: 699 }] }),
      'tree 699 to 66000',
    ],
  ])('changed is refused: %s', async (_, what, why) => {
    const { code, stderr, answer } = await run('check', what());
    expect([code, answer]).toEqual([1, undefined]);
    expect(stderr).toContain(why);
  });
});

const keysOf = () => ({ log: [parseVerifier(logKey)], witnesses: [parseVerifier(witnessKey)] });

describe('we read what Go writes', () => {
  interface Made {
    readonly key: string;
    readonly notes: readonly string[];
    readonly records: readonly (readonly string[])[];
    readonly trees: readonly (readonly string[])[];
    readonly files: Readonly<Record<string, string>>;
  }
  const Origin = 'go.example/log';
  const Records = Array.from({ length: 700 }, (_, at) => `record ${at} ${'é'.repeat(at % 7)}`);
  const Sizes = [1, 2, 255, 256, 257, 512, 699, 700];
  const size = Records.length;
  const entries = Records.map((record) => new TextEncoder().encode(record));
  const leaves = entries.map((entry) => leafHash(entry, sha256));
  const rootOf = (of: number) => treeRoot(leaves.slice(0, of), sha256);
  let made: Made;
  beforeAll(async () => {
    if (go === undefined) return;
    const { code, stderr, answer } = await run('make', { Origin, Records, Sizes });
    if (code !== 0) throw new Error(stderr);
    made = answer as Made;
  });
  const file = (path: string) => Buffer.from(made.files[path] ?? '', 'base64');

  test('its key and its signed checkpoints', async () => {
    const key = parseVerifier(made.key);
    expect(key.name).toBe(Origin);
    for (const [at, of] of Sizes.entries()) {
      const head = await openHead(made.notes[at] as string, { log: [key], witnesses: [] });
      expect(head).toMatchObject({ origin: Origin, size: of, logKeys: [Origin] });
      expect(toBase64(head.root)).toBe(toBase64(rootOf(of)));
    }
    const forged = (made.notes[0] as string).replace('\n1\n', '\n2\n');
    await expect(openHead(forged, { log: [key], witnesses: [] })).rejects.toThrow('false');
  });

  test('its tiles and bundles are ours, byte for byte, and so is every path', () => {
    const ours = subtreeFromTiles(size, (tile) => file(tilePath(tile)), sha256);
    let tiles = 0;
    for (const [path, base64] of Object.entries(made.files)) {
      const [, level = '', rest = ''] = /^tile\/(\d|entries)\/(.*)$/.exec(path) ?? [];
      const [index = '', width = TILE_WIDTH] = rest.split('.p/');
      const address = { index: Number(index), width: Number(width) };
      const from = address.index * TILE_WIDTH;
      const bytes =
        level === 'entries'
          ? encodeEntries(entries.slice(from, from + address.width))
          : tileBytes({ ...address, level: Number(level) }, ours);
      expect(toBase64(bytes), path).toBe(base64);
      tiles += 1;
    }
    expect(tiles).toBeGreaterThan(6);
  });

  test('its proofs of records and between trees', () => {
    const ours = subtreeFromTiles(size, (tile) => file(tilePath(tile)), sha256);
    for (const [index, lines] of made.records.entries()) {
      const proof = lines.map(fromBase64);
      const leaf = leaves[index] as Uint8Array;
      expect(verifyInclusion(leaf, index, size, proof, rootOf(size), sha256)).toBe(true);
      expect(inclusionProof(index, size, ours, sha256).map(toBase64)).toEqual(lines);
    }
    for (const [at, old] of Sizes.entries()) {
      const lines = made.trees[at] as string[];
      const proof = lines.map(fromBase64);
      expect(verifyConsistency(old, rootOf(old), size, rootOf(size), proof, sha256)).toBe(true);
      expect(consistencyProof(old, size, ours, sha256).map(toBase64)).toEqual(lines);
    }
  });
});
