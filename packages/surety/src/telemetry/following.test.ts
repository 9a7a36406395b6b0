// Exporting facts as lines: nothing is left out whatever dies, and nothing counts as delivered before it is.

import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../ledger/log.ts';
import { CursorError, readCursor } from './cursor.ts';
import { type Delivery, DeliveryError, toFile, toStream } from './delivery.ts';
import { exportFacts } from './following.ts';
import { lineStarts } from './lines.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'surety-export-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fact = (position: number, word = ''): Entry => ({
  position,
  bytes: Buffer.from(`{"v":1,"kind":"a.b","n":${position},"word":"${word}"}`),
});
const logOf = (count: number, word = '') => ({
  origin: 'acme.example/test',
  size: () => count,
  read: (from: number, limit: number) =>
    Array.from({ length: Math.max(0, Math.min(limit, count - from)) }, (_, at) => fact(from + at, word)),
});
const never = new AbortController().signal;
const run = (log: ReturnType<typeof logOf>, delivery: Delivery, cursor: string) => {
  const from = readCursor(cursor, log) ?? 0;
  return exportFacts({ log, from, format: 'jsonl', delivery, cursor, follow: false, stop: never });
};
const positionsIn = (text: string): number[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { position: number }).position);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** A reader with a buffer of this size in front of it, which dies with what lies there. */
function pipe() {
  const written: string[] = [];
  return {
    written,
    stream: {
      write: (text: string, done: (error?: Error | null) => void): boolean => {
        written.push(text);
        done();
        return true;
      },
    },
  };
}

describe('into a file', () => {
  test('each fact once, and the cursor after the last', async () => {
    const [out, cursor] = [join(folder, 'out'), join(folder, 'cursor')];
    await run(logOf(300), toFile(out, lineStarts.jsonl), cursor);
    await run(logOf(310), toFile(out, lineStarts.jsonl), cursor);
    expect(positionsIn(readFileSync(out, 'utf8'))).toEqual(upTo(310));
    expect(readCursor(cursor, logOf(310))).toBe(310);
  });

  test('the half of a line that a killed export left is written again, whole', async () => {
    const [out, cursor] = [join(folder, 'out'), join(folder, 'cursor')];
    await run(logOf(3), toFile(out, lineStarts.jsonl), cursor);
    for (const torn of ['{"pos', '{"position":3,"leaf":"ab']) {
      appendFileSync(out, torn);
      await run(logOf(4), toFile(out, lineStarts.jsonl), cursor);
      expect(positionsIn(readFileSync(out, 'utf8'))).toEqual(upTo(4));
    }
  });

  test('of somebody else nothing is cut', () => {
    const out = join(folder, 'out');
    writeFileSync(out, 'a diary without an end');
    expect(() => toFile(out, lineStarts.jsonl)).toThrow(DeliveryError);
    expect(readFileSync(out, 'utf8')).toBe('a diary without an end');
  });

  test('a file that was rotated away is not written to any more', async () => {
    const out = join(folder, 'out');
    const delivery = toFile(out, lineStarts.jsonl);
    await delivery.write(['{"position":0}']);
    renameSync(out, `${out}.1`);
    await delivery.write(['{"position":1}']);
    expect([readFileSync(`${out}.1`, 'utf8'), readFileSync(out, 'utf8')]).toEqual([
      '{"position":0}\n',
      '{"position":1}\n',
    ]);
  });
});

describe('into a pipe', () => {
  test('what may still lie in it does not count', async () => {
    const cursor = join(folder, 'cursor');
    const { stream, written } = pipe();
    await run(logOf(1_000), toStream(stream), cursor);
    expect(positionsIn(written.join(''))).toEqual(upTo(1_000));
    expect(existsSync(cursor)).toBe(false);
  });

  test('INVARIANT: whatever a reader that dies leaves unread, up to what a pipe holds, comes again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 0, max: 1 << 20 }),
        async (count, lost) => {
          const cursor = join(folder, `cursor-${Math.random()}`);
          const log = logOf(count, 'x'.repeat(5_000));
          const { stream, written } = pipe();
          await run(log, toStream(stream), cursor);
          const whole = Buffer.from(written.join(''));
          const read = whole.subarray(0, Math.max(0, whole.length - lost)).toString();
          const known = positionsIn(read.slice(0, read.lastIndexOf('\n') + 1));
          expect(readCursor(cursor, log) ?? 0).toBeLessThanOrEqual(known.length);
        },
      ),
      { numRuns: 15 },
    );
  });

  test('a reader that is gone ends it, and the cursor stays', async () => {
    const cursor = join(folder, 'cursor');
    const gone = {
      write: (_: string, done: (error?: Error | null) => void): boolean => {
        done(new Error('EPIPE'));
        return false;
      },
    };
    await expect(run(logOf(5), toStream(gone), cursor)).rejects.toThrow('EPIPE');
    expect(existsSync(cursor)).toBe(false);
  });
});

describe('a cursor', () => {
  const made = async (count: number): Promise<string> => {
    const cursor = join(folder, 'cursor');
    await run(logOf(count), toFile(join(folder, 'out'), lineStarts.jsonl), cursor);
    return cursor;
  };

  test('on a log that was cut says so, and nothing is passed over', async () => {
    const cursor = await made(10);
    expect(() => readCursor(cursor, logOf(9))).toThrow(/stands at 10, and the log has 9/);
  });

  test('on another log of the same length says so', async () => {
    const cursor = await made(10);
    expect(() => readCursor(cursor, logOf(20, 'other'))).toThrow(CursorError);
    expect(readCursor(cursor, logOf(20))).toBe(10);
  });

  test.each(['', '{', '[]', 'null', '{"next":-1,"last":""}', '{"next":1.5,"last":""}', '{"next":1}'])(
    'that holds %j is refused',
    (text) => {
      const cursor = join(folder, 'cursor');
      writeFileSync(cursor, text);
      expect(() => readCursor(cursor, logOf(3))).toThrow(/is no cursor/);
    },
  );
});

test('a fact that is not where it should be ends everything', async () => {
  const log = { ...logOf(10), read: () => [fact(0), fact(2)] };
  await expect(run(log, toFile(join(folder, 'out'), lineStarts.jsonl), join(folder, 'c'))).rejects.toThrow(
    'fact 1 is not there',
  );
});
