import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defaults, filesOf, type Written, writtenIn } from '../../static-audit/written.fixture.ts';
import { capture } from '../capture.fixture.ts';
import { audit } from './audit.ts';
import { check } from './check.ts';

// Days are counted: none may end in the middle of a test.
beforeAll(() => void vi.useFakeTimers({ now: Date.UTC(2026, 4, 5, 9), toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const four = 'approve: { function: finance, not: [requester, agent-owner] }';
const guarded: Written = { checkpoints: `  - { id: c, before: erp.pay, ${four} }` };

function written(written: Written, others: Readonly<Record<string, string>> = {}): string {
  const folder = writtenIn({ ...filesOf(written), ...others });
  folders.push(folder);
  return folder;
}

async function run(folder: string, options: Partial<Parameters<typeof audit>[2]> = {}) {
  const terminal = capture();
  const code = await audit({ ...terminal, cwd: folder }, '1.2.3', { folder, ...options });
  return { code, out: terminal.stdout(), note: terminal.stderr() };
}

const days = (count: number): string => new Date(Date.now() + count * 86_400_000).toISOString().slice(0, 10);
const suppressed = (finding: string, expiry: string, owner = 'lena@acme.example') =>
  `suppressions:\n  - { finding: ${finding}, owner: ${owner}, reason: "Being built.", expiry: "${expiry}" }\n`;
const idOf = async (folder: string): Promise<string> =>
  (JSON.parse((await run(folder, { json: true })).out) as { findings: { id: string }[] }).findings[0]?.id ??
  '';

describe('what it prints', () => {
  test('nothing found: what was looked at, and what that says', async () => {
    const { code, out } = await run(written(guarded));
    expect([code, out]).toEqual([
      0,
      'nothing found: looked at 1 agent, 2 tools, 1 path to an effect, 1 checkpoint\n' +
        'every call that an agent may make for an effect meets a checkpoint; each checkpoint can fire and can be satisfied\n',
    ]);
  });

  test('a finding: where, what, what shows it, what to do', async () => {
    const { code, out } = await run(written({}));
    expect(code).toBe(1);
    expect(out).toMatch(
      /^wrong \(1\)\n\nunguarded {2}f-\S{12} {2}surety\.yaml:4:3\n {2}buyer can call erp\.pay \(spend\), and no checkpoint stands before it\n/,
    );
    expect(out).toContain('counterexample (replayed):\n    buyer for somebody@example.com: erp.pay {');
    expect(out).toContain('-> allowed\n  help: write a checkpoint `before: erp.pay`');
  });

  test('warnings alone are no failure; what cannot be shown is one', async () => {
    const warned = await run(
      written({ checkpoints: '  - { id: c, before: erp.pay, approve: { function: finance } }' }),
    );
    expect([warned.code, warned.out.includes('less than it seems (1)')]).toEqual([0, true]);
    const unshown = await run(
      written({
        checkpoints: `  - { id: c, before: erp.pay, when: "args.a.all(x, x > args.b.size())", ${four} }`,
      }),
    );
    expect([unshown.code, unshown.out.includes('cannot be shown')]).toEqual([1, true]);
  });

  test('json has every member that docs/audit.md names', async () => {
    const { code, out } = await run(written({}), { json: true });
    const document = JSON.parse(out) as { findings: object[] };
    expect(code).toBe(1);
    expect(document).toMatchObject({
      ok: false,
      counts: { error: 1, unshown: 0, warning: 0, note: 0, suppressed: 0 },
      looked: { agents: 1, tools: 2, paths: 1, checkpoints: 0 },
    });
    expect(document.findings[0]).toEqual({
      id: expect.stringMatching(/^f-/),
      kind: 'unguarded',
      level: 'error',
      sentence: expect.any(String),
      remedy: expect.any(String),
      parties: { agent: 'buyer', tool: 'erp.pay' },
      places: [
        { file: 'surety.yaml', line: 4, column: 3 },
        { file: 'surety.yaml', line: 13, column: 3 },
      ],
      shown: 'replayed',
      counterexample: expect.objectContaining({ surety: 'counterexample/1' }),
    });
  });

  test('names that people chose cannot steer the terminal', async () => {
    const folder = written({
      cedar: `@id("a\u001b[2Jb")\n${defaults.cedar}`,
      checkpoints: guarded.checkpoints ?? '',
    });
    expect((await run(folder)).out).not.toContain('\u001b');
  });

  test('files with errors are not audited', async () => {
    const folder = written({});
    writeFileSync(join(folder, 'surety.yaml'), 'orign: x\n');
    await expect(run(folder)).rejects.toThrow(/the configuration has \d+ errors/);
  });

  test('check says how much there is', async () => {
    const terminal = capture();
    expect(await check(terminal, { folder: written({}) })).toBe(0);
    expect(terminal.stdout()).toMatch(/\naudit: 1 error \(`surety audit` says what\)\nok: /);
    const json = capture();
    await check(json, { folder: written(guarded), json: true });
    expect(JSON.parse(json.stdout())).toMatchObject({ audit: { error: 0, unshown: 0, warning: 0 } });
  });
});

/** What readers of code scanning take from SARIF 2.1.0, with the constraints of its schema. */
const message = z.strictObject({ text: z.string().min(1) });
const physical = z.strictObject({
  physicalLocation: z.strictObject({
    artifactLocation: z.strictObject({ uri: z.string().regex(/^(?!\/)[^\s\\:]+$/) }),
    region: z.strictObject({ startLine: z.int().min(1), startColumn: z.int().min(1) }),
  }),
});
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z
    .array(
      z.strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.string(),
            version: z.string(),
            rules: z.array(
              z.strictObject({
                id: z.string(),
                shortDescription: message,
                fullDescription: message,
                help: message,
              }),
            ),
          }),
        }),
        columnKind: z.literal('utf16CodeUnits'),
        results: z.array(
          z.strictObject({
            ruleId: z.string(),
            ruleIndex: z.int().min(0),
            level: z.enum(['none', 'note', 'warning', 'error']),
            message,
            locations: z.array(physical).length(1),
            relatedLocations: z.array(physical.extend({ id: z.int() })).optional(),
            partialFingerprints: z.record(z.string(), z.string()),
            properties: z.record(z.string(), z.string()),
            suppressions: z
              .array(
                z.strictObject({
                  kind: z.enum(['inSource', 'external']),
                  status: z.enum(['accepted', 'underReview', 'rejected']),
                  justification: z.string(),
                }),
              )
              .optional(),
          }),
        ),
      }),
    )
    .length(1),
});

