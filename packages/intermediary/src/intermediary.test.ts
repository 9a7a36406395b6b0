// The kit against gateways that get it wrong: each check is shown to fail at one of them. And its command line.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checks, makeServers, type Result, raise, runChecks } from './index.ts';
import { gatewayOf } from './raise.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const naive = (mode: string) => `"${process.execPath}" "${here('./naive.fixture.ts')}" ${mode}`;
const eras = ['2025-11-25', '2026-07-28'] as const;

async function against(mode: string, ids?: readonly string[]): Promise<Result[]> {
  const servers = makeServers();
  const [old, fresh, odd] = [
    await servers.old.listen(),
    await servers.new.listen(),
    await servers.odd.listen(),
  ];
  const { gateway, stop } = await raise(naive(mode), {
    ...{ INTERMEDIARY_OLD: old, INTERMEDIARY_NEW: fresh, INTERMEDIARY_ODD: odd },
  });
  try {
    const chosen = checks.filter(({ id }) => ids === undefined || ids.includes(id));
    return await runChecks(gateway, servers, { patienceMs: 4_000, eras, chosen });
  } finally {
    await stop();
    await Promise.all(Object.values(servers).map((server) => server.close()));
  }
}
const broken = (results: readonly Result[]): string[] =>
  results.flatMap(({ check, outcome }) => (outcome.is === 'broken' ? [check.id] : []));

/** What passing on everything as it came gets wrong. */
const ofHop = [
  ...['modern-to-legacy', 'legacy-to-modern', 'header-method-disagrees', 'header-name-disagrees'],
  ...['header-name-encoded-disagrees', 'header-name-missing', 'header-method-missing'],
  ...['header-version-disagrees', 'header-twice', 'header-param-disagrees', 'version-unknown'],
  ...['duplicate-name', 'duplicate-argument', 'invalid-utf8', 'batch'],
  ...['token-not-passed', 'credential-needed', 'session-of-another', 'lists-by-principal'],
  ...['filtered-list-not-public', 'hidden-not-callable', 'foreign-host', 'foreign-origin'],
  ...['state-of-another', 'state-of-another-request'],
  ...['progress-at-once', 'keep-alive-kept', 'hanging-up-cancels', 'question-reaches-client'],
  ...['subscription-served', 'session-unknown', 'look-alike-listed', 'merged-collision'],
  ...['answer-with-duplicates', 'answer-to-somebody-else', 'two-lengths'],
];
/** And what it gets right: nobody changed anything. */
const heldByHop = ['errors-kept', 'ids-kept', 'unknown-members-kept', 'numbers-kept', 'state-kept'];
/** What understanding everything and printing it anew gets wrong. */
const ofZeal = [
  ...['unknown-members-kept', 'errors-kept', 'ids-kept', 'header-param-kept', 'numbers-kept'],
  ...['state-kept', 'look-alike-called', 'merged-order-stable', 'merged-names-fit', 'answer-missing'],
  ...['answer-to-somebody-else', 'merged-collision'],
];
/** What stops at the first surprise. */
const ofFragility = ['deep-nesting', 'large-body', 'answer-deep', 'answer-bomb'];
const plain = checks.flatMap(({ id }) => (id.startsWith('plain-') ? [id] : []));
/** Shown to hold everywhere here: no fixture is wrong in this way, and their code is read instead. */
const notShown = [
  'header-name-encoded',
  'text-kept',
  'lone-surrogate',
  'answer-after-stream',
  'merged-native-name',
];

