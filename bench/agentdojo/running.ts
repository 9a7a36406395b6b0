// The same through the running gateway: `surety up` as a process of its own with its ledger on disk, its sealer, and
// in front of servers that answer each call with what the replay recorded. An application opens a case with the user's
// words, an agent calls over MCP. A call that the gateway refuses does not reach its server: that is checked here.

import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { type Child, start } from '../rig/processes.ts';
import { readBody } from '../rig/served.ts';
import { openSession, post } from '../rig/surety.ts';
import { type Decide, type Decision, rulesOf } from './deciding.ts';
import type { Labels, Profile } from './profiles.ts';
import type { Step, Suite } from './replays.ts';

const main = join(import.meta.dirname, '../../packages/surety/src/main.ts');
const owner = 'owner@bench.example';
const agent = 'assistant';

export interface Running {
  readonly decide: Decide;
  stop(): Promise<void>;
}

export interface RunningOptions {
  readonly folder: string;
  readonly suites: readonly Suite[];
  readonly labels: Labels;
  readonly profile: Profile;
  /** What its clock says when it starts. */
  readonly at: number;
}

export async function raiseRunning(options: RunningOptions): Promise<Running> {
  const { folder, suites, labels, profile } = options;
  const upstream = await serveReplays(suites);
  writeHouse(options, upstream.port);
  const gateway = await start([main, 'up', '--port', '0', '--with-parent'], {
    cwd: folder,
    log: join(folder, 'surety.log'),
    env: { SURETY_CLOCK: join(folder, 'clock.json') },
    readyLine: (line) => {
      const port = /Surety is up: http:\/\/127\.0\.0\.1:(\d+)\/mcp/.exec(line)?.[1];
      return port === undefined ? undefined : { port: Number(port) };
    },
  });
  const calls = await Calls.open(folder, Number(gateway.ready['port']), suites);
  return {
    decide: async (replay) => {
      const of = profile.hasCase ? await calls.openCase(replay.words) : undefined;
      const decisions: Decision[] = [];
      for (const step of replay.steps) {
        const effect = labels.get(step.tool)?.effect;
        const asked = { suite: replay.suite, step, of, isConsequential: effect !== 'read' };
        decisions.push(effect === undefined ? ignored : await calls.decide(asked, upstream));
      }
      return decisions;
    },
    stop: () => stopAll(gateway, upstream),
  };
}

/** Of a tool that there is not. */
const ignored: Decision = { answer: 'allow', isConsequential: false, unmet: [], tookMs: 0 };

async function stopAll(gateway: Child, upstream: Upstream): Promise<void> {
  await gateway.stop();
  upstream.server.close();
  upstream.server.closeAllConnections();
}

// --- What the gateway is told ----------------------------------------------------------------------------------

