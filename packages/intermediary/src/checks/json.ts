// One text, one meaning. Two parsers that read a message differently are two gateways: the one that permits and the one
// that acts. A gateway may refuse such a text, or pass on what is left with one meaning; not both readings at once.

import type { Bench } from '../bench.ts';
import { type Check, lanes, must } from '../check.ts';
import type { Client } from '../client.ts';

const strict = 'RFC 8259, 4 and 6; RFC 7493 (I-JSON), 2';

/** A call of `echo` whose arguments are this text. */
function written(client: Client, args: string, before = ''): { body: string; bend: { body: string } } {
  const { body } = client.body('tools/call', { name: 'echo', arguments: {} });
  const text = String(body)
    .replace('"arguments":{}', () => `"arguments":${args}`)
    .replace('"name":"echo"', () => `${before}"name":"echo"`);
  return { body: text, bend: { body: text } };
}

const send = async (bench: Bench, args: string, before?: string): Promise<string[]> => {
  const client = await bench.client();
  const from = bench.server.heard.length;
  await client.call('echo', {}, written(client, args, before).bend).catch(() => undefined);
  return bench.server.requests('tools/call', from).map(({ body }) => body);
};

const count = (text: string, part: string): number => text.split(part).length - 1;

/** Digits that a double does not hold, each refused or left as it is. */
const numbers = ['9007199254740993', '1e400', '0.1000000000000000055511151231257827', '123456789012345678.5'];

async function survives(bench: Bench, what: string): Promise<void> {
  const client = await bench.client();
  const { result } = await client.call('echo', { text: `${bench.word}-after` });
  must(result !== undefined, `after ${what}, a plain call is no longer answered`);
}

export const jsonChecks: readonly Check[] = [
  {
    id: 'duplicate-name',
    level: 'must',
    sends: 'a call whose `params` have `name` twice, `harmless` and then `echo`',
    holds: 'nothing with two names reaches the server',
    source: strict,
    lanes: lanes.any,
    run: async (bench) => {
      for (const body of await send(bench, `{"text":"${bench.word}"}`, '"name":"harmless",'))
        must(count(body, '"name":"harmless"') === 0 || count(body, '"name":"echo"') === 0, 'both reached it');
    },
  },
  {
    id: 'duplicate-argument',
    level: 'must',
    sends: 'a call with an argument twice, also under an escaped name',
    holds: 'nothing with two values of it reaches the server',
    source: strict,
    lanes: lanes.any,
    run: async (bench) => {
      for (const name of ['text', 'te\\u0078t']) {
        const args = `{"text":"first-${bench.word}","${name}":"last-${bench.word}"}`;
        for (const body of await send(bench, args))
          must(!body.includes('first-') || !body.includes('last-'), 'both values reached it');
      }
    },
  },
  {
    id: 'numbers-kept',
    level: 'must',
    sends: `calls with numbers that a double does not hold: ${numbers.join(', ')}`,
    holds: 'each is refused, or reaches the server digit for digit',
    source: 'RFC 8259, 6; an amount that a gateway judges is the amount that is paid',
    lanes: lanes.any,
    run: async (bench) => {
      for (const number of numbers)
        for (const body of await send(bench, `{"text":"${bench.word}","n":${number}}`))
          must(body.includes(`"n":${number}`) || body.includes(`"n": ${number}`), `${number} was changed`);
    },
  },
  {
    id: 'text-kept',
    level: 'must',
    sends: 'a call with escapes, a NUL, characters beyond the BMP and a separator of lines',
    holds: 'it is refused, or the server gets the same characters',
    source: 'RFC 8259, 7',
    lanes: lanes.any,
    run: async (bench) => {
      const value = `${bench.word} é\u0000\u2028🜚"\\/`;
      for (const body of await send(bench, JSON.stringify({ text: value })))
        must(body.includes('🜚') || /\\ud83d\\udf1a/i.test(body), 'the characters were changed');
    },
  },
  {
    id: 'lone-surrogate',
    level: 'must',
    sends: 'a call with half a surrogate pair',
    holds: 'it is refused, or reaches the server as the same escape; never as another character',
    source: 'RFC 7493 (I-JSON), 2.1',
    lanes: lanes.any,
    run: async (bench) => {
      for (const body of await send(bench, `{"text":"${bench.word}\\ud800"}`))
        must(/\\ud800/i.test(body), 'it was changed');
    },
  },
  {
    id: 'invalid-utf8',
    level: 'must',
    sends: 'a call with bytes that are not UTF-8',
    holds: 'nothing reaches the server: what one reader replaces, another keeps',
    source: 'RFC 8259, 8.1',
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      const { body } = written(client, `{"text":"${bench.word}@"}`);
      const bytes = Buffer.from(body);
      bytes[bytes.indexOf(`${bench.word}@`) + bench.word.length] = 0xff;
      await bench.stopped(() => client.call('echo', {}, { body: bytes }), 'the call');
    },
  },
  {
    id: 'deep-nesting',
    level: 'must',
    sends: 'a call with 100,000 arrays within each other',
    holds: 'it is answered, and the gateway still serves the next call',
    source: 'RFC 8259, 9: limits of a parser',
    lanes: lanes.any,
    run: async (bench) => {
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      const client = await bench.client();
      const { bend } = written(client, `{"text":${deep}}`);
      const { status, ended } = await client.call('echo', {}, bend);
      must(ended && status > 0, 'it was not answered');
      await survives(bench, 'deep nesting');
    },
  },
  {
    id: 'batch',
    level: 'must',
    sends: 'an array of two calls',
    holds: 'no array reaches the server: batches are gone since 2025-06-18, and hide a call behind another',
    source: 'MCP 2025-06-18, changelog: batching removed',
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      const one = String(client.body('tools/call', { name: 'echo', arguments: { text: bench.word } }).body);
      const from = bench.server.heard.length;
      await client.call('echo', {}, { body: `[${one},${one}]` }).catch(() => undefined);
      const arrays = bench.server.heard.slice(from).filter(({ body }) => body.trimStart().startsWith('['));
      must(arrays.length === 0, 'the array reached the server');
    },
  },
  {
    id: 'large-body',
    level: 'should',
    sends: 'a call of 32 MiB',
    holds: 'it is answered, whatever with, and the gateway still serves the next call',
    source: 'every gateway needs a bound on what it holds in memory',
    lanes: lanes.any,
    run: async (bench) => {
      const client = await bench.client();
      const { bend } = written(client, `{"text":"${'x'.repeat(32 * 1024 * 1024)}"}`);
      await client.call('echo', {}, bend).catch(() => undefined);
      await survives(bench, 'a large body');
    },
  },
];
