// Every pack that comes with Surety: it is read, each checkpoint answers what its tests say, and each way past it is tried.

import { describe, expect, test } from 'vitest';
import { findPack, packNames, testedIn } from './pack.ts';
import { testPack, untried } from './testing.ts';

test('there are packs', () => {
  expect(packNames()).toContain('accounts-payable');
});

describe.each(packNames())('%s', (name) => {
  const loaded = findPack(name, '.');
  const pack = 'pack' in loaded ? loaded.pack : undefined;

  test('can be read', () => {
    expect(loaded).not.toHaveProperty('problems');
    expect(pack?.pack).toBe(name);
  });

  test('answers what its tests say', () => {
    expect(pack && testPack(pack).filter(({ ok }) => !ok)).toEqual([]);
  });

  test('shows every way past each checkpoint that its rule makes possible', () => {
    const owing = testedIn(pack ?? expect.fail()).map((each) => [each.ref, untried(each)]);
    expect(owing.filter(([, kinds]) => kinds?.length !== 0)).toEqual([]);
  });

  test('names each control and each checkpoint once', () => {
    const all = testedIn(pack ?? expect.fail());
    for (const names of [pack?.controls.map(({ ref }) => ref), all.map(({ checkpoint }) => checkpoint.id)])
      expect(new Set(names).size).toBe(names?.length);
  });
});
