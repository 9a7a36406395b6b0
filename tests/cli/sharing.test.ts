// What leaves an installation in public formats: a receipt for one fact, the log as a folder, the log over HTTP. Made
// beside a running Surety with a witness, and checked as somebody would who has nothing but a few keys.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { parseReceipt, printReceipt, toBase64 } from '@surety/proof/records';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  endProcesses,
  startWitness,
  witnessKey,
} from '../../packages/surety/src/ledger/processes.fixture.ts';
import { openReader } from '../../packages/surety/src/ledger/stores/reader.ts';
import { Installation } from './installation.fixture.ts';

const here = new Installation();
let [url, log] = ['', ''];
let [logKey, statementKey] = ['', ''];

beforeAll(async () => {
  await here.build();
  await here.run('credential', 'assistant');
  const key = (name: string) => readFileSync(here.path(`.surety/keys/${name}.vkey`), 'utf8').trim();
  [logKey, statementKey] = [key('log'), key('statement')];
  const witness = await startWitness(here.path('witness'), 'witness.example', [logKey]);
  here.edit(
    'surety.yaml',
    (text) =>
      `${text}\nledger: { serve: "127.0.0.1:0" }\nwitnesses: [{ url: "${witness.url}", key: "${witness.vkey}" }]\n`,
  );
  ({ url, log } = await here.up());
  await cosigned();
  const pinned = `log ${logKey}\n#!surety statement ${statementKey}\n`;
  trust('trust.txt', `${pinned}witness w ${witness.vkey}\nquorum w\n`);
  trust('no-witness.txt', `${pinned}quorum none\n`);
  const absent = await witnessKey(here.path('absent'), 'absent.example');
  trust(
    'both.txt',
    `${pinned}witness w ${witness.vkey}\nwitness x ${absent}\ngroup all all w x\nquorum all\n`,
  );
}, 120_000);
afterAll(async () => {
  await here.remove();
  await endProcesses();
});

const trust = (name: string, text: string): void => writeFileSync(here.path(name), text);

async function cosigned(): Promise<void> {
  for (;;) {
    const { stdout } = await here.run('status', '--json');
    const status = JSON.parse(stdout) as { cosigned: string[]; ledgerSize: number; sealedSize: number };
    if (status.cosigned.length > 0 && status.sealedSize === status.ledgerSize) return;
  }
}

describe('a receipt', () => {
  test('is one file, and is checked with nothing but keys', async () => {
    const made = await here.run('receipt', '0');
    expect([made.code, made.stdout]).toEqual([0, `${here.path('fact-0.tlog-proof')}\n`]);
    const { code, stdout } = await here.run('verify', 'fact-0.tlog-proof', '--trust', 'trust.txt');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Stands at {4}0 of \d+ in \S+\/surety$/m);
    expect(stdout).toMatch(/^Witnessed {4}by witness\.example at 20\d\d-\S+Z$/m);
    expect(stdout).toMatch(/^sound: /m);
    const json = JSON.parse(
      (await here.run('verify', 'fact-0.tlog-proof', '--trust', 'trust.txt', '--json')).stdout,
    );
    expect(json).toMatchObject({
      receipt: 'sound',
      position: 0,
      unknown: 0,
      witnessed: [{ witness: 'witness.example' }],
      fact: { kind: 'log.opened', position: 0, told: expect.any(String) },
    });
  });

  test('is never written over by itself', async () => {
    const again = await here.run('receipt', '0');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('`fact-0.tlog-proof` exists')]);
    expect((await here.run('receipt', '0', '-o', 'fact-0.tlog-proof')).code).toBe(0);
    expect((await here.run('receipt', '0', '-o', 'no/such')).stderr).toContain('there is no folder');
  });

  test('without its fact is for somebody who has that', async () => {
    const { stdout } = await here.run('receipt', '1', '--bare', '-o', 'bare.tlog-proof', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ position: 1, cosigned: ['witness.example'] });
    const whole = await here.run('receipt', '1');
    expect(whole.code).toBe(0);
    const { entry } = parseReceipt(readFileSync(here.path('fact-1.tlog-proof'), 'utf8'));
    writeFileSync(here.path('fact.json'), entry as Uint8Array);
    const verify = (...words: string[]) =>
      here.run('verify', 'bare.tlog-proof', '--trust', 'trust.txt', ...words);
    expect((await verify('--fact', 'fact.json')).code).toBe(0);
    const without = await verify();
    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining('--fact')]);
    writeFileSync(here.path('other.json'), '{}');
    expect((await verify('--fact', 'other.json')).code).toBe(12);
  });

  test('of a log that nobody else saw is `unwitnessed`', async () => {
    const { code, stdout } = await here.run(
      'verify',
      'fact-0.tlog-proof',
      '--trust',
      'no-witness.txt',
      '--json',
    );
    expect(code).toBe(11);
    expect(JSON.parse(stdout)).toMatchObject({ receipt: 'unwitnessed', witnessed: [], unknown: 1 });
    const half = await here.run('verify', 'fact-0.tlog-proof', '--trust', 'both.txt');
    expect([half.code, half.stdout]).toEqual([11, expect.stringContaining('unwitnessed')]);
  });

  test('that does not hold is `unsound`, by what is wrong', async () => {
    const text = readFileSync(here.path('fact-1.tlog-proof'), 'utf8');
    const receipt = parseReceipt(text);
    const entry = receipt.entry as Uint8Array;
    const bent = entry.map((byte, at) => (at === entry.length - 3 ? byte ^ 1 : byte));
    const cases: [string, string][] = [
      ['not-included', text.replace('index 1\n', 'index 2\n')],
      ['not-included', printReceipt({ ...receipt, entry: bent })],
      ['malformed', text.replace('index', 'Index')],
      ['bad-signature', text.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) + 1}\n`)],
    ];
    for (const [code, changed] of cases) {
      writeFileSync(here.path('changed'), changed);
      const ran = await here.run('verify', 'changed', '--trust', 'trust.txt', '--json');
      expect([ran.code, JSON.parse(ran.stdout)]).toEqual([
        12,
        { receipt: 'unsound', code, why: expect.any(String) },
      ]);
    }
    writeFileSync(here.path('changed'), Buffer.concat([Buffer.from(text), Buffer.of(0xff)]));
    expect((await here.run('verify', 'changed', '--trust', 'trust.txt')).code).toBe(12);
    trust('stranger.txt', `log ${statementKey}\n#!surety statement ${logKey}\nquorum none\n`);
    const stranger = await here.run('verify', 'fact-1.tlog-proof', '--trust', 'stranger.txt');
    expect([stranger.code, stranger.stdout]).toEqual([12, expect.stringContaining('unsigned')]);
  });

  test('says nothing without keys, and takes no options of a proof', async () => {
    const keyless = await here.run('verify', 'fact-0.tlog-proof');
    expect([keyless.code, keyless.stderr]).toEqual([1, expect.stringContaining('pass --trust')]);
    const words = ['verify', 'fact-0.tlog-proof', '--trust', 'trust.txt', '--head', '.surety/head'];
    expect((await here.run(...words)).stderr).toContain('leave out --head');
  });

  test('is of a fact that is there', async () => {
    const { code, stderr } = await here.run('receipt', '999999');
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no fact 999999')]);
    expect((await here.run('receipt', '-1')).code).toBe(64);
  });
});

