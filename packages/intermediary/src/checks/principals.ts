// Two principals at one gateway: nothing of the one may serve the other, and nothing that either showed the gateway may
// serve the server behind it.

import { needs } from '../bench.ts';
import { type Check, lanes, must } from '../check.ts';
import type { Client } from '../client.ts';
import type { Members } from '../message.ts';

const names = (result: Members | undefined): string[] =>
  Array.isArray(result?.tools) ? result.tools.map((tool: Members) => String(tool.name)) : [];
const isRestricted = (name: string): boolean => /restricted/.test(name);
const practices = 'MCP security best practices';

export const principalChecks: readonly Check[] = [
  {
    id: 'token-not-passed',
    level: 'must',
    sends: "a call with the principal's credential, a cookie and `X-Api-Key`",
    holds: 'none of them reaches the server, in no header and no body',
    source: `${practices}: token passthrough; MCP authorization: access token privilege restriction`,
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      const secrets = ['cookie', 'x-api-key'].map((name) => [name, `${name}-${bench.word}`] as const);
      const token = client.credential ?? `Bearer token-${bench.word}`;
      const from = bench.server.heard.length;
      const headers = { ...Object.fromEntries(secrets), authorization: token };
      await client.call('echo', {}, { headers });
      must(bench.server.requests('tools/call', from).length > 0, 'the call did not reach the server');
      const bare = token.replace(/^\w+ /, '');
      must(!bench.server.saw(bare), 'the credential reached the server');
      for (const [name, value] of secrets) must(!bench.server.saw(value), `\`${name}\` reached the server`);
    },
  },
  {
    id: 'credential-needed',
    level: 'must',
    sends: 'a call without a credential, and one with a wrong one',
    holds: 'HTTP 401 with `WWW-Authenticate`, and nothing reaches the server',
    source: 'MCP authorization: access token usage; RFC 6750, 3',
    lanes: lanes.any,
    run: async (bench) => {
      needs(bench.gateway.credentials.length > 0, 'nobody needs a credential here');
      const client = await bench.client();
      for (const authorization of [null, 'Bearer wrong']) {
        const since = bench.since();
        const { status, headers } = await client.call(
          'echo',
          { text: bench.word },
          { headers: { authorization } },
        );
        must(!since.saw(bench.word), 'the call reached the server');
        must(status === 401, `it was answered with HTTP ${status}`);
        must(headers['www-authenticate'] !== undefined, 'there is no WWW-Authenticate');
      }
    },
  },
  {
    id: 'session-of-another',
    level: 'must',
    sends: "a call of the second principal in the first one's session",
    holds: 'nothing reaches the server',
    source: `${practices}: session hijacking`,
    lanes: [...lanes.legacyOnly, ...lanes.legacyToModern],
    principals: 2,
    run: async (bench) => {
      const { session } = await bench.client(0);
      needs(session !== undefined && session !== '', 'the gateway has no sessions');
      const other = await bench.client(1);
      const bend = { headers: { 'mcp-session-id': session as string } };
      await bench.stopped(() => other.call('echo', { text: bench.word }, bend), 'the call');
    },
  },
  {
    id: 'lists-by-principal',
    level: 'must',
    sends: '`tools/list` of the first principal, then of the second, then of the first',
    holds: 'the second never sees `restricted`, the first always does',
    source: 'MCP 2026-07-28, caching (SEP-2549); Kong Gateway 3.13 changelog: lists exposed denied tools',
    lanes: lanes.any,
    ...{ principals: 2, restricted: true },
    run: async (bench) => {
      const [first, second] = [await bench.client(0), await bench.client(1)];
      const lists = [];
      for (const client of [first, second, first])
        lists.push(names((await client.ask('tools/list')).result).some(isRestricted));
      must(lists[0] === true && lists[2] === true, 'the first principal does not see `restricted`');
      must(lists[1] === false, 'the second principal sees `restricted`');
    },
  },
  {
    id: 'filtered-list-not-public',
    level: 'must',
    sends: '`tools/list` of both principals, who see different tools',
    holds: "neither answer says that it may be kept for everybody, whatever the server's said",
    source: 'MCP 2026-07-28, caching (SEP-2549): cacheScope',
    lanes: lanes.modern,
    ...{ principals: 2, restricted: true },
    run: async (bench) => {
      for (const principal of [0, 1] as const) {
        const { result } = await (await bench.client(principal)).ask('tools/list');
        must(result !== undefined, 'there is no list');
        must(result.cacheScope !== 'public', `principal ${principal + 1} is told \`public\``);
      }
    },
  },
  {
    id: 'hidden-not-callable',
    level: 'must',
    sends: 'a call of `restricted` by the principal who may not use it',
    holds: 'nothing reaches the server',
    source: 'a list that is filtered is no control: what was hidden is asked for by name',
    lanes: lanes.any,
    ...{ principals: 2, restricted: true },
    run: async (bench) => {
      const client = await bench.client(1);
      await bench.stopped(() => client.call('restricted', { text: bench.word }), 'the call');
    },
  },
  {
    id: 'foreign-host',
    level: 'must',
    sends: 'a call with `Host: evil.example`, as a page gets there whose name was bound anew',
    holds: 'HTTP 4xx, and nothing reaches the server',
    source: 'GHSA-w48q-cv73-mx4w; MCP transports: security warning',
    lanes: lanes.any,
    run: async (bench) => {
      needs(/^https?:\/\/(?:127\.|localhost|\[::1\])/.test(bench.url), 'the gateway is not on this host');
      await refusedAtDoor(bench, { host: 'evil.example' });
    },
  },
  {
    id: 'foreign-origin',
    level: 'must',
    sends: 'a call with `Origin: http://evil.example`',
    holds: 'HTTP 4xx, and nothing reaches the server',
    source: 'MCP 2025-11-25, transports: security warning (403 on a bad Origin)',
    lanes: lanes.any,
    run: (bench) => refusedAtDoor(bench, { origin: 'http://evil.example' }),
  },
];

async function refusedAtDoor(
  bench: Parameters<Check['run']>[0],
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const client: Client = await bench.client();
  const since = bench.since();
  const { status } = await client.call('echo', { text: bench.word }, { headers });
  must(!since.saw(bench.word), 'the call reached the server');
  must(status >= 400 && status < 500, `it was answered with HTTP ${status}`);
}
