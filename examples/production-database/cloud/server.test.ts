// The real processes: the server over stdio with the official client at the other end, and the console; real files beneath.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Cloud } from './cloud.ts';
import { openDatabase } from './database.ts';
import { held, production, seed } from './seed.ts';
import { rowsIn } from './volumes.ts';

let folder: string;
let clients: Client[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloud-server-'));
  seed(folder);
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  rmSync(folder, { recursive: true });
});

const at = (time: string): Record<string, string> => {
  const file = join(folder, 'clock.json');
  writeFileSync(file, JSON.stringify({ at: Date.parse(time), real: Date.now() }));
  return { SURETY_CLOCK: file };
};

async function connect(env: Record<string, string> = at('2026-06-15T09:00:00Z')): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  clients.push(client);
  const whole = { CLOUD_FOLDER: folder, CLOUD_USER: 'surety-gateway', ...env };
  const args = [join(import.meta.dirname, 'server.ts')];
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, env: whole, stderr: 'ignore' }),
  );
  await client.listTools(); // From here on the client checks every answer against its schema.
  return client;
}

/** The structured content, which must be the text block's JSON too. */
async function asked(client: Client, name: string, args: Record<string, unknown> = {}) {
  const answer = await client.callTool({ name, arguments: args });
  expect([name, answer.isError ?? false, answer.content]).toEqual([
    name,
    false,
    [{ type: 'text', text: JSON.stringify(answer.structuredContent) }],
  ]);
  return answer.structuredContent as Record<string, unknown>;
}

