import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSilent } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeExclusive } from '../../ledger/exclusive.ts';
import { writer } from './ledger.ts';
import { nodeVersion, ofFreeBytes } from './machine.ts';
import { answers, findCommand, records, served, servers, witnesses } from './outside.ts';
import { ownership } from './ownership.ts';
import { attempt, ok } from './row.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'surety-checks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['24.15.0', 'ok'],
  ['24.14.9', 'fail'],
  ['26.0.0', 'ok'],
  ['22.22.0', 'fail'],
])('Node %s is %s', (version, state) => expect(nodeVersion(version).state).toBe(state));

test.each([
  [50, 'fail'],
  [500, 'warn'],
  [5_000, 'ok'],
])('%i MiB free are %s', (mebibytes, state) => expect(ofFreeBytes(mebibytes * 1024 ** 2).state).toBe(state));

test('a check that breaks has failed', async () => {
  const broken = await attempt('log', 'look', () => {
    throw new Error('no');
  });
  expect(broken).toEqual([{ check: 'log', state: 'fail', found: 'no', remedy: 'look' }]);
  expect(await attempt('log', 'look', () => ok('log', 'yes'))).toEqual([ok('log', 'yes')]);
});

test('a log that others than programs on this host can read is said', () => {
  const stateAt = (host: string) => served({ host, port: 7301 }).map(({ state }) => state);
  expect(served(undefined)).toEqual([]);
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost']) expect(stateAt(host)).toEqual(['ok']);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'ledger.acme.example', '127.example'])
    expect([host, ...stateAt(host)]).toEqual([host, 'warn']);
});

