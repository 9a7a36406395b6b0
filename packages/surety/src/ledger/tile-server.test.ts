// The log over HTTP, from a real sealed log: every address of the layout at every width, and what somebody asks who
// wants another file, more than was published, or all of the server's time. Requests are written byte by byte.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  encodeEntries,
  leafHash,
  openHead,
  parseVerifier,
  subtreeOf,
  TILE_WIDTH,
  tileBytes,
  tilePath,
  tileWidth,
} from '@surety/proof/records';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from './hash.ts';
import type { Log } from './log.ts';
import { ensureLogKey, type Sealer, startSealer } from './seal.ts';
import { newFolder, opened, optionsFor } from './stores/samples.fixture.ts';
import { openLog } from './stores/sqlite.ts';
import { type TileServerOptions, tileListener } from './tile-server.ts';

const size = 700;
const [store, keys] = [newFolder(), newFolder()];
const problems: string[] = [];
const servers: Server[] = [];
let [log, sealer, vkey, port]: [Log | undefined, Sealer | undefined, string, number] = [
  undefined,
  undefined,
  '',
  0,
];

async function serve(options: Partial<TileServerOptions> = {}): Promise<number> {
  const onProblem = (problem: string) => void problems.push(problem);
  const server = createServer(tileListener({ folder: store, names: [], onProblem, ...options }));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  vkey = await ensureLogKey(keys, 'ledger.example/test');
  log = await openLog({ ...optionsFor(store), logKey: vkey });
  sealer = await startSealer({ folder: store, keys, witnesses: [] });
  // Several heads, so that tiles were written at several widths and outgrown.
  for (const until of [10, 200, 300, 650, size]) {
    const facts = Array.from({ length: until - log.size() }, (_, n) => opened(`c-${n}`));
    await log.append([{ stream: `action/${until}`, facts }]);
    await sealer.sealed(until, { timeoutMs: 30_000 });
  }
  port = await serve();
});
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await sealer?.stop();
  await log?.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Exactly these lines, so that nothing on our side puts a path right. */
