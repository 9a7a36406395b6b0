import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayOf, startOfDay, windowAt } from './windows.ts';

const dayMs = 86_400_000;
const zones = ['UTC', 'Europe/Copenhagen', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Auckland'];

describe('windows', () => {
  it('are half-open days of the time zone', () => {
    const { from, to } = windowAt(Date.parse('2026-03-02T09:00:00Z'), dayMs, 'UTC');
    expect(new Date(from).toISOString()).toBe('2026-03-02T00:00:00.000Z');
    expect(new Date(to).toISOString()).toBe('2026-03-03T00:00:00.000Z');
  });

  it('have 23 hours when the clocks go forward and 25 when they go back', () => {
    const length = (day: string) => {
      const { from, to } = windowAt(Date.parse(`${day}T12:00:00Z`), dayMs, 'Europe/Copenhagen');
      return (to - from) / 3_600_000;
    };
    expect([length('2026-03-29'), length('2026-10-25'), length('2026-06-01')]).toEqual([23, 25, 24]);
  });

  it('contain their instant, and the next one begins where they end, in every zone', () => {
    const instant = fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2035-01-01') });
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), (at, zone) => {
        const { from, to } = windowAt(at, dayMs, zone);
        expect(from <= at && at < to).toBe(true);
        expect(windowAt(to, dayMs, zone).from).toBe(to);
        expect(dayOf(from, zone)).toBe(dayOf(to - 1, zone));
        expect(startOfDay(dayOf(at, zone), zone)).toBe(from);
      }),
    );
  });

  it('refuse a zone that does not exist', () => {
    expect(() => dayOf(0, 'Mars/Olympus')).toThrow(RangeError);
  });
});
