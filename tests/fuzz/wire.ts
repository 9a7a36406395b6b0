// The fuzzer of the wire: `node tests/fuzz/wire.ts --runs 100000 [--seed N]`. Sends what `cases.fixture.ts` makes to a
// started Surety, in the pieces that it says, and holds that
//   no malformed request is answered with a 5xx, and none ends the process or leaves a fault in its log;
//   a call that was refused never reached its server, and one that was taken reached it once;
//   what reached it is what `JSON.parse` makes of the body.
// In CI `wire.test.ts` runs it for a bounded number. What breaks a rule is printed as a file for `corpus/`.

import fc from 'fast-check';
import { heardOn, Siege, statusesIn } from '../gateway/siege.fixture.ts';
import { fuzzByHand } from './by-hand.fixture.ts';
import { type Case, cases, corpus, markLength } from './cases.fixture.ts';

export interface Outcome {
  readonly runs: number;
  readonly seed: number;
  /** How many answers had each status; 0 for none. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Cases that broke a rule, with the rule. */
  readonly broken: readonly { readonly rule: string; readonly sent: string }[];
}

/** At once on the wire, so that one that waits for a body that never comes does not stop the others. */
const atOnce = 32;

export async function fuzz(runs: number, seed: number, only?: readonly Case[]): Promise<Outcome> {
  const siege = await Siege.start({
    limits: 'headers-within: 2s, request-within: 2s, idle: 2s, rate: 1000000',
  });
  try {
    const made = only ?? [...corpus(), ...fc.sample(cases, { numRuns: runs, seed })];
    const broken: { rule: string; sent: string }[] = [];
    const statuses: Record<number, number> = {};
    const taken = new Map<
      string,
      { readonly status: number; readonly sent: string; readonly args: unknown }
    >();
    let next = 0;
    const work = async () => {
      for (let at = next++; at < made.length; at = next++) {
        const each = made[at] as Case;
        const mark = `m${String(at).padStart(markLength - 1, '0')}`;
        const sent = filled(each.text, siege, mark);
        const heard = await exchanged(siege, sent, each.cuts);
        const all = statusesIn(heard).filter((status) => status !== 100);
        const [status = 0] = all;
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (all.some((one) => one >= 500)) broken.push({ rule: `answered with ${all.join(', ')}`, sent });
        taken.set(mark, { status, sent, args: argumentsIn(sent, mark) });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    broken.push(...contradictions(siege, taken));
    if (siege.child?.exitCode !== null) broken.push({ rule: 'the process ended', sent: siege.said() });
    for (const line of siege.said().split('\n'))
      if (/"level":(50|60)|a request failed|unhandled/i.test(line))
        broken.push({ rule: 'a fault in the log', sent: line });
    // Somebody else is served as before.
    if ((await siege.call('look', { mark: 'afterwards' }, 'second')).status !== 200)
      broken.push({ rule: 'another agent is not served any more', sent: '' });
    return { runs: made.length, seed, statuses, broken };
  } finally {
    await siege.end();
  }
}

/** What reached the server, held against what was answered. */
function contradictions(
  siege: Siege,
  taken: ReadonlyMap<string, { status: number; sent: string; args: unknown }>,
) {
  const reached = new Map<string, unknown[]>();
  for (const line of siege.received()) {
    const { arguments: args } = JSON.parse(line).params;
    const marks = line.match(/m\d{11}(?!\d)/g) ?? [];
    for (const mark of new Set(marks)) reached.set(mark, [...(reached.get(mark) ?? []), args]);
  }
  const broken: { rule: string; sent: string }[] = [];
  for (const [mark, args] of reached) {
    const found = taken.get(mark);
    if (found === undefined) continue;
    const { status, sent, args: meant } = found;
    if (args.length > 1) broken.push({ rule: 'one request reached the server twice', sent });
    // Without an answer the client went away, or was cut off: then it may have been taken before.
    if (status !== 200 && status !== 0)
      broken.push({ rule: `answered ${status}, and reached the server`, sent });
    if (meant !== undefined && JSON.stringify(args[0]) !== JSON.stringify(meant))
      broken.push({ rule: 'the server got other arguments than `JSON.parse` reads', sent });
  }
  return broken;
}

/** What any other reader makes of the body; undefined if it cannot be told (chunks, or two requests). */
function argumentsIn(sent: string, mark: string): unknown {
  const begin = sent.indexOf('{"jsonrpc"');
  if (begin === -1 || !sent.includes(mark) || /transfer-encoding/i.test(sent.slice(0, begin)))
    return undefined;
  try {
    return JSON.parse(Buffer.from(sent.slice(begin), 'latin1').toString('utf8')).params.arguments;
  } catch {
    return undefined;
  }
}

const filled = (text: string, siege: Siege, mark: string): string =>
  text
    .replaceAll('{{host}}', '127.0.0.1')
    .replaceAll('{{credential}}', siege.bearer().slice('Bearer '.length))
    .replaceAll('{{mark}}', mark);

async function exchanged(siege: Siege, sent: string, cuts: readonly number[]): Promise<string> {
  const socket = await siege.socket();
  const heard = heardOn(socket);
  let from = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), sent.length]) {
    const piece = Buffer.from(sent.slice(from, cut), 'latin1');
    if (piece.length > 0 && !socket.destroyed) await new Promise((resolve) => socket.write(piece, resolve));
    from = Math.max(from, cut);
  }
  return heard;
}

if (import.meta.main) await fuzzByHand(fuzz);
