// A client of MCP 2026-07-28 on a server of the earlier era that asks in the middle of a call: over a real ledger, with
// the official SDK's client, and a process that waits on its open request.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { files, TestHouse } from '../house.fixture.ts';
import type { Upstream } from './mcp/index.ts';
import { modern, raw, type Served, scripted, serve } from './mcp/surroundings.fixture.ts';

let house: TestHouse;
let served: Served;
let upstream: Upstream;
const credentials = new Map<string, string>();

beforeAll(async () => {
  const surety = files['surety.yaml'].replace(
    'erp.look: { effect: read }',
    'erp.look: { effect: read }\n  erp.elicits: { effect: write }\n  erp.progresses: { effect: write }',
  );
  house = await TestHouse.open({ 'surety.yaml': surety });
  for (const agent of ['buyer', 'second'])
    credentials.set(agent, (await house.house.issue(agent, 600_000)).credential);
  upstream = scripted('plain', {}, 'erp');
  served = await serve({ governor: house.house.gateway, upstreams: [upstream] });
});
afterAll(async () => {
  await served.close();
  await upstream.close();
  await house.close();
});

const authorization = (agent = 'buyer') => `Bearer ${credentials.get(agent)}`;
const accepted = { action: 'accept' as const, content: { sure: true } };
const kindsSince = async (position: number) =>
  (await house.facts()).slice(position).flatMap(({ kind }) => (kind.startsWith('call.') ? [kind] : []));

test('is asked, and its answer goes to the very request that waits', async () => {
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: 'auto' } },
  );
  const asked: unknown[] = [];
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    asked.push(params);
    return accepted;
  });
  const requestInit = { headers: { Authorization: authorization() } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${served.url}/mcp/erp`), { requestInit }));
  expect(client.getProtocolEra()).toBe('modern');
  const before = house.log.size();
  const result = await client.callTool({ name: 'elicits', arguments: { n: 1 } });
  // The server echoes the answer that its own question got, under its own id.
  const { content } = result as { content: { text: string }[] };
  expect(JSON.parse(content[0]?.text ?? '')).toEqual({ jsonrpc: '2.0', id: 'q', result: accepted });
  expect(asked).toEqual([expect.objectContaining({ message: 'Sure?' })]);
  await expect.poll(() => kindsSince(before)).toEqual(['call.intended', 'call.continued', 'call.settled']);
  await client.close();
});

describe('a call that waits', () => {
  const _meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };
  const elicits = async (n: number, more: object = {}, agent = 'buyer') => {
    const asked = modern('tools/call', { name: 'elicits', arguments: { n }, _meta, ...more });
    const reply = await raw(served.port, '/mcp/erp', asked.body, {
      ...asked.headers,
      authorization: authorization(agent),
    });
    return JSON.parse(reply.text);
  };
  const inputResponses = { q1: accepted };

  test('is one agent’s own, goes on once, and its link serves the next', async () => {
    const { result } = await elicits(2);
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { q1: { method: 'elicitation/create', params: { message: 'Sure?' } } },
    });
    const { requestState } = result;
    expect((await elicits(2, { requestState, inputResponses }, 'second')).error.code).toBe(-32602);
    expect((await elicits(3, { requestState, inputResponses })).result.isError).toBe(true);
    const done = await elicits(2, { requestState, inputResponses });
    expect(done.result.content[0].text).toContain('accept');
    expect((await elicits(2, { requestState, inputResponses })).result.isError).toBe(true);
    expect((await elicits(4)).result.resultType).toBe('input_required');
  });

  test('whose client gives no answer: the server hears an error', async () => {
    const { result } = await elicits(5);
    const done = await elicits(5, { requestState: result.requestState, inputResponses: {} });
    expect(done.result.content[0].text).toContain('the client gave no answer');
  });

  test('is not made where the client offers nothing', async () => {
    const asked = modern('tools/call', { name: 'asks', arguments: {} });
    const reply = await raw(served.port, '/mcp/erp', asked.body, {
      ...asked.headers,
      authorization: authorization(),
    });
    expect(reply.text).not.toContain('input_required');
  });
});
