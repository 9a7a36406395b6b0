// The fuzzer of the other side: `node tests/fuzz/upstream.ts --runs 20000 [--seed N]`. Servers over HTTP and on stdio answer
// what `hostile.fixture.ts` makes, to calls through a gateway with a real ledger, and it holds that
//   nothing ends the process, and another agent's calls on another server go on meanwhile;
//   what a client is given as a server's answer is a piece of what that server sent for this very request, in a message
//   that the strict parser takes, and nothing that came compressed, as another type or with a status of failure;
//   a call is sent once; what was answered is settled so, and what has no answer is an open intent, and said to be lost;
//   nobody is led elsewhere, and every answer comes within the limits.
// In CI `upstream.test.ts` runs it for a bounded number. What breaks a rule is printed as a case for `corpus/upstream.json`.

import { fromUtf8 } from '@surety/proof/records';
import fc from 'fast-check';
import { UpstreamError } from '../../packages/surety/src/gateway/mcp/errors.ts';
import { HttpUpstream } from '../../packages/surety/src/gateway/mcp/http.ts';
import { type Answer, parseMessage } from '../../packages/surety/src/gateway/mcp/wire.ts';
import { fuzzByHand } from './by-hand.fixture.ts';
import { type HttpCase, httpCases, type StdioCase, stdioCases } from './hostile.fixture.ts';
import { answerBytesMax, boundsIn, initialized, perform, Rig, refuse, say } from './hostile-rig.fixture.ts';

export type Is = 'answered' | 'lost' | 'not-sent';

export interface Outcome {
  readonly runs: number;
  readonly seed: number;
  /** How many calls ended so. */
  readonly ended: Readonly<Record<Is, number>>;
  /** Calls of another agent that were answered meanwhile. */
  readonly beside: number;
  readonly broken: readonly { readonly rule: string; readonly sent: unknown }[];
}

type Each =
  | { readonly over: 'http'; readonly case: HttpCase }
  | { readonly over: 'stdio'; readonly case: StdioCase };
type Broken = { readonly rule: string; readonly sent: unknown }[];

/** A call takes no longer than all of these together, on a machine that has other things to do as well. */
const callMsMax = 30_000;

/** With `only` those, in as much time as they take: each is held to what it says. */
export async function fuzz(
  runs: number,
  seed: number,
  only?: readonly Each[],
  waitMs = 400,
): Promise<Outcome> {
  const rig = await Rig.open(waitMs);
  const faults: unknown[] = [];
  const onFault = (fault: unknown) => faults.push(fault);
  process.on('uncaughtException', onFault).on('unhandledRejection', onFault);
  try {
    const made = only ?? cases(runs, seed);
    const broken: Broken = [];
    const ended: Record<Is, number> = { answered: 0, lost: 0, 'not-sent': 0 };
    const told = new Map<string, { readonly is: Is; readonly each: Each }>();
    const one = async (each: Each, nth: number) => {
      const mark = `m${nth}.`;
      const began = performance.now();
      const reply = await asked(rig, each, mark);
      if (performance.now() - began > callMsMax) broken.push({ rule: 'it took too long', sent: each });
      const { is, wrong } = judged(reply, each, mark);
      ended[is]++;
      told.set(mark, { is, each });
      if (wrong !== undefined) broken.push({ rule: wrong, sent: each });
      if (only !== undefined && 'is' in each.case && each.case.is !== is)
        broken.push({ rule: `it ended as ${is}`, sent: each });
      // A server on stdio is one process: after it was broken the next call finds another.
      if (each.over === 'stdio' && is !== 'answered') await recovered(rig, `${mark}again`, broken);
    };
    const beside = besides(rig, broken);
    const introductions =
      only === undefined ? fc.sample(httpCases, { numRuns: Math.ceil(runs / 8), seed: seed + 1 }) : [];
    await Promise.all([
      atOnce([...made.entries()].filter(isOver('http')).values(), 24, ([nth, each]) => one(each, nth)),
      atOnce([...made.entries()].filter(isOver('stdio')).values(), 1, ([nth, each]) => one(each, nth)),
      atOnce(introductions.values(), 8, (each) => introduced(rig, each, broken)),
    ]);
    const answeredBeside = await beside();
    await contradictions(rig, told, broken);
    if (rig.bystander.connections > 0)
      broken.push({ rule: 'somebody was led elsewhere', sent: rig.bystander.connections });
    for (const fault of faults)
      broken.push({ rule: 'a fault', sent: String((fault as Error).stack ?? fault) });
    for (const problem of rig.problems)
      if (problem.startsWith('a request failed')) broken.push({ rule: 'a fault of ours', sent: problem });
    return { runs: made.length, seed, ended, beside: answeredBeside, broken };
  } finally {
    await rig.close();
    process.off('uncaughtException', onFault).off('unhandledRejection', onFault);
  }
}