function ask(
  path: string,
  { method = 'GET', host = '127.0.0.1', more = '', at = port } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(at, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.on('data', (part) => parts.push(part)).on('error', reject);
    socket.on('end', () => {
      const whole = Buffer.concat(parts);
      const divide = whole.indexOf('\r\n\r\n');
      const [first = '', ...lines] = whole.subarray(0, divide).toString('latin1').split('\r\n');
      resolve({
        status: Number(first.split(' ')[1]),
        headers: Object.fromEntries(lines.map((line) => line.split(': ', 2))) as Record<string, string>,
        body: whole.subarray(divide + 4),
      });
    });
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n${more}\r\n`);
  });
}

const leavesIn = (reader: Log) => reader.read(0, size).map(({ bytes }) => leafHash(bytes, sha256));

describe('the layout', () => {
  it('the checkpoint is the newest head, and never kept', async () => {
    const { status, headers, body } = await ask('/checkpoint');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const head = await openHead(body.toString(), { log: [parseVerifier(vkey)], witnesses: [] });
    expect(head.size).toBe(size);
  });

  it('every tile and bundle at every width of any tree up to this one, and kept', async () => {
    const reader = log as Log;
    const subtree = subtreeOf(leavesIn(reader), sha256);
    for (let level = 0; tileWidth(level, 0, size) > 0; level++)
      for (let index = 0; tileWidth(level, index, size) > 0; index++)
        for (let width = 1; width <= tileWidth(level, index, size); width += width < 4 ? 1 : 63) {
          const tile = { level, index, width };
          const { status, headers, body } = await ask(`/${tilePath(tile)}`);
          expect([status, headers['content-type']]).toEqual([200, 'application/octet-stream']);
          expect(headers['cache-control']).toBe('max-age=31536000, immutable');
          expect(body.equals(tileBytes(tile, subtree)), tilePath(tile)).toBe(true);
          if (level > 0) continue;
          const bundle = await ask(`/${tilePath({ ...tile, level: 'entries' })}`);
          const entries = reader.read(index * TILE_WIDTH, width).map(({ bytes }) => bytes);
          expect(bundle.body.equals(encodeEntries(entries))).toBe(true);
          expect(bundle.headers['content-encoding']).toBeUndefined();
        }
  });

  it('bundles are compressed for those who take it, nothing else is', async () => {
    const plain = await ask('/tile/entries/000');
    expect(plain.headers['vary']).toBe('accept-encoding');
    for (const more of ['gzip', 'br, gzip;q=0.5', 'GZIP', 'gzip ; q=1.0, *;q=0']) {
      const { headers, body } = await ask('/tile/entries/000', { more: `accept-encoding: ${more}\r\n` });
      expect(headers['content-encoding']).toBe('gzip');
      expect(Number(headers['content-length'])).toBe(body.length);
      expect(gunzipSync(body).equals(plain.body)).toBe(true);
    }
    for (const more of ['identity', 'gzip;q=0', 'br, gzip;q=0.0', 'xgzip', 'gzip2']) {
      const { headers } = await ask('/tile/entries/000', { more: `accept-encoding: ${more}\r\n` });
      expect(headers['content-encoding']).toBeUndefined();
    }
    const tile = await ask('/tile/0/000', { more: 'accept-encoding: gzip\r\n' });
    expect(tile.headers['content-encoding']).toBeUndefined();
  });

  it('HEAD has the headers alone', async () => {
    const { status, headers, body } = await ask('/tile/0/000', { method: 'HEAD' });
    expect([status, headers['content-length'], body.length]).toEqual([200, '8192', 0]);
  });

  it('lies under its prefix and nowhere else', async () => {
    const at = await serve({ prefix: '/log' });
    expect((await ask('/log/checkpoint', { at })).status).toBe(200);
    for (const path of ['/checkpoint', '/logcheckpoint', '/log', '/log//checkpoint', '/log/log/checkpoint'])
      expect((await ask(path, { at })).status).toBe(404);
  });
});

describe('what is not answered', () => {
  it.each([
    // More than the published tree has.
    [
      '/tile/0/003',
      '/tile/0/002',
      '/tile/0/002.p/189',
      '/tile/entries/002.p/189',
      '/tile/1/000',
      '/tile/2/000.p/1',
    ],
    ['/tile/1/000.p/3', '/tile/63/000.p/1', '/tile/0/x999/x999/x999/x999/999', '/tile/0/003.p/1'],
    // Other files, and other ways to write these.
    ['/', '/head', '/../head', '/tile/../checkpoint', '/tile/0/../../head', '/tile/entries/..%2f..%2fhead'],
    ['/tile/0/%30%30%30', '/tile/0/000?a', '/tile/0/000#a', '/checkpoint?', '/checkpoint/', '//checkpoint'],
    ['/tile/00/000', '/tile/0/0', '/tile/0/000.p/256', '/tile/0/000.p/0', '/tile/0/000/', '/tile/0/x000/000'],
    ['http://127.0.0.1/checkpoint', '*', '/tile/8/0/000', '/tile/data/000', '/log.sqlite', '/keys/log.key'],
    ['/tile\\0\\000', '/./checkpoint', '/tile/0/002.p/188.tmp', '/tile/0/.1.tmp'],
  ])('%s and the like are not there', async (...paths) => {
    for (const path of paths) {
      const { status, headers } = await ask(path);
      expect([path, status, headers['cache-control']]).toEqual([path, 404, 'no-store']);
    }
  });

  it('what would write', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask('/checkpoint', { method });
      expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('a browser that another site’s name led here', async () => {
    const at = await serve({ names: ['ledger.example'] });
    for (const host of [
      'localhost',
      'LOCALHOST:80',
      '127.0.0.1:9',
      '[::1]:80',
      '10.0.0.7',
      'ledger.example:443',
    ])
      expect([host, (await ask('/checkpoint', { at, host })).status]).toEqual([host, 200]);
    for (const host of [
      'evil.example',
      'ledger.example.evil',
      '127.0.0.1.evil',
      'localhost.',
      'a@localhost',
      'x y',
    ])
      expect([host, (await ask('/checkpoint', { at, host })).status]).toEqual([host, 403]);
    const twice = await ask('/checkpoint', { at, host: 'localhost', more: 'host: evil.example\r\n' });
    expect(twice.status).toBeGreaterThanOrEqual(400);
  });

  it('nobody is asked for a name on a socket', async () => {
    const at = await serve({ names: undefined });
    expect((await ask('/log', { at, host: 'surety' })).status).toBe(404);
    expect((await ask('/checkpoint', { at, host: 'surety' })).status).toBe(200);
  });

  it('before the first head there is nothing', async () => {
    const at = await serve({ folder: newFolder() });
    for (const path of ['/checkpoint', '/tile/0/000.p/1']) expect((await ask(path, { at })).status).toBe(404);
  });

  it('a log that cannot be read is said here, not there', async () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'head'), readFileSync(join(store, 'head')));
    const at = await serve({ folder });
    const { status, body } = await ask('/tile/0/000', { at });
    expect([status, body.toString()]).toEqual([500, 'the log cannot be read\n']);
    expect(problems.splice(0)).toEqual([expect.stringContaining('there is no tile `tile/0/000`')]);
    writeFileSync(join(folder, 'head'), 'no head');
    expect((await ask('/tile/0/000', { at })).status).toBe(500);
    problems.length = 0;
  });
});

it('more readers at once than there are places are asked to come again', async () => {
  const folder = newFolder();
  const head = join(folder, 'head');
  // A disk that does not answer: reading this waits until something is written.
  execFileSync('mkfifo', [head]);
  const at = await serve({ folder });
  const waiting = Array.from({ length: 8 }, () => ask('/checkpoint', { at }));
  const deadline = Date.now() + 30_000;
  let refused = await ask('/tile/0/x', { at });
  while (refused.status !== 503 && Date.now() < deadline) refused = await ask('/tile/0/x', { at });
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
  // The disk answers again: those that waited get what there is, and their places are free.
  renameSync(head, `${head}.pipe`);
  writeFileSync(head, readFileSync(join(store, 'head')));
  closeSync(openSync(`${head}.pipe`, 'r+'));
  for (const { status } of await Promise.all(waiting)) expect(status).toBe(200);
  expect((await ask('/checkpoint', { at })).status).toBe(200);
});
