// A witness that the operator does not control, as far as one machine can show it: another account, another network.
// The log knows it by its address alone, and nothing of the gateway's account can touch it.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newPlaces, type Place } from './places.fixture.ts';

const port = 7310;
const apart = newPlaces();
const places = typeof apart === 'string' ? undefined : apart;
const { gateway, witness } = (places ?? {}) as { gateway: Place; witness: Place };
const at = (place: Place, name: string): string => join(place.folder, name);

/** As `surety init` writes it, with a witness elsewhere. */
async function install(vkey: string): Promise<void> {
  const file = at(gateway, 'surety.yaml');
  const seat = `  - { url: "http://${witness.address}:${port}", key: "${vkey}", seat: audit }`;
  const policy = `witness auditor ${vkey}\nquorum auditor\n`;
  const text = readFileSync(file, 'utf8').replace(
    'functions: [operations]',
    'functions: [operations, audit]',
  );
  writeFileSync(file, `${text}\nwitnesses:\n${seat}\nquorum: heads.policy\n`);
  writeFileSync(at(gateway, 'heads.policy'), policy);
}

let vkey = '';
let pid = 0;

async function raiseWitness(logKey: string): Promise<void> {
  const child = witness.startSurety(
    ...['witness', '--name', 'audit.example/witness', '--folder', at(witness, 'w'), '--json'],
    ...['--listen', `${witness.address}:${port}`, '--log', logKey],
  );
  child.stderr?.resume();
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    ({ vkey } = JSON.parse(line) as { vkey: string });
    pid = child.pid ?? 0;
    return;
  }
  throw new Error('the witness did not start');
}

const sealer = fileURLToPath(new URL('../../packages/surety/src/ledger/sealer.ts', import.meta.url));
let running: ChildProcess | undefined;

async function up(): Promise<void> {
  running = gateway.startSurety('up', '--port', '0');
  running.stdout?.resume();
  const said: string[] = [];
  for await (const line of createInterface({ input: running.stderr as NodeJS.ReadableStream })) {
    said.push(line);
    if (!line.startsWith('Surety is up')) continue;
    running.stderr?.resume();
    return;
  }
  throw new Error(`it did not start: ${said.join('\n')}`);
}

async function down(): Promise<void> {
  if (running === undefined) return;
  const ended = once(running, 'close');
  running.kill('SIGTERM');
  await ended;
}

beforeAll(async () => {
  if (places === undefined) return;
  expect((await gateway.surety('init')).code).toBe(0);
  const origin = /^origin: (\S+)/m.exec(readFileSync(at(gateway, 'surety.yaml'), 'utf8'))?.[1] ?? '';
  const made = await gateway.run(
    sealer,
    '--make-key',
    ...['--keys', at(gateway, '.surety/keys'), '--origin', origin],
  );
  expect(made.stderr).toBe('');
  await raiseWitness(made.stdout.trim());
  await install(vkey);
  await up();
});
afterAll(() => places?.leave());
beforeEach(({ skip }) => skip(typeof apart === 'string', typeof apart === 'string' ? apart : ''));

const verdict = async () => {
  const { stdout, stderr } = await gateway.surety('verdict', 'no-silent-change', '--json');
  const { cosigned, rung, questions, ledgerSize } = JSON.parse(stdout || '{}');
  if (questions === undefined) throw new Error(stderr);
  const { reasons } = questions.find(({ question }: { question: string }) => question === 'recorded');
  const codes: string[] = reasons.map(({ code }: { code: string }) => code);
  return { cosigned, rung, codes, who: reasons[0]?.who, ledgerSize };
};

const status = async (): Promise<unknown> =>
  JSON.parse((await gateway.surety('status', '--json')).stdout).quorum;

describe('a witness under another account, in another network', () => {
  test('cosigns what the log shows it, and counts as no simulation', async () => {
    const { cosigned, rung, codes } = await verdict();
    expect(cosigned).toEqual(['audit.example/witness']);
    expect(codes).not.toContain('simulated');
    expect(codes).not.toContain('witness-missing');
    expect(rung).toBe('C3');
    expect(await status()).toEqual({ name: 'auditor', reached: true });
  });

  test('is reached by its address and by nothing else', async () => {
    const to = (host: string): string =>
      `return (await fetch('http://${host}:${port}/add-checkpoint')).status`;
    expect(await gateway.says(to(witness.address))).toBe('405');
    expect(await gateway.says(to('127.0.0.1'))).toBe('ECONNREFUSED');
    // The same machine, and yet no way from here.
    expect(await witness.says(to('127.0.0.1'))).toBe('ECONNREFUSED');
  });

  test('keeps its key and its memory from the account of the gateway', async () => {
    for (const name of ['witness.key', 'memory.json']) {
      const path = at(witness, `w/${name}`);
      expect(existsSync(path)).toBe(true);
      expect(await gateway.says(`return fs.readFileSync('${path}')`)).toBe('EACCES');
      expect(await gateway.says(`return fs.writeFileSync('${path}', '')`)).toBe('EACCES');
      expect(await witness.says(`return fs.readFileSync('${path}').length > 0`)).toBe('true');
    }
    expect(await gateway.says(`return process.kill(${pid}, 0)`)).toBe('EPERM');
    expect(await gateway.says(`return fs.readFileSync('/proc/${pid}/mem')`)).toBe('EACCES');
  });

  test('cannot sign heads itself: the log key is the other account’s', async () => {
    const path = at(gateway, '.surety/keys/log.key');
    expect(await witness.says(`return fs.readFileSync('${path}')`)).toBe('EACCES');
  });

  test('refuses the history that its operator wrote anew, and the rung falls', async () => {
    await down();
    cpSync(at(gateway, '.surety'), at(gateway, 'before'), { recursive: true });
    await up();
    const grown = await verdict();
    expect(grown).toMatchObject({ rung: 'C3' });
    await down();
    // The operator, who has every key of the log, takes back what was recorded since.
    rmSync(at(gateway, '.surety'), { recursive: true });
    cpSync(at(gateway, 'before'), at(gateway, '.surety'), { recursive: true });
    gateway.own();
    await up();
    const rewritten = await verdict();
    expect(rewritten).toMatchObject({ rung: 'C1', cosigned: [], who: ['audit'] });
    expect(rewritten.codes).toContain('witness-missing');
    expect(await status()).toEqual({ name: 'auditor', reached: false });
    const { stdout } = await gateway.surety('doctor');
    expect(stdout).toContain('the quorum `auditor` is not reached');
    expect(rewritten.ledgerSize).toBeLessThanOrEqual(grown.ledgerSize);
  });
});
