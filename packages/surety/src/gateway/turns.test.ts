// Turns: work that has not collided never waits; work that has goes one at a time, in order, and a line that
// is over leaves nothing behind.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('work that has not collided runs at once, side by side', async () => {
  const turns = new Turns();
  let running = 0;
  const most = await Promise.all(
    Array.from({ length: 5 }, () =>
      turns.take('a', false, async () => {
        running += 1;
        await nextTurn();
        return running;
      }),
    ),
  );
  expect(most).toEqual([5, 5, 5, 5, 5]);
});

test('work that has collided goes one at a time, in order, and newcomers behind it; other names do not wait', async () => {
  const turns = new Turns();
  const order: string[] = [];
  let running = 0;
  const work = (name: string) => async () => {
    running += 1;
    expect(running).toBe(1);
    await nextTurn();
    running -= 1;
    order.push(name);
  };
  const line = [
    turns.take('a', true, work('first')),
    turns.take('a', true, work('second')),
    turns.take('a', false, work('newcomer')),
  ];
  await turns.take('b', false, async () => void order.push('other'));
  await Promise.all(line);
  expect(order).toEqual(['other', 'first', 'second', 'newcomer']);
});

test('work that fails does not stop the line, and its error is its own', async () => {
  const turns = new Turns();
  const failing = turns.take('a', true, () => Promise.reject(new Error('mine')));
  const next = turns.take('a', true, async () => 'next');
  await expect(failing).rejects.toThrow('mine');
  expect(await next).toBe('next');
  // The line is empty again: nobody waits.
  const ends = Promise.withResolvers<void>();
  const long = turns.take('a', false, () => ends.promise);
  expect(await turns.take('a', false, async () => 'at once')).toBe('at once');
  ends.resolve();
  await long;
});
