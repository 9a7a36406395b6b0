import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern, Permissive, raw, type Served, scripted, serve, token } from './surroundings.fixture.ts';

let governor: Permissive;
let served: Served;
let permissionsChanged = () => {};
let looked = 0;
const upstream = scripted();
beforeAll(async () => {
  served = await serve({
    governor: {
      identify: (authorization) => governor.identify(authorization),
      mayUse: (caller, tool) => {
        looked++;
        return governor.mayUse(caller, tool);
      },
      call: (caller, asked) => governor.call(caller, asked),
      onPermissions: (listener) => {
        permissionsChanged = listener;
      },
    },
    upstreams: [upstream],
  });
});
beforeEach(() => {
  looked = 0;
  governor = new Permissive();
});
afterAll(async () => {
  await served.close();
  await upstream.close();
});

async function connected(onChanged: () => void) {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  client.setNotificationHandler('notifications/tools/list_changed', onChanged);
  const requestInit = { headers: { Authorization: token } };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`${served.url}/mcp/scripted`), { requestInit }),
  );
  return client;
}

describe('a client of 2026-07-28 that listens', () => {
  test('is told when its own list changes, by the server or by what it may use', async () => {
    let told = 0;
    const client = await connected(() => told++);
    const subscription = await client.listen({ toolsListChanged: true });
    await client.callTool({ name: 'grows', arguments: {} });
    await expect.poll(() => told).toBe(1);
    permissionsChanged();
    governor.hidden.add('scripted.echo');
    permissionsChanged();
    await expect.poll(() => told).toBe(2);
    await subscription.close();
    await client.close();
  });

  test('hears what it asked for and can have, under its own request', async () => {
    await upstream.list('tools');
    const notifications = { toolsListChanged: true, resourceSubscriptions: ['file:///x'] };
    const asked = modern('subscriptions/listen', { notifications });
    const listening = raw(
      served.port,
      '/mcp/scripted',
      asked.body.replace('"id":1', '"id":"L\\u0031"'),
      asked.headers,
    );
    // It looks what the client sees now, and waits for what changes.
    await expect.poll(() => looked).toBeGreaterThan(0);
    await served.end();
    const { text } = await listening;
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? ''));
    const about = { 'io.modelcontextprotocol/subscriptionId': 'L1' };
    expect(events).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/subscriptions/acknowledged',
        params: { notifications: { toolsListChanged: true }, _meta: about },
      },
      { jsonrpc: '2.0', id: 'L1', result: { resultType: 'complete', _meta: about } },
    ]);
  });
});
