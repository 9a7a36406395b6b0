// An upstream server that runs beside the gateway and speaks over its standard streams. It is started when
// it is first needed, and anew on the next request after it died, with a growing pause while it keeps dying.
// A tool call is written at most once, to one process.

import type { Era } from './eras.ts';
import { UpstreamError } from './errors.ts';
import { type Item, Listing, type ListKind } from './listing.ts';
import { discovered, discovering, Earlier, KnownEra, ownParams } from './modern.ts';
import { answerWithinMsDefault } from './patience.ts';
import type { Answered } from './port.ts';
import { type NonsenseKind, ServerProcess } from './process.ts';
import { type Heard, Subscribing } from './subscribing.ts';
import { Tally } from './tally.ts';
import {
  type Asking,
  type ClientSide,
  checkInitialized,
  expectResult,
  initializeParams,
  type Link,
  nobody,
  type Said,
  type Upstream,
} from './upstream.ts';
import { type Interest, Watches } from './watches.ts';
import type { Members, Notification } from './wire.ts';

export interface StdioOptions {
  readonly server: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** Exactly these, with `PATH` and `HOME`: the gateway's own environment holds secrets. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How long a call may take; default 30 s. */
  readonly timeoutMs?: number;
  /** How long the process may take to answer `initialize`; default 2 min: `npx` may have to fetch it first. */
  readonly startTimeoutMs?: number;
  /** Default 8 MiB. */
  readonly answerBytesMax?: number;
  readonly depthMax?: number;
  readonly inFlightMax?: number;
  /** How long an answer may take in all; default 1 h. */
  readonly answerWithinMs?: number;
  /** What may wait for a server that does not read; default 32 MiB. */
  readonly queueBytesMax?: number;
  readonly listMaxAgeMs?: number;
  /** How long a process may take to end when asked to; default 1 s. */
  readonly graceMs?: number;
  readonly onStderr?: (text: string) => void;
  /** Told in words, without values. */
  readonly onProblem?: (problem: string) => void;
  /** The client whose process this is alone; without one, all share it and its server can ask nobody. */
  readonly client?: ClientSide;
  readonly known?: KnownEra;
}

interface Running {
  readonly process: ServerProcess;
  /** Aborted when the process ends. */
  readonly over: AbortSignal;
  readonly era: Era;
  readonly initialized: Members;
}

/** Of what a server writes while it starts; beyond that nothing is looked at, so that no value is seen in part. */
const stderrCharsMax = 16 * 1024;
const firstPauseMs = 100;
const longestPauseMs = 10_000;
const discoverMsMax = 20_000;

