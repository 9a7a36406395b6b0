// The promise that matters most: what was acknowledged is there, byte for byte, whatever happens to the
// process. Real processes, killed without warning, and a real limit on what they may write.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseFact } from '@surety/proof/facts';
import { afterEach, describe, expect, it } from 'vitest';
import { openReader } from './reader.ts';
import { newFolder, optionsFor } from './samples.fixture.ts';
import { openLog } from './sqlite.ts';

type Line = { started: number } | { position: number; fact: unknown } | { refused: string };

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Runs the writer until `enough` says so of what it said. */
async function writeUntil(
  folder: string,
  enough: (line: Line, child: ChildProcess) => boolean,
): Promise<Line[]> {
  const program = fileURLToPath(new URL('./samples.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines: Line[] = [];
  let done = false;
  for await (const text of createInterface({ input: child.stdout })) {
    // The kill may have cut its last line: nobody was told what it says.
    if (done && !text.endsWith('}}')) continue;
    const line = JSON.parse(text) as Line;
    lines.push(line);
    if (done || !enough(line, child)) continue;
    done = true;
    child.kill('SIGKILL');
  }
  return lines;
}

const acknowledged = (lines: readonly Line[]) => lines.filter((line) => 'position' in line);

describe('kill -9', () => {
  it('loses nothing that was acknowledged and leaves nothing half-written', async () => {
    const folder = newFolder();
    const all = new Map<number, unknown>();
    for (let round = 0; round < 4; round++) {
      const stopAt = 20 + 90 * round;
      let count = 0;
      const lines = await writeUntil(folder, (line) => 'position' in line && ++count === stopAt);
      for (const { position, fact } of acknowledged(lines)) all.set(position, fact);
    }
    const log = await openLog(optionsFor(folder));
    const facts = log.read(0, 100_000).map(({ bytes, position }) => parseFact(bytes, position));
    expect(all.size).toBeGreaterThan(500);
    for (const [position, fact] of all) expect(JSON.parse(JSON.stringify(facts[position]))).toEqual(fact);
    expect(facts.map(({ position }) => position)).toEqual(facts.map((_, at) => at));
    // Each append is a fact in a case and one in a budget: never one without the other.
    for (const fact of facts)
      if (fact.stream.startsWith('case/')) expect(facts[fact.position + 1]?.stream).toMatch(/^budget\//);
    const starts = facts.filter((fact) => fact.kind === 'process.started');
    expect(starts.map((fact) => fact.kind === 'process.started' && fact.body.tail)).toEqual([
      'none',
      ...Array.from({ length: 4 }, () => 'may-be-lost'),
    ]);
    await log.close();
  });
});

describe('another process', () => {
  it('is refused as a second writer, and reads while the first one writes', async () => {
    const folder = newFolder();
    const codes: string[] = [];
    let pid = 0;
    await writeUntil(folder, (line, child) => {
      if ('started' in line) {
        pid = line.started;
        openLog(optionsFor(folder)).catch((cause: Error) => codes.push(cause.message));
      }
      if (!('position' in line)) return false;
      const reader = openReader(folder);
      expect(reader.size()).toBeGreaterThan(line.position);
      expect(parseFact(reader.read(line.position, 1)[0]?.bytes as Uint8Array, line.position)).toMatchObject({
        stream: (line.fact as { stream: string }).stream,
      });
      reader.close();
      return child.pid === pid && codes.length === 1;
    });
    expect(codes).toEqual([expect.stringContaining(`process ${pid} (gateway)`)]);
  });
});

const canLimit = (() => {
  try {
    execFileSync('prlimit', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

describe('a full disk', () => {
  it('refuses appends, keeps what was there, and goes on when there is space again', async (context) => {
    if (!canLimit) return context.skip('there is no `prlimit` here to limit the size of files with');
    const folder = newFolder();
    const limit = (child: ChildProcess, bytes: string): void => {
      execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:`]);
    };
    let phase: 'filling' | 'full' | 'again' = 'filling';
    let after = 0;
    const lines = await writeUntil(folder, (line, child) => {
      if (phase === 'filling' && 'position' in line && line.position > 40) {
        limit(child, String(statSync(join(folder, 'log.sqlite-wal')).size + 20_000));
        phase = 'full';
      } else if (phase === 'full' && 'refused' in line) {
        expect(line.refused).toBe('full');
        limit(child, 'unlimited');
        phase = 'again';
      } else if (phase === 'again' && 'position' in line) after++;
      return after > 40;
    });
    const reader = openReader(folder);
    const facts = reader.read(0, 100_000).map(({ bytes, position }) => parseFact(bytes, position));
    expect(lines.filter((line) => 'refused' in line).length).toBeGreaterThan(0);
    for (const { position, fact } of acknowledged(lines))
      expect(JSON.parse(JSON.stringify(facts[position]))).toEqual(fact);
    expect(facts.map(({ position }) => position)).toEqual(facts.map((_, at) => at));
    expect(facts.map(({ emitterSeq }) => emitterSeq)).toEqual(facts.map((_, at) => at));
    reader.close();
  });
});
