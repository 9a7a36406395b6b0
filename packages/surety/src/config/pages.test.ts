// Where people open the pages, as it is written: an address at which browsers know passkeys, and nobody reads along.

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderOf, said } from './folder.fixture.ts';
import { loadConfig } from './load.ts';
import { renderProblems } from './problem.ts';

const file = (pages: string) => ({ 'surety.yaml': `origin: a.example/log\npages: ${pages}\n` });

test('the origin is written as browsers write it, files are found from this folder', async () => {
  const loaded = await loadConfig(
    folderOf(
      file(
        '{ url: "HTTPS://Approve.Acme.example:443/", listen: "[::1]:81", tls: { certificate: c, key: k } }',
      ),
    ),
    {},
  );
  if (!loaded.ok) throw new Error(renderProblems(loaded.problems, false));
  const { pages, folder } = loaded.config;
  expect(pages).toEqual({
    url: 'https://approve.acme.example',
    listen: { host: '::1', port: 81 },
    tls: { certificate: join(folder, 'c'), key: join(folder, 'k') },
  });
});

test.each([
  ['{ listen: "127.0.0.1:1" }', '`url` is missing'],
  ['{ url: "https://a.example/path" }', 'no address without a path'],
  ['{ url: "https://a.example/?q" }', 'no address without a path'],
  ['{ url: "https://me:x@a.example" }', 'no address without a path'],
  ['{ url: "ftp://a.example" }', 'no address without a path'],
  ['{ url: a.example }', 'no address without a path'],
  ['{ url: "http://a.example" }', 'browsers know passkeys over https only'],
  ['{ url: "http://127.0.0.1:7320" }', 'browsers know passkeys over https only'],
  ['{ url: "https://10.0.0.1" }', 'for names, not for addresses'],
  ['{ url: "https://[::1]" }', 'for names, not for addresses'],
  ['{ url: "http://localhost:7320", listen: "127.0.0.1:99999" }', 'there is no port 99999'],
  ['{ url: "http://localhost:7320", listen: "127.0.0.1:7300" }', 'agents and people have the same address'],
])('%s is refused', async (written, words) => {
  const text = await said(file(written));
  expect(text).toContain('error:');
  expect(text).toContain(words);
});

test('an address that others reach is not read along', async () => {
  const words = 'whoever is on the way reads these pages';
  const of = (listen: string, more = '') => file(`{ url: "https://a.example", listen: "${listen}"${more} }`);
  expect(await said(of('0.0.0.0:7320'))).toContain(words);
  expect(await said(of('127.0.0.1:7320'))).not.toContain(words);
  expect(await said(of('0.0.0.0:7320', ', tls: { certificate: c, key: k }'))).not.toContain(words);
});
