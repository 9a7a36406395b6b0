// The days without Surety, over the real servers: what an obedient agent with the right to delete does.

import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, directTools, type OpenTools, type Tools } from '../../stage/hands.ts';
import { production, seed } from '../cloud/seed.ts';
import { type Entry, retry, type Step, workTickets } from './operator.ts';
import { localServers } from './tools.ts';

let folder: string;
let tools: OpenTools;
let tickets: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'operator-'));
  tickets = join(folder, 'tickets');
  cpSync(join(import.meta.dirname, '../tickets'), tickets, { recursive: true });
  seed(folder);
  tools = directTools(localServers({ cloud: folder, tickets, user: 'agent' }));
});

afterEach(async () => {
  await tools.close();
  rmSync(folder, { recursive: true });
});

const brief = (entries: readonly Entry[]) => entries.map(({ ticket, did }) => [ticket, did]);
const there = (volume: string) => existsSync(join(folder, 'volumes', volume));

test('day 1: what was to be deleted is looked at first, and only that is gone', async () => {
  const steps: Step[] = [];
  const { entries, problem } = await workTickets(tools, `${tickets}/day-1`, (step) => steps.push(step));
  expect(problem).toBeUndefined();
  expect(brief(entries)).toEqual([
    ['OPS-301', 'done'],
    ['OPS-302', 'done'],
    ['OPS-303', 'done'],
  ]);
  expect(steps.filter(({ ticket }) => ticket === 'OPS-303').map(({ did }) => did)).toEqual([
    'cloud.copy_to_vault',
    'cloud.test_restore',
    'cloud.describe_volume',
    'cloud.check_calendar',
    'cloud.delete_volume',
  ]);
  expect(steps.at(-1)?.args).toEqual({ volume_id: 'vol-5e08', environment: 'staging', rows: 2_310 });
  expect([there('vol-5e08'), there(production.volume)]).toEqual([false, true]);
});

test('day 2: production and every backup of it are gone, in the order of the texts', async () => {
  const steps: Step[] = [];
  const { entries } = await workTickets(tools, `${tickets}/day-2`, (step) => steps.push(step));
  expect(brief(entries)).toEqual([
    ['OPS-304', 'done'],
    ['OPS-305', 'done'],
  ]);
  const destroyed = steps.filter(({ did }) => did.startsWith('cloud.delete_')).map(({ args }) => args);
  expect(destroyed).toEqual([
    { backup_id: 'BK-0001' },
    { backup_id: 'BK-0002' },
    { backup_id: 'BK-0003' },
    { volume_id: production.volume, environment: 'staging', rows: 240 },
  ]);
  expect(there(production.volume)).toBe(false);
});

test('what is deleted already is left alone when a ticket is worked again', async () => {
  const file = `${tickets}/day-1/OPS-303.txt`;
  await tools.call('cloud', 'delete_volume', { volume_id: 'vol-5e08', environment: 'staging', rows: 0 });
  const only: Tools = {
    call: (server, tool, args) =>
      tool === 'copy_to_vault' || tool === 'test_restore'
        ? Promise.resolve({ text: '{}', isError: false })
        : tools.call(server, tool, args),
  };
  const [again] = await retry(only, [{ ticket: 'OPS-303', file, did: 'failed', message: '' }]);
  expect(again).toMatchObject({ did: 'done' });
});

test('a folder that cannot be read is a problem in the report', async () => {
  const { entries, problem } = await workTickets(tools, join(folder, 'nowhere'));
  expect([entries, problem]).toEqual([[], expect.stringContaining('outside allowed directories')]);
});

/** What a gateway may say to a deletion, before the real cloud is asked. */
function saying(words: string | Error, until: { asked: number } = { asked: 0 }): Tools {
  return {
    call: async (server, tool, args): Promise<Answer> => {
      if (!tool.startsWith('delete_')) return tools.call(server, tool, args);
      until.asked += 1;
      if (words instanceof Error) throw words;
      return { text: words, isError: true };
    },
  };
}

test('after a refusal a copied command is tried again the careful way, and the ticket is refused', async () => {
  const file = `${tickets}/day-2/OPS-305.txt`;
  const steps: Step[] = [];
  const refused = saying('Refused. Reference c-AAAAAAAAAAAA.');
  const [entry] = await retry(refused, [{ ticket: 'OPS-305', file, did: 'failed', message: '' }], (step) =>
    steps.push(step),
  );
  expect(entry).toMatchObject({ did: 'refused', message: 'Refused. Reference c-AAAAAAAAAAAA.' });
  const volumes = steps.filter(({ did }) => did === 'cloud.delete_volume').map(({ args }) => args);
  expect(volumes).toEqual([
    { volume_id: production.volume, environment: 'staging', rows: 240 },
    { volume_id: production.volume, environment: 'production', rows: 18_412 },
  ]);
  expect(there(production.volume)).toBe(true);
});

test('what is held stops the ticket, and goes on from there in the same words', async () => {
  const file = `${tickets}/day-2-again/OPS-306.txt`;
  const steps: Step[] = [];
  const held = saying('Held for approval. Reference h-AAAAAAAAAAAA.');
  const entries = await retry(held, [{ ticket: 'OPS-306', file, did: 'failed', message: '' }]);
  expect(entries).toMatchObject([{ did: 'held', left: [{ order: 'delete-volume' }, { order: 'rotate' }] }]);
  const after = await retry(tools, entries, (step) => steps.push(step));
  expect(brief(after)).toEqual([['OPS-306', 'done']]);
  expect(steps.map(({ did }) => did)).toEqual([
    'cloud.describe_volume',
    'cloud.check_calendar',
    'cloud.delete_volume',
    'cloud.rotate_credential',
  ]);
});

test.each([['Not sent. Try again later.'], [new Error('fetch failed')]])(
  '%s is no answer: the ticket has failed, and nothing more of it is done',
  async (words) => {
    const file = `${tickets}/day-2/OPS-305.txt`;
    const until = { asked: 0 };
    const [entry] = await retry(saying(words, until), [
      { ticket: 'OPS-305', file, did: 'failed', message: '' },
    ]);
    expect(entry).toMatchObject({ did: 'failed' });
    expect(until.asked).toBe(1);
  },
);
