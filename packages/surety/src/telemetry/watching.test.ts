// An observer decides nothing: whatever a call does, it goes on once and its reply is given back as it is.

import { describe, expect, test } from 'vitest';
import type { ToolReply, ToolRequest } from '../gateway/mcp/index.ts';
import { parseTraceparent, printTraceparent } from './trace.ts';
import { type CallSeen, Watching } from './watching.ts';

function watching() {
  const timed: [string, Record<string, unknown>][] = [];
  const seen: CallSeen[] = [];
  const instruments = {
    time: (name: string, _: number, attributes: object) => timed.push([name, { ...attributes }]),
    count: () => undefined,
  };
  const observer = new Watching({
    instruments: instruments as never,
    tracer: undefined,
    counted: () => ({ tool: 'erp.*', effect: 'read' }),
    refusal: () => 'permission',
    onCall: (call) => seen.push(call),
  });
  return { observer, timed, seen };
}

const request = (forward: ToolRequest['forward']): ToolRequest => ({
  tool: 'erp.made-up',
  args: { a: 'canary' },
  forward,
});
const never = () => Promise.reject(new Error('not sent'));
const answered = { is: 'result', text: '{}', value: {} } as const;

describe('a request that is no call', () => {
  const list = { method: 'tools/list', id: 1 };

  test('is served once, and timed by its method', async () => {
    const { observer, timed, seen } = watching();
    expect(await observer.request('buyer', list, async () => 'served')).toBe('served');
    expect(timed).toEqual([['mcp.server.operation.duration', { 'mcp.method.name': 'tools/list' }]]);
    expect(seen).toEqual([]);
  });

  test.each([
    [Object.assign(new Error('canary'), { code: -32602 }), '-32602'],
    [new Error('canary'), 'error'],
  ])('that is refused is refused as it was, and counted (%#)', async (cause, type) => {
    const { observer, timed } = watching();
    await expect(observer.request('buyer', list, () => Promise.reject(cause))).rejects.toBe(cause);
    expect(timed).toEqual([
      ['mcp.server.operation.duration', { 'mcp.method.name': 'tools/list', 'error.type': type }],
    ]);
  });
});

describe('a question first, for a call that never crosses', () => {
  const asked = { tool: 'erp.made-up', args: { a: 'canary' } };

  test.each([
    [{ decision: 'allow', call: 'c-1' }, 'allow'],
    [{ decision: 'hold', message: 'canary' }, 'hold'],
    [{ decision: 'refuse', message: 'canary' }, 'deny'],
  ] as const)('is answered as it was, and timed (%#)', async (decided, decision) => {
    const { observer, timed, seen } = watching();
    const answer = await observer.decide('buyer', asked, async (watched) => {
      expect([watched.tool, watched.args]).toEqual([asked.tool, asked.args]);
      watched.onBegun?.('c-1');
      return decided;
    });
    expect(answer).toBe(decided);
    expect(timed).toEqual([['surety.decision.duration', { decision }]]);
    expect(seen).toMatchObject([{ call: 'c-1', decision, tool: 'erp.*', agent: 'buyer' }]);
    expect(JSON.stringify([timed, seen])).not.toMatch(/canary|made-up/);
  });

  test('that fails fails as it did, and counts as an error', async () => {
    const { observer, timed, seen } = watching();
    await expect(observer.decide('buyer', asked, never)).rejects.toThrow('not sent');
    expect(timed).toEqual([['surety.decision.duration', { decision: 'error' }]]);
    expect(seen).toMatchObject([{ decision: 'error', error: 'error' }]);
  });
});

describe('a call', () => {
  test('that passes is sent once, with nothing added where nobody traces', async () => {
    const { observer, timed, seen } = watching();
    const given: unknown[] = [];
    const reply = await observer.call(
      'buyer',
      request(async (...args) => {
        given.push(args);
        return answered;
      }),
      async (watched) => {
        watched.onBegun?.('c-1');
        return { is: 'upstream', reply: await watched.forward() };
      },
    );
    expect(reply).toEqual({ is: 'upstream', reply: answered });
    expect(given).toEqual([[undefined, undefined]]);
    expect(timed.map(([name]) => name)).toEqual([
      'surety.decision.duration',
      'mcp.client.operation.duration',
      'mcp.server.operation.duration',
    ]);
    expect(seen).toMatchObject([{ call: 'c-1', decision: 'allow', tool: 'erp.*' }]);
    expect([observer.active, [...observer.upstreams]]).toEqual([0, [['erp', true]]]);
    expect(JSON.stringify([timed, seen])).not.toMatch(/canary|made-up/);
  });

  test.each([
    ['refused', 'deny'],
    ['held', 'hold'],
    ['failed', 'error'],
  ] as const)('that is %s is counted as %s', async (is, decision) => {
    const { observer, timed, seen } = watching();
    const reply: ToolReply = { is, message: 'm' };
    expect(await observer.call('buyer', request(never), async () => reply)).toBe(reply);
    expect(seen).toMatchObject([{ decision, error: 'tool_error' }]);
    expect(timed.map(([name]) => name)).not.toContain('mcp.client.operation.duration');
  });

  test('whose answer is lost says so of its server', async () => {
    const { observer, timed } = watching();
    const lost = { is: 'lost', cause: 'gone' } as const;
    await observer.call(
      'buyer',
      request(async () => lost),
      async ({ forward }) => {
        await forward();
        return { is: 'failed', message: 'm' };
      },
    );
    expect(timed[1]?.[1]['error.type']).toBe('lost');
    expect([...observer.upstreams]).toEqual([['erp', false]]);
  });

  test('that throws still throws, and is not under way any more', async () => {
    const { observer } = watching();
    await expect(observer.call('buyer', request(never), ({ forward }) => forward() as never)).rejects.toThrow(
      'not sent',
    );
    expect(observer.active).toBe(0);
  });
});

describe('traceparent', () => {
  const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  test('is read as the specification says, and printed again', () => {
    const parsed = parseTraceparent(good);
    expect(parsed).toEqual({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      sampled: true,
    });
    expect(parsed && printTraceparent(parsed)).toBe(good);
    // A later version may say more.
    expect(parseTraceparent(`01${good.slice(2)}-more`)?.traceId).toBe(parsed?.traceId);
  });

  test.each([
    undefined,
    '',
    good.toUpperCase(),
    `ff${good.slice(2)}`,
    `${good}-more`,
    `${good} `,
    good.replace(/4bf9\w+/, '0'.repeat(32)),
    good.replace('00f067aa0ba902b7', '0'.repeat(16)),
    'x'.repeat(100_000),
  ])('%# is none', (text) => expect(parseTraceparent(text)).toBeUndefined());
});
