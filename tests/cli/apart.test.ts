// The sealer under an account of its own, with real accounts: what the gateway's account can and cannot do to it.
// Only root can take other accounts, so elsewhere this says that it did not run.

import { type ChildProcess, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { finished, Installation } from './installation.fixture.ts';

const main = fileURLToPath(new URL('../../packages/surety/src/main.ts', import.meta.url));
/** Numbers that no account of this machine has: nobody is disturbed by them. */
const [sealer, gateway, stranger] = [54_321, 54_322, 54_323];

/** Why the tests cannot run here. */
const why = ((): string | undefined => {
  if (process.getuid?.() !== 0) return 'only root can take other accounts';
  const ran = spawnSync(process.execPath, [main, '--version'], { uid: gateway, gid: gateway, cwd: '/' });
  return ran.status === 0 ? undefined : 'other accounts cannot read this clone, or Node';
})();
beforeEach(({ skip }) => skip(why !== undefined, why));

/** What a script of this account says: its last word, or the code of its error. */
function as(uid: number, script: string, gid = uid): string {
  const body = `import fs from 'node:fs';
    try { console.log(String((() => { ${script} })())) } catch (error) { console.log(error.code) }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', body], {
    ...{ uid, gid, cwd: '/', encoding: 'utf8' },
  });
  return stdout.trim() || stderr;
}

const quoted = (path: string) => JSON.stringify(path);
/** Who holds this lock; 0 while that is not written yet, or half written. */
function pidIn(path: string): number {
  const holder = existsSync(`${path}.holder`) ? readFileSync(`${path}.holder`, 'utf8') : '';
  return holder.endsWith('}') ? (JSON.parse(holder) as { pid: number }).pid : 0;
}
const uidOf = (pid: number): number => statSync(`/proc/${pid}`).uid;

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}

function newInstallation(): Installation {
  const here = new Installation();
  // As an administrator leaves it: everybody may read the configuration.
  chmodSync(here.folder, 0o755);
  return here;
}

const accounts = (more = '') => `\nledger: { sealer-user: "${sealer}", gateway-user: "${gateway}"${more} }\n`;

describe('started by root', () => {
  const here = newInstallation();
  const store = here.path('.surety');
  const home = join(store, 'sealer');
  const key = join(home, 'keys', 'log.key');
  const vkey = (): string => readFileSync(join(home, 'log.vkey'), 'utf8').trim();
  let first = '';
  let surety: ChildProcess;

  beforeAll(async () => {
    if (why !== undefined) return;
    await here.build();
    // Together first, under one account, as installations begin.
    await here.run('credential', 'assistant');
    await here.run('verdict', 'no-silent-change');
    first = readFileSync(join(store, 'keys', 'log.vkey'), 'utf8').trim();
    here.edit('surety.yaml', (text) => text + accounts());
    surety = (await here.up()).child;
    await until(() => pidIn(join(home, 'sealer')) !== 0);
  }, 60_000);
  afterAll(() => here.remove());

  test('each has its account, and the key of before is the sealer’s now', () => {
    expect(uidOf(pidIn(join(home, 'sealer')))).toBe(sealer);
    expect(uidOf(pidIn(join(store, 'writer')))).toBe(gateway);
    expect(vkey()).toBe(first);
    expect(existsSync(join(store, 'keys', 'log.key'))).toBe(false);
    expect([statSync(key).uid, statSync(key).mode & 0o777]).toEqual([sealer, 0o600]);
  });

  test('the gateway’s account cannot read the key, nor reach the sealer', () => {
    const pid = pidIn(join(home, 'sealer'));
    for (const [what, script] of [
      ['the key', `return fs.readFileSync(${quoted(key)})`],
      ['its folder', `return fs.readdirSync(${quoted(join(home, 'keys'))})`],
      ['a head in its place', `fs.writeFileSync(${quoted(join(home, 'head.signed'))}, 'x')`],
      [
        'another head beside it',
        `fs.renameSync(${quoted(join(home, 'head'))}, ${quoted(join(home, 'head.signed'))})`,
      ],
      ['its memory', `return fs.readFileSync('/proc/${pid}/mem')`],
      ['its surroundings', `return fs.readFileSync('/proc/${pid}/environ')`],
    ] as const)
      expect(as(gateway, script), what).toBe('EACCES');
    expect(as(gateway, `process.kill(${pid}, 'SIGKILL')`)).toBe('EPERM');
    // What it publishes is there to be read.
    expect(
      as(gateway, `return fs.readFileSync(${quoted(join(store, 'head'))}, 'utf8').split('\\n')[0]`),
    ).toBe(first.split('+')[0]);
  });

  test('the sealer’s account reads the store through its group, and none of the gateway’s secrets', () => {
    expect(
      as(sealer, `return fs.readFileSync(${quoted(join(store, 'log.sqlite'))}).length > 0`, gateway),
    ).toBe('true');
    for (const path of ['keys/statement.key', 'keys'])
      expect(as(sealer, `return fs.readFileSync(${quoted(join(store, path))})`, gateway)).toBe('EACCES');
    expect(as(sealer, `fs.writeFileSync(${quoted(join(store, 'log.sqlite'))}, '')`, gateway)).toBe('EACCES');
    const environ = readFileSync(`/proc/${pidIn(join(home, 'sealer'))}/environ`, 'utf8');
    const names = environ.split('\0').map((each) => each.split('=')[0]);
    expect(
      names.filter(
        (name) => name !== '' && !/^(PATH|LANG|LC_ALL|TERM|NO_COLOR|FORCE_COLOR)$/.test(name ?? ''),
      ),
    ).toEqual([]);
  });

  test('anybody else sees nothing', () => {
    for (const path of ['', 'log.sqlite', 'keys', 'sealer', 'head'])
      expect(
        as(stranger, `return fs.statSync(${quoted(join(store, path))}) && fs.readdirSync(${quoted(store)})`),
      ).toBe('EACCES');
  });

  test('verdicts are sealed, proofs verify, and root gives orders through the socket only', async () => {
    const proved = await here.run('prove', 'no-silent-change', '--out', 'apart.zip', '--json');
    expect(proved.code).toBe(11);
    const statement = readFileSync(join(store, 'keys', 'statement.vkey'), 'utf8').trim();
    writeFileSync(here.path('trust'), `log ${first}\n#!surety statement ${statement}\nquorum none\n`);
    const verified = await here.run('verify', 'apart.zip', '--trust', 'trust');
    expect([verified.code, verified.stdout]).toEqual([11, expect.stringContaining('keys that you pinned')]);
  });

  test('doctor says so, to root and to the gateway', async () => {
    const rows = (stdout: string) => {
      const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string; found: string }[] };
      return Object.fromEntries(checks.map(({ check, state, found }) => [check, `${state}: ${found}`]));
    };
    const root = rows((await here.run('doctor', '--json')).stdout);
    expect(root['sealer']).toMatch(/^ok: an account of its own: process \d+ runs as 54321/);
    expect(root['key log']).toMatch(/^ok: .*log\.key, mode 0600, uid 54321/);
    expect(root['store folder']).toMatch(/^ok: .*mode 0750/);
    const { stdout } = spawnSync(process.execPath, [main, 'doctor', '--json', '-C', here.folder], {
      ...{ uid: gateway, gid: gateway, encoding: 'utf8' },
    });
    expect(rows(stdout)['key log']).toMatch(/^ok: .* cannot be read here: it is 54321's alone/);
    chmodSync(join(home, 'keys'), 0o755);
    chmodSync(key, 0o644);
    expect(rows((await here.run('doctor', '--json')).stdout)['key log']).toMatch(
      /^fail: .*others can look in/,
    );
    chmodSync(join(home, 'keys'), 0o700);
    expect(rows((await here.run('doctor', '--json')).stdout)['key log']).toMatch(
      /^fail: .*others can read it/,
    );
    chmodSync(key, 0o600);
  });

  test('the log key is rotated by root or the sealer’s account, and by nobody else', async () => {
    const asGateway = spawnSync(process.execPath, [main, 'rotate', 'log-key', '-C', here.folder], {
      ...{ uid: gateway, gid: gateway, encoding: 'utf8' },
    });
    expect([asGateway.status, asGateway.stderr]).toEqual([
      4,
      expect.stringContaining('only `54321` can read the log key'),
    ]);
    expect(vkey()).toBe(first);
    const { code, stdout } = await here.run('rotate', 'log-key', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ from: first, to: vkey() });
    expect(vkey()).not.toBe(first);
    expect([statSync(key).uid, statSync(key).mode & 0o777]).toEqual([sealer, 0o600]);
    const statement = await here.run('rotate', 'statement-key');
    expect(statement.code).toBe(0);
  }, 60_000);

  test('a sealer that dies is started again, under its account', async () => {
    const before = pidIn(join(home, 'sealer'));
    process.kill(before, 'SIGKILL');
    await until(() => ![0, before].includes(pidIn(join(home, 'sealer'))));
    expect(uidOf(pidIn(join(home, 'sealer')))).toBe(sealer);
    expect((await here.run('verdict', 'no-silent-change')).code).toBe(11);
  });

  test('both end together, the last fact under a head', async () => {
    const pids = [pidIn(join(home, 'sealer')), pidIn(join(store, 'writer'))];
    expect((await here.stop(surety)).code).toBe(0);
    for (const pid of pids) expect(existsSync(`/proc/${pid}`)).toBe(false);
    const { code, stderr } = await here.run('credential', 'assistant');
    expect([code, stderr]).toEqual([4, expect.stringContaining('root does not write into a store')]);
    const status = JSON.parse((await here.run('status', '--json')).stdout) as Record<string, number>;
    expect(status['sealedSize']).toBe(status['ledgerSize']);
  });
});

