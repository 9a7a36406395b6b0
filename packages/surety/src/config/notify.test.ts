// `notify` as people write it: what is declared of it, what stays in the files, and what is refused.

import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { edited, folderOf, said, sampleEnv, textOf } from './folder.fixture.ts';
import { loadConfig } from './load.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const env = { ...sampleEnv, SMTP_PASSWORD: 'CANARYPASS', HOOK: secret };
const file = 'surety.yaml';
const [first = ''] = textOf(file)
  .split('\n')
  .filter((line) => line.startsWith('origin:'));
const withNotify = (text: string) => edited(file, first, `${first}\n${text}`);
const owner = /owner: (\S+@\S+)/.exec(textOf('outcomes/supplier-payments.yaml'))?.[1] ?? '';

test('channels and bounds are declared; addresses and secrets are not', async () => {
  const notify = `notify:
  mail: { host: smtp.acme.example, from: surety@acme.example, user: surety, password: "\${SMTP_PASSWORD}" }
  webhooks:
    pager: { url: "https://pager.acme.example/x", secret: "\${HOOK}", of: [breach], person: ${owner} }
  asks: { singles: 3, gather: 30m }`;
  const folder = folderOf(withNotify(notify));
  try {
    const loaded = await loadConfig(folder, env);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const { declarations, notify: config } = loaded.config;
    expect(declarations.find(({ kind }) => kind === 'notices.declared')).toEqual({
      stream: 'notices/channels',
      kind: 'notices.declared',
      body: {
        mail: true,
        webhooks: [{ webhook: 'pager', of: ['breach'], person: owner }],
        asks: { singles: 3, gatherMs: 1_800_000, agent: 50, person: 100 },
      },
    });
    expect(JSON.stringify(declarations)).not.toMatch(/CANARYPASS|whsec_|smtp\.acme|pager\.acme/);
    expect(config?.mail).toMatchObject({ port: 587, tls: 'starttls', password: 'CANARYPASS' });
    expect(config?.webhooks[0]?.secret).toEqual(Buffer.alloc(32, 1));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('what would tell nobody, or somebody else, is refused:', () => {
  const hook = (more: string) => `notify:\n  webhooks:\n    pager: { ${more} }`;
  const mail = (more: string) => `notify:\n  mail: { ${more} }`;
  const good = 'host: smtp.acme.example, from: surety@acme.example';
  test.each([
    [hook(`url: "https://a.example", secret: "whsec_short"`), 'is none of Standard Webhooks'],
    [hook(`url: "ftp://a.example", secret: "\${HOOK}"`), 'is not an http address'],
    [
      hook(`url: "https://a.example", secret: "\${HOOK}", person: nobody@acme.example`),
      'nobody@acme.example',
    ],
    [hook(`url: "https://a.example", secret: "\${HOOK}", of: []`), 'is empty'],
    [hook(`url: "https://a.example", secret: "\${MISSING}"`), '`MISSING` is not set'],
    [mail(`${good}, tls: none`), 'unencrypted'],
    [mail(`${good}, user: surety`), 'belong together'],
    [mail('host: "smtp.acme.example\\r\\n", from: surety@acme.example'), 'is no host'],
    [mail('host: smtp.acme.example, from: "Surety <s@acme.example>"'), 'is no mail address'],
    [`${mail(good)}\n  asks: { agent: 0 }`, 'less than one'],
  ])('%s', async (notify, problem) => expect(await said(withNotify(notify), env)).toContain(problem));
});

test('an owner whom something tells needs no other way', async () => {
  const outcome = 'outcomes/supplier-payments.yaml';
  const alerting = { [outcome]: textOf(outcome).replace('needs: {', 'on-breach: alert\nneeds: {') };
  const warned = 'nothing would tell the owner of a breach';
  const hook = (more: string) =>
    withNotify(`notify: { webhooks: { own: { url: "https://a.example", secret: "\${HOOK}"${more} } } }`);
  expect(await said({ ...hook(''), ...alerting }, env)).toContain(warned);
  expect(await said({ ...hook(`, person: ${owner}, of: [hold]`), ...alerting }, env)).toContain(warned);
  expect(await said({ ...hook(`, person: ${owner}`), ...alerting }, env)).not.toContain(warned);
});
