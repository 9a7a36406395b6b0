// The tests of a pack, run: whether each checkpoint answers what its author says, and whether every way past it that its
// rule leaves open to try is tried.

import type { Checkpoint, Kind, Pack, Test, Tested } from './pack.ts';
import { testedIn } from './pack.ts';
import { tryCheckpoint } from './trial.ts';

export interface Result {
  readonly ref: string;
  readonly checkpoint: string;
  readonly shows: Kind;
  readonly name: string;
  readonly expected: Test['answer'];
  readonly answer: Test['answer'];
  readonly ok: boolean;
  readonly text: string;
}

/** Every test of every checkpoint; `as` gives the checkpoint and its test as somebody bound them. */
export const testPack = (
  pack: Pack,
  as: (control: Tested, test: Test) => readonly [Checkpoint, Test] = (control, test) => [
    control.checkpoint,
    test,
  ],
  controls: readonly Tested[] = testedIn(pack),
): readonly Result[] =>
  controls.flatMap((control) =>
    control.tests.map((test): Result => {
      const { shows, name, answer: expected } = test;
      const { answer, text } = tryCheckpoint(...as(control, test), pack.currency);
      const { ref } = control;
      return {
        ...{ ref, checkpoint: control.checkpoint.id, shows, name, expected, answer, text },
        ok: answer === expected,
      };
    }),
  );

/** What the rule makes possible to try: whoever ships a checkpoint shows each. */
export function kindsOwed({
  approve,
  mode,
  apart,
  require,
  once,
  afterwards,
  ...rest
}: Checkpoint): readonly Kind[] {
  const asksPeople = approve !== undefined;
  const items = require === undefined ? [] : Array.isArray(require) ? require : [require];
  const onceOnly = (once ?? []).length > 0 || items.some((item) => item.once === true);
  const others = items.length + (rest.forbid ?? []).length + (rest.limit ?? []).length > 0;
  const isApart = (apart ?? []).length > 0 || (approve?.not ?? []).length > 0;
  return [
    'allow',
    ...(asksPeople && mode !== 'deny' ? (['hold', 'stale-approval'] as const) : []),
    ...(others || onceOnly || mode === 'deny' ? (['deny'] as const) : []),
    ...(isApart ? (['separation'] as const) : []),
    ...(onceOnly ? (['replayed-evidence'] as const) : []),
    ...((afterwards ?? []).length > 0 ? (['missed'] as const) : []),
  ];
}

/** Ways past a checkpoint that nobody tried. */
export const untried = ({ checkpoint, tests }: Tested): readonly Kind[] =>
  kindsOwed(checkpoint).filter((kind) => !tests.some(({ shows }) => shows === kind));
