import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../values/bytes.ts';
import { sha256 } from '../values/sha256.ts';
import {
  appendLeaf,
  consistencyProof,
  emptyFrontier,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  subtreeOf,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './tree.ts';

// The eight leaves and the roots that the certificate-transparency implementations test with.
const ctLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => leafHash(Uint8Array.from(Buffer.from(hex, 'hex')), sha256));
const ctRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const leaves = Array.from({ length: 300 }, (_, at) => leafHash(utf8(`leaf ${at}`), sha256));
const subtree = subtreeOf(leaves, sha256);
const roots = [...leaves.keys(), leaves.length].map((size) => treeRoot(leaves.slice(0, size), sha256));
const root = (size: number): Uint8Array => roots[size] as Uint8Array;
const flip = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
const sizes = fc.integer({ min: 1, max: leaves.length });

/** MTH as RFC 6962 section 2.1 words it, to compare with. */
function definition(hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 0) return sha256(new Uint8Array(0));
  if (hashes.length === 1) return hashes[0] as Uint8Array;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return nodeHash(definition(hashes.slice(0, k)), definition(hashes.slice(k)), sha256);
}

describe('roots', () => {
  test('of the certificate-transparency trees', () => {
    expect(ctRoots.map((_, size) => toHex(treeRoot(ctLeaves.slice(0, size), sha256)))).toEqual(ctRoots);
  });
  test('grow as RFC 6962 defines them', () => {
    let frontier = emptyFrontier();
    for (const [size, leaf] of leaves.entries()) {
      expect(rootOf(frontier, sha256)).toEqual(definition(leaves.slice(0, size)));
      frontier = appendLeaf(frontier, leaf, sha256);
      expect(frontier.size).toBe(size + 1);
    }
  });
  test('an appended frontier leaves the old one as it was', () => {
    const one = appendLeaf(emptyFrontier(), leaves[0] as Uint8Array, sha256);
    appendLeaf(one, leaves[1] as Uint8Array, sha256);
    expect(rootOf(one, sha256)).toEqual(root(1));
  });
});

describe('inclusion', () => {
  test('the path of RFC 6962 section 2.1.3: leaf 3 of 7', () => {
    const [a, b, c] = leaves as [Uint8Array, Uint8Array, Uint8Array];
    const i = nodeHash(subtree(1, 2), leaves[6] as Uint8Array, sha256);
    expect(inclusionProof(3, 7, subtree, sha256)).toEqual([c, nodeHash(a, b, sha256), i]);
  });

  test('holds for every leaf of every small tree, and for no other leaf or size', () => {
    for (let size = 1; size <= 20; size++)
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, size, subtree, sha256);
        for (let other = 0; other < size; other++)
          expect(verifyInclusion(leaves[index] as Uint8Array, other, size, proof, root(size), sha256)).toBe(
            other === index,
          );
      }
  });

  test('holds, and fails once any bit is changed or the proof cut, grown or turned', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(255), (size, at, which, bit) => {
        const index = at % size;
        const leaf = leaves[index] as Uint8Array;
        const proof = inclusionProof(index, size, subtree, sha256);
        const check = (path: Uint8Array[], of = leaf, under = root(size)): boolean =>
          verifyInclusion(of, index, size, path, under, sha256);
        expect(check(proof)).toBe(true);
        expect(check(proof, flip(leaf, bit))).toBe(false);
        expect(check(proof, leaf, flip(root(size), bit))).toBe(false);
        expect(check([...proof, leaf])).toBe(false);
        if (proof.length === 0) return;
        expect(check(proof.slice(1))).toBe(false);
        expect(check(proof.slice(0, -1))).toBe(false);
        expect(
          check(proof.with(which % proof.length, flip(proof[which % proof.length] as Uint8Array, bit))),
        ).toBe(false);
        if (proof.length > 1) expect(check(proof.toReversed())).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    [-1, 3],
    [3, 3],
    [0.5, 3],
    [0, 0],
    [0, Number.NaN],
    [0, 2 ** 53],
  ])('index %d of %d is refused', (index, size) => {
    expect(() => inclusionProof(index, size, subtree, sha256)).toThrow(RangeError);
    expect(verifyInclusion(root(1), index, size, [], root(1), sha256)).toBe(false);
  });

  test('a path too long or too short for the size is refused, whatever root it leads to', () => {
    const [a, b] = leaves as [Uint8Array, Uint8Array];
    expect(verifyInclusion(b, 0, 1, [a], root(2), sha256)).toBe(false);
    expect(verifyInclusion(a, 0, 4, [b], root(2), sha256)).toBe(false);
  });

  test('an inner node does not pass for a leaf', () => {
    const forged = subtree(1, 0);
    expect(verifyInclusion(forged, 0, 2, inclusionProof(2, 4, subtree, sha256), root(4), sha256)).toBe(false);
    const disguised = leafHash(Uint8Array.from([...subtree(0, 0), ...subtree(0, 1)]), sha256);
    expect(disguised).not.toEqual(forged);
  });

  test('works where bit operators would not: sizes beyond 32 bits', () => {
    // A tree whose complete subtrees are all alike needs no leaves.
    const same = [leafHash(utf8('same'), sha256)];
    for (let level = 1; level < 53; level++)
      same.push(nodeHash(same[level - 1] as Uint8Array, same[level - 1] as Uint8Array, sha256));
    const alike = (level: number): Uint8Array => same[level] as Uint8Array;
    const size = 2 ** 40 + 5;
    const top = nodeHash(alike(40), nodeHash(alike(2), alike(0), sha256), sha256);
    for (const index of [0, 2 ** 33 + 1, 2 ** 40, size - 1]) {
      const proof = inclusionProof(index, size, alike, sha256);
      expect(verifyInclusion(alike(0), index, size, proof, top, sha256)).toBe(true);
    }
    const old = 2 ** 35 + 2 ** 33;
    const oldRoot = nodeHash(alike(35), alike(33), sha256);
    const proof = consistencyProof(old, size, alike, sha256);
    expect(verifyConsistency(old, oldRoot, size, top, proof, sha256)).toBe(true);
    expect(verifyConsistency(old + 1, oldRoot, size, top, proof, sha256)).toBe(false);
  });
});

