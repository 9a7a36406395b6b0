// One protocol on the one side, another on the other: what a gateway translates, and what it must leave alone.

import { type Check, lanes, must } from '../check.ts';
import { isMembers, type Members, meta, modern } from '../message.ts';
import { failure } from '../tools.ts';

const transports = 'MCP 2026-07-28, transports and versioning (SEP-2575)';
const first = (result: Members | undefined): Members =>
  Array.isArray(result?.content) && isMembers(result.content[0]) ? result.content[0] : {};

export const eraChecks: readonly Check[] = [
  {
    id: 'modern-to-legacy',
    level: 'must',
    sends: 'a call of a client of 2026-07-28 to a server of 2025-11-25',
    holds: 'the server gets it in a session, without the envelope; the client gets `resultType: complete`',
    source: transports,
    lanes: lanes.modernToLegacy,
    run: async (bench) => {
      const from = bench.server.heard.length;
      const { result, error } = await (await bench.client()).call('echo', { text: bench.word });
      must(result !== undefined, `it was answered with ${error?.code}: ${error?.message}`);
      must(result.resultType === 'complete', 'resultType is not `complete`');
      const [reached] = bench.server.requests('tools/call', from);
      must(reached !== undefined, 'the call did not reach the server');
      must(reached.headers['mcp-session-id'] !== undefined, 'it came without a session');
      must(!reached.body.includes(meta.version), 'the envelope of the other hop came with it');
    },
  },
  {
    id: 'legacy-to-modern',
    level: 'must',
    sends: 'a call of a client of 2025-11-25 to a server of 2026-07-28',
    holds: 'the server gets it with envelope and headers that agree; the client gets its result',
    source: transports,
    lanes: lanes.legacyToModern,
    run: async (bench) => {
      const from = bench.server.heard.length;
      const { result, error } = await (await bench.client()).call('echo', { text: bench.word });
      must(result !== undefined, `it was answered with ${error?.code}: ${error?.message}`);
      const [reached] = bench.server.requests('tools/call', from);
      must(reached !== undefined, 'the call did not reach the server');
      const { headers, message } = reached;
      const envelope = isMembers(message?.params?._meta) ? message.params._meta : {};
      must(envelope[meta.version] === modern, 'there is no version in `_meta`');
      must(isMembers(envelope[meta.capabilities]), 'there are no capabilities in `_meta`');
      must(headers['mcp-protocol-version'] === modern, 'MCP-Protocol-Version is not that of the body');
      must(headers['mcp-method'] === 'tools/call', 'Mcp-Method is not that of the body');
      must(headers['mcp-name'] === message?.params?.name, 'Mcp-Name is not that of the body');
    },
  },
  {
    id: 'unknown-members-kept',
    level: 'must',
    sends: 'a call with a member of `_meta` that nobody knows; its result has such members too',
    holds: 'they arrive, there and back',
    source: 'MCP 2026-07-28, `_meta` and extensions (SEP-2133)',
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      const from = bench.server.heard.length;
      const bend = {
        meta: {
          'kit.example/word': bench.word,
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
      };
      const { result } = await client.call('echo', { text: 'x' }, bend);
      must(bench.server.saw(bench.word, from), 'the member of `_meta` did not reach the server');
      must(result !== undefined, 'there is no result');
      const extra = isMembers(result._meta) ? result._meta['kit.example/extra'] : undefined;
      must(isMembers(extra), "the result's member of `_meta` did not come back");
      must(Array.isArray(result['x-kit-unknown']), "the result's unknown member did not come back");
      must(isMembers(result.structuredContent), 'structuredContent did not come back');
      must(first(result).type === 'text', 'content did not come back');
    },
  },
  {
    id: 'errors-kept',
    level: 'must',
    sends: 'a call that the server answers with an error of its own',
    holds: 'code, message and data come back as they were',
    source: 'JSON-RPC 2.0, 5.1',
    lanes: lanes.any,
    run: async (bench) => {
      const { error } = await (await bench.client()).call('fail', { text: bench.word });
      must(JSON.stringify(error) === JSON.stringify(failure), `it came back as ${JSON.stringify(error)}`);
    },
  },
  {
    id: 'ids-kept',
    level: 'must',
    sends: 'calls whose ids are a string, zero, and one that looks like a number',
    holds: 'each answer has the very id, type included',
    source: 'JSON-RPC 2.0, 4 and 5',
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      for (const id of ['a-string', 0, '17']) {
        const { body } = client.body('tools/call', { name: 'echo', arguments: { text: bench.word } });
        const bent = JSON.stringify({ ...JSON.parse(String(body)), id });
        const { messages } = await client.call('echo', {}, { body: bent });
        must(
          messages.some((message) => message.id === id && message.result !== undefined),
          `${JSON.stringify(id)} was not answered under that id`,
        );
      }
    },
  },
];
