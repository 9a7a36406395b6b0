// What the gateway listens with, as people write it: names, certificates, limits, and servers on odd addresses.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderOf, said } from './folder.fixture.ts';
import { loadConfig } from './load.ts';
import { renderProblems } from './problem.ts';

const file = (more: string) => ({ 'surety.yaml': `origin: a.example/log\n${more}` });

async function load(more: string) {
  const loaded = await loadConfig(folderOf(file(more)), {});
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems, false));
  return loaded.config;
}

describe('limits', () => {
  test('each has a default', async () => {
    const { limits } = await load('');
    expect(limits).toEqual({
      connectionsMax: 10_000,
      headerBytesMax: 32_768,
      headersWithinMs: 10_000,
      requestWithinMs: 30_000,
      readWithinMs: 60_000,
      idleWithinMs: 60_000,
      bodyBytesMax: 4_194_304,
      depthMax: 64,
      requestsMax: 1_024,
      rateMax: 2_000,
      sessionsOfAgentMax: 64,
      sessionIdleMsMax: 1_800_000,
      ownLinksOfAgentMax: 16,
      streamsMax: 4_096,
      streamsOfAgentMax: 128,
      callsOfServerMax: 256,
      queueBytesMax: 33_554_432,
      connectWithinMs: 10_000,
      answerWithinMs: 3_600_000,
      answerBytesMax: 8_388_608,
    });
  });

  test('and is what is written', async () => {
    const { limits } = await load(
      'limits: { body: 64KiB, answer: 1MiB, idle: 5s, rate: 5, headers-within: 2s, session-idle: 5m, agent-links: 3 }\n',
    );
    expect(limits).toMatchObject({
      ...{ bodyBytesMax: 65_536, answerBytesMax: 1_048_576, idleWithinMs: 5_000, rateMax: 5 },
      ...{ headersWithinMs: 2_000, sessionIdleMsMax: 300_000, ownLinksOfAgentMax: 3 },
      depthMax: 64,
    });
  });

  test.each([
    ['limits: { body: 65536 }', '`body` is not a size'],
    ['limits: { body: 0KiB }', '`body` is not a size'],
    ['limits: { body: 1GiB }', 'write a whole number of KiB or MiB'],
    ['limits: { body: 100MiB }', 'write from 4KiB to 65536KiB'],
    ['limits: { depth: 1 }', 'write from 8 to 256'],
    ['limits: { depth: 8.5 }', 'is not a whole number'],
    ['limits: { rate: 0 }', 'write from 1 to 1000000'],
    ['limits: { idle: 0s }', 'write from 1s to 3600s'],
    ['limits: { session-idle: 2d }', 'write from 1s to 86400s'],
    ['limits: { agent-links: 0 }', 'write from 1 to 1000'],
    ['limits: { streams: 1 }', 'write from 4 to 1000000'],
    ['limits: { agent-streams: 0 }', 'write from 1 to 100000'],
    ['limits: { boddy: 1MiB }', 'did you mean `body`'],
    ['limits: { headers-within: 60s }', 'headers may take longer than the whole request'],
    ['limits: { request-within: 5s }', 'headers may take longer than the whole request'],
  ])('%s is refused', async (written, words) => {
    const text = await said(file(`${written}\n`));
    expect(text).toContain('error:');
    expect(text).toContain(words);
  });
});

describe('where it listens', () => {
  const words = 'credentials and calls come to this address unencrypted';

  test('supergateway (binds to every address): one that others reach, without TLS, is a warning', async () => {
    for (const host of ['0.0.0.0', '[::]', '10.0.0.7', 'surety.acme.example'])
      expect(await said(file(`listen: "${host}:7300"\n`)), host).toContain(words);
    for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '[::1]'])
      expect(await said(file(`listen: "${host}:7300"\n`)), host).not.toContain(words);
    const tls = 'tls: { certificate: tls/cert.pem, key: tls/key.pem }\n';
    expect(await said(file(`listen: "0.0.0.0:7300"\n${tls}`))).not.toContain(words);
  });

  test('certificates are named from this folder, and names are names', async () => {
    const config = await load(
      'names: [surety.acme.example]\ntls: { certificate: c.pem, key: /k.pem, clients: ca.pem }\n',
    );
    expect(config.names).toEqual(['surety.acme.example']);
    expect(config.tls).toEqual({
      certificate: join(config.folder, 'c.pem'),
      key: '/k.pem',
      clients: join(config.folder, 'ca.pem'),
    });
    expect((await load('')).tls).toBeUndefined();
    for (const name of ['https://surety.example', 'surety.example:443', '*.example', 'a b', ''])
      expect(await said(file(`names: ["${name}"]\n`)), name).toContain('is not the name of a host');
    expect(await said(file('tls: { certificate: c.pem }\n'))).toContain('`key` is missing');
  });
});

describe('servers', () => {
  test.each([
    '169.254.169.254',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '0.0.0.0',
    '2852039166',
    '0xa9fea9fe',
  ])('at %s are refused unless it is said', async (host) => {
    const at = (more = '') => file(`servers: { erp: { http: "https://${host}/mcp"${more} } }\n`);
    expect(await said(at())).toContain('the address is link-local or reserved');
    expect(await said(at(', link-local: true'))).not.toContain('link-local');
    expect(await said(at(', link-local: false'))).toContain('is not `true`');
  });

  test('only one over HTTP can be', async () => {
    expect(await said(file('servers: { erp: { stdio: [node], link-local: true } }\n'))).toContain(
      '`link-local` belongs to `http`',
    );
  });

  test.each([
    'file:///etc/passwd',
    'gopher://x',
    'unix:/run/docker.sock',
    'http://u:p@x.example',
    'http://${HOST}/',
  ])('CVE-2026-32625: the address of a server is no %s', async (address) => {
    expect(await said(file(`servers: { erp: { http: "${address}" } }\n`))).toMatch(
      /is not an http address|an address holds no secret/,
    );
  });
});
