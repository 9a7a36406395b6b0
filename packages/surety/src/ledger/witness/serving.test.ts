// Whoever can reach a witness may send anything, at any pace: what is bounded, and that the log still gets through.

import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { endProcesses, startWitness } from '../processes.fixture.ts';
import { newFolder } from '../stores/samples.fixture.ts';
import { logOf, submit } from './logs.fixture.ts';
import { Pace } from './serving.ts';

afterEach(endProcesses);

describe('the pace of an address', () => {
  const allowed = (pace: Pace, address: string, times: number): number =>
    Array.from({ length: times }, () => pace.allows(address)).filter((allows) => allows).length;

  it('is bounded, and recovers with time', () => {
    let now = 0;
    const pace = new Pace(() => now);
    expect(allowed(pace, '192.0.2.1', 1_000)).toBe(200);
    expect(allowed(pace, '192.0.2.2', 10)).toBe(10);
    now = 1_000;
    expect(allowed(pace, '192.0.2.1', 1_000)).toBe(50);
    now = 1_000_000;
    expect(allowed(pace, '192.0.2.1', 1_000)).toBe(200);
  });

  it('counts a network of IPv6 as one host, however an address is written', () => {
    const pace = new Pace(() => 0);
    expect(allowed(pace, '2001:db8:0:1::1', 150)).toBe(150);
    expect(allowed(pace, '2001:db8:0:1:ffff::2', 150)).toBe(50);
    expect(allowed(pace, '2001:db8:0:2::1', 10)).toBe(10);
    expect(allowed(pace, '::ffff:192.0.2.1', 150)).toBe(150);
    expect(allowed(pace, '::ffff:192.0.2.2', 150)).toBe(150);
    expect(allowed(pace, '::1', 300)).toBe(200);
  });

  it('is remembered of so many addresses, and of the newest', () => {
    const pace = new Pace(() => 0);
    for (let n = 0; n < 200; n++) pace.allows('192.0.2.1');
    expect(pace.allows('192.0.2.1')).toBe(false);
    for (let n = 0; n < 4_095; n++) pace.allows(`198.51.${Math.floor(n / 256)}.${n % 256}`);
    expect(pace.allows('192.0.2.1')).toBe(false);
    for (let n = 0; n < 4_096; n++) pace.allows(`203.0.${Math.floor(n / 256)}.${n % 256}`);
    // Forgotten: what it cost to be forgotten is more than what was won.
    expect(pace.allows('192.0.2.1')).toBe(true);
  });
});

describe('a flood', () => {
  it('of requests is slowed down, not answered', async () => {
    const log = logOf('log.example');
    const { url } = await startWitness(newFolder(), 'witness.example', [log.vkey]);
    const statuses: number[] = [];
    // More at once would be turned away as connections, not as requests.
    for (let round = 0; round < 6; round++) {
      const some = Array.from({ length: 100 }, () => submit(url, 'old 0\n\nnonsense'));
      statuses.push(...(await Promise.all(some)).map(({ status }) => status));
    }
    expect(new Set(statuses)).toEqual(new Set([400, 429]));
    expect(statuses.filter((status) => status === 400).length).toBeGreaterThanOrEqual(200);
  });

  it('of connections that say nothing leaves room, and bodies that never end are not kept', async () => {
    const log = logOf('log.example');
    const { url, port } = await startWitness(newFolder(), 'witness.example', [log.vkey]);
    const silent = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
    expect(await submit(url, await log.body(0, 5))).toMatchObject({ status: 200 });
    const endless = connect(port, '127.0.0.1').on('error', () => undefined);
    endless.write('POST /add-checkpoint HTTP/1.1\r\nhost: w\r\ncontent-length: 999999999\r\n\r\n');
    endless.write('x'.repeat(300_000));
    const answer = await new Promise<string>((resolve) =>
      endless.once('data', (part) => resolve(String(part))),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/connection: close/i);
    for (const socket of [...silent, endless]) socket.destroy();
  });
});
