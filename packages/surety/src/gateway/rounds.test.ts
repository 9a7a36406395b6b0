// Inputs in the middle of a call, between clients and a server of the official SDK, over a real ledger: the server
// speaks MCP 2026-07-28 and asks in place of an answer; a client of either era gives what it wants to know.

import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { files, TestHouse } from '../house.fixture.ts';
import { HttpUpstream } from './mcp/http.ts';
import type { Governor } from './mcp/port.ts';
import { modern, raw, type Served, serve } from './mcp/surroundings.fixture.ts';
import { serveWeb, type WebServer } from './mcp/web.fixture.ts';

const state = 'opaque/é=?"1.0';
let house: TestHouse;
let served: Served;
let upstreamServer: WebServer;
let upstream: HttpUpstream;
const credentials = new Map<string, string>();
/** What the server got: the state that came back, and whether there were inputs. */
const heard: { state: string | undefined; inputs: unknown; headers: unknown }[] = [];

function newServer(): McpServer {
  const server = new McpServer({ name: 'modern', version: '1' });
  const inputSchema = z.object({ text: z.string() });
  server.registerTool('note', { inputSchema }, async ({ text }, ctx) => {
    const { inputResponses, requestState } = ctx.mcpReq;
    heard.push({ state: requestState(), inputs: inputResponses, headers: undefined });
    if (inputResponses === undefined && text !== 'plain') {
      const requestedSchema = z.object({ sure: z.boolean() });
      return inputRequired({
        inputRequests: { confirm: inputRequired.elicit({ message: 'Sure?', requestedSchema }) },
        requestState: state,
      });
    }
    return { content: [{ type: 'text', text: `noted: ${text} ${JSON.stringify(inputResponses ?? null)}` }] };
  });
  server.registerTool('look', { inputSchema }, async ({ text }, ctx) => {
    await ctx.mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken: ctx.mcpReq._meta?.progressToken ?? 0, progress: 1 },
    });
    return { content: [{ type: 'text', text }] };
  });
  return server;
}

beforeAll(async () => {
  const handler = createMcpHandler(newServer);
  upstreamServer = await serveWeb((request) => handler.fetch(request));
  upstream = new HttpUpstream({ server: 'erp', url: upstreamServer.url });
  house = await TestHouse.open({ 'surety.yaml': files['surety.yaml'] });
  for (const agent of ['buyer', 'second'])
    credentials.set(agent, (await house.house.issue(agent, 600_000)).credential);
  served = await serve({ governor: house.house.gateway, upstreams: [upstream] });
});
afterAll(async () => {
  await served.close();
  await upstream.close();
  await upstreamServer.close();
  await house.close();
});

const authorization = (agent = 'buyer') => `Bearer ${credentials.get(agent)}`;
const at = ({ url } = served) => ({
  url: new URL(`${url}/mcp/erp`),
  options: { requestInit: { headers: { Authorization: authorization() } } },
});
const kindsSince = async (position: number) =>
  (await house.facts()).slice(position).flatMap(({ kind }) => (kind.startsWith('call.') ? [kind] : []));
const accepted = { action: 'accept' as const, content: { sure: true } };

test('the server is spoken to in the newer era, with what the client itself can', async () => {
  expect(await upstream.era()).toBe('modern');
});

describe.each(['2026-07-28', '2025-11-25'])('a client of %s', (era) => {
  const connect = async ({ url, options } = at()) => {
    const info = { name: 'test', version: '1' };
    if (era === '2025-11-25') {
      const client = new ClientV1(info, { capabilities: { elicitation: {} } });
      client.setRequestHandler(ElicitRequestSchema, async () => accepted);
      await client.connect(new HttpV1(url, options) as Transport);
      return client as unknown as ClientV2;
    }
    const client = new ClientV2(info, {
      capabilities: { elicitation: { form: {} } },
      versionNegotiation: { mode: 'auto' },
    });
    client.setRequestHandler('elicitation/create', async () => accepted);
    await client.connect(new HttpV2(url, options));
    return client;
  };

  test('is asked, and the call is one: one intent, its inputs, one settlement', async () => {
    const client = await connect();
    await house.house.gateway.caughtUp();
    const before = house.log.size();
    const from = heard.length;
    const result = await client.callTool({ name: 'note', arguments: { text: era } });
    expect(JSON.stringify(result)).toContain('noted');
    expect(heard.slice(from).map((each) => each.state)).toEqual([undefined, state]);
    await expect.poll(() => kindsSince(before)).toEqual(['call.intended', 'call.continued', 'call.settled']);
    const continued = (await house.factsOf('call.continued')).at(-1);
    expect(house.opened(continued ?? { position: 0 }, continued?.body.input ?? [])).toMatchObject({
      response: { confirm: accepted },
    });
    await client.close();
  });

  test.each([
    ['nothing has left', 0, 'none'],
    ['it has left once', 1, undefined],
  ])('that may not leave when %s reaches no server, and is settled so', async (_, leavesOnce, settlement) => {
    const { gateway } = house.house;
    let asked = 0;
    const mayLeave = () => {
      asked += 1;
      return asked <= leavesOnce;
    };
    const governor: Governor = {
      identify: (authorization) => gateway.identify(authorization),
      mayUse: (caller, tool) => gateway.mayUse(caller, tool),
      call: (caller, request) =>
        gateway.call(caller, {
          ...request,
          forward: (governed, traceparent) =>
            request.forward(governed && { ...governed, mayLeave }, traceparent),
        }),
    };
    const stopping = await serve({ governor, upstreams: [upstream] });
    const client = await connect(at(stopping));
    await gateway.caughtUp();
    const [before, from, open] = [house.log.size(), heard.length, gateway.figures.open];
    const result = await client.callTool({ name: 'note', arguments: { text: `${era} ${leavesOnce}` } });
    expect(result.isError).toBe(true);
    // What it asked for never came to it.
    expect(heard.slice(from).map(({ inputs }) => inputs)).toEqual(leavesOnce === 0 ? [] : [undefined]);
    await gateway.caughtUp();
    const settled = (await house.factsOf('call.settled')).filter(({ position }) => position >= before);
    expect(settled[0]?.body.settlement).toBe(settlement);
    expect(gateway.figures.open - open).toBe(leavesOnce);
    await client.close();
    await stopping.close();
  });

  test('hears progress', async () => {
    const client = await connect();
    const seen: number[] = [];
    const asked = { name: 'look', arguments: { text: 'x' } };
    const options = { onprogress: ({ progress }: { progress: number }) => seen.push(progress) };
    // The first SDK has the schema of the result in between.
    if (era === '2025-11-25') await (client as unknown as ClientV1).callTool(asked, undefined, options);
    else await client.callTool(asked, options);
    expect(seen).toEqual([1]);
    await client.close();
  });
});

