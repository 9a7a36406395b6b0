// The good files: what the guide shows loads, and compiles to bodies that the ledger's vocabulary takes.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` is what a person writes in the file.

import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { bodies } from '@surety/proof/facts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { edited, type Files, folderOf, said, sample, sampleEnv } from './folder.fixture.ts';
import { template } from './init.ts';
import { type Config, loadConfig } from './load.ts';
import { renderProblems } from './problem.ts';

const outcomeFile = 'outcomes/supplier-payments.yaml';

async function load(files: Files, env: Readonly<Record<string, string>> = sampleEnv): Promise<Config> {
  const loaded = await loadConfig(folderOf(files), env);
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems, false));
  return loaded.config;
}

const find = ({ declarations }: Config, stream: string) =>
  declarations.find((each) => each.stream === stream);

test('the sample loads without a warning and with every default where nothing is said', async () => {
  const config = await load(sample);
  expect(config.warnings).toEqual([]);
  expect(config).toMatchObject({
    file: join(config.folder, 'surety.yaml'),
    listen: { host: '127.0.0.1', port: 7300 },
    store: join(config.folder, '.surety'),
    origin: 'acme.example/surety',
    timeZone: 'Europe/Zurich',
    records: [{ id: 'erp', sqlite: join(config.folder, 'erp.db') }],
    witnesses: [{ name: 'witness.example', simulated: false, seat: 'finance' }],
    quorum: { policy: { quorum: 'finance' } },
  });
  expect(config.servers).toEqual([
    {
      id: 'erp',
      transport: 'stdio',
      command: 'node',
      args: ['erp/server.ts'],
      cwd: config.folder,
      env: { ERP_DB: 'erp.db', TOKEN: 'erp-secret' },
      timeoutMs: 30_000,
      definition: expect.stringMatching(/^[\w-]{43}$/),
      // What is kept of it names variables, never what is in them.
      written: expect.objectContaining({ env: { ERP_DB: 'erp.db', TOKEN: '${ERP_TOKEN}' } }),
    },
    {
      id: 'crm',
      transport: 'http',
      url: 'https://crm.example/mcp',
      headers: { authorization: 'Bearer crm-secret' },
      timeoutMs: 30_000,
      definition: expect.stringMatching(/^[\w-]{43}$/),
      written: expect.objectContaining({ headers: { authorization: 'Bearer ${CRM_TOKEN}' } }),
    },
  ]);
  const least = await load({ 'surety.yaml': 'origin: a.example/log\n' });
  expect(least).toMatchObject({
    listen: { host: '127.0.0.1', port: 7300 },
    serve: undefined,
    timeZone: 'UTC',
    servers: [],
    declarations: [],
  });
});

test('the log is served where the file says, and a port must be one', async () => {
  const serving = (serve: string) => ({
    'surety.yaml': `origin: a.example/log\nledger: { serve: "${serve}" }\n`,
  });
  expect((await load(serving('[::1]:7301'))).serve).toEqual({ host: '::1', port: 7301 });
  expect((await load(serving('ledger.acme.example:0'))).serve).toEqual({
    host: 'ledger.acme.example',
    port: 0,
  });
  await expect(load(serving('127.0.0.1:65536'))).rejects.toThrow('there is no port 65536');
  await expect(load(serving('7301'))).rejects.toThrow('is not host:port');
});

test('INVARIANT: every body parses as its kind of fact', async () => {
  const everything = edited(
    outcomeFile,
    'needs: {',
    'evaluated-by: [it]\narguments: { erp.pay_invoice: { iban: [record] } }\negress: { bank: [erp] }\non-breach: hold\nneeds: {',
  );
  const { declarations } = await load(everything);
  for (const { kind, body } of declarations) {
    const whole = kind === 'person.enrolled' ? { ...body, name: [] } : body;
    expect(bodies[kind](JSON.parse(JSON.stringify(whole)), '')).toEqual(whole);
  }
  expect(declarations.map(({ stream }) => stream)).toEqual([
    'server/erp',
    'server/crm',
    'tool/erp.pay_invoice',
    'tool/erp.match_invoice',
    'tool/erp.get_vendor',
    'tool/crm.*',
    'record/erp',
    'person/treasurer@acme.example',
    'person/it-lead@acme.example',
    'person/payroll@acme.example',
    'identity/payables-clerk',
    'identity/payables-desk',
    'witness/witness.example',
    'quorum/heads',
    'policy/payables',
    'policy/dollars-only',
    'outcome/supplier-payments',
    'rule/supplier-payments/matched',
    'rule/supplier-payments/four-eyes',
  ]);
});

test('amounts become minor units, durations milliseconds, a name a commitment', async () => {
  const config = await load(sample);
  expect(find(config, 'identity/payables-clerk')?.body).toMatchObject({
    budget: { amountMinor: 5_000_000, currency: 'USD', per: 'day' },
    timeZone: 'Europe/Zurich',
  });
  expect(find(config, 'outcome/supplier-payments')?.body).toMatchObject({
    atStake: { amountMinor: 200_000_000, currency: 'USD' },
    reconcile: { withinMs: 3_600_000, money: { amount: 'amount', unit: 'major', currency: 'currency' } },
    needs: { rung: 'C5', windowMs: 86_400_000 },
  });
  const person = find(config, 'person/treasurer@acme.example');
  expect(person?.committed).toEqual({ name: 'Tove Larsen' });
  expect(JSON.stringify(person?.body)).not.toContain('Tove');
  const decimal = await load(edited(outcomeFile, 'amount: 2000000', 'amount: "0.29"'));
  expect(find(decimal, 'outcome/supplier-payments')?.body).toMatchObject({ atStake: { amountMinor: 29 } });
});