describe('consistency', () => {
  test('the proofs of RFC 6962 section 2.1.3: from 3, 4 and 6 to 7', () => {
    const [a, b, c, d] = leaves as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const [g, i, j] = [nodeHash(a, b, sha256), subtree(1, 2), leaves[6] as Uint8Array];
    const l = nodeHash(i, j, sha256);
    expect(consistencyProof(3, 7, subtree, sha256)).toEqual([c, d, g, l]);
    expect(consistencyProof(4, 7, subtree, sha256)).toEqual([l]);
    expect(consistencyProof(6, 7, subtree, sha256)).toEqual([i, j, subtree(2, 0)]);
  });

  test('holds between all small trees, and for no other old size', () => {
    for (let size = 1; size <= 16; size++)
      for (let old = 1; old < size; old++) {
        const proof = consistencyProof(old, size, subtree, sha256);
        for (let other = 1; other < size; other++)
          expect(verifyConsistency(other, root(other), size, root(size), proof, sha256)).toBe(other === old);
      }
  });

  test('holds, and fails once any bit is changed or the proof cut or grown', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(255), (size, at, which, bit) => {
        const old = 1 + (at % size);
        const proof = consistencyProof(old, size, subtree, sha256);
        const check = (path: Uint8Array[], from = root(old), to = root(size)): boolean =>
          verifyConsistency(old, from, size, to, path, sha256);
        expect(check(proof)).toBe(true);
        expect(check(proof, flip(root(old), bit))).toBe(false);
        expect(check(proof, root(old), flip(root(size), bit))).toBe(false);
        expect(check([...proof, root(1)])).toBe(false);
        if (proof.length === 0) return;
        expect(check(proof.slice(1))).toBe(false);
        expect(check(proof.slice(0, -1))).toBe(false);
        expect(
          check(proof.with(which % proof.length, flip(proof[which % proof.length] as Uint8Array, bit))),
        ).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('a history in which one old leaf was changed has no proof', () => {
    const forged = leaves.slice(0, 9).with(2, leaves[20] as Uint8Array);
    const forgedTree = subtreeOf(forged, sha256);
    for (let old = 3; old < 9; old++) {
      const proof = consistencyProof(old, 9, forgedTree, sha256);
      expect(verifyConsistency(old, root(old), 9, treeRoot(forged, sha256), proof, sha256)).toBe(false);
    }
  });

  test('a path too long or too short for the sizes is refused, whatever roots it leads to', () => {
    const above = (hash: Uint8Array): Uint8Array => nodeHash(root(1), hash, sha256);
    const longer = [...consistencyProof(3, 4, subtree, sha256), root(1)];
    expect(verifyConsistency(3, above(root(3)), 4, above(root(4)), longer, sha256)).toBe(false);
    const short = consistencyProof(1, 2, subtree, sha256);
    expect(verifyConsistency(1, root(1), 4, root(2), short, sha256)).toBe(false);
    expect(verifyConsistency(2, root(2), 4, root(2), [], sha256)).toBe(false);
  });

  test('from the empty tree and to the same size the proof is empty', () => {
    expect(consistencyProof(0, 5, subtree, sha256)).toEqual([]);
    expect(verifyConsistency(0, root(0), 5, root(5), [], sha256)).toBe(true);
    expect(verifyConsistency(0, root(1), 5, root(5), [], sha256)).toBe(false);
    expect(verifyConsistency(0, root(0), 5, root(5), [root(1)], sha256)).toBe(false);
    expect(verifyConsistency(5, root(5), 5, root(5), [], sha256)).toBe(true);
    expect(verifyConsistency(5, root(5), 5, root(4), [], sha256)).toBe(false);
    expect(verifyConsistency(4, root(4), 5, root(4), [], sha256)).toBe(false);
    expect(verifyConsistency(6, root(6), 5, root(5), [], sha256)).toBe(false);
    expect(() => consistencyProof(6, 5, subtree, sha256)).toThrow(RangeError);
  });
});
