// A large tree in memory, as its tiles: what proofs cost when the disk is not asked.

import {
  appendLeaf,
  emptyFrontier,
  leafHash,
  nodeHash,
  rootOf,
  type Subtree,
  subtreeFromTiles,
  TILE_WIDTH,
} from '@surety/proof/records';
import { sha256 } from '../../packages/surety/src/ledger/hash.ts';

const hashBytes = 32;

export interface LargeTree {
  readonly size: number;
  readonly root: Uint8Array;
  /** Keeps the tiles that it was asked for. */
  readonly subtree: Subtree;
  leaf(index: number): Uint8Array;
}

/** Each leaf is the hash of its own number. */
export function largeTree(size: number): LargeTree {
  const leaves = Buffer.alloc(size * hashBytes);
  let frontier = emptyFrontier();
  for (let index = 0; index < size; index++) {
    const leaf = leafHash(Buffer.from(String(index)), sha256);
    leaves.set(leaf, index * hashBytes);
    frontier = appendLeaf(frontier, leaf, sha256);
  }
  const rows: Uint8Array[] = [leaves];
  for (let row = leaves as Uint8Array; row.length > hashBytes; rows.push(row)) row = rowAbove(row);
  const subtree = subtreeFromTiles(
    size,
    ({ level, index, width }) => {
      const from = index * TILE_WIDTH * hashBytes;
      return (rows[8 * level] as Uint8Array).subarray(from, from + width * hashBytes);
    },
    sha256,
  );
  const leaf = (index: number) => leaves.subarray(index * hashBytes, (index + 1) * hashBytes);
  return { size, root: rootOf(frontier, sha256), subtree, leaf };
}

function rowAbove(row: Uint8Array): Uint8Array {
  const parents = new Uint8Array(Math.floor(row.length / (2 * hashBytes)) * hashBytes);
  const at = (index: number) => row.subarray(index * hashBytes, (index + 1) * hashBytes);
  for (let index = 0; index < parents.length / hashBytes; index++)
    parents.set(nodeHash(at(2 * index), at(2 * index + 1), sha256), index * hashBytes);
  return parents;
}
