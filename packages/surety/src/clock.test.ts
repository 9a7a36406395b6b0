import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clockFrom } from './clock.ts';

const newFile = (): string => join(mkdtempSync(join(tmpdir(), 'surety-clock-')), 'clock.json');

describe('clockFrom', () => {
  it('is the system clock unless a file is named', () => {
    const clock = clockFrom({});
    const before = Date.now();
    const now = clock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
    expect(clock.kind).toBe('system');
  });

  it('runs on from the injected time, and follows the file when it changes', () => {
    const file = newFile();
    writeFileSync(file, JSON.stringify({ at: 1_000_000, real: Date.now() - 500 }));
    const clock = clockFrom({ SURETY_CLOCK: file });
    expect(clock.kind).toBe('injected');
    expect(clock.now()).toBeGreaterThanOrEqual(1_000_500);
    expect(clock.now()).toBeLessThan(1_000_500 + 60_000);
    writeFileSync(file, JSON.stringify({ at: 50, real: Date.now() }));
    expect(clock.now()).toBeLessThan(60_050);
    rmSync(file);
    expect(clock.now()).toBeLessThan(60_050);
  });

  it('refuses to start on a clock that it cannot read', () => {
    const file = newFile();
    expect(() => clockFrom({ SURETY_CLOCK: file })).toThrow(file);
    writeFileSync(file, '{"at": "now", "real": 0}');
    expect(() => clockFrom({ SURETY_CLOCK: file })).toThrow('integers');
  });
});
