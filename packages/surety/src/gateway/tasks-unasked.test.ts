// Tasks that nobody asks about: whose they are, how long they are kept, and what becomes of their calls.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestHouse, told } from '../house.fixture.ts';
import { Sessions } from './mcp/sessions.ts';
import { Tasks } from './mcp/tasks.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await TestHouse.open();
});
afterAll(() => house?.close());

describe('a task that nobody asks about', () => {
  test('is lost as an answer is: its call stays open for the record', async () => {
    const reply = await house.call(
      'erp.note',
      { text: 'w' },
      { answer: () => ({ is: 'task', text: '{}', value: {} }) },
    );
    if (reply.is !== 'upstream' || reply.running === undefined) throw new Error('it does not run');
    const { running: call } = reply;
    const tasks = new Tasks({ lifeMsMin: 1 });
    const task = { agent: 'buyer', server: 'erp', native: 'x', tool: 'erp.note', call, session: undefined };
    await house.house.gateway.caughtUp();
    const from = house.log.size();
    tasks.add({ ...task, asked: {}, isOver: false }, 1);
    await expect.poll(() => tasks.find('buyer', 'erp', 'x')).toBe(undefined);
    expect((await house.facts()).slice(from).filter(({ kind }) => kind.startsWith('call.'))).toEqual([]);
    const { body } = (await house.factsOf('call.intended')).at(-1) ?? { body: { call: '' } };
    expect([...house.house.gateway.logic.open.keys()]).toContain(body.call);
    expect([...house.house.gateway.onTheWay]).not.toContain(body.call);
    expect(told(await house.call('erp.note', { text: 'w' }))).toContain('not known yet');
    await expect(call.onInput({ request: {}, response: {} })).rejects.toThrow('over');
    tasks.close();
  });

  test('keeps its session for longer than others, and locks nobody out', async () => {
    const sessions = new Sessions(() => ({ sessionsOfAgentMax: 2, sessionIdleMsMax: 60_000 }));
    const open = (...tasks: string[]) => {
      const session = sessions.open('a', '', {});
      for (const task of tasks) session?.running.add(task);
      return session?.id ?? '';
    };
    const isThere = (id: string) => [...sessions.all()].some((each) => each.id === id);
    const [first, second, third] = [open('t'), open(), open('u')];
    expect([first, second, third].map(isThere)).toEqual([true, false, true]);
    const fourth = open();
    expect([first, third, fourth].map(isThere)).toEqual([false, true, true]);
    await sessions.close();
  });

  test('makes room for newer ones of its agent only', () => {
    const lost: string[] = [];
    const tasks = new Tasks();
    const add = (agent: string, native: string) => {
      const call = { onInput: async () => {}, mayLeave: () => true, settle: () => void lost.push(native) };
      tasks.add(
        { agent, server: 's', native, tool: 't', call, session: undefined, asked: {}, isOver: false },
        60_000,
      );
    };
    add('b', 'theirs');
    for (let at = 0; at < 257; at++) add('a', `t${at}`);
    expect(lost).toEqual(['t0']);
    tasks.leave(['s']);
    expect(lost).toHaveLength(258);
    tasks.close();
  });
});
