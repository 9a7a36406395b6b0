// What a person types while Surety runs and after it: a held call, its approval, the facts about it, its proof.

import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, Installation } from './installation.fixture.ts';

const here = new Installation();
let surety: ChildProcess | undefined;
let hold = '';

const hostile = 'first\n\u001b[2J\u202eevil';

beforeAll(async () => {
  await here.build();
  await here.run('pins', 'approve', '--all', '--key', 'you.key');
  const issued = await here.run('credential', 'assistant', '--json');
  const { credential } = JSON.parse(issued.stdout) as { credential: string };
  const { url, child } = await here.up();
  surety = child;
  hold = await heldWrite(url, credential);
});
afterAll(() => here.remove());

/** The agent asks to write a file; what it is told names the hold. */
async function heldWrite(url: string, credential: string): Promise<string> {
  const client = new Client({ name: 'assistant', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${credential}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }) as never);
  const { tools } = await client.listTools();
  const name = tools.find((tool) => tool.name.endsWith('write_file'))?.name ?? '';
  const path = here.path('files/note.txt');
  const answer = await client
    .callTool({ name, arguments: { path, content: hostile } })
    .then(JSON.stringify, (error: Error) => error.message);
  await client.close();
  const [reference] = /h-[A-Za-z0-9_-]+/.exec(answer) ?? [];
  if (reference === undefined) throw new Error(`nothing was held: ${answer}`);
  return reference;
}

describe('while it runs', () => {
  test('status says so, and what waits', async () => {
    const { code, stdout } = await here.run('status');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^running {2}\S+\/surety, \d+ facts/)]);
    expect(stdout).toContain(`surety approve ${hold}`);
    const json = JSON.parse((await here.run('status', '--json')).stdout) as object;
    expect(json).toMatchObject({
      running: true,
      cosigned: [],
      outcomes: [{ outcome: 'no-silent-change', verdict: null, window: null }],
      holds: [{ hold, needed: 1, given: 0 }],
    });
  });

  test('a second one is told who has the log', async () => {
    const { code, stderr } = await here.run('up', '--port', '0');
    expect([code, stderr]).toEqual([1, expect.stringContaining(`process ${surety?.pid} (gateway) has it`)]);
  });

  test('doctor finds it well, and names the writer', async () => {
    const { code, stdout } = await here.run('doctor', '--json');
    const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string; found: string }[] };
    expect([code, checks.filter(({ state }) => state === 'fail')]).toEqual([0, []]);
    const found = Object.fromEntries(checks.map((each) => [each.check, each.found]));
    expect(found).toMatchObject({ gateway: 'running, and answers', log: expect.stringContaining('parse') });
    expect(found['writer']).toBe(`process ${surety?.pid} (gateway) has it`);
    expect(found['sealer']).toBe('the sealer runs under the same account as the gateway');
  });

  test('a credential for nobody', async () => {
    const { code, stderr } = await here.run('credential', 'asistant');
    expect([code, stderr]).toEqual([1, expect.stringContaining('help: did you mean `assistant`?')]);
  });
});

