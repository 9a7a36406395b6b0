// What a person types about the data of somebody: release it, keep it from being erased, erase it. First while nothing
// runs, then beside a running Surety.

import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Installation } from './installation.fixture.ts';

const here = new Installation();
const subject = 'person/you@example.com';
const signed = ['--reason', 'They asked.', '--key', 'you.key'];
const basis = ['--basis', 'gdpr-17-1-a'];

beforeAll(async () => {
  await here.build();
  const { stdout } = await here.run('key', 'second.key');
  here.edit('surety.yaml', (text) =>
    text
      .replace('functions: [operations]', 'functions: [operations, data-protection]')
      .replace(
        'people:',
        `people:\n  - { id: second@example.com, functions: [legal], keys: ["${stdout.trim()}"] }`,
      ),
  );
  await here.run('credential', 'assistant');
  const key = (name: string) => readFileSync(here.path(`.surety/keys/${name}.vkey`), 'utf8').trim();
  writeFileSync(
    here.path('trust.txt'),
    `log ${key('log')}\n#!surety statement ${key('statement')}\nquorum none\n`,
  );
}, 120_000);
afterAll(() => here.remove());

describe('releasing', () => {
  test('says first what it would release', async () => {
    const { code, stdout } = await here.run('disclose', subject, '--dry-run');
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining(`1 disclosures of 1 facts are about ${subject}`),
    ]);
    const json = JSON.parse((await here.run('disclose', subject, '--dry-run', '--json')).stdout) as object;
    expect(json).toMatchObject({
      subject,
      facts: 1,
      disclosures: 1,
      kinds: { 'person.enrolled': 1 },
      legalHolds: [],
    });
  });

  test('writes a file that anybody checks with the log’s key', async () => {
    const made = await here.run(
      'disclose',
      subject,
      '--to',
      'an auditor',
      '-o',
      'it.json',
      '--json',
      ...signed,
    );
    expect(JSON.parse(made.stdout)).toMatchObject({
      facts: 1,
      disclosures: 1,
      to: 'an auditor',
      person: 'you@example.com',
    });
    const checked = await here.run('verify', 'it.json', '--trust', 'trust.txt');
    expect([checked.code, checked.stdout]).toEqual([
      11,
      expect.stringMatching(/released 1 disclosures of 1 facts to an auditor[\s\S]*\n +"You"\n/),
    ]);
    const json = JSON.parse(
      (await here.run('verify', 'it.json', '--trust', 'trust.txt', '--json')).stdout,
    ) as object;
    expect(json).toMatchObject({
      ...{ released: 'unwitnessed', to: 'an auditor', reason: 'They asked.' },
      facts: [{ kind: 'person.enrolled', disclosures: [{ value: 'You' }] }],
    });
    here.edit('it.json', (text) =>
      text.replace('"disclosures":["', '"disclosures":["WyJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwiIiwxXQ","'),
    );
    const lied = await here.run('verify', 'it.json', '--trust', 'trust.txt', '--json');
    expect([lied.code, JSON.parse(lied.stdout)]).toMatchObject([12, { released: 'unsound' }]);
  });

  test('tells what is missing', async () => {
    const words: [string[], number, string][] = [
      [[subject, ...signed], 64, 'to whom?'],
      [[subject, '--to', 'x', '--key', 'you.key'], 64, 'for which reason?'],
      [[subject, '--to', 'x', '--reason', 'r'], 4, 'with which key?'],
      [['nobody', '--dry-run'], 64, 'is no subject'],
      [['case/none', '--to', 'x', ...signed], 1, 'nothing is kept about it'],
      [['c-none', '--dry-run'], 1, 'nothing in the ledger is called'],
    ];
    for (const [typed, code, said] of words) {
      const ran = await here.run('disclose', ...typed);
      expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(said)]);
    }
  });
});

describe('erasing, beside a running Surety', () => {
  beforeAll(async () => {
    await here.up();
  }, 60_000);

  test('is refused while the file would bring it back, without a basis, and while a legal hold is in force', async () => {
    const ran = await here.run('erase', subject, ...signed, ...basis);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('remove `name` there first')]);
    here.edit('surety.yaml', (text) => text.replace(', name: You', ''));
    const bare = await here.run('erase', subject, ...signed);
    expect([bare.code, bare.stderr]).toEqual([64, expect.stringContaining('on which legal basis?')]);
    const held = await here.run(
      'legal-hold',
      subject,
      '--reason',
      'A claim.',
      '--key',
      'second.key',
      '--json',
    );
    const { hold } = JSON.parse(held.stdout) as { hold: string };
    const listed = await here.run('legal-hold');
    expect(listed.stdout).toMatch(
      new RegExp(`^${hold}  ${subject}  by second@example.com since .*: A claim\\.`),
    );
    const refused = await here.run('erase', subject, ...signed, ...basis);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining(`the legal hold \`${hold}\``),
    ]);
  });

  test('a legal hold is lifted by two', async () => {
    const first = await here.run('legal-hold', subject, '--lift', '--reason', 'Over.', '--key', 'second.key');
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('one more person must lift')]);
    const same = await here.run('legal-hold', subject, '--lift', '--reason', 'Over.', '--key', 'second.key');
    expect([same.code, same.stderr]).toEqual([1, expect.stringContaining('another person must, too')]);
    const other = await here.run('legal-hold', subject, '--lift', '--reason', 'Over.', '--key', 'you.key');
    expect([other.code, other.stdout]).toEqual([0, expect.stringContaining('is lifted')]);
    expect((await here.run('legal-hold')).stdout).toBe('no legal hold is in force\n');
  });

  test('says what goes, then that it is gone; and again that it was', async () => {
    const somebody = await here.run('erase', subject, '--reason', 'r', '--key', 'second.key', ...basis);
    expect([somebody.code, somebody.stderr]).toEqual([4, expect.stringContaining('data-protection')]);
    const ran = await here.run('erase', subject, ...signed, ...basis);
    expect([ran.code, ran.stdout]).toEqual([
      0,
      expect.stringMatching(/^erased: \d+ disclosures of 4 facts about person/),
    ]);
    const again = await here.run('erase', subject, ...signed, ...basis);
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/it was erased by `o-.*` of `you@example.com`/),
    ]);
    // Behind it, that somebody asked again.
    const told = await here.run('tail', '-n', '4');
    expect(told.stdout).toMatch(/you@example.com had \d+ disclosures of 4 facts erased/);
    const checks = JSON.parse((await here.run('doctor', '--json')).stdout) as {
      checks: { check: string; state: string }[];
    };
    expect(checks.checks.find(({ check }) => check === 'disclosures')).toMatchObject({ state: 'ok' });
  });
});