export class StdioUpstream implements Upstream {
  readonly server: string;
  readonly streams = false;
  readonly #options: StdioOptions;
  readonly #lists: Listing;
  readonly #listeners = new Set<(said: Notification) => void>();
  readonly #nonsense: Tally<NonsenseKind>;
  readonly #ending = new Set<Promise<void>>();
  readonly #watches: Watches;
  readonly #subscribing = new Subscribing({
    ask: (method, paramsText) => this.ask({ method, paramsText }),
    onSaid: (listener) => this.onSaid(listener),
  });
  /** A property of the program, which is not renewed while it is configured. */
  readonly #known: KnownEra;
  readonly #earlier = new Earlier(Number.POSITIVE_INFINITY);
  #process: ServerProcess | undefined;
  #running: Promise<Running> | undefined;
  /** Processes that ended since one last answered a request. */
  #deaths = 0;
  #notBefore = 0;
  #closed = false;

  constructor(options: StdioOptions) {
    this.server = options.server;
    this.#options = options;
    this.#known = options.known ?? new KnownEra(Number.POSITIVE_INFINITY);
    this.#nonsense = new Tally((kind, count) =>
      options.onProblem?.(`the server wrote nonsense: ${kind}, ${count} so far`),
    );
    this.#watches = new Watches({
      answerMs: Math.min(options.timeoutMs ?? 30_000, 10_000),
      listen: (notifications, heard, signal) => this.#watched(notifications, heard, signal),
    });
    this.#lists = new Listing({
      maxAgeMs: options.listMaxAgeMs ?? 5_000,
      page: async (method, params) => {
        const { era } = await this.#ready();
        const paramsText = era === 'modern' ? ownParams(params) : JSON.stringify(params);
        return expectResult(await this.ask({ method, paramsText }), method);
      },
    });
  }

  /** How often the server wrote something that is no answer to a request, by kind. */
  get nonsense(): ReadonlyMap<NonsenseKind, number> {
    return this.#nonsense.counts;
  }

  async describe(): Promise<Members> {
    return (await this.#ready()).initialized;
  }

  async era(): Promise<Era> {
    return (await this.#ready()).era;
  }

  list(kind: ListKind): Promise<readonly Item[]> {
    return this.#lists.get(kind);
  }

  async earlier(): Promise<Members | undefined> {
    if ((await this.era()) === 'legacy') return this.describe();
    // That it does not start so is no problem: it speaks the newer era.
    const { onProblem: _, ...options } = this.#options;
    return this.#earlier.get(async () => {
      const startTimeoutMs = Math.min(options.startTimeoutMs ?? discoverMsMax, discoverMsMax);
      const asked = new StdioUpstream({ ...options, startTimeoutMs, client: nobody, known: this.#known });
      try {
        return await asked.describe();
      } finally {
        await asked.close();
      }
    });
  }

  open(client: ClientSide): Link {
    return new StdioUpstream({ ...this.#options, client, known: this.#known });
  }

  watch(uri: string, interest: Interest): Promise<(() => void) | undefined> {
    return this.#watches.add(uri, interest);
  }

  onSaid(listener: (said: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(method: string, paramsText: string): void {
    // Only to a process that runs: a notification starts nothing.
    if (this.#process?.usable) this.#process.tell(method, paramsText);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watches.close();
    this.#retire();
    await Promise.all(this.#ending);
  }

  async ask(asking: Asking): Promise<Answered> {
    let running: Running;
    try {
      running = await this.#ready();
    } catch (cause) {
      return { is: 'not-sent', cause: (cause as Error).message };
    }
    const wait = asking.timeoutMs ?? this.#options.timeoutMs ?? 30_000;
    const reply = await running.process.ask(asking, wait);
    if (reply.is === 'result' || reply.is === 'error') this.#deaths = 0;
    return reply;
  }

  async #watched(notifications: Members, heard: Heard, signal: AbortSignal): Promise<void> {
    const { process, era, initialized, over } = await this.#ready();
    if (era === 'legacy')
      return this.#subscribing.listen(notifications, heard, signal, { initialized, over });
    const stop = this.onSaid(heard);
    const paramsText = ownParams({ notifications });
    // It is answered when the stream ends, by whoever ends it.
    await process.ask({ method: 'subscriptions/listen', paramsText, signal, open: true }, 0).finally(stop);
  }

  #ready(): Promise<Running> {
    if (this.#closed) return Promise.reject(new UpstreamError('closed', 'the gateway is closing'));
    if (this.#running !== undefined && this.#process?.usable) return this.#running;
    this.#retire();
    if (performance.now() < this.#notBefore)
      return Promise.reject(
        new UpstreamError('not-sent', 'the server keeps ending; waiting before the next start'),
      );
    const running = this.#start();
    this.#running = running;
    running.catch(() => {
      if (this.#running === running) this.#retire();
    });
    return running;
  }

  async #start(): Promise<Running> {
    let said = '';
    let isListening = true;
    const over = new AbortController();
    const about = { over: over.signal };
    const process = this.#spawn((text) => {
      if (isListening && said.length < stderrCharsMax) said += text;
    }, over);
    this.#process = process;
    const paramsText = initializeParams(this.#options.client);
    const asking = { method: 'initialize', paramsText };
    try {
      const own = this.#options.client !== undefined;
      const modern = own || this.#known.get() === 'legacy' ? undefined : await this.#discover(process);
      if (modern !== undefined) return { ...modern, ...about };
      const reply = await process.ask(asking, this.#options.startTimeoutMs ?? 120_000);
      // It may have been too slow for the question, or have died of something else: it is asked again next time.
      if (reply.is === 'error' && !own) this.#known.forget();
      const initialized = checkInitialized(expectResult(reply, 'initialize').value);
      process.tell('notifications/initialized');
      if (!own) this.#known.found('legacy');
      return { process, era: 'legacy', initialized, ...about };
    } catch (cause) {
      this.#options.onProblem?.(`it did not start: ${(cause as Error).message}${this.#lastWords(said)}`);
      throw cause;
    } finally {
      isListening = false;
    }
  }

  /** A server of the earlier era refuses the question, or says nothing to it, or ends: then it is not asked it again. */
  async #discover(process: ServerProcess): Promise<Omit<Running, 'over'> | undefined> {
    const waitMs = Math.min(this.#options.startTimeoutMs ?? discoverMsMax, discoverMsMax);
    const initialized = discovered(await process.ask(discovering, waitMs));
    if (initialized !== undefined) this.#known.found('modern');
    else if (!process.usable) this.#known.found('legacy');
    return initialized && { process, era: 'modern', initialized };
  }

  /**
   * What a server that did not start wrote last, for people. It got no call yet, so it knows no argument of one; what
   * it got from us, the values of its `env`, is taken out.
   */
  #lastWords(said: string): string {
    const values = Object.values(this.#options.env ?? {}).flatMap((value) => [value, ...value.split('\n')]);
    const longestFirst = values.filter((each) => each !== '').toSorted((a, b) => b.length - a.length);
    const text = longestFirst.reduce((left, value) => left.replaceAll(value, '***'), said);
    const last = text
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/[^\x20-\x7e]+/g, ' ')
      .slice(0, 200)
      .trim();
    return last ? `; it wrote last: ${last}` : '';
  }

  #spawn(onStderr: (text: string) => void, over: AbortController): ServerProcess {
    const { command, args = [], env = {}, cwd } = this.#options;
    const options = {
      command,
      args,
      env: { ...inherited(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
      lineBytesMax: this.#options.answerBytesMax ?? 8 * 1024 * 1024,
      depthMax: this.#options.depthMax ?? 64,
      answerWithinMs: this.#options.answerWithinMs ?? answerWithinMsDefault,
      inFlightMax: this.#options.inFlightMax ?? 256,
      queueBytesMax: this.#options.queueBytesMax ?? 32 * 1024 * 1024,
      stderrBytesMax: 1 << 20,
      graceMs: this.#options.graceMs ?? 1_000,
      canBeAsked: this.#options.client !== undefined,
    };
    const started = new ServerProcess(options, {
      onSaid: (said, answer, about) => {
        this.#said(said);
        (about ?? this.#options.client?.hear)?.(said, answer);
      },
      onNonsense: (kind) => this.#nonsense.add(kind),
      onStderr: (text) => {
        onStderr(text);
        this.#options.onStderr?.(text);
      },
      onGone: () => {
        over.abort();
        this.#died();
      },
    });
    return started;
  }

  #said(said: Said): void {
    if (said.is !== 'notification') return;
    this.#lists.heard(said.method);
    for (const listener of this.#listeners) listener(said);
  }

  /** The first death costs no pause; each further one without an answer in between doubles it. */
  #died(): void {
    this.#lists.forget();
    if (this.#closed) return;
    const pauseMs = this.#deaths === 0 ? 0 : firstPauseMs * 2 ** (this.#deaths - 1);
    this.#deaths++;
    this.#notBefore = performance.now() + Math.min(pauseMs, longestPauseMs);
    this.#options.onProblem?.('the server ended');
  }

  #retire(): void {
    const process = this.#process;
    this.#process = undefined;
    this.#running = undefined;
    if (process === undefined) return;
    const ending = process.end().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

function inherited(): Record<string, string> {
  const { PATH, HOME } = process.env;
  return { ...(PATH === undefined ? {} : { PATH }), ...(HOME === undefined ? {} : { HOME }) };
}
