// What a person types at three in the morning: what would be stopped, stop it, see it, let it go on; beside a running
// Surety, and while nothing runs.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Installation } from './installation.fixture.ts';

const here = new Installation();
const signed = ['--reason', 'It deletes what it should read.', '--key', 'you.key'];
const noOrder = 'o-AAAAAAAAAAAA';

beforeAll(async () => {
  await here.build();
  await here.run('credential', 'assistant');
}, 120_000);
afterAll(() => here.remove());

const lines = (text: string): string[] => text.trimEnd().split('\n');

test('asks for what is missing', async () => {
  const typed = [
    ['contain', 'agent', ...signed],
    ['contain', 'everything', 'assistant', ...signed],
    ['contain', ...signed],
    ['contain', 'robot', 'assistant', ...signed],
    ['contain', 'agent', 'assistant', '--key', 'you.key'],
    ['contain', 'agent', 'assistant', '--reason', 'x'],
    ['contain', 'agent', 'asistant', ...signed],
    ['lift', noOrder, ...signed],
  ];
  const said = [];
  for (const words of typed) said.push(await here.run(...words));
  expect(said.map(({ code, stderr }) => [code, lines(stderr)[0]])).toEqual([
    [64, 'error: which agent?'],
    [64, 'error: everything has no name'],
    [64, 'error: contain what?'],
    [64, expect.stringContaining('`robot` is invalid')],
    [64, 'error: for which reason?'],
    [4, 'error: with which key?'],
    [1, 'error: there is no agent `asistant` here'],
    [1, `error: no order \`${noOrder}\` is in force`],
  ]);
}, 60_000);

test('says who would be affected, and does nothing', async () => {
  const { code, stdout } = await here.run('contain', 'server', 'files', '--dry-run');
  expect([code, lines(stdout)]).toEqual([
    0,
    [
      'nothing was done; containing server files would stop',
      '  agents: assistant',
      '  tools: files.list_allowed_directories, files.list_directory, files.read_text_file, files.write_file',
      '  outcomes: no-silent-change (you@example.com)',
      '  waiting for approval, then refused: none',
      '  in flight, not called back: none',
    ],
  ]);
  const json = await here.run('contain', 'agent', 'assistant', '--dry-run', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ scope: 'agent assistant', inFlight: [], holds: [] });
  expect((await here.run('contain')).stdout).toBe('nothing is contained\n');
});

test('contains beside a running Surety, shows it everywhere, and lifts it', async () => {
  const { child } = await here.up();
  const made = await here.run('contain', 'agent', 'assistant', ...signed);
  expect([made.code, lines(made.stdout)]).toEqual([
    0,
    [
      expect.stringMatching(/^agent assistant is contained: `surety lift o-[\w-]{12}` ends it$/),
      'nothing was in flight',
    ],
  ]);
  const order = /o-[\w-]{12}/.exec(made.stdout)?.[0] ?? '';
  const line = `${order}  agent assistant is contained, by you@example.com since`;
  const listed = await here.run('contain', '--list');
  expect(listed.stdout).toContain(line);
  expect(listed.stdout).toContain('It deletes what it should read.');
  expect((await here.run('status')).stdout).toContain(line);
  expect((await here.run('tail', '-n', '5')).stdout).toContain(
    `you@example.com contained agent assistant (${order})`,
  );
  const doctor = JSON.parse((await here.run('doctor', '--json')).stdout) as {
    checks: { check: string; state: string; found: string }[];
  };
  expect(doctor.checks.filter(({ check }) => check === 'containment')).toEqual([
    {
      check: 'containment',
      state: 'warn',
      found: expect.stringContaining(line),
      remedy: `surety lift ${order}`,
    },
  ]);
  const lifted = await here.run('lift', order, '--reason', 'It was us.', '--key', 'you.key', '--json');
  expect(JSON.parse(lifted.stdout)).toMatchObject({
    lifts: order,
    scope: 'agent assistant',
    person: 'you@example.com',
  });
  expect((await here.run('contain', '--json')).stdout).toBe('[]\n');
  child.kill('SIGTERM');
}, 120_000);

test('contains while nothing runs: the next start finds it', async () => {
  const made = await here.run('contain', 'everything', ...signed, '--json');
  const { order, inFlightCount } = JSON.parse(made.stdout) as { order: string; inFlightCount: number };
  expect(inFlightCount).toBe(0);
  const found = JSON.parse((await here.run('status', '--json')).stdout) as { contained: unknown };
  expect(found.contained).toMatchObject([{ order, scope: 'everything', stops: 'everything', verdict: null }]);
  expect((await here.run('lift', order, '--reason', 'Over.', '--key', 'you.key')).code).toBe(0);
}, 120_000);