describe('checks fail', () => {
  test('at a gateway that passes on everything', async () => {
    const results = await against('hop', [...plain, ...ofHop, ...heldByHop]);
    expect(ofHop.filter((id) => !broken(results).includes(id))).toEqual([]);
    expect(heldByHop.filter((id) => broken(results).includes(id))).toEqual([]);
  });

  test('at a gateway that understands everything', async () => {
    const results = await against('zealous', [...plain, ...ofZeal]);
    expect(ofZeal.filter((id) => !broken(results).includes(id))).toEqual([]);
  });

  test.each(ofFragility)('at a gateway that does not survive: %s', async (id) => {
    expect(broken(await against('fragile', [id]))).toEqual([id]);
  });

  test('at a gateway that lets nothing through, and nothing else holds there', async () => {
    const results = await against('deaf');
    expect(plain.filter((id) => !broken(results).includes(id))).toEqual([]);
    expect(results.filter(({ outcome }) => outcome.is === 'held')).toEqual([]);
  });

  test('each of them, but those named here', () => {
    const shown = new Set([...ofHop, ...ofZeal, ...ofFragility, ...plain]);
    expect(checks.flatMap(({ id }) => (shown.has(id) ? [] : [id]))).toEqual(notShown);
  });
});

describe('the catalogue', () => {
  test('has every check once, in the README too', () => {
    const ids = checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const readMe = readFileSync(here('../README.md'), 'utf8');
    expect([...readMe.matchAll(/^\| `([a-z0-9-]+)` +\| (?:must|should) +\|/gm)].map(([, id]) => id)).toEqual(
      ids,
    );
  });
});

describe('what a command says of its gateway', () => {
  test.each([
    ['no JSON', 'hello'],
    ['no object', '[]'],
    ['a word nobody knows', '{"old":"http://127.0.0.1:1/","restrict":true}'],
    ['no endpoint', '{"credentials":[]}'],
    ['no address', '{"old":"there"}'],
    ['credentials that are none', '{"old":"http://127.0.0.1:1/","credentials":"a"}'],
  ])('is refused: %s', (_, line) => expect(() => gatewayOf(line)).toThrow());
});

describe('the command line', () => {
  const run = (...words: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [here('./main.ts'), ...words], (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
      );
    });

  test.each([
    ['nothing to test', []],
    ['an option nobody knows', ['--gateway', 'x']],
    ['a check nobody knows', ['--command', 'true', '--only', 'nothing']],
    ['a revision nobody knows', ['--command', 'true', '--eras', '2024-11-05']],
    ['no ports for a gateway that runs', ['--old', 'http://127.0.0.1:1/mcp']],
    ['ports that are none', ['--ports', '1,2', '--old', 'http://127.0.0.1:1/mcp']],
    ['no patience', ['--command', 'true', '--patience', 'none']],
  ])('explains itself: %s', async (_, words) => {
    const { code, stdout, stderr } = await run(...words);
    expect(code).toBe(64);
    expect(stdout).toBe('');
    expect(stderr).toContain('usage: intermediary');
  });

  test('says when the gateway did not start', async () => {
    const { code, stderr } = await run('--command', 'exit 3');
    expect(code).toBe(70);
    expect(stderr).toBe('intermediary: the command ended before it said where the gateway is\n');
  });

  test('gives one object, and shows no credential', async () => {
    const { code, stdout, stderr } = await run(
      '--command',
      naive('hop'),
      '--only',
      'errors-kept,batch',
      '--json',
    );
    expect(code).toBe(1);
    const { summary, checks: made } = JSON.parse(stdout);
    expect(summary).toEqual({ held: 1, broken: 1, advised: 0, notApplicable: 0 });
    expect(made.map(({ id, outcome }: Record<string, string>) => [id, outcome])).toEqual([
      ['errors-kept', 'held'],
      ['batch', 'broken'],
    ]);
    expect(stderr).toMatch(/BROKEN {3}batch/);
    expect(stdout + stderr).not.toContain('first-credential');
  });

  test('lists what it checks', async () => {
    const { code, stdout } = await run('--list');
    expect(code).toBe(0);
    expect(stdout.match(/^[a-z0-9-]+ \((?:must|should)\)$/gm)).toHaveLength(checks.length);
  });
});
