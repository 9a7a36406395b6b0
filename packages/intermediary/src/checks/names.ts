// Names of tools. A model chooses by name and a policy permits by name, so two names that look alike, or one name of two
// tools, are two answers to one question.

import type { Bench } from '../bench.ts';
import { needs } from '../bench.ts';
import { type Check, lanes, must } from '../check.ts';
import type { Members } from '../message.ts';

const naming = 'MCP, tool names (SEP-986)';
const allowed = /^[A-Za-z0-9_./-]+$/;
/** What the APIs of model vendors take as the name of a function. */
const forModels = /^[a-zA-Z0-9_-]{1,64}$/;

async function listed(bench: Bench): Promise<string[]> {
  const { result, status } = await (await bench.client()).ask('tools/list');
  must(Array.isArray(result?.tools), `there is no list: HTTP ${status}`);
  return (result.tools as Members[]).map(({ name }) => String(name));
}

export const nameChecks: readonly Check[] = [
  {
    id: 'look-alike-listed',
    level: 'must',
    sends:
      '`tools/list` of a server that has `pay`, the same with a Cyrillic first letter, and a name with a hidden space',
    holds: 'no name outside A-Z, a-z, 0-9, `_`, `-`, `.` and `/` is listed',
    source: naming,
    lanes: lanes.odd,
    run: async (bench) => {
      const names = await listed(bench);
      const bad = names.filter((name) => !allowed.test(name));
      must(bad.length === 0, `listed: ${bad.map((name) => JSON.stringify(name)).join(', ')}`);
      must(
        names.some((name) => name.endsWith('echo')),
        'the good names are gone with the bad',
      );
    },
  },
  {
    id: 'look-alike-called',
    level: 'must',
    sends: 'calls of `echo` with a space after it, in capitals, and in letters of full width',
    holds: 'none reaches the server as `echo`',
    source: `${naming}; Unicode TR 36`,
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      for (const name of ['echo ', 'ECHO', '\uff45cho', 'echo\u200b', './echo']) {
        const from = bench.server.heard.length;
        // Encoded, as 2026-07-28 has it: a header holds no such letters.
        const encoded = `=?base64?${Buffer.from(name).toString('base64')}?=`;
        const headers: Record<string, string> = client.era === '2026-07-28' ? { 'mcp-name': encoded } : {};
        await client.call(name, { text: bench.word }, { headers }).catch(() => undefined);
        const reached = bench.server.requests('tools/call', from).map(({ message }) => message?.params?.name);
        must(!reached.includes('echo'), `${JSON.stringify(name)} reached the server as \`echo\``);
      }
    },
  },
  {
    id: 'merged-collision',
    level: 'must',
    sends:
      '`tools/list` of the merged endpoint, whose two servers have the same names, and calls of both `echo`',
    holds: 'every name is there once, and each leads to its own server',
    source: 'MCP, tools: a name is unique where it is listed',
    lanes: lanes.merged,
    run: async (bench) => {
      const names = await listed(bench);
      must(new Set(names).size === names.length, 'a name is listed twice');
      const echoes = names.filter((name) => /echo$/.test(name));
      must(
        echoes.length >= 2,
        `two servers have \`echo\`, and it is listed as ${echoes.join(', ') || 'nothing'}`,
      );
      const client = await bench.client();
      const servers = [];
      for (const name of echoes) {
        const { result } = await client.call(name, { text: bench.word });
        servers.push((result?.structuredContent as Members | undefined)?.server);
      }
      must(servers.includes('old') && servers.includes('new'), `they led to ${servers.join(', ')}`);
      must(new Set(servers).size === servers.length, 'two of them led to one server');
    },
  },
  {
    id: 'merged-order-stable',
    level: 'must',
    sends: '`tools/list` of the merged endpoint, three times',
    holds: 'the same names in the same order: what changes in a prompt is paid for, and noticed late',
    source: 'MCP 2026-07-28, caching: a deterministic order',
    lanes: lanes.merged,
    run: async (bench) => {
      const lists = [await listed(bench), await listed(bench), await listed(bench)].map((each) =>
        each.join(),
      );
      must(new Set(lists).size === 1, 'the order changed');
    },
  },
  {
    id: 'merged-names-fit',
    level: 'should',
    sends: '`tools/list` of the merged endpoint',
    holds: 'every name is one to 64 of A-Z, a-z, 0-9, `_` and `-`, which every model API takes',
    source: 'function names of the OpenAI and Anthropic APIs',
    lanes: lanes.merged,
    run: async (bench) => {
      const bad = (await listed(bench)).filter((name) => !forModels.test(name));
      must(bad.length === 0, `does not fit: ${bad.join(', ').slice(0, 200)}`);
    },
  },
  {
    id: 'merged-native-name',
    level: 'must',
    sends: 'a call of `echo` at the merged endpoint, which lists it under no such name',
    holds: 'it reaches no server: a name that was not listed is nobody’s',
    source: naming,
    lanes: lanes.merged,
    run: async (bench) => {
      needs(!(await listed(bench)).includes('echo'), 'it is listed under that name');
      const client = await bench.client();
      await bench.stopped(() => client.call('echo', { text: bench.word }), 'the call');
    },
  },
];