describe('sarif', () => {
  test('has the shape of 2.1.0, each result its rule, its place and its fingerprint', async () => {
    const folder = written({ tools: `${defaults.tools}  erp.*: { effect: read }\n` });
    writeFileSync(join(folder, 'audit.yaml'), suppressed(await idOf(folder), days(30)));
    const { code, out } = await run(folder, { sarif: true });
    const { runs } = sarif.parse(JSON.parse(out));
    const [{ tool, results }] = runs as [(typeof runs)[number]];
    expect([code, results.length, tool.driver.version]).toEqual([0, 2, '1.2.3']);
    for (const each of results) expect(tool.driver.rules[each.ruleIndex]?.id).toBe(each.ruleId);
    expect(new Set(results.map((each) => each.partialFingerprints['suretyFinding/v1'])).size).toBe(2);
    const [one] = results;
    expect(one?.suppressions?.[0]?.justification).toMatch(/^Being built\. \(lena@acme\.example, until \d/);
    expect(one?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: 'surety.yaml' },
      region: { startLine: 4, startColumn: 3 },
    });
  });
});

describe('suppressions', () => {
  test('one in force counts no more, and is said', async () => {
    const folder = written({});
    const id = await idOf(folder);
    writeFileSync(join(folder, 'audit.yaml'), suppressed(id, days(0)));
    const { code, out } = await run(folder);
    expect([code, out.includes(`suppressed (1)\n\n${id}  buyer can call`)]).toEqual([0, true]);
    expect(out).toContain(`lena@acme.example until ${days(0)}: Being built.`);
  });

  test('one that is over brings the finding back', async () => {
    const folder = written({});
    const id = await idOf(folder);
    writeFileSync(join(folder, 'audit.yaml'), suppressed(id, days(-1)));
    const { code, out } = await run(folder);
    expect([
      code,
      out.includes(`it was suppressed until ${days(-1)} by lena@acme.example: Being built.`),
    ]).toEqual([1, true]);
    const json = JSON.parse((await run(folder, { json: true })).out) as { findings: object[] };
    expect(json.findings[0]).toMatchObject({ suppressionOver: { expiry: days(-1) } });
  });

  test('one of what is not found is itself a finding, at its line', async () => {
    const folder = written(guarded, { 'audit.yaml': suppressed('f-abcdefghijkl', days(9)) });
    const { code, out } = await run(folder);
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^less than it seems \(1\)\n\nsuppression-idle {2}f-\S+ {2}audit\.yaml:2:5\n/),
    ]);
  });

  test.each([
    [
      'an owner whom nobody declares',
      suppressed('f-abcdefghijkl', days(9), 'who@acme.example'),
      /who@acme\.example.* is not declared/,
    ],
    ['no owner', `suppressions: [{ finding: f-abcdefghijkl, reason: x, expiry: "${days(9)}" }]`, /owner/],
    [
      'no reason',
      `suppressions: [{ finding: f-abcdefghijkl, owner: lena@acme.example, expiry: "${days(9)}" }]`,
      /reason/,
    ],
    ['for good', suppressed('f-abcdefghijkl', days(400)), /longer than 366 days/],
    ['a day that is none', suppressed('f-abcdefghijkl', '2026-02-30'), /is no day/],
    ['no finding', suppressed('everything', days(9)), /is not a finding/],
    [
      'twice',
      `${suppressed('f-abcdefghijkl', days(9))}${suppressed('f-abcdefghijkl', days(9)).split('\n')[1]}\n`,
      /stands here twice/,
    ],
    ['no YAML', 'suppressions: [', /not YAML/],
  ])('a file that cannot be used suppresses nothing and says why: %s', async (_, text, why) => {
    const folder = written({}, { 'audit.yaml': text });
    const terminal = capture();
    await expect(audit(terminal, '1.2.3', { folder })).rejects.toThrow('`audit.yaml` has errors');
    expect(terminal.stderr()).toMatch(why);
    const checked = capture();
    expect([await check(checked, { folder }), checked.stdout().includes('audit.yaml:')]).toEqual([1, true]);
  });
});

