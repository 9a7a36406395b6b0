// What a witness that forgot does: it does not start, or stops, and says why. Each way to lose or to set back a memory
// that can be told; the one that cannot (a whole disk set back) is told by whoever holds what was cosigned.

import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { endProcesses, kill, startWitness, witnessKey } from '../processes.fixture.ts';
import { newFolder } from '../stores/samples.fixture.ts';
import { logOf, submit } from './logs.fixture.ts';

afterEach(endProcesses);

const name = 'witness.example';
const log = logOf('log.example');
let folder = '';
const memory = (): string => join(folder, 'memory.json');
const start = (logs: readonly string[] = [log.vkey], more: readonly string[] = []) =>
  startWitness(folder, name, logs, { more });

/** A witness that cosigned ten facts and was killed; gives the cosigned head. */
async function cosignedTen(): Promise<string> {
  const { url, child } = await start();
  const { status, text } = await submit(url, await log.body(0, 10));
  expect(status).toBe(200);
  await kill(child);
  return `${await log.head(10)}${text}`;
}

/** As `cp`, `tar` or a backup would: the same bytes in another file. */
function restore(copy: string): void {
  const bytes = readFileSync(copy);
  unlinkSync(memory());
  writeFileSync(memory(), bytes, { mode: 0o600 });
}

beforeEach(() => {
  folder = newFolder();
});

describe('a memory', () => {
  it('is there after kill -9, and is the last cosigned head', async () => {
    const head = await cosignedTen();
    expect(JSON.parse(readFileSync(memory(), 'utf8').split('\n')[1] ?? '')).toMatchObject({ heads: [head] });
    const { url } = await start();
    expect(await submit(url, await log.body(10, 20, 5))).toMatchObject({ status: 422 });
  });

  it('that is gone retires the key, and the folder wiped but for the key too', async () => {
    await cosignedTen();
    unlinkSync(memory());
    await expect(start()).rejects.toThrow('no memory of what it cosigned');
    await expect(start([log.vkey], ['--moved'])).rejects.toThrow(/help: retire this key/);
    for (const file of ['witness.vkey', 'witness.lock', 'witness.holder']) rmSync(join(folder, file));
    await expect(start()).rejects.toThrow('no memory of what it cosigned');
    // It was not made anew by the attempts.
    expect(() => statSync(memory())).toThrow('ENOENT');
  });

  it('without its key is not given another one', async () => {
    await cosignedTen();
    unlinkSync(join(folder, 'witness.key'));
    await expect(start()).rejects.toThrow('not the key that it belongs to');
    expect(() => statSync(join(folder, 'witness.key'))).toThrow('ENOENT');
  });

  it.each([
    ['a cut', (text: string) => text.slice(0, -20)],
    ['nothing', () => ''],
    ['an empty object', () => '{}'],
    ['a flipped digit of a size', (text: string) => text.replace('\\n10\\n', '\\n11\\n')],
    [
      'a sum over something else',
      (text: string) => text.replace(/^./, (first) => (first === '0' ? '1' : '0')),
    ],
    ['a line behind it', (text: string) => `${text}\n`],
  ])('that is damaged retires the key: %s', async (_, damage) => {
    await cosignedTen();
    const text = readFileSync(memory(), 'utf8');
    const damaged = damage(text);
    expect(damaged).not.toBe(text);
    writeFileSync(memory(), damaged);
    await expect(start()).rejects.toThrow('is damaged');
    await expect(start([log.vkey], ['--moved'])).rejects.toThrow('is damaged');
  });

  it('of another witness is refused', async () => {
    const mine = folder;
    await cosignedTen();
    folder = newFolder();
    await cosignedTen();
    copyFileSync(join(mine, 'memory.json'), memory());
    await expect(start()).rejects.toThrow('or of another key');
  });

  it('restored from a copy is refused, unless a person says that it was moved', async () => {
    const { url, child } = await start();
    expect(await submit(url, await log.body(0, 10))).toMatchObject({ status: 200 });
    const backup = join(newFolder(), 'backup');
    copyFileSync(memory(), backup);
    expect(await submit(url, await log.body(10, 20))).toMatchObject({ status: 200 });
    await kill(child);
    restore(backup);
    await expect(start()).rejects.toThrow(/is a copy.*\n.*--moved/s);
    // Moved, not copied: the same file in another place needs no word of anybody.
    const other = newFolder();
    folder = other;
    await cosignedTen();
    folder = join(newFolder(), 'moved');
    renameSync(other, folder);
    await kill((await start()).child);
    restore(memoryCopy());
    const { child: again, url: here } = await start([log.vkey], ['--moved']);
    expect(await submit(here, await log.body(10, 12))).toMatchObject({ status: 200 });
    await kill(again);
    // Said once, it is its own file again.
    await start();
  });

  const memoryCopy = (): string => {
    const copy = join(newFolder(), 'copy');
    copyFileSync(memory(), copy);
    return copy;
  };
});

