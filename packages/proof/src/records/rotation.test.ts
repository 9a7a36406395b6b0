import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { toBase64, utf8 } from '../values/bytes.ts';
import { RecentRoots, rotationLagMax } from './rotation.ts';
import { leafHash, treeRoot } from './tree.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const leaves = Array.from({ length: 2 * rotationLagMax + 1_000 }, (_, at) =>
  leafHash(utf8(String(at)), sha256),
);
const rootAt = (size: number) => toBase64(treeRoot(leaves.slice(0, size), sha256));

test('recent roots are those of the whole log, as far back as they go', () => {
  const roots = new RecentRoots(sha256);
  expect(roots.at(0)).toBe(rootAt(0));
  expect(roots.at(1)).toBeUndefined();
  for (const leaf of leaves) {
    if ([1, 300, rotationLagMax].includes(roots.size))
      for (const size of [0, 1, 255, roots.size].filter((each) => each <= roots.size))
        expect(roots.at(size), `${size} of ${roots.size}`).toBe(rootAt(size));
    roots.add(leaf);
  }
  const { length } = leaves;
  expect(roots.size).toBe(length);
  for (const size of [length, length - 1, length - 65_000, length - rotationLagMax])
    expect(roots.at(size)).toBe(rootAt(size));
  for (const size of [length + 1, length - rotationLagMax - 1, rotationLagMax, 0, -1])
    expect(roots.at(size)).toBeUndefined();
});