describe('ownership', () => {
  const rowsOf = (store: string) => ownership({ store, folder: join(store, '..') });
  const states = (store: string) =>
    Object.fromEntries(rowsOf(store).map(({ check, state }) => [check, state]));
  const newStore = () => {
    const store = join(mkdtempSync(join(folder, 'here-')), 'store');
    mkdirSync(join(store, 'keys'), { recursive: true, mode: 0o700 });
    for (const file of ['keys/log.key', 'keys/statement.key', 'admin.sock', 'log.sqlite'])
      writeFileSync(join(store, file), '', { mode: 0o600 });
    chmodSync(store, 0o700);
    return store;
  };

  test('finds each thing that others could open', () => {
    const store = newStore();
    expect(states(store)).toEqual({
      'store folder': 'ok',
      'keys folder': 'ok',
      'key log': 'ok',
      'key statement': 'ok',
      'admin socket': 'ok',
      // One account for everything, in a test.
      sealer: 'warn',
    });
    for (const [file, check] of [
      ['', 'store folder'],
      ['keys', 'keys folder'],
      ['keys/log.key', 'key log'],
      ['keys/statement.key', 'key statement'],
      ['admin.sock', 'admin socket'],
    ] as const) {
      const path = join(store, file);
      chmodSync(path, 0o744);
      expect(states(store)[check], file).toBe('fail');
      chmodSync(path, 0o700);
    }
  });

  test('finds keys that are links, have two names, or are no files', () => {
    const store = newStore();
    const of = (name: string) => join(store, 'keys', name);
    linkSync(of('log.key'), join(store, 'copy'));
    symlinkSync(of('statement.key'), of('other.key'));
    mkdirSync(of('folder.key'));
    expect(states(store)).toMatchObject({ 'key log': 'warn', 'key other': 'fail', 'key folder': 'fail' });
    expect(rowsOf(store).find(({ check }) => check === 'key log')?.remedy).toContain('-samefile');
    rmSync(of('other.key'));
    rmSync(of('folder.key'), { recursive: true });
    // The folder of keys as a link to one that somebody else can write to.
    renameSync(join(store, 'keys'), join(store, 'elsewhere'));
    symlinkSync(join(store, 'elsewhere'), join(store, 'keys'));
    expect(states(store)['keys folder']).toBe('fail');
  });

  test('finds the keys that people leave beside surety.yaml, and no other files', () => {
    const store = newStore();
    const beside = (name: string) => join(store, '..', name);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(beside('you.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o640 });
    writeFileSync(beside('public.pem'), publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o644 });
    writeFileSync(beside('note.key'), 'no key', { mode: 0o644 });
    expect(states(store)).toMatchObject({ 'key you': 'fail' });
    expect(Object.keys(states(store))).not.toContain('key public');
    expect(Object.keys(states(store))).not.toContain('key note');
    chmodSync(beside('you.key'), 0o600);
    mkdirSync(beside('witness'));
    writeFileSync(beside('witness/witness.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o604,
    });
    expect(states(store)).toMatchObject({ 'key you': 'ok', 'key witness': 'fail' });
  });

  test('a path that no socket can have is said', () => {
    const store = join(folder, 'x'.repeat(120));
    mkdirSync(store, { mode: 0o700 });
    expect(states(store)['admin socket']).toBe('fail');
  });
});

test('the writer is named while it has the log, and not after', () => {
  const store = join(folder, 'written');
  mkdirSync(store);
  expect(writer(store).found).toBe('nobody has opened this log for writing yet');
  const lock = takeExclusive(join(store, 'writer'), 'gateway');
  expect(writer(store).found).toBe(`process ${process.pid} (gateway) has it`);
  lock.release();
  expect(writer(store).found).toContain('free');
  writeFileSync(join(store, 'writer.holder'), '{"pid":-1}');
  expect(() => writer(store)).toThrow('names no process');
});

describe('outside', () => {
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  const listening = (server: ReturnType<typeof createSilent>) =>
    new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));

  test('any answer is an answer; silence and refusal are none', async () => {
    const polite = createServer((_, response) => response.writeHead(404).end());
    const silent = createSilent();
    await Promise.all([listening(polite), listening(silent)]);
    expect(await answers(`http://127.0.0.1:${port(polite)}/x`)).toBeUndefined();
    expect(await answers(`http://127.0.0.1:${port(silent)}/x`)).toContain('no answer within');
    const gone = port(polite);
    await new Promise((resolve) => polite.close(resolve));
    silent.close();
    expect(await answers(`http://127.0.0.1:${gone}/x`)).toContain('ECONNREFUSED');
    const witness = { name: 'w', url: `http://127.0.0.1:${gone}`, key: '', simulated: false };
    expect((await witnesses([witness]))[0]?.state).toBe('fail');
    // One on this host is the operator's own, as that of the story: stopped, it is no broken installation.
    const own = (await witnesses([{ ...witness, simulated: true }]))[0];
    expect(own).toMatchObject({ state: 'warn', found: expect.stringContaining('not running') });
  });

  test('no witness is worth a word', async () => expect((await witnesses([]))[0]?.state).toBe('warn'));

  test('a record that is no database fails', async () => {
    const sqlite = join(folder, 'erp.db');
    writeFileSync(sqlite, 'no database at all, but long enough to be looked at'.repeat(20));
    expect((await records([{ id: 'erp', definition: '', written: {}, sqlite }]))[0]?.state).toBe('fail');
    expect(
      (await records([{ id: 'erp', definition: '', written: {}, sqlite: join(folder, 'none.db') }]))[0]
        ?.found,
    ).toContain('is not there');
  });

  test('a command is found as the system would find it', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'serve'), '', { mode: 0o755 });
    writeFileSync(join(bin, 'text'), '', { mode: 0o644 });
    expect(findCommand('serve', '.', `/nowhere:${bin}`)).toBe(join(bin, 'serve'));
    expect(findCommand('./serve', bin, '')).toBe(join(bin, 'serve'));
    expect(findCommand('text', '.', bin)).toBeUndefined();
    expect(findCommand('bin', folder, folder)).toBeUndefined();
    const server = {
      id: 'erp',
      definition: '',
      written: {},
      transport: 'stdio',
      command: 'no-such-command',
      cwd: folder,
      timeoutMs: 1,
    } as const;
    expect((await servers([server], { PATH: bin }))[0]?.state).toBe('fail');
  });
});