describe('a memory that was set back unseen', () => {
  /** As if the whole disk were set back: the memory of ten facts is what there is, though twenty were cosigned. */
  async function setBack(): Promise<string> {
    const { url, child } = await start();
    expect(await submit(url, await log.body(0, 10))).toMatchObject({ status: 200 });
    const backup = join(newFolder(), 'backup');
    copyFileSync(memory(), backup);
    const { text } = await submit(url, await log.body(10, 20));
    await kill(child);
    restore(backup);
    await kill((await start([log.vkey], ['--moved'])).child);
    return `${await log.head(20)}${text}`;
  }

  it('shows by a head that it cosigned itself: it stops, for good', async () => {
    const cosigned = await setBack();
    const { url, child } = await start();
    const ended = once(child, 'close');
    expect(await submit(url, `old 10\n\n${cosigned}`)).toMatchObject({ status: 503 });
    expect(await ended).toEqual([1, null]);
    await expect(start()).rejects.toThrow(
      'cosigned a head of `log.example` over 20 facts and does not remember it',
    );
    await expect(start([log.vkey], ['--moved'])).rejects.toThrow('does not remember it');
  });

  it('is not believed to have been by anybody else: the cosignature must be its own', async () => {
    await setBack();
    const { url } = await start();
    const other = await startWitness(newFolder(), name, [log.vkey]);
    const { text } = await submit(other.url, await log.body(0, 20));
    const forged = `${await log.head(20)}${text}`;
    expect(await submit(url, `old 10\n\n${forged}`)).toMatchObject({ status: 422 });
    // A line that claims to be ours and is false.
    const [own] = readFileSync(join(folder, 'memory.json'), 'utf8').match(/— witness\.example [^\\]+/) ?? [];
    expect(await submit(url, `old 10\n\n${await log.head(20)}${own}\n`)).toMatchObject({ status: 422 });
    expect(await submit(url, await log.body(10, 20))).toMatchObject({ status: 200 });
  });

  it('shows at the start by what the log publishes, where its address is known', async () => {
    const cosigned = await setBack();
    let published = cosigned;
    const server = createServer((request, response) => {
      if (request.url === '/base/checkpoint') response.end(published);
      else response.writeHead(404).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // No cosignature of its own there, no answer at all: nothing is known, and nothing is held against it.
    published = await log.head(20);
    await kill((await start([`${log.vkey} ${at}/base`])).child);
    await kill((await start([`${log.vkey} ${at}/elsewhere`])).child);
    published = cosigned;
    await expect(start([`${log.vkey} ${at}/base/`])).rejects.toThrow('does not remember it');
    await expect(start()).rejects.toThrow('does not remember it');
  });
});

describe('a start', () => {
  it('is refused while another process has the folder', async () => {
    await start();
    await expect(start()).rejects.toThrow('is in use');
  });

  it('that was cut off before there was a key goes on', async () => {
    await witnessKey(folder, name);
    const other = newFolder();
    const key = await witnessKey(other, name);
    // Memory for nobody yet, and no key.
    folder = newFolder();
    const { vkey, child } = await start();
    expect(vkey).not.toBe(key);
    await kill(child);
  });
});
