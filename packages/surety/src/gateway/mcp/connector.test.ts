// Where a connection to a server may lead: names whose answers somebody hostile chooses, and addresses as they stand.

import type { LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Resolve } from '../../connector.ts';
import { HttpUpstream } from './http.ts';

let asked = 0;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

/** Somebody on this host who was not meant to be asked. */
async function bystander(host = '127.0.0.1'): Promise<number> {
  asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end('{}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

/** A name server that answers with these, one set a question. */
const answering = (...sets: string[][]): Resolve => {
  let nth = 0;
  return (_, __, done) => {
    const addresses = sets[Math.min(nth++, sets.length - 1)] ?? [];
    done(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
};

async function call(url: string, resolve?: Resolve, linkLocal = false) {
  const upstream = new HttpUpstream({
    server: 'far',
    url,
    linkLocal,
    ...(resolve === undefined ? {} : { resolve }),
  });
  try {
    return await upstream.ask({ method: 'tools/call', paramsText: '{"name":"x","arguments":{}}' });
  } finally {
    await upstream.close();
  }
}

describe('CVE-2026-53708 (ContextForge): a server’s name cannot be made to lead elsewhere', () => {
  test.each([
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['169.254.169.254']],
    [['fd00:ec2::254', '127.0.0.1']],
  ])('to %j', async (addresses) => {
    const port = await bystander();
    const reply = await call(`http://mcp.vendor.example:${port}/mcp`, answering(addresses));
    expect(reply).toMatchObject({ is: 'not-sent', cause: expect.stringContaining('address-refused') });
    expect(asked).toBe(0);
  });

  test('nor at a second look, after a first answer that was fine', async () => {
    const port = await bystander();
    // TEST-NET-1: nobody is there, so the second question follows.
    const name = answering(['127.0.0.1'], ['127.0.0.1']);
    for (let look = 0; look < 3; look++)
      expect((await call(`http://rebinding.example:${port}/mcp`, name)).is).toBe('not-sent');
    expect(asked).toBe(0);
  });

  test('of several answers only those that may be are used', async () => {
    const port = await bystander();
    // This host says so of itself, so its own address is no surprise; the metadata address is.
    const reply = await call(`http://erp.localhost:${port}/mcp`, answering(['169.254.169.254', '127.0.0.1']));
    expect(reply).toMatchObject({ is: 'not-sent' });
    // Reached: asked which era it speaks, then for a session.
    expect(asked).toBe(2);
  });

  test('a name without an answer is nobody', async () => {
    expect(await call('http://nobody.example/mcp', answering([]))).toMatchObject({ is: 'not-sent' });
  });
});

test('an address as it stands is judged as well, in whichever spelling', async () => {
  for (const host of ['169.254.169.254', '2852039166', '0xa9fea9fe', '[::ffff:a9fe:a9fe]', '0.0.0.0'])
    expect(await call(`http://${host}/mcp`), host).toMatchObject({
      is: 'not-sent',
      cause: expect.stringContaining('address-refused'),
    });
  const port = await bystander();
  await call(`http://127.0.0.1:${port}/mcp`);
  expect(asked).toBe(2);
});