describe('the log as files', () => {
  const paths = (folder: string): string[] =>
    readdirSync(here.path(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(here.path(folder).length + 1));

  test('a folder and the served log are the same, and so is the administrator’s socket', async () => {
    const { code, stdout } = await here.run('export', 'out', '--json');
    const said = JSON.parse(stdout) as { size: number; added: number; head: string };
    expect([code, said.added]).toEqual([0, said.size]);
    const files = paths('out');
    expect(files).toContain('checkpoint');
    expect(files.length).toBeGreaterThan(2);
    for (const path of files) {
      const file = readFileSync(here.path(`out/${path}`));
      const answer = await fetch(`${log}/${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(toBase64(new Uint8Array(await answer.arrayBuffer())), path).toBe(toBase64(file));
      expect(toBase64(await bySocket(`/log/${path}`)), path).toBe(toBase64(file));
    }
    expect((await here.run('export', 'out', '--json')).stdout).toContain('"added":0');
  });

  test('no disclosure is in them', () => {
    const reader = openReader(here.path('.surety'));
    const disclosures = reader.disclosures(0, reader.size()).map(([, text]) => text);
    reader.close();
    expect(disclosures.length).toBeGreaterThan(0);
    const files = paths('out').map((path) => readFileSync(here.path(`out/${path}`)));
    expect(disclosures.filter((text) => files.some((file) => file.includes(text)))).toEqual([]);
  });

  test('the gateway’s own door does not serve it, and the log’s serves nothing else', async () => {
    for (const path of ['/checkpoint', '/log/checkpoint', '/tile/0/000.p/1'])
      expect([path, (await fetch(new URL(path, url))).status]).toEqual([path, 404]);
    for (const path of ['/mcp', '/status', '/healthz', '/log/checkpoint'])
      expect([path, (await fetch(new URL(path, log))).status]).toEqual([path, 404]);
  });

  test('nobody’s other files are written into', async () => {
    mkdirSync(here.path('mine'));
    writeFileSync(here.path('mine/letter'), 'dear');
    const { code, stderr } = await here.run('export', 'mine');
    expect([code, stderr]).toEqual([1, expect.stringContaining('holds other files')]);
    expect(readdirSync(here.path('mine'))).toEqual(['letter']);
  });

  const bySocket = (path: string): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      request(
        { socketPath: here.path('.surety/admin.sock'), path, headers: { host: 'surety' } },
        (answer) => {
          const parts: Buffer[] = [];
          answer
            .on('data', (part: Buffer) => parts.push(part))
            .on('end', () => resolve(Buffer.concat(parts)));
        },
      )
        .on('error', reject)
        .end();
    });
});