test('a checkpoint denies, one with an approval holds, and the hash is that of its normal form', async () => {
  const config = await load(sample);
  const [matched, fourEyes] = ['matched', 'four-eyes'].map(
    (id) => find(config, `rule/supplier-payments/${id}`)?.body,
  );
  expect(matched).toMatchObject({ mode: 'deny', withinMs: 2_592_000_000, once: ['args.invoice_id'] });
  expect(fourEyes).toMatchObject({ mode: 'hold', approve: { function: 'finance', count: 1 } });
  const hours = await load(edited(outcomeFile, 'within: 30d', 'within: 29d 24h'));
  expect(find(hours, 'rule/supplier-payments/matched')?.body).toEqual(matched);
  const shorter = await load(edited(outcomeFile, 'within: 30d', 'within: 29d'));
  expect(find(shorter, 'rule/supplier-payments/matched')?.body).not.toEqual(matched);
});

test('INVARIANT: no secret enters a declaration, and another secret changes no digest', async () => {
  const one = await load(sample);
  const other = await load(sample, { ERP_TOKEN: 'a', CRM_TOKEN: 'b' });
  expect(JSON.stringify(one.declarations)).not.toMatch(/erp-secret|crm-secret/);
  expect(other.declarations).toEqual(one.declarations);
  const renamed = await load(edited('surety.yaml', '${CRM_TOKEN}', '${ERP_TOKEN}'));
  expect(find(renamed, 'server/crm')).not.toEqual(find(one, 'server/crm'));
});

test('a variable that is not set is a problem at its place', async () => {
  expect(await said(sample, { ERP_TOKEN: 'x', CRM_TOKEN: '' })).toContain(
    'surety.yaml:7:77: error: the environment variable `CRM_TOKEN` is not set\n',
  );
});

test.each([
  ['http://127.0.0.1:7310', true],
  ['http://2130706433/', true],
  ['http://[::1]:7310', true],
  ['http://localhost:7310', true],
  [`http://${hostname()}:7310`, true],
  ['https://127.0.0.1.witness.example', false],
])('a witness at %s counts as simulated: %s', async (url, simulated) => {
  const config = await load(edited('surety.yaml', 'https://witness.example', url));
  expect(find(config, 'witness/witness.example')?.body).toMatchObject({ simulated });
});

test('the files of `surety init` load without an error', async () => {
  for (const name of ['acme', 'Acme & Søn', '', '...']) {
    const config = await load(template(name));
    expect(config.declarations.map(({ stream }) => stream)).toContain('policy/reads');
    // Until a person has a key nobody can approve: the only thing left to do.
    expect(config.warnings.map(({ problem }) => problem)).toEqual([
      '1 must approve, but 0 with the function `operations` can sign',
    ]);
  }
});

test('a link that leads outside the folder is refused, one inside is not', async () => {
  const outside = join(mkdtempSync(join(tmpdir(), 'surety-outside-')), 'secret.yaml');
  writeFileSync(outside, 'outcome: stolen\n');
  const folder = folderOf(sample);
  symlinkSync(outside, join(folder, 'outcomes/x.yaml'));
  const loaded = await loadConfig(folder, sampleEnv);
  expect(loaded.ok ? [] : loaded.problems.map(({ problem }) => problem)).toEqual([
    '`outcomes/x.yaml` is a link that leads outside the folder',
  ]);
});

test('a file that is too large, not UTF-8 or no file is refused', async () => {
  const large = await loadConfig(folderOf({ 'surety.yaml': `# ${'x'.repeat(1_048_576)}` }), {});
  expect(large).toMatchObject({ ok: false, problems: [{ problem: 'larger than 1048576 bytes' }] });
  const folder = folderOf({ 'surety.yaml/x': '' });
  expect(await loadConfig(folder, {})).toMatchObject({
    ok: false,
    problems: [{ problem: 'surety.yaml is not a file' }],
  });
  const bytes = folderOf({});
  writeFileSync(join(bytes, 'surety.yaml'), Buffer.from([0x61, 0x3a, 0xff]));
  expect(await loadConfig(bytes, {})).toMatchObject({ ok: false, problems: [{ problem: 'not UTF-8 text' }] });
});

test('INVARIANT: loading never throws, whatever a file holds', async () => {
  const lines = Object.values(sample).flatMap((text) => text.split('\n'));
  const piece = fc.oneof(
    fc.constantFrom(...lines),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('[', '{', '- ', '*a', '&a ', '!!x ', ': '),
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('\n'));
  await fc.assert(
    fc.asyncProperty(text, text, text, async (surety, outcome, policy) => {
      const files = { 'surety.yaml': surety, 'outcomes/a.yaml': outcome, 'policies/a.cedar': policy };
      expect(await said(files)).toBeTypeOf('string');
    }),
    { numRuns: 40 },
  );
});
