// Every benchmark runs and says its figures as documented. Their values are nobody's business here: a shared
// machine is no judge of speed, and no test of this repository waits for a clock.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openLoop } from './rig/load.ts';
import { start } from './rig/processes.ts';
import { median, percentile } from './rig/statistics.ts';

const here = import.meta.dirname;
const guide = readFileSync(join(here, '../docs/benchmarks.md'), 'utf8');

const names = [
  'ledger',
  'growth',
  'decision',
  'contain',
  'checkpoints',
  'verify',
  'gateway',
  'start',
  'agentdojo',
];
describe.each(names)('bench %s', (name) => {
  test('says one object with finite figures, and its steps to people', { timeout: 300_000 }, async () => {
    const words = [join(here, `${name}.ts`), '--quick', '--json'];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { cwd: here });
    const said = JSON.parse(stdout) as { bench: string; machine: object; figures: Record<string, unknown> };
    expect(Object.keys(said)).toEqual(['bench', 'machine', 'figures']);
    expect(said.bench).toBe(name);
    expect(said.machine).toMatchObject({ cores: expect.any(Number), node: process.versions.node });
    const figures = Object.entries(said.figures);
    expect(figures.length).toBeGreaterThan(6);
    expect(figures.filter(([, value]) => !Number.isFinite(value))).toEqual([]);
    expect(said.figures['fdatasync-p50-ms']).toBeGreaterThan(0);
    expect(stderr).toMatch(/steps that ran: \w/);
    expect(stderr).toMatch(/not built yet: /);
    expect(guide).toContain(`## ${name}`);
  });
});

test('percentiles are by nearest rank', () => {
  const values = [5, 1, 4, 2, 3];
  expect([0, 0.2, 0.21, 0.5, 0.99, 1].map((share) => percentile(values, share))).toEqual([1, 1, 2, 3, 5, 5]);
  expect(median([1, 2, 3, 4])).toBe(2);
  expect(median([])).toBeNaN();
});

test('a stall delays every call that was due in it, also those that were not sent yet', async () => {
  const log = join(mkdtempSync(join(tmpdir(), 'surety-bench-')), 'log');
  const program = `
    const server = require('node:http').createServer((request, response) => {
      request.resume().on('end', () => setTimeout(() => response.setHeader('content-length', 2).end('{}'), 200));
    });
    server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
    process.stdin.on('end', () => process.exit(0)).resume();`;
  const server = await start(['-e', program], { log });
  const request = Buffer.from('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
  const subject = {
    name: 'stalling',
    port: Number(server.ready['port']),
    request: () => request,
    isAnswered: () => true,
  };
  const measured = await openLoop(subject, 1, { perSecond: 100, seconds: 0.05 });
  await server.stop();
  // Due 10 ms apart, answered 200 ms apart on one connection: what waits is counted as waiting.
  const sorted = measured.latenciesMs.toSorted((a, b) => a - b);
  expect(sorted).toHaveLength(5);
  for (const [index, latency] of sorted.entries()) expect(latency).toBeGreaterThanOrEqual(199 + 190 * index);
});
