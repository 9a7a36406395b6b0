// `surety up`: the gateway on its port, the administrator's socket in the store, the sealer beside them.
// Part of the composition root.

import { chmodSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import {
  adminApp,
  type Desk,
  type LegalHoldShown,
  openPages,
  openPublic,
  type ReloadAnswer,
  showVerdict,
} from './api/index.ts';
import { type DeskWork, socketOf } from './cli/desk.ts';
import { sayProblems } from './cli/saying.ts';
import { configOf } from './cli/store.ts';
import { CommandError, type Exit, exit, type Terminal } from './cli/terminal.ts';
import type { Config } from './config/index.ts';
import { Ending } from './ending.ts';
import type { LegalHold } from './governance/index.ts';
import { type House, HouseError, openHouse } from './house.ts';
import { tileListener } from './ledger/tile-server.ts';
import { look } from './looking.ts';
import { reload } from './reloading.ts';
import { Servers, type Swap } from './servers.ts';
import { faultMembers, type NoteForm, type NoteLevel, notes, type Say } from './telemetry/notes.ts';
import type { Telemetry } from './telemetry/open.ts';
import type { CallSeen } from './telemetry/watching.ts';

/** Effects that were lost are looked for in the records this often, beside every time that one is asked for. */
const settleEveryMs = 5_000;

/** A house for one command, when none is running. */
export async function openDesk(
  config: Config,
  terminal: Terminal,
): Promise<DeskWork & { close(): Promise<void> }> {
  // What root made there, the account of the gateway could not write afterwards.
  if (config.sealer !== undefined && process.geteuid?.() === 0)
    throw new CommandError(
      'root does not write into a store whose gateway has an account of its own',
      'start `surety up`, or run this as that account: sudo -u ACCOUNT surety ...',
      exit.unauthenticated,
    );
  const house = await openHouse(config, {
    program: 'command',
    env: terminal.env,
    onNote: (_, note) => terminal.note(terminal.paint('dim', note)),
  });
  const servers = new Servers(() => {});
  const lookAtAll = () => {
    servers.take(house.servers(), config.limits);
    return look(house.gateway, servers.upstreams);
  };
  return {
    ...deskOf(house, { look: lookAtAll }),
    close: async () => {
      await servers.close();
      await house.close();
    },
  };
}

function deskOf(
  house: House,
  { reload = notRunning, look }: Pick<Desk, 'look'> & Partial<Pick<Desk, 'reload'>>,
): Desk {
  const asked = (what: 'prove' | 'survey' | 'next-key') =>
    house.log.append([{ stream: 'desk', facts: [{ kind: 'desk.asked', body: { what } }] }]);
  return {
    ...{ reload, look },
    verdict: async (outcome, at) => {
      const { judgement, headNote } = await house.verdict(outcome, at);
      return showVerdict(judgement, headNote);
    },
    prove: async (outcome, at, sink) => {
      await asked('prove');
      const { given, sizeBytes } = await house.prove(outcome, at, sink);
      return { verdict: showVerdict(given.judgement, given.headNote), sizeBytes };
    },
    issue: (identity, lifeMs) => house.issue(identity, lifeMs),
    revoke: (identity) => house.revoke(identity),
    openCase: (application, opening) => house.openCase(application, opening),
    answer: (offered) => house.answer(offered),
    plant: (name) => house.plant(name),
    order: (offered) => house.order(offered),
    survey: async (subject) => {
      await asked('survey');
      const survey = await house.survey(subject);
      return { ...survey, holds: survey.holds.map(holdShown) };
    },
    affected: (scope) => house.affected(scope),
    legalHolds: () => house.legalHolds().map(holdShown),
    sign: (offered) => house.sign(offered),
    passkey: (offered) => house.passkeys.carryOut(offered),
    settle: () => house.settle(),
    rotate: (role, reason) => house.rotate(role, reason),
    nextKey: async (role) => {
      await asked('next-key');
      return house.nextKey(role);
    },
    application: (authorization) => house.application(authorization),
    agent: (authorization) => house.gateway.identify(authorization)?.agent,
    decide: (agent, asked) => house.gateway.decide({ agent }, asked),
    settleCall: (agent, said) => house.gateway.settle({ agent }, said),
    status: () => {
      const head = house.sealer.latest();
      const { origin } = house.log;
      return {
        origin,
        ledgerSize: house.log.size(),
        sealedSize: head?.size ?? 0,
        cosigned: head?.cosigned ?? [],
      };
    },
  };
}

const notRunning = () => Promise.reject(new HouseError('nothing runs here: the next start reads the files'));

const holdShown = (hold: LegalHold): LegalHoldShown => ({ ...hold, lifters: [...hold.lifters.keys()] });

interface UpOptions {
  readonly folder: string;
  /** The form and the level of what is said on stderr while it runs; `text` and `info` if nobody says. */
  readonly log?: NoteForm;
  readonly logLevel?: NoteLevel;
  readonly port?: number;
  /** End when stdin ends, so that nothing outlives whoever started it. */
  readonly withParent?: boolean;
}

/** Runs until it is asked to stop; then lets calls under way finish and says its last fact. */
export async function up(terminal: Terminal, options: UpOptions): Promise<Exit> {
  const { log: form = 'text', logLevel: level = 'info' } = options;
  const onNote = notes({ form, level, now: Date.now, write: (line) => terminal.note(line) });
  const config = await configOf(
    terminal,
    options.folder,
    form === 'json' ? (problems) => sayProblems(problems, onNote) : undefined,
  );
  // What a person waits for at a terminal; a line like any other to a machine.
  const tell = (line: string) => (form === 'json' ? onNote('info', line) : terminal.note(line));
  const onFault = (fault: Error) => onNote('error', 'a request failed', faultMembers(fault));
  const telemetry = await telemetryOf(config, level, onNote, onFault);
  const { observer } = telemetry ?? {};
  const servers = new Servers(onNote);
  let { limits } = config;
  let swap: Swap | undefined;
  const looking = () => look(house.gateway, servers.upstreams);
  const house = await openHouse(config, {
    ...{ program: 'gateway', env: terminal.env, onNote, observer },
    onServers: (inForce) => {
      servers.take(inForce, limits, swap);
      if (swap !== undefined) void looking();
    },
  });
  const closing: (() => Promise<unknown>)[] = [];
  const ending = new Ending(options.withParent === true);
  try {
    const onProblem = (problem: string) => onNote('warn', problem);
    telemetry?.watch({ ...house, sealedSize: () => house.sealer.latest()?.size ?? 0 });
    const reloading = oneAtATime(async () => {
      const answer = await reload({
        ...{ house, env: terminal.env, started: config },
        onConfig: (next) => {
          limits = next.limits;
        },
      });
      for (const note of notesOf(answer)) onNote(answer.ok ? 'info' : 'warn', note);
      return answer;
    });
    const desk = deskOf(house, { reload: reloading, look: looking });
    const listener = await openPublic(config, options.port, {
      ...{ desk, governor: house.gateway, upstreams: servers.upstreams, onNote, onFault },
    });
    swap = listener.swap;
    closing.push(() => listener.close(ending.force));
    const onHangup = () =>
      void reloading().catch((error: Error) => onProblem(`not reloaded: ${error.message}`));
    process.on('SIGHUP', onHangup);
    closing.push(async () => void process.off('SIGHUP', onHangup));
    const socket = socketOf(config);
    // The writer's lock is ours by now: a socket that lies here was left by a process that died.
    rmSync(socket, { force: true });
    const own = getRequestListener(adminApp(desk, onFault).fetch);
    const admin = await listen(besideLog(own, config, onProblem, telemetry), { path: socket });
    chmodSync(socket, 0o600);
    // A verdict that somebody waits for is given.
    closing.push(() => Promise.race([closed(admin), ending.force]).then(() => admin.closeAllConnections()));
    const served = await serveLog(config, onProblem);
    if (served !== undefined) closing.push(() => cutOff(served));
    const figures = await serveMetrics(config, telemetry);
    if (figures !== undefined) closing.push(() => cutOff(figures));
    if (config.pages !== undefined) {
      const pages = await openPages(config.pages, config.limits, { desk: house.pages, onNote, onFault });
      closing.push(() => pages.close(ending.force));
      tell(`Pages for people: ${config.pages.url}/`);
    }
    // Without its writer the gateway could only refuse: whoever watches this process must see it end.
    const broken = Promise.withResolvers<Error>();
    const settling = setInterval(() => {
      house.log.flushed().catch(broken.resolve);
      house.settle().catch((error: Error) => onNote('warn', `not settled: ${error.message}`));
    }, settleEveryMs);
    closing.push(async () => clearInterval(settling));
    const { port, scheme } = listener;
    if (served !== undefined) tell(`The log is served: ${addressOf(served, config.serve?.host)}/`);
    if (figures !== undefined) tell(`Metrics are served: ${addressOf(figures, hostOf(config))}/metrics`);
    tell(`Surety is up: ${scheme}://${written(config.listen.host)}:${port}/mcp`);
    onNote('info', `ready on port ${port}, ${house.log.size()} facts`);
    void looking();
    const why = await Promise.race([ending.asked, broken.promise]);
    onNote('info', 'ending: what is under way is answered first (asked again, it is not waited for)');
    if (why === undefined) return exit.ok;
    const fatal = `the ledger cannot be written any more: ${why.message}`;
    if (form === 'json') onNote('error', fatal);
    else terminal.note(`error: ${fatal}`);
    return exit.error;
  } finally {
    ending.begin();
    for (const close of closing) await close();
    await servers.close();
    await telemetry?.close();
    await house.close();
    ending.over();
  }
}

/** The operator's own tools read the log and the metrics through the socket: `/log/checkpoint`, `/log/tile/...`, `/metrics`. */
function besideLog(
  own: RequestListener,
  { store, telemetry: { prometheus } = { traced: 0 } }: Config,
  onProblem: (problem: string) => void,
  telemetry: Telemetry | undefined,
): RequestListener {
  const log = tileListener({ folder: store, prefix: '/log', onProblem });
  const metrics = prometheus === undefined ? undefined : telemetry?.listener();
  return (request, response) => {
    if (request.url?.startsWith('/log/') === true) return log(request, response);
    return request.url === '/metrics' && metrics !== undefined
      ? metrics(request, response)
      : own(request, response);
  };
}

/** Its libraries are loaded only where somebody watches: a receiver, a reader, or who wants each call in the log. */
async function telemetryOf(
  { telemetry, origin }: Config,
  level: NoteLevel,
  onNote: Say,
  onFault: (fault: Error) => void,
): Promise<Telemetry | undefined> {
  if (telemetry === undefined && level !== 'debug') return undefined;
  const { openTelemetry } = await import('./telemetry/open.ts');
  const { otlp, traced = 0, prometheus } = telemetry ?? {};
  const onCall =
    level === 'debug' ? (seen: CallSeen) => onNote('debug', 'call', callMembers(seen)) : undefined;
  return openTelemetry({
    otlp,
    traced,
    isScraped: prometheus !== undefined,
    origin,
    onNote,
    onFault,
    onCall,
  });
}

const callMembers = ({ durationMs, ...seen }: CallSeen) => ({
  ...seen,
  ms: Math.round(durationMs * 10) / 10,
});

const hostOf = ({ telemetry }: Config): string | undefined =>
  telemetry?.prometheus === undefined || telemetry.prometheus === 'socket'
    ? undefined
    : telemetry.prometheus.host;

/** Metrics for whoever reaches this address, only where the configuration says so. */
async function serveMetrics(
  { telemetry: watched }: Config,
  telemetry: Telemetry | undefined,
): Promise<Server | undefined> {
  const at = watched?.prometheus;
  if (telemetry === undefined || at === undefined || at === 'socket') return undefined;
  const server = await listen(telemetry.listener(at.host), at);
  server.maxConnections = readersMax;
  server.timeout = serverOptions.requestTimeout;
  return server;
}

/** Connections of those who read the log; each file is one request. */
const readersMax = 64;

/** The log for whoever reaches this address, only where the configuration says so. */
async function serveLog(
  { serve, store, origin }: Config,
  onProblem: (problem: string) => void,
): Promise<Server | undefined> {
  if (serve === undefined) return undefined;
  // A log is usually named by the address that it is read at (C2SP tlog-tiles).
  const names = [serve.host, origin.split(/[:/]/)[0] ?? ''].map((name) => name.toLowerCase());
  const server = await listen(tileListener({ folder: store, names, onProblem }), serve);
  server.maxConnections = readersMax;
  server.timeout = serverOptions.requestTimeout;
  return server;
}

function addressOf(server: Server, host = ''): string {
  const { port } = server.address() as AddressInfo;
  return `http://${written(host)}:${port}`;
}

/** As the host part of a URL. */
const written = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Headers and bodies in bounded time, so that a slow client holds nothing for long. */
const serverOptions = { headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 32 * 1024 };

function listen(
  listener: RequestListener,
  at: { host: string; port: number } | { path: string },
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(serverOptions, listener);
    server.once('error', reject);
    server.listen(at, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** A reader of the log, however slow, never keeps the gateway from ending. */
function cutOff(server: Server): Promise<void> {
  const gone = closed(server);
  server.closeAllConnections();
  return gone;
}

/** Ids and codes, never values. */
function notesOf(answer: ReloadAnswer): string[] {
  if (!answer.ok) {
    const errors = answer.problems.filter(({ severity }) => severity === 'error').length;
    return [`not reloaded: ${errors} errors in the files, nothing has changed (\`surety check\`)`];
  }
  const { applied, pending, restart } = answer;
  const later = restart.length === 0 ? '' : `; only after a restart: ${restart.join(', ')}`;
  return [`reloaded: ${applied.length} declarations took force, ${pending.length} changes wait${later}`];
}

/** Whoever asks while it runs gets the next run: the files may have changed since. */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
