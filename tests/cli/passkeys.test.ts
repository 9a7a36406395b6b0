// What people type to let somebody register a passkey: invite, see, confirm, end; beside a running Surety, and while
// nothing runs. The registration itself is made as the pages make it, with a software authenticator.

import { toBase64url } from '@surety/proof/records';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Authenticator } from '../../packages/proof/src/approvals/authenticator.fixture.ts';
import { loadConfig } from '../../packages/surety/src/config/index.ts';
import { openHouse } from '../../packages/surety/src/house.ts';
import { Installation } from './installation.fixture.ts';

const here = new Installation();
const lines = (text: string): string[] => text.trimEnd().split('\n');
const origin = 'https://surety.example.com';
const ines = 'ines@example.com';

beforeAll(async () => {
  await here.build();
  const { stdout } = await here.run('key', 'lena.key');
  const people = `  - { id: lena@example.com, functions: [it], keys: ["${stdout.trim()}"] }
  - { id: ${ines}, functions: [operations] }
`;
  here.edit('surety.yaml', (text) =>
    `${text}\npasskeys: { invite: [it], confirm: [operations] }\n`.replace(
      /^(people:\n)/m,
      (head) => head + people,
    ),
  );
  await here.run('credential', 'assistant');
}, 120_000);
afterAll(() => here.remove());

/** With the code, while nothing else has the store. */
async function register(code: string, passkey: Authenticator): Promise<void> {
  const loaded = await loadConfig(here.folder, process.env);
  if (!loaded.ok) throw new Error('the files are wrong');
  const house = await openHouse(loaded.config, { program: 'command', env: {}, onNote: () => undefined });
  const made = { credential: passkey.passkey.credential, publicKey: toBase64url(passkey.spki) };
  const { challenge } = house.passkeys.challengeFor(code, made, origin);
  await house.passkeys.register(code, made, origin, passkey.get(challenge).response);
  await house.close();
}

test('asks for what is missing', async () => {
  const typed = [
    ['passkey', 'invite'],
    ['passkey', 'invite', ines],
    ['passkey', 'invite', ines, '--key', 'you.key'],
    ['passkey', 'invite', 'lena@example.com', '--key', 'lena.key'],
    ['passkey', 'invite', ines, '--key', 'lena.key', '--days', '31'],
    ['passkey', 'confirm', 'p-none', '--key', 'you.key'],
    ['passkey', 'wait'],
  ];
  const said = [];
  for (const words of typed) said.push(await here.run(...words));
  expect(said.map(({ code, stderr }) => [code, lines(stderr)[0]])).toEqual([
    [64, 'error: which one?'],
    [4, 'error: with which key?'],
    [4, 'error: you@example.com may not invite: the people of operations may not invite'],
    [4, 'error: lena@example.com may not invite: nobody does this for themselves'],
    [64, expect.stringContaining('It is no whole number from 1 to 30.')],
    [1, 'error: there is no invitation `p-none`'],
    [64, expect.stringContaining('`wait` is invalid')],
  ]);
  expect((await here.run('passkey')).stdout).toBe('nobody was invited to register a passkey\n');
}, 60_000);

test('invites, and shows the code once and nowhere else', async () => {
  const made = await here.run('passkey', 'invite', ines, '--key', 'lena.key');
  expect(made.code).toBe(0);
  const [code = ''] = lines(made.stdout);
  expect(code).toMatch(/^[\w-]{27}$/);
  const listed = (await here.run('passkey', '--json')).stdout;
  expect(JSON.parse(listed)).toMatchObject([{ person: ines, by: 'lena@example.com', state: 'invited' }]);
  const told = (await here.run('tail', '-n', '50')).stdout;
  expect(told).toContain(`lena@example.com invited ${ines} for it to register a passkey`);
  expect(listed + told).not.toContain(code);
  await register(code, new Authenticator(origin));
}, 120_000);

test('confirms beside a running Surety, says so everywhere, and ends it', async () => {
  const waiting = JSON.parse((await here.run('status', '--json')).stdout) as {
    passkeys: { invitation: string; person: string; fingerprint: string }[];
  };
  const [pending] = waiting.passkeys;
  expect(pending).toMatchObject({ person: ines });
  const name = pending?.invitation ?? '';
  expect((await here.run('status')).stdout).toContain(`the passkey ${pending?.fingerprint} of ${ines}`);
  const { child } = await here.up();
  const wrong = await here.run('passkey', 'confirm', name, '--key', 'lena.key');
  expect([wrong.code, lines(wrong.stderr)[0]]).toEqual([
    4,
    'error: lena@example.com may not confirm: the people of it may not confirm',
  ]);
  const confirmed = await here.run('passkey', 'confirm', name.slice(0, 8), '--key', 'you.key');
  expect(confirmed.stderr).toContain(`registered ${pending?.fingerprint}: confirm it only if`);
  expect(confirmed.stderr).toContain(`it signs for ${ines} on ${origin}`);
  expect(lines(confirmed.stdout)).toEqual([`the passkey of ${ines} signs for them from now on (${name})`]);
  expect((await here.run('passkey')).stdout).toContain(`${ines} signs with ${pending?.fingerprint}`);
  const again = await here.run('passkey', 'confirm', name, '--key', 'you.key');
  expect([again.code, lines(again.stderr).at(-1)]).toEqual([1, expect.stringContaining('is confirmed')]);
  const ended = await here.run('passkey', 'revoke', name, '--key', 'you.key', '--reason', 'Lost.', '--json');
  expect(JSON.parse(ended.stdout)).toMatchObject({ invitation: name, person: ines, state: 'revoked' });
  expect((await here.run('tail', '-n', '3')).stdout).toContain('"Lost."');
  child.kill('SIGTERM');
}, 120_000);
