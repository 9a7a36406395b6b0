// Headers that mirror the body (2026-07-28, SEP-2243). Whoever routes or permits by a header, while the server acts on
// the body, can be told one thing and made to do another. So what disagrees must not arrive.

import { type Check, lanes, must } from '../check.ts';
import type { Bend } from '../client.ts';
import { modern } from '../message.ts';

const section = 'MCP 2026-07-28, transports: standard request headers (SEP-2243)';

const disagreeing = (id: string, sends: string, bend: Bend): Check => ({
  ...{ id, level: 'must', sends, source: section, lanes: lanes.modern },
  holds: 'HTTP 400 with -32020, and nothing reaches the server',
  run: async (bench) => {
    const client = await bench.client();
    const since = bench.since();
    const { status, error } = await client.call('echo', { text: bench.word }, bend);
    must(!since.saw(bench.word), 'the call reached the server');
    must(status === 400, `it was answered with HTTP ${status}`);
    must(error?.code === -32020, `it was answered with code ${error?.code}`);
  },
});

const base64 = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

export const headerChecks: readonly Check[] = [
  disagreeing('header-method-disagrees', 'a call of `echo` with `Mcp-Method: tools/list`', {
    headers: { 'mcp-method': 'tools/list' },
  }),
  disagreeing('header-name-disagrees', 'a call of `echo` with `Mcp-Name: harmless`', {
    headers: { 'mcp-name': 'harmless' },
  }),
  disagreeing('header-name-encoded-disagrees', 'a call of `echo` with `harmless` in base64 as `Mcp-Name`', {
    headers: { 'mcp-name': base64('harmless') },
  }),
  disagreeing('header-name-missing', 'a call without `Mcp-Name`', { headers: { 'mcp-name': null } }),
  disagreeing('header-method-missing', 'a call without `Mcp-Method`', { headers: { 'mcp-method': null } }),
  disagreeing('header-version-disagrees', 'a call of 2026-07-28 with `MCP-Protocol-Version: 2025-11-25`', {
    headers: { 'mcp-protocol-version': '2025-11-25' },
  }),
  {
    id: 'header-twice',
    level: 'must',
    sends: '`Mcp-Name` twice, `harmless` and then `echo`',
    holds: 'nothing reaches the server: one reader takes the first, another the last',
    source: 'RFC 9110, 5.3: a field that is no list comes once',
    lanes: lanes.modern,
    run: async (bench) => {
      const client = await bench.client();
      const bend = { headers: { 'mcp-name': ['harmless', 'echo'] } };
      await bench.stopped(() => client.call('echo', { text: bench.word }, bend), 'the call');
    },
  },
  {
    id: 'header-name-encoded',
    level: 'must',
    sends: 'a call with the right name in base64 as `Mcp-Name`',
    holds: 'it is served as any other',
    source: `${section}: value encoding`,
    lanes: lanes.modern,
    run: async (bench) => {
      const client = await bench.client();
      const bend = { headers: { 'mcp-name': base64('echo') } };
      const { result, status } = await client.call('echo', { text: bench.word }, bend);
      must(result !== undefined && bench.server.saw(bench.word), `it was answered with HTTP ${status}`);
    },
  },
  {
    id: 'header-param-disagrees',
    level: 'must',
    sends: 'a call of `mirrored` whose `Mcp-Param-Region` is not its argument `region`',
    holds: 'the server never gets a header and a body that disagree',
    source: `${section}: custom headers from tool parameters`,
    lanes: lanes.modern,
    run: async (bench) => {
      const client = await bench.client();
      // Some clients list before they call; a gateway may know a tool's headers only then.
      await client.ask('tools/list');
      const from = bench.server.heard.length;
      await client.call('mirrored', { region: bench.word }, { headers: { 'mcp-param-region': 'elsewhere' } });
      const reached = bench.server.requests('tools/call', from);
      const disagrees = reached.some(({ headers }) => headers['mcp-param-region'] === 'elsewhere');
      must(!disagrees, 'they reached the server');
    },
  },
  {
    id: 'header-param-kept',
    level: 'must',
    sends: 'a call of `mirrored` whose `Mcp-Param-Region` is its argument',
    holds: 'a server of 2026-07-28 gets the header that it asked for',
    source: `${section}: custom headers from tool parameters`,
    lanes: lanes.modernOnly,
    run: async (bench) => {
      const client = await bench.client();
      await client.ask('tools/list');
      const from = bench.server.heard.length;
      const bend = { headers: { 'mcp-param-region': bench.word } };
      await client.call('mirrored', { region: bench.word }, bend);
      const [reached] = bench.server.requests('tools/call', from);
      must(reached !== undefined, 'the call did not reach the server');
      must(reached.headers['mcp-param-region'] === bench.word, 'the header did not reach the server');
    },
  },
  {
    id: 'version-unknown',
    level: 'must',
    sends: 'a call of revision 2099-01-01',
    holds: 'HTTP 400 with -32022, which names the revisions that are served',
    source: 'MCP 2026-07-28, versioning (SEP-2575)',
    lanes: lanes.modern,
    run: async (bench) => {
      const client = await bench.client();
      const version = '2099-01-01';
      const bend = {
        headers: { 'mcp-protocol-version': version },
        meta: { 'io.modelcontextprotocol/protocolVersion': version },
      };
      const { status, error } = await client.call('echo', { text: bench.word }, bend);
      const { supported } = (error?.data ?? {}) as { supported?: unknown };
      must(status === 400 && error?.code === -32022, `it was answered with HTTP ${status}, ${error?.code}`);
      must(Array.isArray(supported) && supported.includes(modern), 'it does not name 2026-07-28 as served');
    },
  },
];
