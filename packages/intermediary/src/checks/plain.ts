// A plain call, with nothing wrong in it. Every other check stands on it: that something bad did not get through shows
// nothing where nothing gets through at all.

import type { Bench } from '../bench.ts';
import { type Check, type Lane, lanes, must } from '../check.ts';
import type { Members } from '../message.ts';

/** Throws if a call of `echo` does not reach the server or is not answered with a result. */
export async function plainCall(bench: Bench, principal: 0 | 1 = 0): Promise<void> {
  const client = await bench.client(principal);
  let name = 'echo';
  if (bench.lane.place === 'merged') {
    const { result, status } = await client.ask('tools/list');
    must(Array.isArray(result?.tools), `there is no list: HTTP ${status}`);
    name = String((result.tools as Members[]).find((tool) => /echo$/.test(String(tool.name)))?.name);
  }
  const since = bench.since();
  const { result, error, status } = await client.call(name, { text: bench.word });
  must(
    result !== undefined,
    `HTTP ${status}, ${error?.code ?? 'no message'}: ${error?.message ?? 'no error'}`,
  );
  must(result.isError !== true, `it failed: ${JSON.stringify(result.content)}`);
  must(since.saw(bench.word), 'it was answered, and no server saw it');
}

const plain = (id: string, where: readonly Lane[], sends: string, principal: 0 | 1 = 0): Check => ({
  ...{ id, level: 'must', sends, lanes: where, source: 'everything else stands on it' },
  holds: 'it reaches the server, and its result the client',
  ...(principal === 1 ? { principals: 2 } : {}),
  run: (bench) => plainCall(bench, principal),
});

export const plainChecks: readonly Check[] = [
  plain('plain-2025-11-25', lanes.legacyOnly, 'a plain call to a server of 2025-11-25'),
  plain('plain-2026-07-28', lanes.modernOnly, 'a plain call to a server of 2026-07-28'),
  plain('plain-odd', lanes.odd.slice(0, 1), 'a plain call to the server that is odd in other ways'),
  plain('plain-merged', lanes.merged.slice(0, 1), 'a plain call at the merged endpoint'),
  plain('plain-second-principal', lanes.any, 'a plain call of the second principal', 1),
];
