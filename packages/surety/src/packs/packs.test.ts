// Every pack that comes with Surety: it is read, each checkpoint answers what its tests say, and each way past it is tried.

import { describe, expect, test } from 'vitest';
import { mutantsOf } from './mutants.fixture.ts';
import { findPack, packNames, type Tested, testedIn } from './pack.ts';
import { testPack, untried } from './testing.ts';
import { tryCheckpoint } from './trial.ts';

/** A file holds no null, so that no test can have a call that gives one; a server may. */
const unshown = new Set(['AG-05: require.1.where without user != null']);

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

  test('notices whatever is taken away from a checkpoint, or loosened in it', () => {
    const lived = testedIn(pack ?? expect.fail()).flatMap((control) =>
      [...mutantsOf(control.checkpoint)].flatMap(([what, checkpoint]) =>
        isNoticed(control, checkpoint) ? [] : [`${control.ref}: ${what}`],
      ),
    );
    expect(lived.filter((each) => !unshown.has(each))).toEqual([]);
  });
});

/** One that no rule can be made of is noticed before anybody runs it. */
function isNoticed({ tests }: Tested, checkpoint: Tested['checkpoint']): boolean {
  try {
    return tests.some((each) => tryCheckpoint(checkpoint, each, 'USD').answer !== each.answer);
  } catch {
    return true;
  }
}