describe('started apart', () => {
  const here = newInstallation();
  const store = here.path('run/store');
  const home = here.path('run/sealer');
  const run = (uid: number, ...words: string[]) => here.start(words, {}, { uid, gid: gateway });

  beforeAll(async () => {
    if (why !== undefined) return;
    await here.build();
    // As systemd makes them: StateDirectory= of two units, in one group.
    mkdirSync(here.path('run'));
    mkdirSync(store, { mode: 0o750 });
    mkdirSync(home, { mode: 0o750 });
    const { chownSync } = await import('node:fs');
    chownSync(store, gateway, gateway);
    chownSync(home, sealer, gateway);
    here.edit(
      'surety.yaml',
      (text) =>
        `${text}\nstore: run/store\nledger: { sealer-user: "${sealer}", sealer-folder: run/sealer }\n`,
    );
  }, 60_000);
  afterAll(() => here.remove());

  test('the sealer waits for the store, the gateway for the key, and they find each other', async () => {
    const sealing = run(sealer, 'sealer', '--json');
    const { child } = await here.up({ uid: gateway, gid: gateway }, '--no-sealer');
    await until(() => existsSync(join(home, 'head')));
    expect(lstatSync(join(store, 'head')).isSymbolicLink()).toBe(true);
    expect(uidOf(sealing.pid ?? 0)).toBe(sealer);
    expect((await here.run('verdict', 'no-silent-change')).code).toBe(11);
    // The sealer goes on over a gateway that comes and goes.
    expect((await here.stop(child)).code).toBe(0);
    const again = await here.up({ uid: gateway, gid: gateway });
    expect((await here.run('verdict', 'no-silent-change')).code).toBe(11);
    expect((await here.stop(again.child)).code).toBe(0);
    const done = finished(sealing);
    sealing.kill('SIGTERM');
    expect((await done).code).toBe(0);
  }, 60_000);

  test('another account, root too, is not the sealer', async () => {
    for (const uid of [0, gateway]) {
      const { code, stderr } = await finished(run(uid, 'sealer'));
      expect([code, stderr]).toEqual([4, expect.stringContaining('this is not the account of the sealer')]);
    }
  });

  test('without a sealer the gateway says after a while that nothing is sealed', async () => {
    const { child } = await here.up({ uid: gateway, gid: gateway });
    const { code, stderr } = await here.run('verdict', 'no-silent-change');
    expect([code, stderr]).toEqual([1, expect.stringContaining('no head covers')]);
    await here.stop(child);
  }, 60_000);

  test('a store that is not what was signed is said to the gateway too', async () => {
    const { DatabaseSync } = await import('node:sqlite');
    const database = new DatabaseSync(join(store, 'log.sqlite'));
    const flip = `CAST(replace(CAST(bytes AS TEXT), '"time":1', '"time":2') AS BLOB)`;
    database.exec(`UPDATE facts SET bytes = ${flip} WHERE position = 2`);
    database.close();
    const { child } = await here.up({ uid: gateway, gid: gateway });
    const sealing = await finished(run(sealer, 'sealer'));
    expect([sealing.code, sealing.stderr]).toEqual([
      12,
      expect.stringContaining('fact 2 is not the one that was sealed'),
    ]);
    const { code, stderr } = await here.run('verdict', 'no-silent-change');
    expect([code, stderr]).toEqual([1, expect.stringContaining('fact 2 is not the one that was sealed')]);
    await here.stop(child);
  }, 60_000);

  test('a folder that the gateway put in the place of the sealer’s is refused', async () => {
    const { renameSync, chownSync } = await import('node:fs');
    renameSync(home, `${home}.away`);
    mkdirSync(home, { mode: 0o755 });
    chownSync(home, gateway, gateway);
    const { code, stderr } = await finished(run(sealer, 'sealer'));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/belongs to another account|permission denied/);
  });
});
