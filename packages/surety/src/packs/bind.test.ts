// A pack bound to tools that somebody has: only names change, nothing is guessed, and nothing is written that fails.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { capture } from '../cli/capture.fixture.ts';
import { pack as packCommand } from '../cli/commands/pack.ts';
import { folderOf } from '../config/folder.fixture.ts';
import { loadConfig } from '../config/index.ts';
import { findPack, packNames, readPack, testedIn } from './pack.ts';
import { type Meaning, renameCheckpoint, renameTest } from './rename.ts';
import { tryCheckpoint } from './trial.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const installation = `
origin: acme.example/test
store: store
listen: 127.0.0.1:0
servers:
  erp: { stdio: [node, erp.js] }
tools:
  erp.PayInvoice: { effect: spend, money: { amount: args.amount, unit: minor, currency: USD } }
  erp.settle: { effect: spend, money: { amount: args.amount, unit: minor, currency: USD } }
  erp.match_invoice: { effect: read }
  erp.receive: { effect: write }
people:
  - { id: fay@acme.example, name: Fay, functions: [treasury] }
  - { id: lena@acme.example, name: Lena, functions: [business] }
outcomes: [outcomes/*.yaml]
`;

const binding = `
pack: accounts-payable
version: 1.0.0
outcome:
  outcome: suppliers
  statement: Nobody is paid twice.
  owner: lena@acme.example
  at-stake: { amount: 2000000, currency: USD }
functions: { finance: treasury }
values: { second-person-from: 50000, cooling-off: 3d }
actions:
  ap.pay_invoice:
    tool: erp.PayInvoice
    args: { invoice: header.invoice-no, order: header.po, vendor: header.supplier }
  ap.match_invoice:
    tool: erp.match_invoice
    args: { invoice: in }
    result: { status: outcome.state, order: outcome.po, vendor: outcome.supplier }
  ap.post_receipt:
    tool: erp.receive
    args: { order: po }
  ap.change_bank_account: { tool: none }
`;

function folderWith(files: Readonly<Record<string, string>> = {}): string {
  const folder = folderOf({ 'surety.yaml': installation, ...files });
  folders.push(folder);
  return folder;
}

function run(
  folder: string,
  ...words: Parameters<typeof packCommand> extends [unknown, ...infer W] ? W : never
) {
  const terminal = { ...capture(), cwd: folder };
  const code = (() => {
    try {
      return packCommand(terminal, ...words);
    } catch (error) {
      return (error as Error).message;
    }
  })();
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() };
}
const bindIn = (folder: string, json = false) =>
  run(folder, 'bind', 'accounts-payable', { folder: '.', json });

test('first a binding is proposed: tools by what they do and are called, nothing where that says nothing', async () => {
  const folder = folderWith();
  const { code, stdout, stderr } = bindIn(folder);
  expect([code, stdout]).toEqual([0, 'accounts-payable.binding.yaml\n']);
  expect(stderr).toContain('fill it in');
  const text = readFileSync(join(folder, 'accounts-payable.binding.yaml'), 'utf8');
  expect(text).toContain(
    '# releases the payment of one invoice (spend); or erp.settle\n  ap.pay_invoice:\n    tool: erp.PayInvoice',
  );
  expect(text).toContain('tool: erp.match_invoice');
  expect(text).toMatch(/perhaps erp\.receive\n {2}ap\.post_receipt:\n {4}tool: "\?"/);
  // What nobody filled in is asked for, each at its place, and nothing is made of it.
  const again = bindIn(folder);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('accounts-payable.binding.yaml:8:10: error: is not filled in yet');
  expect(existsSync(join(folder, 'outcomes'))).toBe(false);
});

test('filled in, it becomes an outcome that the configuration takes, in the words of these tools', async () => {
  const folder = folderWith({ 'accounts-payable.binding.yaml': binding });
  const { code, stdout, stderr } = bindIn(folder);
  expect([code, stdout]).toEqual([0, 'outcomes/suppliers.yaml\n']);
  const text = readFileSync(join(folder, 'outcomes/suppliers.yaml'), 'utf8');
  expect(text).toContain(
    `prior.args["in"] == args.header["invoice-no"] && prior.result.outcome.state == 'matched'`,
  );
  expect(text).toContain('prior.args.po == args.header.po');
  expect(text).toContain('when: money >= 50000');
  expect(text).toContain('function: treasury');
  expect(text).toContain('# Source: SOX section 404; COSO principle 10; FAR 32.905. As of 2026-11-29.');
  // What needs a tool that is not there is named, on the terminal and in the file.
  expect(stderr).toContain('left out: AP-02 Changed bank details cool off');
  expect(text).toContain('# left out: AP-02');
  const loaded = await loadConfig(folder, {});
  const problems = loaded.ok ? loaded.config.warnings : loaded.problems;
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  // Nothing that is there is written over.
  writeFileSync(join(folder, 'outcomes/suppliers.yaml'), 'mine');
  expect(bindIn(folder).code).toContain('already there');
  expect(readFileSync(join(folder, 'outcomes/suppliers.yaml'), 'utf8')).toBe('mine');
});

test.each([
  ['another version', 'version: 1.0.0', 'version: 0.9.0', 'written for version 0.9.0'],
  ['another pack', 'pack: accounts-payable', 'pack: it-operations', 'this binds it-operations'],
  ['an action of no pack', 'ap.change_bank_account', 'ap.change_nothing', 'is not in the pack'],
  ['a member of no action', '{ order: po }', '{ orders: po }', 'is not in the pack'],
  ['a value of no pack', 'cooling-off: 3d', 'cooling: 3d', 'is not in the pack'],
  ['no path', '{ invoice: in }', '{ invoice: "a..b" }', 'is not a path'],
  ['a duration that is none', 'cooling-off: 3d', 'cooling-off: 1 OR 1', 'cooling-off'],
])('a binding with %s is refused at its place', async (_, from, to, said) => {
  const folder = folderWith({ 'accounts-payable.binding.yaml': binding.replace(from, to) });
  const { code, stderr } = bindIn(folder);
  expect([code, stderr]).toEqual([1, expect.stringContaining(said)]);
  expect(existsSync(join(folder, 'outcomes'))).toBe(false);
});

test('two names for one place are found by the tests of the pack, and nothing is written', async () => {
  const confused = binding.replace('header.po, vendor', 'header.invoice-no, vendor');
  const folder = folderWith({ 'accounts-payable.binding.yaml': confused });
  const { code, stderr } = bindIn(folder);
  expect(code).toContain('of the pack fail as it is bound');
  expect(stderr).toContain('AP-01');
  expect(existsSync(join(folder, 'outcomes'))).toBe(false);
});

test('as one JSON document', async () => {
  const folder = folderWith({ 'accounts-payable.binding.yaml': binding });
  const said = JSON.parse(bindIn(folder, true).stdout);
  expect(said).toMatchObject({ ok: true, outcome: 'outcomes/suppliers.yaml' });
  expect(said.checkpoints).toContain('ap-01-three-way-match');
  const [first] = JSON.parse(run(folder, 'list', undefined, { folder: '.', json: true }).stdout).packs;
  expect(first).toMatchObject({ pack: 'accounts-payable', version: '1.0.0' });
  const shown = JSON.parse(run(folder, 'show', 'accounts-payable', { folder: '.', json: true }).stdout);
  expect(shown.controls[0].ref).toBe('AP-01');
});

test('a pack that does not do what it says fails its test, and so does one that shows too little', async () => {
  const shipped = findPack('accounts-payable', '.');
  const text = 'file' in shipped ? readFileSync(shipped.file, 'utf8') : '';
  const weak = text.replace('when: "money >= ${second-person-from}"', 'when: "money > 99000000000"');
  const folder = folderWith({
    'weak.yaml': weak,
    'bare.yaml': text.replaceAll('shows: separation', 'shows: deny'),
  });
  const { code, stdout } = run(folder, 'test', './weak.yaml', { folder: '.' });
  expect(code).toBe(1);
  expect(stdout).toContain('AP-04 ap-04-four-eyes: a large one waits: hold was said, and it answers allow');
  const bare = run(folder, 'test', './bare.yaml', { folder: '.' });
  expect([bare.code, bare.stdout]).toEqual([1, expect.stringContaining('no test shows `separation`')]);
  expect(run(folder, 'test', undefined, { folder: '.' }).code).toBe(0);
});

test('whoever writes a pack writes no line of the outcome that is not a comment or a checkpoint', async () => {
  const shipped = findPack('accounts-payable', '.');
  const text = 'file' in shipped ? readFileSync(shipped.file, 'utf8') : '';
  const because = 'because: "x\\r\\ncheckpoints: []\\u2028owner: mallory@evil.example\\u0007"';
  const hostile = text.replace(/because: An invoice alone.*/, because);
  const folder = folderWith({ 'hostile.yaml': hostile, 'accounts-payable.binding.yaml': binding });
  expect(run(folder, 'bind', './hostile.yaml', { folder: '.' }).code).toBe(0);
  const lines = readFileSync(join(folder, 'outcomes/suppliers.yaml'), 'utf8').split(
    /\r\n|[\r\n\u0085\u2028\u2029]/,
  );
  expect(lines.filter((line) => /^(checkpoints|owner):/.test(line))).toEqual([
    'owner: lena@acme.example',
    'checkpoints:',
  ]);
});

