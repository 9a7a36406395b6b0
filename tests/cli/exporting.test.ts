// Facts as lines for a SIEM, by the program itself: killed again and again while facts come, into a file and into a
// pipe whose reader dies with it. In the end every fact has arrived.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReader } from '../../packages/surety/src/ledger/stores/reader.ts';

const path = (relative: string): string =>
  fileURLToPath(new URL(`../../packages/surety/src/${relative}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'surety-exporting-'));
const at = (name: string): string => join(folder, name);
const children = new Set<ChildProcess>();

function start(file: string, words: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [path(file), ...words], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.stderr?.resume();
  return child;
}

const surety = (...words: string[]): ChildProcess => start('main.ts', words);

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (part: Buffer) => {
    said.stdout += part.toString();
  });
  child.stderr?.on('data', (part: Buffer) => {
    said.stderr += part.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Facts that come while `work` is done. */
async function whileFactsCome(work: () => Promise<void>): Promise<number> {
  const writer = start('ledger/stores/samples.fixture.ts', [at('store')]);
  writer.stdout?.resume();
  await once(writer.stdout as NodeJS.ReadableStream, 'data');
  await work();
  await killed(writer);
  return sizeNow();
}

function sizeNow(): number {
  const reader = openReader(at('store'));
  try {
    return reader.size();
  } finally {
    reader.close();
  }
}

const positionsIn = (text: string): number[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { position: number }).position);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, nth) => nth);
const distinct = (positions: readonly number[]): number[] => [...new Set(positions)].sort((a, b) => a - b);

beforeAll(() => {
  writeFileSync(at('surety.yaml'), 'origin: ledger.example/test\nstore: store\n');
});
afterAll(async () => {
  await Promise.all([...children].map(killed));
  rmSync(folder, { recursive: true });
});

describe('killed while facts come', () => {
  test('into a file: every fact arrives, and every line is whole', async () => {
    const size = await whileFactsCome(async () => {
      for (let round = 0; round < 5; round += 1) {
        const before = existsSync(at('out')) ? statSync(at('out')).size : 0;
        const child = surety('export', '--follow', '--cursor', 'cursor', '--out', 'out');
        // Another point of its work each time.
        while ((existsSync(at('out')) ? statSync(at('out')).size : 0) <= before + round * 20_000)
          await turn();
        await killed(child);
      }
    });
    expect((await ended(surety('export', '--cursor', 'cursor', '--out', 'out'))).code).toBe(0);
    expect(distinct(positionsIn(readFileSync(at('out'), 'utf8')))).toEqual(upTo(size));
    expect(JSON.parse(readFileSync(at('cursor'), 'utf8'))).toMatchObject({
      log: 'ledger.example/test',
      next: size,
    });
  }, 180_000);

  test('into a pipe whose reader dies too: every fact has been read by somebody', async () => {
    const read: number[] = [];
    const size = await whileFactsCome(async () => {
      for (let round = 0; round < 4; round += 1) {
        const child = surety('export', '--follow', '--cursor', 'pipe.cursor');
        let taken = '';
        for await (const part of child.stdout as AsyncIterable<Buffer>) {
          taken += part.toString();
          if (taken.length > 2_000_000 * round + 1) break;
        }
        await killed(child);
        // What came after the last whole line, and what still lay in the pipe, died with this reader.
        read.push(...positionsIn(taken.slice(0, taken.lastIndexOf('\n') + 1)));
      }
    });
    const rest = await ended(surety('export', '--cursor', 'pipe.cursor'));
    expect(rest.code).toBe(0);
    read.push(...positionsIn(rest.stdout));
    expect(distinct(read)).toEqual(upTo(size));
  }, 180_000);
});

describe('the words', () => {
  test.each([
    [['export'], 'neither a folder nor a format is named', '--format jsonl'],
    [['export', 'public', '--follow'], '`--follow` is about facts as lines', 'leave out the folder'],
    [['export', '--format', 'cef'], '`cef` is invalid', 'jsonl, ocsf'],
  ])('%j exits 64', async (words, said, help) => {
    const { code, stdout, stderr } = await ended(surety(...words));
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(said);
    expect(stderr).toContain(help);
  });

  test('--from begins there, and a cursor that stands somewhere goes before it', async () => {
    const from = sizeNow() - 3;
    const words = ['export', '--format', 'ocsf', '--from', String(from), '--cursor', 'c'];
    const { stdout } = await ended(surety(...words, '--out', 'some'));
    expect(stdout).toBe('');
    const lines = readFileSync(at('some'), 'utf8').trimEnd().split('\n');
    const sequences = lines.map(
      (line) => (JSON.parse(line) as { metadata: { sequence: number } }).metadata.sequence,
    );
    expect(sequences).toEqual([from, from + 1, from + 2]);
    expect(await ended(surety(...words))).toMatchObject({ code: 0, stdout: '' });
  });

  test('a position that is not there, a damaged cursor, another log: exit 1, with what to do', async () => {
    expect(await ended(surety('export', '--from', '999999999'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no fact 999999999'),
    });
    writeFileSync(at('bad.cursor'), 'x');
    expect((await ended(surety('export', '--cursor', 'bad.cursor'))).stderr).toContain('`--from`');
    writeFileSync(at('bad.cursor'), JSON.stringify({ log: 'x', next: 2, last: '00' }));
    expect(await ended(surety('export', '--cursor', 'bad.cursor'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('fact 1 is not the one that the cursor followed'),
    });
  });

  test('a reader that goes away ends it', async () => {
    const child = surety('export', '--follow');
    const end = once(child, 'exit');
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.stdout?.destroy();
    const writer = start('ledger/stores/samples.fixture.ts', [at('store')]);
    writer.stdout?.resume();
    expect(await end).toEqual([0, null]);
    await killed(writer);
  });
});
