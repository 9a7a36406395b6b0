// How long the story tries again: as long as deaths excuse it, and no longer.

import { expect, test } from 'vitest';
import { StoryError, untilDone } from './patience.ts';

const company = (killsAt: (tries: number) => number) => {
  let asked = 0;
  return {
    get kills(): number {
      return killsAt(asked);
    },
    readyAgain: async () => {
      asked += 1;
    },
  };
};

test('what fails because somebody was killed is tried until it is done', async () => {
  let tries = 0;
  const done = untilDone(
    company((asked) => asked),
    'it fails',
    async () => (++tries > 200 ? { done: 'at last' } : { problem: 'away' }),
  );
  expect(await done).toBe('at last');
});

test('what fails with everybody alive ends with a sentence that says why', async () => {
  let tries = 0;
  const failing = untilDone(
    company(() => 7),
    'the inbox cannot be read',
    async () => ({ problem: `fetch failed: refused ${++tries}` }),
  );
  await expect(failing).rejects.toThrow(StoryError);
  await expect(failing).rejects.toThrow(/^the inbox cannot be read, .*: fetch failed: refused 10$/);
});