const cases = (runs: number, seed: number): Each[] => {
  const overStdio = Math.ceil(runs / 8);
  const http = fc.sample(httpCases, { numRuns: runs - overStdio, seed });
  const stdio = fc.sample(stdioCases, { numRuns: overStdio, seed });
  return [
    ...http.map((each): Each => ({ over: 'http', case: each })),
    ...stdio.map((each): Each => ({ over: 'stdio', case: each })),
  ];
};

const isOver =
  (over: Each['over']) =>
  ([, each]: [number, Each]): boolean =>
    each.over === over;

async function atOnce<T>(todo: Iterator<T>, count: number, one: (each: T) => Promise<void>): Promise<void> {
  const work = async () => {
    for (let next = todo.next(); next.done !== true; next = todo.next()) await one(next.value);
  };
  await Promise.all(Array.from({ length: count }, work));
}

function asked(rig: Rig, each: Each, mark: string) {
  if (each.over === 'stdio') return rig.pipe(mark, each.case);
  rig.cases.set(mark, each.case);
  return rig.call('buyer', '/mcp/far', 'note', { mark });
}

async function recovered(rig: Rig, mark: string, broken: Broken): Promise<void> {
  const one = {
    name: 'good',
    body: '{"jsonrpc":"2.0","id":{{id}},"result":{"content":[]}}\n',
    cuts: [],
    ending: 'stay',
  } as const;
  for (let turn = 0; turn < 40; turn++) {
    const reply = await rig.pipe(`${mark}${turn}`, one);
    if (reply.text.includes('"result":{"content":[]}')) return;
  }
  broken.push({ rule: 'a server on stdio is not started again', sent: mark });
}

/** Another agent works at another server for as long as this runs; gives how often it was answered. */
function besides(rig: Rig, broken: Broken): () => Promise<number> {
  let goesOn = true;
  let answered = 0;
  const work = (async () => {
    do {
      const mark = `beside-${answered}`;
      const reply = await rig.call('second', '/mcp/erp', 'look', { mark });
      if (reply.status !== 200 || !reply.text.includes(mark) || reply.text.includes('"isError":true'))
        broken.push({ rule: 'another agent is not served', sent: reply.text });
      answered++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    } while (goesOn);
  })();
  return async () => {
    goesOn = false;
    await work;
    return answered;
  };
}

/** What the client was told, and what is wrong with it. */
function judged(
  reply: { status: number; text: string },
  each: Each,
  mark: string,
): { is: Is; wrong?: string } {
  const said = answersIn(reply.text).at(-1);
  const text = said?.text ?? '';
  if (text.includes('Not sent:')) return { is: 'not-sent' };
  if (text.includes('Not known whether this took effect')) return { is: 'lost' };
  if (said === undefined)
    return { is: 'lost', wrong: `the client got no answer: ${reply.status} ${reply.text.slice(0, 200)}` };
  if (!originals(each, mark).includes(text))
    return { is: 'answered', wrong: `answered with what was not sent: ${text.slice(0, 200)}` };
  return { is: 'answered' };
}

/** JSON, or the events of a stream. */
function answersIn(text: string): Answer[] {
  const all = text.startsWith('{')
    ? [text]
    : // An event without data only says from where to go on.
      [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => data ?? '');
  return all.flatMap((each) => {
    const message = parseMessage(each, { depthMax: 64, bytesMax: 1 << 20 });
    return message.is === 'result' || message.is === 'error' ? [message] : [];
  });
}

/** Each text that a client may be given for this case: in a message that can be read in one way, for this request. */
function originals(each: Each, mark: string): string[] {
  const { body } = each.case;
  const texts: string[] = [];
  // The id is not known here: each case is read with every id that could have been meant by the place for it.
  const filled = Buffer.from(body.replaceAll('{{mark}}', mark).replaceAll('{{id}}', '77'), 'latin1');
  if (each.over === 'stdio') texts.push(...linesOf(filled, /\n/));
  else {
    const { head, coding, ending } = each.case;
    const isFailure = !/^HTTP\/1.1 2/.test(head[0] ?? '');
    const type = /^content-type: *([^;]*)/i
      .exec(head[1] ?? '')?.[1]
      ?.trim()
      .toLowerCase();
    const isCoded =
      coding !== undefined || head.some((line) => /^content-encoding: (?!identity$)/i.test(line));
    if (isCoded) return [];
    if (type === 'application/json') texts.push(textOf(filled));
    if (type === 'text/event-stream') texts.push(...eventsOf(filled, ending === 'forever'));
    // Where a stream broke off, its server was asked for the rest, and gave it.
    if (type === 'text/event-stream' && /^id:/m.test(body))
      texts.push(
        `{"jsonrpc":"2.0","id":77,"result":{"content":[{"type":"text","text":"HOSTILE {{mark}}"}]}}`,
      );
    return readable(texts, isFailure);
  }
  return readable(texts, false);
}

