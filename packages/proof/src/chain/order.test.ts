import { describe, expect, it } from 'vitest';
import { doubtedIn, Order } from './order.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const start = Date.parse('2026-03-02T00:00:00Z');
const yearMs = 365 * dayMs;
/** The n-th day from the start. */
const day = (nth: number) => ({ from: start + nth * dayMs, to: start + (nth + 1) * dayMs });

/** Facts at these times since the start; gives the days, of the first ten, whose times are in doubt. */
function doubtedDays(times: readonly number[]): number[] {
  const order = new Order();
  for (const [position, time] of times.entries()) order.add(position, start + time);
  return Array.from({ length: 10 }, (_, nth) => nth).filter(
    (nth) => doubtedIn(order.doubts, day(nth)).length > 0,
  );
}
const hourly = (fromDay: number, toDay: number): number[] =>
  Array.from({ length: (toDay - fromDay) * 24 }, (_, nth) => fromDay * dayMs + nth * hourMs);

describe('times', () => {
  it('that agree with their order, drift a little or leave out days, are in no doubt', () => {
    expect(doubtedDays(hourly(0, 5))).toEqual([]);
    expect(doubtedDays([0, 200_000, 100_000, 300_000, 1_000])).toEqual([]);
    expect(doubtedDays([0, 4 * dayMs, 9 * dayMs])).toEqual([]);
  });

  it('far ahead, once, spoil the day on which it happened and no later one', () => {
    const once = [...hourly(0, 3), 3 * dayMs - hourMs + 100 * yearMs, ...hourly(3, 8)];
    expect(doubtedDays(once)).toEqual([2, 3]);
    const order = new Order();
    for (const [position, time] of once.entries()) order.add(position, start + time);
    const then = start + 3 * dayMs - hourMs + 100 * yearMs;
    expect(doubtedIn(order.doubts, { from: then, to: then + 1 })).toEqual([72 + 1]);
  });

  it('of a clock that was ahead for days and set right spoil those days, and what they claimed', () => {
    const ahead = hourly(2, 4).map((time) => time + 4 * dayMs);
    expect(doubtedDays([...hourly(0, 2), ...ahead, ...hourly(4, 10)])).toEqual([1, 2, 3, 4, 6, 7]);
  });

  it('of a fact that is put into an earlier day spoil that day and all up to now', () => {
    expect(doubtedDays([...hourly(0, 6), 2 * dayMs + 5 * hourMs, ...hourly(6, 10)])).toEqual([2, 3, 4, 5]);
  });

  it('of a log that began ahead of its time say nothing about what was before', () => {
    expect(doubtedDays([20 * yearMs, ...hourly(4, 10)])).toEqual([0, 1, 2, 3, 4]);
  });

  it('in more disorder than a clock makes are all in doubt', () => {
    const wild = Array.from({ length: 3_000 }, (_, nth) => (nth % 2 === 0 ? 0 : 20 * yearMs));
    expect(doubtedDays([...wild, ...hourly(0, 10)])).toHaveLength(10);
  });
});