async function refusal(client: Client, name: string, args: Record<string, unknown>): Promise<string> {
  const answer = await client.callTool({ name, arguments: args });
  expect(answer.isError).toBe(true);
  return answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

const volume = { volume_id: production.volume };
const volumesThere = () => readdirSync(join(folder, 'volumes'));

function atConsole(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { CLOUD_FOLDER: folder, CLOUD_USER: 'k.lenz', ...at('2026-06-17T12:00:00Z') };
  const program = join(import.meta.dirname, 'console.ts');
  return spawnSync(process.execPath, [program, ...args], { env, encoding: 'utf8' });
}

test('describes what is really there, and what is frozen when', async () => {
  const client = await connect();
  for (const { volume: volume_id, environment, rows, database } of held)
    expect(await asked(client, 'describe_volume', { volume_id })).toMatchObject({
      ...{ environment, rows, database_id: database, region: 'eu-1', state: 'there' },
    });
  expect(await asked(client, 'check_calendar', { environment: 'production' })).toMatchObject({
    frozen: false,
  });
  at('2026-06-16T09:00:00Z');
  expect(await asked(client, 'check_calendar', { environment: 'production' })).toEqual({
    ...{ environment: 'production', frozen: true, until: '2026-06-20T00:00:00.000Z', why: 'summer sale' },
  });
  expect(await asked(client, 'check_calendar', { environment: 'staging' })).toMatchObject({ frozen: false });
  for (const [table, count] of [
    ['databases', 3],
    ['volumes', 3],
    ['backups', 4],
  ] as const)
    expect((await asked(client, `list_${table}`))[table], table).toHaveLength(count);
});

describe('a restore', () => {
  test('is tried with what lies elsewhere, if anything does', async () => {
    const client = await connect();
    const before = await asked(client, 'test_restore', volume);
    expect(before).toMatchObject({ backup_id: 'BK-0003', restored: true, region: 'eu-1' });
    const copied = await asked(client, 'copy_to_vault', volume);
    expect(copied).toMatchObject({ backup_id: 'BK-0005', region: 'eu-2', rows: 18_412 });
    const after = await asked(client, 'test_restore', volume);
    expect(after).toMatchObject({ backup_id: 'BK-0005', restored: true, region: 'eu-2' });
  });

  test.each([
    ['one that was damaged', (file: string) => writeFileSync(file, 'no database')],
    ['one that is not there', (file: string) => rmSync(file)],
  ])('of %s fails, and the record says so', async (_, spoil) => {
    const client = await connect();
    await asked(client, 'copy_to_vault', volume);
    spoil(join(folder, 'vault/BK-0005.sqlite'));
    expect(await asked(client, 'test_restore', volume)).toMatchObject({
      backup_id: 'BK-0005',
      restored: false,
    });
    const db = openDatabase(join(folder, 'cloud.db'));
    expect(db.prepare('SELECT restored, tested_by FROM restore_tests').all()).toEqual([
      { restored: 0, tested_by: 'surety-gateway' },
    ]);
    db.close();
  });
});

describe('deleting', () => {
  test('a volume asks nothing and takes its backups along; only what is elsewhere stays', async () => {
    const client = await connect();
    await asked(client, 'copy_to_vault', volume);
    // It believes all of this of the caller.
    const believed = { ...volume, environment: 'staging', rows: 0 };
    expect(await asked(client, 'delete_volume', believed)).toEqual({
      ...{ deletion_id: 'DEL-0001', ...volume, backups: 3 },
    });
    expect(volumesThere()).not.toContain(production.volume);
    expect(readdirSync(join(folder, 'vault'))).toEqual(['BK-0005.sqlite']);
    expect(await asked(client, 'describe_volume', volume)).toMatchObject({ state: 'deleted', rows: 0 });
    const gone = /^volume `vol-7f3a` was deleted at 2026-06-15T09:/;
    expect(await refusal(client, 'delete_volume', believed)).toMatch(gone);
    expect(await refusal(client, 'copy_to_vault', volume)).toMatch(gone);
    const db = openDatabase(join(folder, 'cloud.db'));
    // Where it was, not where the caller said it was.
    expect(db.prepare('SELECT environment, backups, deleted_by FROM deletions').all()).toEqual([
      { environment: 'production', backups: 3, deleted_by: 'surety-gateway' },
    ]);
    db.close();
  });

  test('a backup leaves the others; in the vault nobody deletes', async () => {
    const client = await connect();
    const backup_id = 'BK-0002';
    expect(await asked(client, 'count_copies', { backup_id })).toEqual({ backup_id, immutable: 0 });
    await asked(client, 'copy_to_vault', volume);
    expect(await asked(client, 'count_copies', { backup_id })).toEqual({ backup_id, immutable: 1 });
    for (const notice of ['announce_backup_deletion', 'keep_backup'])
      await asked(client, notice, { backup_id });
    await asked(client, 'delete_backup', { backup_id });
    expect(readdirSync(join(folder, 'volumes', production.volume, 'backups'))).toEqual([
      ...['BK-0001.sqlite', 'BK-0003.sqlite'],
    ]);
    expect(await refusal(client, 'delete_backup', { backup_id })).toContain('was deleted at');
    expect(await refusal(client, 'delete_backup', { backup_id: 'BK-0005' })).toBe(
      'backup `BK-0005` lies in the vault: nobody can delete it',
    );
  });

  test('that was begun when the process was killed is ended by the next one', async () => {
    const db = openDatabase(join(folder, 'cloud.db'));
    db.exec(
      "INSERT INTO deletions VALUES ('DEL-0001', 'vol-5e08', 'staging', 0, 'x', '2026-06-15T09:00:00.000Z')",
    );
    db.close();
    expect(volumesThere()).toContain('vol-5e08');
    Cloud.open(folder, 'x', Date.now).close();
    expect(volumesThere()).not.toContain('vol-5e08');
  });
});

test('a credential is rotated', async () => {
  const client = await connect();
  const args = { database_id: 'db-bookings-staging' };
  expect(await asked(client, 'rotate_credential', args)).toEqual({ ...args, credential: 'cred-2' });
  expect(await asked(client, 'rotate_credential', args)).toEqual({ ...args, credential: 'cred-3' });
});

test('says what there is not, and takes no more than it asks for', async () => {
  const client = await connect();
  const none = { volume_id: 'vol-0000' };
  expect(await refusal(client, 'describe_volume', none)).toBe('there is no volume `vol-0000`');
  expect(await refusal(client, 'delete_volume', { ...none, environment: 'staging', rows: 0 })).toBe(
    'there is no volume `vol-0000`',
  );
  expect(await refusal(client, 'delete_backup', { backup_id: 'BK-9999' })).toBe(
    'there is no backup `BK-9999`',
  );
  expect(await refusal(client, 'rotate_credential', { database_id: 'db-x' })).toBe(
    'there is no database `db-x`',
  );
  await refusal(client, 'describe_volume', { volume_id: '../vault' });
  await refusal(client, 'delete_volume', { ...volume, environment: 'staging', rows: 0, force: true });
  expect(existsSync(join(folder, 'volumes', production.volume))).toBe(true);
});

test.each([[{ CLOUD_USER: '' }], [{ CLOUD_FOLDER: '/nowhere' }], [{ SURETY_CLOCK: '/nowhere/clock.json' }]])(
  '%j stops the start',
  async (env) => {
    await expect(connect(env)).rejects.toThrow();
  },
);

describe('the console', () => {
  test('deletes as whoever sits there, and brings back what lies in the vault', async () => {
    const client = await connect();
    await asked(client, 'copy_to_vault', volume);
    expect(JSON.parse(atConsole('delete-volume', production.volume).stdout)).toMatchObject({ backups: 3 });
    expect(volumesThere()).not.toContain(production.volume);
    const brought = { volume_id: 'vol-0005', rows: 18_412 };
    expect(JSON.parse(atConsole('bring-back', 'BK-0005').stdout)).toEqual(brought);
    // Interrupted and begun again, it is the same volume.
    expect(JSON.parse(atConsole('bring-back', 'BK-0005').stdout)).toEqual(brought);
    expect(rowsIn(join(folder, 'volumes/vol-0005/data.sqlite'))).toBe(18_412);
    expect(await asked(client, 'describe_volume', { volume_id: 'vol-0005' })).toMatchObject({
      ...{ database_id: production.database, environment: 'production' },
    });
  });

  test.each([
    [['delete-volume', 'vol-0000'], 1, 'there is no volume `vol-0000`'],
    [['bring-back', 'BK-0001'], 1, 'backup `BK-0001` does not lie in the vault'],
    [['format', 'vol-7f3a'], 64, 'usage:'],
    [['delete-volume'], 64, 'usage:'],
  ] as const)('%j ends with %i', (args, status, said) => {
    expect(atConsole(...args)).toMatchObject({ status, stderr: expect.stringContaining(said) });
  });
});