function readable(texts: readonly string[], isFailure: boolean): string[] {
  return texts.flatMap((text) => {
    try {
      const message = parseMessage(text, { depthMax: 64, bytesMax: answerBytesMax });
      if (message.is === 'error' && (message.id === 77 || (message.id === null && isFailure)))
        return [message.text];
      return message.is === 'result' && message.id === 77 && !isFailure ? [message.text] : [];
    } catch {
      return [];
    }
  });
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return '';
  }
}

const linesOf = (bytes: Buffer, end: RegExp): string[] =>
  bytes
    .toString('latin1')
    .split(end)
    .map((line) => textOf(Buffer.from(line.replace(/\r$/, ''), 'latin1')));

/** By another reader of events than the gateway's: the lines, the fields, the empty line. */
function eventsOf(bytes: Buffer, endless: boolean): string[] {
  const found: string[] = [];
  let data: string[] = [];
  const lines = `${bytes.toString('latin1')}${endless ? ': x\n' : ''}`.split('\n').slice(0, -1);
  let named = false;
  for (const line of lines.map((each) => each.replace(/\r$/, ''))) {
    const [, field = line, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (line === '') {
      if (data.length > 0 && !named) found.push(textOf(Buffer.from(data.join('\n'), 'latin1')));
      data = [];
      named = false;
    } else if (field === 'data') data.push(value);
    else if (field === 'event') named = value !== 'message';
  }
  return found;
}

/** A server whose very introduction is hostile: it is refused or taken, in bounded time. */
async function introduced(rig: Rig, each: HttpCase, broken: Broken): Promise<void> {
  let asked = 0;
  const url = await rig.hostile(({ id, method }, socket) => {
    if (method === 'GET') return refuse(socket, '405 No');
    // What comes at which question is up to the case.
    if (asked++ >= each.cuts.length % 3) return void perform(each, socket, rig.filling(String(id), 'intro'));
    if (method === 'initialize') return say(socket, id, initialized);
    return refuse(socket, '202 Accepted');
  });
  const upstream = new HttpUpstream({ server: 'intro', url, ...boundsIn(100) });
  try {
    await upstream.describe();
    await upstream.list('tools');
  } catch (cause) {
    if (!(cause instanceof UpstreamError)) broken.push({ rule: `introduced: ${String(cause)}`, sent: each });
  } finally {
    await upstream.close();
  }
}

/** What the ledger holds, against what clients were told and servers got. */
async function contradictions(
  rig: Rig,
  told: ReadonlyMap<string, { readonly is: Is; readonly each: Each }>,
  broken: Broken,
): Promise<void> {
  const { house } = rig;
  await house.house.gateway.caughtUp();
  const settled = new Map((await house.factsOf('call.settled')).map((fact) => [fact.body.call, fact.body]));
  const { open } = house.house.gateway.logic;
  const seen = new Set<string>();
  for (const intent of await house.factsOf('call.intended')) {
    const { mark } = house.opened(intent, intent.body.args) as { mark: string };
    const settlement = settled.get(intent.body.call);
    const about = told.get(mark);
    if (settlement === undefined && !open.has(intent.body.call))
      broken.push({ rule: 'an intent that is neither settled nor open', sent: mark });
    if (about === undefined) continue;
    seen.add(mark);
    const by: readonly (string | undefined)[] = {
      answered: ['ok', 'error'],
      lost: [undefined],
      'not-sent': ['none'],
    }[about.is];
    if (!by.includes(settlement?.settlement))
      broken.push({ rule: `told ${about.is}, recorded ${settlement?.settlement}`, sent: about.each });
    const times = rig.reached(mark);
    // A connection that the server had closed may lose a call on the way: whether it came there nobody knows.
    const may = { answered: [1], lost: [0, 1], 'not-sent': [0] }[about.is];
    if (!may.includes(times))
      broken.push({ rule: `told ${about.is}, sent ${times} times`, sent: about.each });
  }
  for (const [mark, { each }] of told)
    if (!seen.has(mark)) broken.push({ rule: 'a call without an intent', sent: each });
}

if (import.meta.main) await fuzzByHand(fuzz);