describe('counterexamples as tests', () => {
  test('are written, are open while the path is, and closed once a checkpoint stands before it', async () => {
    const folder = written({});
    const tests = join(folder, 'tests');
    expect((await run(folder, { tests })).code).toBe(1);
    const id = await idOf(folder);
    expect(readdirSync(tests)).toEqual([`${id}.json`]);
    const open = await run(folder, { replay: tests });
    expect([open.code, open.out]).toEqual([
      1,
      expect.stringContaining('1 counterexample played, 1 still open'),
    ]);
    writeFileSync(join(folder, 'outcomes/o.yaml'), filesOf(guarded)['outcomes/o.yaml'] ?? '');
    const closed = await run(folder, { replay: tests, json: true });
    expect(closed.code).toBe(0);
    expect(JSON.parse(closed.out)).toMatchObject({
      ok: true,
      played: [{ file: `${id}.json`, finding: id, is: 'closed', answer: 'held', step: 'checkpoint o/c' }],
    });
  });

  test.each([
    ['no JSON', '{'],
    ['another file', '{"surety":"counterexample/2"}'],
    [
      'no call',
      '{"surety":"counterexample/1","finding":"f","kind":"k","says":"s","without":[],"calls":[],"expect":{"answer":"allowed","step":"forward","passed":[]}}',
    ],
  ])('what is no counterexample plays nothing: %s', async (_, text) => {
    const folder = written({}, { 'kept/a.json': text });
    await expect(run(folder, { replay: join(folder, 'kept') })).rejects.toThrow('a.json cannot be played');
  });

  test('an empty folder is no success', async () => {
    const folder = written({}, { 'kept/read-me.txt': '' });
    await expect(run(folder, { replay: join(folder, 'kept') })).rejects.toThrow('no counterexample lies in');
    await expect(run(folder, { replay: join(folder, 'not-there') })).rejects.toThrow();
    expect(existsSync(join(folder, 'not-there'))).toBe(false);
    expect(readFileSync(join(folder, 'kept/read-me.txt'), 'utf8')).toBe('');
  });

  test('of several outputs one is chosen', async () => {
    const folder = written({});
    await expect(run(folder, { json: true, sarif: true })).rejects.toThrow('which of the two?');
    await expect(run(folder, { replay: 'x', tests: 'y' })).rejects.toThrow('--replay plays what is kept');
  });
});
