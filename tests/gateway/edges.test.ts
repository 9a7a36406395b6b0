// What goes wrong around a gateway: files, ports, disks and records. Each ends in a clear word and the right exit
// code, and nothing that was running goes down with it.

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hourMs, TestHouse, told } from '../../packages/surety/src/house.fixture.ts';
import { openReader } from '../../packages/surety/src/ledger/stores/reader.ts';
import { Program } from './program.fixture.ts';

describe('starting', () => {
  let here: Program;
  beforeEach(() => {
    here = new Program();
  });
  afterEach(() => here.remove());

  test('with a broken surety.yaml: every problem, exit 1, and nothing is begun', async () => {
    here.edit('surety.yaml', (text) => `${text}\nlistne: 127.0.0.1:1\n`);
    here.edit('outcomes/payments.yaml', (text) => text.replace('before: erp.pay', 'before: erp.pya'));
    const { code, stderr } = await here.run('up', '--port', '0');
    expect(code).toBe(1);
    expect(stderr).toMatch(/surety\.yaml:\d+:\d+: error: .*listne/);
    expect(stderr).toMatch(/outcomes\/payments\.yaml:\d+:\d+: error: /);
    expect(stderr).not.toContain('    at ');
    expect(existsSync(here.path('store/log.sqlite'))).toBe(false);
  });

  test('with `--log json`: whatever keeps it from starting is a line of JSON like any other', async () => {
    const lines = (stderr: string) =>
      stderr
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const { child } = await here.up();
    const second = await here.run('up', '--port', '0', '--log', 'json');
    expect(second.code).toBe(1);
    expect(lines(second.stderr).at(-1)).toMatchObject({
      ...{ level: 'error', time: expect.any(String), exit: 1 },
      msg: expect.stringContaining('in use'),
      help: expect.any(String),
    });
    expect(await here.stop(child)).toBe(0);
    here.edit('surety.yaml', (text) => `${text}\nlistne: 127.0.0.1:1\n`);
    const broken = await here.run('up', '--port', '0', '--log', 'json');
    expect([broken.code, broken.stdout]).toEqual([1, '']);
    const [problem] = lines(broken.stderr);
    expect(problem).toMatchObject({
      level: 'error',
      file: 'surety.yaml',
      column: 1,
      remedy: expect.any(String),
    });
    expect(problem?.['msg']).toContain('listne');
    expect(lines(broken.stderr).at(-1)?.['msg']).toBe('the configuration has 1 error');
  });

  test('with a parent: it ends when that goes, and on SIGTERM while that stays', async () => {
    const first = await here.up('--with-parent');
    expect(await here.stop(first.child)).toBe(0);
    const second = await here.up('--with-parent');
    const end = once(second.child, 'close');
    second.child.stdin?.end();
    expect(await end).toEqual([0, null]);
  });

  test('with a broken policy after a good start: what was in force stays recorded, nothing new is activated', async () => {
    const { child } = await here.up();
    await here.stop(child);
    const size = () => {
      const reader = openReader(here.path('store'));
      try {
        return reader.size();
      } finally {
        reader.close();
      }
    };
    const before = size();
    writeFileSync(here.path('policies/more.cedar'), 'permit (principal, action');
    expect((await here.run('up', '--port', '0')).code).toBe(1);
    expect(size()).toBe(before);
  });

  test('a second time on the same store: refused, naming who has it, and the first goes on', async () => {
    const { url, child } = await here.up();
    const { code, stderr } = await here.run('up', '--port', '0');
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`in use: process ${child.pid} \\(gateway\\) has it`));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await here.stop(child)).toBe(0);
  });

  test('on a port that is taken: says so, and leaves the log closed as it should be', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, stderr } = await here.run('up', '--port', String(port));
    other.close();
    expect(code).toBe(1);
    expect(stderr).toContain('the address is in use');
    expect(stderr).not.toContain('    at ');
    const { url, child } = await here.up();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const { stdout } = await here.run('tail', '--json');
    expect(stdout).not.toContain('may-be-lost');
    await here.stop(child);
  });
});

describe('running', () => {
  test('a record that is gone at verdict time: source-stale, and everything else goes on', async () => {
    const house = await TestHouse.open();
    try {
      await house.match('E-1');
      expect(told(await house.pay('E-1', '5.00'))).toBe('result');
      house.advance(30 * hourMs);
      const books = join(house.folder, 'books.db');
      renameSync(books, `${books}.away`);
      const day = Date.parse('2026-03-02T12:00:00Z');
      const away = await house.verified(day);
      expect(away.failed).toEqual([]);
      expect(away.verdict).toBe('unproven');
      expect(away.reasons).toContain('source-stale');
      expect(existsSync(books)).toBe(false);
      await house.match('E-2');
      // A record that is no database is as good as none.
      writeFileSync(books, 'this is no database');
      expect((await house.verified(day)).reasons).toContain('source-stale');
      rmSync(books);
      renameSync(`${books}.away`, books);
      expect((await house.verified(day)).reasons).not.toContain('source-stale');
    } finally {
      await house.close();
    }
  });

  test('a full disk under the store: nothing is forwarded, and it works again when there is space', async (context) => {
    const mounted: string[] = [];
    const mount = (folder: string): void => {
      const store = join(folder, 'store');
      mkdirSync(store, { mode: 0o700 });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', store], { stdio: 'ignore' });
      mounted.push(store);
    };
    let house: TestHouse | undefined;
    try {
      house = await TestHouse.open({}, mount).catch((cause: Error) => {
        if (mounted.length > 0) throw cause;
        return undefined;
      });
      if (house === undefined) return context.skip('a small disk cannot be mounted here');
      await fullDisk(house, join(house.folder, 'store/filling'));
    } finally {
      await house?.house.close();
      for (const store of mounted) execFileSync('umount', [store]);
      if (house !== undefined) rmSync(house.folder, { recursive: true });
    }
  });
});

async function fullDisk(house: TestHouse, filling: string): Promise<void> {
  await house.match('D-1');
  await house.log.flushed();
  fill(filling);
  // What still fits into the space that the store has already is recorded; then it must refuse.
  let nth = 0;
  let reply = await house.call('erp.note', { nth, text: 'x'.repeat(10_000) });
  for (; told(reply) === 'result' && nth < 1_000; nth += 1)
    reply = await house.call('erp.note', { nth: nth + 1, text: 'x'.repeat(10_000) });
  const later = 'failed: Refused: this call cannot be recorded now. Try again later.';
  expect(told(reply)).toBe(later);
  const sent = house.sent.length;
  expect(told(await house.call('erp.note', { more: 'x'.repeat(10_000) }))).toBe(later);
  expect(house.sent.length).toBe(sent);
  expect(house.notes.join('\n')).toMatch(/full|space/);
  rmSync(filling);
  expect(told(await house.pay('D-1', '5.00'))).toBe('result');
  const intents = await house.factsOf('call.intended');
  const settled = await house.factsOf('call.settled');
  const answered = new Set(settled.map(({ body }) => body.call));
  expect(intents.filter(({ body }) => !answered.has(body.call))).toEqual([]);
  expect((await house.verified(house.now())).failed).toEqual([]);
}

/** Writes until there is no more space. */
function fill(path: string): void {
  for (let part = 1 << 20; part >= 512; part = Math.floor(part / 2)) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(part), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