describe('approving', () => {
  test('the list shows what is asked, on one line', async () => {
    const { code, stdout } = await here.run('approve');
    expect([code, stdout.trimEnd().split('\n').length]).toEqual([0, 1]);
    expect(stdout).toContain(`${hold}  files.write_file with`);
    const [first] = JSON.parse((await here.run('approve', '--json')).stdout) as object[];
    expect(first).toMatchObject({
      hold,
      tool: 'files.write_file',
      args: { content: hostile },
      needed: 1,
      given: 0,
    });
  });

  test('without a key it is said whole, harmlessly, and nothing is signed', async () => {
    const { code, stderr } = await here.run('approve', hold);
    expect(code).toBe(4);
    expect(stderr).toContain('content: "first\\n\\u001b[2J\\u202eevil"');
    expect(stderr).toContain('pass --key FILE');
  });

  test('a key that others can read is refused', async () => {
    chmodSync(here.path('you.key'), 0o640);
    const { code, stderr } = await here.run('approve', hold, '--key', 'you.key');
    expect([code, stderr]).toEqual([1, expect.stringContaining('can be read by others (mode 0640)')]);
    chmodSync(here.path('you.key'), 0o600);
  });

  test.each([
    ['you.text', 'is no private key'],
    ['none.key', 'there is no key at `none.key`'],
    ['files', 'is no file'],
    ['other.key', 'unknown-algorithm: `other.key` is a key of type ec (secp384r1), not ed25519 or p256'],
  ])('%s is no key', async (file, said) => {
    writeFileSync(here.path('you.text'), 'secret words\n', { mode: 0o600 });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    writeFileSync(here.path('other.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    });
    const { code, stderr } = await here.run('approve', hold, '--key', file);
    expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
    expect(stderr).not.toContain('secret words');
  });

  test("a stranger's key exits 4, under any name", async () => {
    await here.run('key', 'stranger.key');
    const own = await here.run('approve', hold, '--key', 'stranger.key');
    expect([own.code, own.stderr]).toEqual([4, expect.stringContaining('nobody here signs with this key')]);
    const as = await here.run('approve', hold, '--key', 'stranger.key', '--as', 'you@example.com');
    expect([as.code, as.stderr]).toEqual([4, expect.stringContaining('did not sign this')]);
  });

  test('what does not wait', async () => {
    const { code, stderr } = await here.run('approve', 'h-none', '--key', 'you.key');
    expect([code, stderr]).toEqual([1, expect.stringContaining('no call waits under `h-none`')]);
  });

  test('the key says who approves; then nothing waits', async () => {
    const { code, stdout } = await here.run('approve', hold, '--key', 'you.key');
    expect([code, stdout]).toEqual([0, `you@example.com approved ${hold}\n`]);
    expect((await here.run('approve')).stdout).toBe('nothing waits for approval\n');
  });
});

describe('what happened', () => {
  test('why tells the hold and its approval, from the beginning of its name too', async () => {
    const { code, stdout } = await here.run('why', hold);
    expect(code).toBe(0);
    expect(stdout).toContain(`${hold} held for 1 of operations: files.write_file`);
    expect(stdout).toContain(`you@example.com approved ${hold} for operations`);
    for (const mark of ['\u001b', '\u202e']) expect(stdout).not.toContain(mark);
    expect((await here.run('why', hold.slice(0, 8))).stdout).toBe(stdout);
    const facts = JSON.parse((await here.run('why', hold, '--json')).stdout) as {
      kind: string;
      told: string;
    }[];
    expect(facts.map(({ kind }) => kind)).toEqual(['call.held', 'approval.given']);
  });

  test('tail gives the newest facts, one a line', async () => {
    const { code, stdout } = await here.run('tail', '-n', '2', '--json');
    const facts = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { position: number });
    expect([code, facts.length]).toEqual([0, 2]);
    expect(facts[1]?.position).toBe((facts[0]?.position ?? 0) + 1);
    expect((await here.run('tail', '-n', '0')).stdout).toBe('');
  });

  test('a reader that goes away is no failure, and ends what would go on for ever', async () => {
    let ended = false;
    const done = here.shell('surety tail --follow | head -1; echo "${PIPESTATUS[0]}"').finally(() => {
      ended = true;
    });
    // It learns that nobody reads with the next fact that it prints.
    while (!ended) await here.run('credential', 'assistant');
    const { stdout, stderr } = await done;
    expect(stdout.split('\n').at(-2)).toBe('0');
    expect(stderr).toBe('');
  });

  test('an interrupt ends it without a stack', async () => {
    const child = here.start(['tail', '--follow']);
    const done = finished(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGINT');
    // Ended by the signal: a shell shows 130.
    expect(await done).toMatchObject({ signal: 'SIGINT', stderr: '' });
  });
});

describe('after it', () => {
  test('it stops cleanly', async () => {
    const { code } = await here.stop(surety as ChildProcess);
    expect(code).toBe(0);
    expect((await here.run('tail', '-n', '1')).stdout).toContain('stopped cleanly');
    expect((await here.run('status')).stdout).toMatch(/^not running/);
  });

  test('a verdict exits with what it prints; an outcome that is not there is met with the one that is', async () => {
    const day = new Date().toISOString().slice(0, 10);
    const { code, stdout } = await here.run('verdict', 'no-silent-change', '--day', day, '--json');
    const { verdict, window } = JSON.parse(stdout) as { verdict: string; window: { from: string } };
    expect([code, verdict]).toEqual([0, 'holding']);
    expect((await here.run('status')).stdout).toContain(`holding for ${window.from.slice(0, 10)}`);
    const other = await here.run('verdict', 'no-silent-chang');
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining('did you mean `no-silent-change`?'),
    ]);
  });

  test('a proof is verified, pinned or not, and an earlier one is never written over', async () => {
    const proved = await here.run('prove', 'no-silent-change');
    expect(proved.code).toBe(11);
    const [, file = ''] = /^(\S+\.proof\.zip) \(\d+ bytes\)$/m.exec(proved.stdout) ?? [];
    expect(existsSync(file)).toBe(true);
    const again = await here.run('prove', 'no-silent-change');
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('exists')]);
    const named = await here.run('prove', 'no-silent-change', '--out', 'mine.zip', '--json');
    expect(JSON.parse(named.stdout)).toMatchObject({ verdict: 'unproven', proof: here.path('mine.zip') });
    const nowhere = await here.run('prove', 'no-silent-change', '--out', 'no/such/place.zip');
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('there is no folder')]);

    const bare = await here.run('verify', file);
    expect([bare.code, bare.stdout]).toEqual([11, expect.stringContaining('trust-not-pinned')]);
    const key = (name: string) => readFileSync(here.path(`.surety/keys/${name}.vkey`), 'utf8').trim();
    writeFileSync(
      here.path('trust'),
      `log ${key('log')}\n#!surety statement ${key('statement')}\nquorum none\n`,
    );
    const head = ['--head', '.surety/head'];
    const later = await here.run('verify', file, '--trust', 'trust', ...head);
    // The head that was kept is newer than this proof: the log of the proof is the shorter one.
    expect([later.code, later.stdout]).toEqual([
      12,
      expect.stringContaining('earlier-head: the log was cut'),
    ]);
    const pinned = await here.run('verify', 'mine.zip', '--trust', 'trust');
    expect([pinned.code, pinned.stdout]).toEqual([
      11,
      expect.stringContaining('signed by keys that you pinned'),
    ]);
  });

  test('keys are handed over, and the auditor who pinned the old ones follows, unless told not to', async () => {
    const vkey = (name: string) => readFileSync(here.path(`.surety/keys/${name}.vkey`), 'utf8').trim();
    const old = { log: vkey('log'), statement: vkey('statement') };
    const prepared = await here.run('rotate', 'log-key', '--prepare');
    expect([prepared.code, prepared.stderr]).toEqual([0, expect.stringContaining('not in force')]);
    expect(vkey('log')).toBe(old.log);
    const log = await here.run('rotate', 'log-key');
    expect([log.code, log.stdout]).toEqual([0, prepared.stdout]);
    expect(vkey('log')).toBe(log.stdout.trim());
    const statement = await here.run('rotate', 'statement-key', '--json');
    const said = JSON.parse(statement.stdout) as { from: string; to: string; reason: string };
    expect(said).toMatchObject({ from: old.statement, to: vkey('statement'), reason: 'scheduled' });
    expect((await here.run('tail', '-n', '30')).stdout).toContain('the log key was handed over to');
    expect((await here.run('doctor')).stdout).toMatch(/ok {4}head/);

    await here.run('prove', 'no-silent-change', '--out', 'rotated.zip');
    const trust = (lines: string) => writeFileSync(here.path('rotated.trust'), `${lines}\nquorum none\n`);
    const verified = () => here.run('verify', 'rotated.zip', '--trust', 'rotated.trust');
    const first = `log ${old.log}\n#!surety statement ${old.statement}`;
    trust(first);
    const followed = await verified();
    expect([followed.code, followed.stdout]).toEqual([
      11,
      expect.stringContaining(`handed over to: ${vkey('log')}, ${vkey('statement')}`),
    ]);
    trust(`${first}\n#!surety no-rotation`);
    const refused = await verified();
    expect([refused.code, refused.stdout]).toEqual([
      12,
      expect.stringContaining('none that you pinned hands over'),
    ]);
    const again = await here.run('rotate', 'log-key', '--compromised');
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('auditors must pin this key')]);
    await here.run('prove', 'no-silent-change', '--out', 'again.zip');
    trust(first);
    expect((await here.run('verify', 'again.zip', '--trust', 'rotated.trust')).code).toBe(12);
    trust(`log ${vkey('log')}\n#!surety statement ${old.statement}\n#!surety revoked ${log.stdout.trim()}`);
    expect((await here.run('verify', 'again.zip', '--trust', 'rotated.trust')).code).toBe(11);
  });

  test('an interrupt while a command holds the log closes it first', async () => {
    const child = here.start(['verdict', 'no-silent-change']);
    const done = finished(child);
    const holder = here.path('.surety/writer.holder');
    const before = readFileSync(holder, 'utf8');
    while (readFileSync(holder, 'utf8') === before && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGINT');
    const { code, stderr } = await done;
    expect(stderr).not.toMatch(/\n\s+at /);
    // Either it was in time to be cancelled, or the verdict was out already.
    expect(code === 2 ? stderr : 'cancelled').toContain('cancelled');
    expect((await here.run('tail', '-n', '1')).stdout).toContain('stopped cleanly');
  });
});