function writeHouse({ folder, suites, labels, profile, at }: RunningOptions, port: number): void {
  const tools = [...labels].map(([tool, { effect }]) => {
    const results = Object.entries(profile.results(tool)).map(([path, { is }]) => [path, is]);
    return [tool, { effect, ...(results.length === 0 ? {} : { results: Object.fromEntries(results) }) }];
  });
  const files = {
    'clock.json': JSON.stringify({ at, real: Date.now() }),
    'surety.yaml': stringify({
      ...{ origin: 'bench.example/surety', listen: '127.0.0.1:7398', store: 'store', 'time-zone': 'UTC' },
      servers: Object.fromEntries(
        suites.map(({ name }) => [name, { http: `http://127.0.0.1:${port}/${name}`, pins: 'observe' }]),
      ),
      tools: Object.fromEntries(tools),
      people: [{ id: owner, name: 'Olga Owner', functions: ['it'], simulated: true }],
      agents: { [agent]: { owner } },
      applications: { desk: { owner } },
    }),
    'outcomes/asked-for.yaml': stringify({
      outcome: 'asked-for',
      statement: 'What is done is what the user asked for.',
      owner,
      needs: { rung: 'C0', window: '1d' },
      arguments: rulesOf(labels, profile),
    }),
    'policies/all.cedar': '@id("all")\npermit (principal, action, resource);\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

// --- The servers behind it -------------------------------------------------------------------------------------

interface Upstream {
  readonly server: Server;
  readonly port: number;
  /** What the next call is answered with, and whether it came. */
  next: { readonly step: Step; isReached: boolean } | undefined;
}

async function serveReplays(suites: readonly Suite[]): Promise<Upstream> {
  const server = createServer((request, response) => {
    readBody(request, (body) => {
      const answer = request.method === 'POST' ? answerTo(body.toString(), request.url ?? '') : 'none';
      if (answer === 'none') response.writeHead(405).end();
      else if (answer === undefined) response.writeHead(202).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: Upstream = { server, port: (server.address() as AddressInfo).port, next: undefined };
  const answerTo = (text: string, path: string): string | undefined => {
    const { id, method } = JSON.parse(text) as { id?: unknown; method: string };
    if (id === undefined) return undefined;
    const suite = suites.find(({ name }) => path === `/${name}`);
    return JSON.stringify({ jsonrpc: '2.0', id, result: resultOf(method, suite, upstream) });
  };
  return upstream;
}

function resultOf(method: string, suite: Suite | undefined, upstream: Upstream): unknown {
  if (method === 'initialize')
    return {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'replay', version: '0.0.0' },
    };
  if (method === 'tools/list') return { tools: suite?.tools ?? [] };
  const { next } = upstream;
  if (method !== 'tools/call' || next === undefined) return {};
  next.isReached = true;
  const { result, hasFailed } = next.step;
  return hasFailed
    ? { isError: true, content: [{ type: 'text', text: 'failed, as recorded' }] }
    : { content: [{ type: 'text', text: 'as recorded' }], structuredContent: result };
}

// --- The agent and the application -----------------------------------------------------------------------------

type Headers = Readonly<Record<string, string>>;

interface Asked {
  readonly suite: string;
  readonly step: Step;
  readonly of: string | undefined;
  readonly isConsequential: boolean;
}

class Calls {
  readonly #port: number;
  readonly #desk: Headers;
  readonly #sessions: ReadonlyMap<string, Headers>;

  private constructor(port: number, desk: Headers, sessions: ReadonlyMap<string, Headers>) {
    this.#port = port;
    this.#desk = desk;
    this.#sessions = sessions;
  }

  static async open(folder: string, port: number, suites: readonly Suite[]): Promise<Calls> {
    const as = async (identity: string): Promise<Headers> => {
      const at = { socketPath: join(folder, 'store', 'admin.sock'), path: '/credentials' };
      const { text } = await post(at, {}, { identity, lifeMs: 86_400_000 });
      const { credential } = JSON.parse(text) as { credential: string };
      return { authorization: `Bearer ${credential}` };
    };
    const own = await as(agent);
    const sessions = new Map<string, Headers>();
    for (const { name } of suites) sessions.set(name, await openSession({ port, path: `/mcp/${name}` }, own));
    return new Calls(port, await as('desk'), sessions);
  }

  async openCase(words: string): Promise<string> {
    const at = { host: '127.0.0.1', port: this.#port, path: '/v1/cases' };
    const { text } = await post(at, this.#desk, { agent, user: 'ann@bench.example', words });
    return (JSON.parse(text) as { case: string }).case;
  }

  async decide(asked: Asked, upstream: Upstream): Promise<Decision> {
    const { suite, step, of, isConsequential } = asked;
    const name = step.tool.slice(suite.length + 1);
    upstream.next = { step, isReached: false };
    const headers = { ...this.#sessions.get(suite), ...(of === undefined ? {} : { 'surety-case': of }) };
    const from = performance.now();
    const { text } = await post({ host: '127.0.0.1', port: this.#port, path: `/mcp/${suite}` }, headers, {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name, arguments: step.args },
    });
    const tookMs = performance.now() - from;
    const { isReached } = upstream.next;
    if (isReached === /Refused\. Reference/.test(text))
      throw new Error(
        `${step.tool} was ${isReached ? 'made and refused' : 'not made'}: ${text.slice(0, 500)}`,
      );
    return { answer: isReached ? 'allow' : 'block', isConsequential, unmet: [], tookMs };
  }
}
