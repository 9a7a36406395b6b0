// A server that answers badly, and bytes that are two requests to one reader and one to another. A gateway that believes
// such a server tells its client what was never said; one that falls takes everybody with it.

import type { Bench } from '../bench.ts';
import { type Check, lanes, must } from '../check.ts';
import type { Reply } from '../client.ts';
import { raw } from '../wire.ts';

const hostile = 'a server is somebody else’s program';

async function asked(bench: Bench, name: string): Promise<Reply> {
  const client = await bench.client();
  const reply = await client.call(name, { text: bench.word });
  must(reply.ended, 'it was not answered');
  const after = await (await bench.client()).call('echo', { text: `${bench.word}-after` });
  must(after.result !== undefined, 'after it, a plain call is no longer answered');
  return reply;
}

const isFailure = ({ result, error }: Reply): boolean =>
  error !== undefined || result?.isError === true || result === undefined;

export const answerChecks: readonly Check[] = [
  {
    id: 'answer-with-duplicates',
    level: 'should',
    sends: 'a call that is answered with `isError` twice, true and then false',
    holds: 'no text with both reaches the client',
    source: `RFC 7493 (I-JSON), 2.3; ${hostile}`,
    lanes: lanes.odd,
    run: async (bench) => {
      const { text } = await asked(bench, 'answer-twice');
      must(!(/"isError":\s*true/.test(text) && /"isError":\s*false/.test(text)), 'both reached the client');
    },
  },
  {
    id: 'answer-to-somebody-else',
    level: 'must',
    sends: 'a call that is answered under another id',
    holds: 'it does not count as the answer',
    source: `JSON-RPC 2.0, 5; ${hostile}`,
    lanes: lanes.odd,
    run: async (bench) =>
      must(isFailure(await asked(bench, 'answer-stranger')), 'it was taken for the answer'),
  },
  {
    id: 'answer-missing',
    level: 'must',
    sends: 'a call whose server hangs up without an answer',
    holds: 'the client is told that it failed, and never that it succeeded; nothing is sent twice',
    source: 'docker/mcp-gateway #505: success was reported of writes that never happened',
    lanes: lanes.odd,
    run: async (bench) => {
      const from = bench.server.heard.length;
      must(isFailure(await asked(bench, 'answer-hangs-up')), 'it was answered with a success');
      const sent = bench.server
        .requests('tools/call', from)
        .filter(({ message }) => message?.params?.name === 'answer-hangs-up');
      must(sent.length === 1, `it was sent ${sent.length} times`);
    },
  },
  {
    id: 'answer-deep',
    level: 'must',
    sends: 'a call that is answered with 50,000 arrays within each other',
    holds: 'it is answered somehow, and the next call too',
    source: hostile,
    lanes: lanes.odd,
    run: async (bench) => void (await asked(bench, 'answer-deep')),
  },
  {
    id: 'answer-bomb',
    level: 'must',
    sends: 'a call that is answered with 64 MiB of zeros in 64 kB of gzip',
    holds: 'it is answered with a failure or handed on packed, and the next call is served',
    source: `RFC 9110, 8.4; ${hostile}`,
    lanes: lanes.odd,
    run: async (bench) => {
      const { text } = await asked(bench, 'answer-bomb');
      must(text.length < 16 * 1024 * 1024, 'it was unpacked for the client');
    },
  },
  {
    id: 'two-lengths',
    level: 'must',
    sends: 'a request with `Content-Length` and `Transfer-Encoding`, whose rest is a second request',
    holds: 'the second request reaches nobody',
    source: 'RFC 9112, 6.1: request smuggling',
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      const { host, pathname } = new URL(bench.url);
      const smuggled = String(
        client.body('tools/call', { name: 'echo', arguments: { text: bench.word } }).body,
      );
      const lines = (more: string[]) =>
        [
          `POST ${pathname} HTTP/1.1`,
          `Host: ${host}`,
          ...client.headers('tools/call', { name: 'echo' }).map(([name, value]) => `${name}: ${value}`),
          ...more,
          '',
          '',
        ].join('\r\n');
      const inner = `${lines([`Content-Length: ${Buffer.byteLength(smuggled)}`])}${smuggled}`;
      const outer = `${lines(['Content-Length: 4', 'Transfer-Encoding: chunked'])}0\r\n\r\n${inner}`;
      await bench.stopped(
        () => raw(bench.url, outer, Math.min(bench.patienceMs, 2_000)),
        'the second request',
      );
    },
  },
];
