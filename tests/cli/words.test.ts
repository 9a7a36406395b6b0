// What a person types before anything runs: help, typing errors, files, keys, proofs of nothing.

import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, Installation } from './installation.fixture.ts';

const here = new Installation();
beforeAll(() => here.build());
afterAll(() => here.remove());

const stack = /\n\s+at /;

describe('help', () => {
  test('through a pipe it is plain, on stdout, and no failure', async () => {
    const { stdout, stderr } = await here.shell('surety --help | cat; echo "${PIPESTATUS[0]}"');
    expect(stdout).toMatch(/^Usage: surety/);
    expect(stdout).toContain('Exit codes: 0 ok, 1 error, 2 cancelled');
    expect(stdout.trimEnd().endsWith('\n0')).toBe(true);
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('');
  });

  test.each([
    'init',
    'up',
    'witness',
    'check',
    'status',
    'tail',
    'why',
    'approve',
    'prove',
    'verify',
    'doctor',
    'completion',
  ])('%s has help of its own', async (name) => {
    const { code, stdout } = await here.run(name, '--help');
    expect([code, stdout]).toEqual([0, expect.stringContaining(`Usage: surety ${name}`)]);
  });

  test('the version is one line', async () => {
    expect((await here.run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a typing error exits 64', () => {
  test.each([
    [['chek'], 'error: unknown command `chek`', 'Did you mean check?'],
    [['check', '--jsno'], 'unknown option `--jsno`', 'Did you mean --json?'],
    [['verify'], 'missing required argument `proof`', '--help'],
    [['status', 'extra'], 'too many arguments', '--help'],
    [['tail', '-n', 'ten'], '`ten` is invalid', 'whole number'],
    [['up', '--port', '65536'], '`65536` is invalid', 'from 0 to 65535'],
    [['credential', 'assistant', '--days', '0'], '`0` is invalid', 'from 1 to 366'],
    [['completion', 'tcsh'], '`tcsh` is invalid', 'bash, zsh, fish, powershell'],
    [['verdict', 'no-silent-change', '--day', '2026-02-31'], '`2026-02-31` is no day', 'write it as'],
    [['witness'], 'the witness has no name', 'add --name'],
    [['witness', '--name', 'a b'], '`a b` cannot name a witness', 'without spaces'],
    [['witness', '--name', 'w', '--listen', '7310'], '`7310` is not host:port', '127.0.0.1:7310'],
    [['witness', '--name', 'w', '--log', 'x'], '`x` is not `KEY [URL]` of a log', ''],
    [['witness', '--name', 'w', '--folder', 'w'], 'no log is named', 'add --log KEY'],
    [[], 'Usage: surety', 'Start with'],
  ])('%j', async (words, said, help) => {
    const { code, stdout, stderr } = await here.run(...words);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain(said);
    expect(stderr).toContain(help);
  });

  test('what was typed cannot steer the terminal', async () => {
    const { stderr } = await here.run('st\u001b[2Jatus');
    expect(stderr).toContain('\\u001b[2J');
    expect(stderr).not.toContain('\u001b');
  });
});

describe('files', () => {
  test('init never writes over a file', async () => {
    const { code, stderr } = await here.run('init');
    expect(code).toBe(1);
    expect(stderr).toContain('already there: surety.yaml');
  });

  test('init makes the folder, and what it writes has no error', async () => {
    const { code, stdout, stderr } = await here.run('init', 'new/place');
    expect([code, stdout.split('\n').length]).toEqual([0, 5]);
    expect(stderr).toContain('next, one by one:\n  surety check -C new/place\n');
    const checked = await here.run('check', '-C', 'new/place');
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringContaining('ok: 1 server, 4 labels')]);
  });

  test('check of good files', async () => {
    const { code, stdout } = await here.run('check');
    expect([code, stdout]).toEqual([
      0,
      'audit: 2 warnings (`surety audit` says what)\nok: 1 server, 4 labels, 2 policies, 1 outcome, 1 checkpoint\n',
    ]);
    const json = JSON.parse((await here.run('check', '--json')).stdout) as object;
    expect(json).toMatchObject({ ok: true, problems: [], counts: { outcomes: 1 } });
  });

  test('check of broken files says every problem, where it is and what to do', async () => {
    await here.run('init', 'broken');
    here.edit('broken/surety.yaml', (text) =>
      text.replace('effect: write', 'effect: wirte').replace('origin:', 'orign:'),
    );
    const { code, stdout } = await here.run('check', '-C', 'broken');
    expect(code).toBe(1);
    expect(stdout).toMatch(/surety\.yaml:\d+:\d+: error: .*wirte/);
    expect(stdout).toContain('help: did you mean `origin`?');
    expect(stdout).toMatch(/not ok: \d+ errors.*nothing would start\n$/);
    const json = JSON.parse((await here.run('check', '-C', 'broken', '--json')).stdout) as { ok: boolean };
    expect(json.ok).toBe(false);
    const other = await here.run('status', '-C', 'broken');
    expect([other.code, other.stdout]).toEqual([1, '']);
    expect(other.stderr).toMatch(/error: the configuration has \d+ errors/);
  });

  test('the folder may stand before the command, as in git', async () => {
    const { code, stdout } = await here.run('-C', '.', 'check');
    expect([code, stdout]).toEqual([0, expect.stringContaining('ok: 1 server')]);
  });

  test('a folder without files says how to begin', async () => {
    const { code, stdout } = await here.run('check', '-C', 'nowhere');
    expect([code, stdout]).toEqual([1, expect.stringContaining('surety init')]);
  });
});

describe('keys', () => {
  test('a key is readable by its owner alone, and never overwritten', async () => {
    expect(statSync(here.path('you.key')).mode & 0o777).toBe(0o600);
    const { code, stdout, stderr } = await here.run('key', 'you.key');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('`you.key` exists');
  });

  test('a key may be of P-256, as passkeys are; another algorithm is refused by name', async () => {
    const made = await here.run('key', 'pass.key', '--alg', 'p256');
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^p256:B[A-P][A-Za-z0-9+/]{85}=\n$/)]);
    const { code, stderr } = await here.run('key', 'other.key', '--alg', 'ml-dsa-44');
    expect([code, stderr]).toEqual([64, expect.stringContaining('Allowed choices are ed25519, p256')]);
    here.edit('surety.yaml', (text) => text.replace(/keys: \["ed25519:/, 'keys: ["ml-dsa-44:'));
    expect((await here.run('check')).stdout).toContain('`p256:` and 65');
    here.edit('surety.yaml', (text) => text.replace(/keys: \["ml-dsa-44:/, 'keys: ["ed25519:'));
  });

  test('where there is no folder, the path is named', async () => {
    const { code, stderr } = await here.run('key', 'no/such/you.key');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no\/such\/you\.key`: no such file or folder/)]);
  });
});

describe('before anything has run', () => {
  test.each([
    ['status'],
    ['tail'],
    ['why', 'c-1234'],
    ['approve'],
    ['verdict', 'no-silent-change'],
    ['settle'],
  ])('%s says so, and makes nothing', async (...words) => {
    const { code, stdout, stderr } = await here.run(...words);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('error: nothing has run here yet\nhelp: `surety up`');
    expect(existsSync(here.path('.surety'))).toBe(false);
  });

  test('doctor works', async () => {
    const { code, stdout } = await here.run('doctor');
    expect([code, stdout]).toEqual([0, expect.stringContaining('nothing has run here yet')]);
  });

  test('doctor exits 1 on a failed check, and says so', async () => {
    const { code, stdout } = await here.run('doctor', '-C', 'broken');
    expect([code, stdout]).toEqual([1, expect.stringContaining('1 failed, so this exits 1')]);
    const json = JSON.parse((await here.run('doctor', '-C', 'broken', '--json')).stdout) as {
      checks: object[];
    };
    expect(json).toMatchObject({ ok: false });
    expect(json.checks).toContainEqual(expect.objectContaining({ check: 'configuration', state: 'fail' }));
  });
});

describe('verify', () => {
  test('garbage is unsound', async () => {
    writeFileSync(here.path('garbage.zip'), 'PK\u0003\u0004 and then nothing \u001b[2J');
    const { code, stdout, stderr } = await here.run('verify', 'garbage.zip');
    expect([code, stderr]).toEqual([12, '']);
    expect(stdout).toContain('unsound: this file proves nothing');
    const json = JSON.parse((await here.run('verify', 'garbage.zip', '--json')).stdout) as object;
    expect(json).toMatchObject({ verdict: 'unsound', pinned: false });
  });

  test.each([
    [['verify', 'none.zip'], 'there is no proof at `none.zip`'],
    [['verify', '.'], '`.` is no file'],
    [['verify', '/dev/zero'], '`/dev/zero` is no file'],
    [['verify', 'garbage.zip', '--trust', 'none'], 'there is no trust file at `none`'],
    [['verify', 'garbage.zip', '--trust', 'garbage.zip'], 'line 1 of the trust file'],
    [['verify', 'garbage.zip', '--head', 'garbage.zip'], '`garbage.zip` holds no signed head'],
  ])('%j is an error of the person, so no verdict', async (words, said) => {
    const { code, stdout, stderr } = await here.run(...words);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(stack);
  });
});

test('a result that cannot be written is an error', async () => {
  const { code, stderr } = await here.shell('surety check > /dev/full');
  expect([code, stderr]).toEqual([1, expect.stringContaining('the result cannot be written')]);
});

test('a key that others can read is refused', async () => {
  chmodSync(here.path('you.key'), 0o644);
  // No store is needed to say so: but what is approved comes from it.
  const { code } = await here.run('approve', 'h-1', '--key', 'you.key');
  expect(code).toBe(1);
  chmodSync(here.path('you.key'), 0o600);
});

describe('a witness', () => {
  const log = 'acme.example/surety+da990243+AeTfsI1YZv8J/q4ARPVk9923NXAUnEbQoXCz1pBpTICq';
  const file = (logs: string) => `name: w.example\nlisten: 127.0.0.1:0\nlogs:\n${logs}`;

  test('makes its key once, and prints it', async () => {
    const words = ['witness', '--name', 'w.example', '--folder', 'made', '--make-key'];
    const { code, stdout } = await here.run(...words);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^w\.example\+[0-9a-f]{8}\+\S+\n$/)]);
    expect(JSON.parse((await here.run(...words, '--json')).stdout)).toEqual({ vkey: stdout.trim() });
  });

  test('runs from a file, says its key, and ends when asked', async () => {
    writeFileSync(here.path('witness.yaml'), file(`  - { key: "${log}" }\n`));
    const child = here.start(['witness', '--config', 'witness.yaml']);
    const done = finished(child);
    await new Promise((resolve) => child.stderr?.on('data', resolve));
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await done;
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^w\.example\+[0-9a-f]{8}\+\S+\n$/)]);
    expect(stderr).toMatch(/^this witness listens on http:\/\/127\.0\.0\.1:\d+, for 1 log/);
    // Beside its file, where it says nothing else.
    expect(existsSync(here.path('witness/memory.json'))).toBe(true);
  });

  test('says what is wrong with its file, where', async () => {
    writeFileSync(here.path('bad.yaml'), `${file(`  - { key: "${log.slice(0, -4)}" }\n`)}lsten: x\n`);
    const { code, stderr } = await here.run('witness', '--config', 'bad.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('bad.yaml:4:12: error: `acme.example/surety+da990243');
    expect(stderr).toContain('bad.yaml:5:1: error: unknown key `lsten`');
    const nowhere = await here.run('witness', '--config', 'no.yaml');
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('no such file')]);
  });

  test('says who has its folder', async () => {
    const held = [
      'witness',
      '--name',
      'held.example',
      '--folder',
      'held',
      '--listen',
      '127.0.0.1:0',
      '--log',
      log,
    ];
    const child = here.start(held);
    await new Promise((resolve) => child.stderr?.on('data', resolve));
    const { code, stderr } = await here.run(...held);
    expect(code).toBe(1);
    expect(stderr).toContain(`process ${child.pid} (witness) has it`);
    await here.stop(child);
  });
});