test.each(packNames())(
  '%s: every path is one that can be renamed, and called otherwise it answers the same',
  (name) => {
    const loaded = findPack(name, '.');
    const pack = 'pack' in loaded ? loaded.pack : expect.fail('it cannot be read');
    const meaning: Meaning = new Map(
      Object.entries(pack.actions).map(([action, { args = {}, result = {} }]) => {
        const places = (names: object) =>
          new Map(Object.keys(names).map((each) => [each, ['a b', `${each}-x`, '__proto__']] as const));
        return [
          action,
          { tool: `other.${action.replace('.', '-')}`, args: places(args), result: places(result) },
        ];
      }),
    );
    for (const { checkpoint, tests } of testedIn(pack))
      for (const each of tests) {
        const renamed = renameCheckpoint(checkpoint, meaning);
        expect(JSON.stringify(renamed)).not.toContain(`"${checkpoint.before}"`);
        const { answer } = tryCheckpoint(
          renamed,
          renameTest(each, checkpoint.before, meaning),
          pack.currency,
        );
        expect([checkpoint.id, each.name, answer]).toEqual([checkpoint.id, each.name, each.answer]);
      }
  },
);

test('the pack of the guide does what it says', () => {
  const guide = readFileSync(new URL('../../../../docs/packs.md', import.meta.url), 'utf8');
  const [, text = ''] = /^```yaml test\n([\s\S]*?)^```$/m.exec(guide) ?? [];
  const { code, stdout } = run(folderWith({ 'mine.yaml': text }), 'test', './mine.yaml', { folder: '.' });
  expect([code, stdout]).toEqual([0, 'my-pack 1.0.0: 4 of 4 tests answer as they say\n']);
});

test('a file that is no pack is refused where it is wrong', () => {
  const folder = folderWith({ 'x.yaml': 'pack: X\n' });
  const loaded = readPack(join(folder, 'x.yaml'));
  expect('problems' in loaded && loaded.problems.map(({ path }) => path)).toContain('/pack');
  expect(readPack(join(folder, 'none.yaml'))).toHaveProperty('problems');
  expect(findPack('constructor', folder)).toHaveProperty('problems');
});
