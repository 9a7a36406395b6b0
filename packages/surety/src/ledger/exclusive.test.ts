// One process at a time: real processes, killed without warning, and names that another process has by now.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { takeExclusive } from './exclusive.ts';
import { newFolder } from './stores/samples.fixture.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Said {
  readonly took?: number;
  readonly code?: string;
  readonly message?: string;
  readonly child: ChildProcess;
}

async function hold(path: string, program = 'gateway'): Promise<Said> {
  const file = fileURLToPath(new URL('./holding.fixture.ts', import.meta.url));
  const child = spawn(process.execPath, [file, path, program], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { ...JSON.parse(line), child };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

const attempt = (path: string): string => {
  try {
    takeExclusive(path, 'test').release();
    return 'taken';
  } catch (cause) {
    return (cause as Error).message;
  }
};

describe('a lock', () => {
  it('names who has it, and is free when that process was killed', async () => {
    const path = join(newFolder(), 'writer');
    const first = await hold(path);
    expect(await hold(path)).toMatchObject({
      code: 'held',
      message: `\`${path}\` is in use: process ${first.took} (gateway) has it`,
    });
    await kill(first.child);
    const second = await hold(path, 'command');
    expect(second.took).toBe(second.child.pid);
    expect(attempt(path)).toBe(`\`${path}\` is in use: process ${second.took} (command) has it`);
  });

  it('is free though the name of its dead holder is the number of a living process', async () => {
    const path = join(newFolder(), 'writer');
    const first = await hold(path);
    await kill(first.child);
    const living = await hold(join(newFolder(), 'other'));
    writeFileSync(`${path}.holder`, JSON.stringify({ pid: living.took, program: 'gateway' }));
    expect(attempt(path)).toBe('taken');
    expect(JSON.parse(readFileSync(`${path}.holder`, 'utf8'))).toEqual({ pid: process.pid, program: 'test' });
  });

  it('names nobody rather than a process that is dead', async () => {
    const path = join(newFolder(), 'writer');
    const [dead, holder] = [await hold(join(newFolder(), 'other')), await hold(path)];
    await kill(dead.child);
    expect(holder.took).toBeDefined();
    for (const name of [
      JSON.stringify({ pid: dead.took, program: 'gateway' }),
      '',
      '{"pid":0}',
      '{"pid":-1}',
    ]) {
      writeFileSync(`${path}.holder`, name);
      expect(attempt(path)).toBe(`\`${path}\` is in use: another process has it`);
    }
  });

  it('goes to one of many that want it at once, and the others name that one', async () => {
    const path = join(newFolder(), 'writer');
    const all = await Promise.all(Array.from({ length: 6 }, () => hold(path)));
    const [holder, ...more] = all.filter(({ took }) => took !== undefined);
    expect(more).toEqual([]);
    const others = all.filter(({ took }) => took === undefined);
    expect(others.map(({ message }) => message)).toEqual(
      others.map(() => `\`${path}\` is in use: process ${holder?.took} (gateway) has it`),
    );
  });
});
