// The Merkle tree of RFC 6962 section 2.1 (the same hashes and proofs as RFC 9162 section 2.1).
// Leaves and inner nodes are hashed with different prefixes, so that none can pass for the other.
// Proofs are made from stored hashes of complete subtrees, checked from nothing but the proof.
// Sizes are safe integers, so halves are taken by arithmetic: bit operators stop at 32 bits.

import { concat, equal, type Sha256 } from '../values/bytes.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

// Scratch space, overwritten by every call: a tree has as many nodes as leaves.
const node = concat(NODE, new Uint8Array(64));

export const leafHash = (bytes: Uint8Array, sha256: Sha256): Uint8Array => sha256(concat(LEAF, bytes));
export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  if (left.length !== 32 || right.length !== 32) return sha256(concat(NODE, left, right));
  node.set(left, 1);
  node.set(right, 33);
  return sha256(node);
}
export const emptyRoot = (sha256: Sha256): Uint8Array => sha256(new Uint8Array(0));

/** The right edge of a growing tree: one hash for each complete subtree, the largest first. */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export const emptyFrontier = (): Frontier => ({ size: 0, hashes: [] });

export function appendLeaf(frontier: Frontier, leaf: Uint8Array, sha256: Sha256): Frontier {
  const hashes = frontier.hashes.slice();
  let hash = leaf;
  // Each trailing one bit of the size is a complete subtree as large as the one just made.
  for (let rest = frontier.size; rest % 2 === 1; rest = (rest - 1) / 2)
    hash = nodeHash(hashes.pop() as Uint8Array, hash, sha256);
  hashes.push(hash);
  return { size: frontier.size + 1, hashes };
}

export function rootOf(frontier: Frontier, sha256: Sha256): Uint8Array {
  if (frontier.hashes.length === 0) return emptyRoot(sha256);
  return frontier.hashes.reduceRight((right, left) => nodeHash(left, right, sha256));
}

export const treeRoot = (leafHashes: Iterable<Uint8Array>, sha256: Sha256): Uint8Array => {
  let frontier = emptyFrontier();
  for (const leaf of leafHashes) frontier = appendLeaf(frontier, leaf, sha256);
  return rootOf(frontier, sha256);
};

/** The hash of the complete subtree over leaves `[index * 2^level, (index + 1) * 2^level)`. */
export type Subtree = (level: number, index: number) => Uint8Array;

/** From leaf hashes at hand; every inner hash is computed once. */
export function subtreeOf(leafHashes: readonly Uint8Array[], sha256: Sha256): Subtree {
  const known = new Map<string, Uint8Array>();
  const subtree: Subtree = (level, index) => {
    const leaf = leafHashes[index];
    if (level === 0 && leaf !== undefined) return leaf;
    if (level === 0) throw new RangeError(`tree has no leaf ${index}`);
    const key = `${level} ${index}`;
    const hash =
      known.get(key) ?? nodeHash(subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1), sha256);
    known.set(key, hash);
    return hash;
  };
  return subtree;
}

/** PATH(index, D[size]) of RFC 6962 section 2.1.1, from the leaf up. */
export function inclusionProof(index: number, size: number, subtree: Subtree, sha256: Sha256): Uint8Array[] {
  if (!isSize(size) || !isSize(index) || index >= size) throw new RangeError('index is not in the tree');
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      proof.push(range(middle, to, subtree, sha256));
      to = middle;
    } else {
      proof.push(range(from, middle, subtree, sha256));
      from = middle;
    }
  }
  return proof.reverse();
}

/** PROOF(oldSize, D[newSize]) of RFC 6962 section 2.1.2; empty from the empty tree or to the same size. */
export function consistencyProof(
  oldSize: number,
  newSize: number,
  subtree: Subtree,
  sha256: Sha256,
): Uint8Array[] {
  if (!isSize(newSize) || !isSize(oldSize) || oldSize > newSize) throw new RangeError('sizes do not grow');
  if (oldSize === 0 || oldSize === newSize) return [];
  const proof: Uint8Array[] = [];
  let from = 0;
  let to = newSize;
  while (oldSize !== to) {
    const middle = from + splitOf(to - from);
    if (oldSize <= middle) {
      proof.push(range(middle, to, subtree, sha256));
      to = middle;
    } else {
      proof.push(range(from, middle, subtree, sha256));
      from = middle;
    }
  }
  // The old tree's last subtree; the checker knows it already if it is the whole old tree.
  if (from > 0) proof.push(range(from, to, subtree, sha256));
  return proof.reverse();
}

/** RFC 9162 section 2.1.3.2. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
  sha256: Sha256,
): boolean {
  if (!isSize(size) || !isSize(index) || index >= size || !proof.every(isHash)) return false;
  let place = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      hash = nodeHash(sibling, hash, sha256);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = half(last);
      }
    } else hash = nodeHash(hash, sibling, sha256);
    place = half(place);
    last = half(last);
  }
  return last === 0 && equal(hash, root);
}

/** RFC 9162 section 2.1.4.2. Every tree extends the empty one, whose root is known. */
export function verifyConsistency(
  oldSize: number,
  oldRoot: Uint8Array,
  newSize: number,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
  sha256: Sha256,
): boolean {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize || !proof.every(isHash)) return false;
  if (oldSize === newSize) return proof.length === 0 && equal(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && equal(oldRoot, emptyRoot(sha256));
  let place = oldSize - 1;
  let last = newSize - 1;
  while (place % 2 === 1) {
    place = half(place);
    last = half(last);
  }
  // When the old tree is one complete subtree (`place` is 0 now), its root starts the path unsaid.
  const path = place === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...siblings] = path;
  if (first === undefined || proof.length === 0) return false;
  let oldHash = first;
  let newHash = first;
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      oldHash = nodeHash(sibling, oldHash, sha256);
      newHash = nodeHash(sibling, newHash, sha256);
      while (place % 2 === 0 && place !== 0) {
        place /= 2;
        last = half(last);
      }
    } else newHash = nodeHash(newHash, sibling, sha256);
    place = half(place);
    last = half(last);
  }
  return last === 0 && equal(oldHash, oldRoot) && equal(newHash, newRoot);
}

const half = (n: number): number => Math.floor(n / 2);
const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
const isHash = (bytes: Uint8Array): boolean => bytes.length === 32;

/** The largest power of two below `size`: where RFC 6962 splits a tree. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The hash over leaves `[from, to)`, where `from` is the start of a subtree at least as large. */
function range(from: number, to: number, subtree: Subtree, sha256: Sha256): Uint8Array {
  const size = to - from;
  const level = Math.log2(size);
  if (Number.isInteger(level)) return subtree(level, from / size);
  const middle = from + splitOf(size);
  return nodeHash(range(from, middle, subtree, sha256), range(middle, to, subtree, sha256), sha256);
}