describe('the requestState', () => {
  const _meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };
  const note = (text: string, more: object = {}, agent = 'buyer', path = '/mcp/erp') => {
    const name = path === '/mcp' ? 'erp_note' : 'note';
    const asked = modern('tools/call', { name, arguments: { text }, _meta, ...more });
    return raw(served.port, path, asked.body, { ...asked.headers, authorization: authorization(agent) });
  };
  const inputResponses = { confirm: accepted };
  const asking = async (text: string): Promise<string> =>
    JSON.parse((await note(text)).text).result.requestState;

  test('is not the server’s own, and is good once', async () => {
    const requestState = await asking('once');
    expect(requestState).not.toContain('opaque');
    const first = await note('once', { requestState, inputResponses });
    expect(first.text).toContain('noted');
    const { length } = heard;
    expect((await note('once', { requestState, inputResponses })).text).toContain('Refused');
    expect(await house.whyRefused()).toMatch(/^not-suspended/);
    expect(heard).toHaveLength(length);
  });

  test.each<[string, (requestState: string) => Promise<{ text: string }>]>([
    ['another agent', (requestState) => note('mine', { requestState, inputResponses }, 'second')],
    ['other arguments', (requestState) => note('yours', { requestState, inputResponses })],
    ['another endpoint', (requestState) => note('mine', { requestState, inputResponses }, 'buyer', '/mcp')],
    [
      'another case',
      (requestState) =>
        note('mine', { requestState, inputResponses, _meta: { ..._meta, 'surety/case': 'k' } }),
    ],
    [
      'a bit changed',
      (requestState) => note('mine', { requestState: flipped(requestState), inputResponses }),
    ],
    ['the server’s own', () => note('mine', { requestState: state, inputResponses })],
    ['none', () => note('mine', { inputResponses })],
  ])('with %s: refused, and the server hears nothing', async (_, again) => {
    const requestState = await asking('mine');
    const { length } = heard;
    expect((await again(requestState)).text).toMatch(/Refused|not valid here|Held/);
    expect(heard).toHaveLength(length);
    // The call itself still waits for its own client.
    expect((await note('mine', { requestState, inputResponses })).text).toContain('noted');
  });

  test.each<[string, object, string]>([
    ['which it then asks for: it gets these, once they are durable', { confirm: accepted, more: 1 }, 'noted'],
    ['other than it asks for: it asks', { other: accepted }, 'input_required'],
  ])('inputs that come before the server asks, %s', async (about, inputResponses, said) => {
    await house.house.gateway.caughtUp();
    const before = house.log.size();
    const { length } = heard;
    expect((await note(about, { inputResponses })).text).toContain(said);
    const own = said === 'noted' ? [undefined, { confirm: accepted }] : [undefined];
    expect(heard.slice(length).map((each) => each.inputs)).toEqual(own);
    const kinds = said === 'noted' ? ['call.intended', 'call.continued', 'call.settled'] : ['call.intended'];
    await expect.poll(() => kindsSince(before)).toEqual(kinds);
  });

  test('inputs that are no object are refused', async () => {
    expect((await note('odd', { inputResponses: 1 })).text).toContain('-32602');
  });

  test('a call that waits is open: an identical one is held', async () => {
    const requestState = await asking('twice');
    expect((await note('twice')).text).toContain('Held');
    expect((await note('twice', { requestState, inputResponses })).text).toContain('noted');
  });
});

const flipped = (text: string): string =>
  `${text.slice(0, 20)}${text[20] === 'A' ? 'B' : 'A'}${text.slice(21)}`;
