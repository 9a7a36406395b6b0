// Calls that wait for people and that their clients follow as tasks: tasks of the gateway itself, not of a server. Such a
// call is made again when its client asks about it after somebody has answered, so that nothing is done for an agent
// that does not show its credential; from the start, so that whatever stopped it meanwhile stops it.
// INVARIANT: a held call has one outcome. Until there is one it is made again only while it waits, by one try at a time.

import { randomBytes } from 'node:crypto';
import { Shares } from '../../shares.ts';
import type { Context } from './answering.ts';
import type { Era } from './eras.ts';
import type { Governor, Hold, ToolReply } from './port.ts';
import { Refusal } from './refusal.ts';
import { toolResult } from './replies.ts';
import { taskIn } from './tasks.ts';
import { errorObject, isMembers, type Members, rpc } from './wire.ts';

/** Inputs that a server asked for when the call was made again, and the state that it gave. */
export interface More {
  readonly requestState: unknown;
  readonly inputResponses: Members;
}

/** Where people answer holds. */
export interface Pages {
  /** Origin of the pages. */
  readonly url: string;
  /** How long a call waits while its client shows the address; default 45 s. */
  readonly waitMs?: number;
}

/** Makes the call again. Throws `Refusal`, or what the server's link throws. */
export type Again = (context: Context, redeems: string, more: More | undefined) => Promise<ToolReply>;

export interface HeldOptions {
  readonly agent: string;
  readonly endpoint: string;
  readonly era: Era;
  /** As rules know it. */
  readonly tool: string;
  readonly hold: Hold;
  readonly message: string;
  readonly again: Again;
}

/** What came of it, as its client hears it. */
interface Came {
  readonly is: 'result' | 'error';
  readonly text: string;
}

type Status = 'waits' | 'runs' | 'asks' | 'cancelled' | 'over';

export class HeldCall {
  readonly id = `held-${randomBytes(18).toString('base64url')}`;
  readonly of: Omit<HeldOptions, 'hold' | 'again' | 'message'>;
  readonly ttlMs: number;
  readonly createdAt = new Date().toISOString();
  updatedAt = this.createdAt;
  message: string;
  hold: string;
  status: Status = 'waits';
  came: Came | undefined;
  /** What the server wants to know, once it was made again. */
  asked: Members = {};
  /** The task of the server that it goes on as. */
  became: { readonly server: string; readonly rest: string } | undefined;
  #state: unknown;
  /** Something was said of its hold since it was tried last. */
  #isDue = false;
  #abort = new AbortController();
  #changed = Promise.withResolvers<void>();
  readonly #again: Again;

  constructor({ hold, again, message, ...of }: HeldOptions) {
    this.of = of;
    this.hold = hold.name;
    this.ttlMs = hold.leftMs;
    this.message = message;
    this.#again = again;
  }

  get isOver(): boolean {
    return this.status === 'over' || this.status === 'cancelled' || this.became !== undefined;
  }

  /** Resolves when anything is another than now. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  heard(): void {
    this.#isDue = true;
    this.#say();
  }

  /** Makes the call again if there is a reason to; does not wait for what comes of it. */
  look(context: Context): void {
    const { governor } = context;
    if (this.status !== 'waits' || !(this.#isDue || governor.waitsMs?.(this.hold) === 0)) return;
    void this.#try(context, undefined);
  }

  goOn(context: Context, inputResponses: Members): void {
    if (this.status === 'asks') void this.#try(context, { requestState: this.#state, inputResponses });
  }

  /** What has left goes on, and is recorded: only nobody here hears of it. */
  cancel(): void {
    if (this.isOver) return;
    this.#abort.abort();
    this.#is('cancelled');
  }

  async #try(context: Context, more: More | undefined): Promise<void> {
    this.#isDue = false;
    this.#is('runs');
    const done = context.begin();
    const { signal } = this.#abort;
    const underWay = { channel: context.channel, cancel: () => this.#abort.abort() };
    try {
      const within = { ...context, signal, underWay, endpoint: context.current() };
      const reply = await this.#again(within, this.hold, more);
      if (this.status === 'runs') this.#learn(context, reply);
    } catch (cause) {
      const { code, message } =
        cause instanceof Refusal ? cause : { code: rpc.internalError, message: 'it could not be made' };
      this.#end({ is: 'error', text: errorObject(code, message) });
    } finally {
      done();
    }
  }

  #learn(context: Context, reply: ToolReply): void {
    if (reply.is === 'held' && reply.hold !== undefined) {
      // Another checkpoint may ask once the first has what it wants.
      this.hold = reply.hold.name;
      this.message = reply.message;
      return this.#is('waits');
    }
    const upstream = reply.is === 'upstream' ? reply.reply : undefined;
    if (upstream?.is === 'asks') {
      const { requestState } = JSON.parse(upstream.text) as Members;
      this.#state = requestState;
      this.asked = isMembers(upstream.value.inputRequests) ? upstream.value.inputRequests : {};
      return this.#is('asks');
    }
    const begun = upstream?.is === 'task' ? taskIn(upstream.value) : undefined;
    if (begun !== undefined && begun !== 'nameless') {
      this.became = { server: this.of.tool.slice(0, this.of.tool.indexOf('.')), rest: begun.id };
      return this.#say();
    }
    if (upstream?.is === 'error') return this.#end({ is: 'error', text: upstream.text });
    this.#end({ is: 'result', text: toolResult(reply, context) });
  }

  #end(came: Came): void {
    if (this.status === 'cancelled') return;
    this.came = came;
    this.#is('over');
  }

  #is(status: Status): void {
    this.status = status;
    this.updatedAt = new Date().toISOString();
    this.#say();
  }

  #say(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

const ofAgentMax = 256;
/** Requests that wait for what comes of a held call; one agent never has more than are left for others. */
const waitersMax = 512;
/** What came of a call can still be heard so long after its hold is over. */
const laterMs = 10 * 60_000;

export class HeldCalls {
  /** By agent, the oldest first. */
  readonly #calls = new Map<string, Map<string, HeldCall>>();
  readonly #closing = new AbortController();
  readonly waiters = new Shares(waitersMax);
  readonly #timers = new Map<HeldCall, NodeJS.Timeout>();

  readonly #listeners = new Map<string, Set<() => void>>();
  readonly pages: Pages | undefined;

  constructor(governor: Governor, pages?: Pages) {
    this.pages = pages;
    governor.onHold?.((hold) => {
      for (const listener of this.#listeners.get(hold) ?? []) listener();
      for (const own of this.#calls.values())
        for (const each of own.values()) if (each.hold === hold) each.heard();
    });
  }

  /** Told of each thing that is said about a hold, until what is given back is called. */
  listen(hold: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(hold) ?? new Set();
    this.#listeners.set(hold, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(hold);
    };
  }

  /** Where people see this hold. It says nothing but its name, and opens nothing to who is not signed in there. */
  addressOf(hold: string): string | undefined {
    return this.pages && `${this.pages.url}/approve/${hold}`;
  }

  /** The one that follows this hold already, else a new one; undefined if the agent follows too many. */
  follow(options: HeldOptions): HeldCall | undefined {
    const { agent, endpoint, era, hold } = options;
    const known = this.of(agent, endpoint, era).find((each) => !each.isOver && each.hold === hold.name);
    if (known !== undefined) return known;
    const own = this.#calls.get(agent) ?? new Map<string, HeldCall>();
    const over = [...own.values()].find((each) => each.isOver);
    if (own.size >= ofAgentMax && over === undefined) return undefined;
    if (own.size >= ofAgentMax && over !== undefined) this.#forget(over);
    const call = new HeldCall(options);
    this.#calls.set(agent, own.set(call.id, call));
    this.#timers.set(call, setTimeout(() => this.#forget(call), call.ttlMs + laterMs).unref());
    return call;
  }

  /** Another agent's, or one of another endpoint or era, is as unknown as one that never was. */
  find(agent: string, endpoint: string, era: Era, id: string): HeldCall | undefined {
    const found = this.#calls.get(agent)?.get(id);
    return found?.of.endpoint === endpoint && found.of.era === era ? found : undefined;
  }

  of(agent: string, endpoint: string, era: Era): readonly HeldCall[] {
    return [...(this.#calls.get(agent)?.values() ?? [])].filter(
      ({ of }) => of.endpoint === endpoint && of.era === era,
    );
  }

  /** Aborted when nothing is waited for any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#calls.clear();
  }

  #forget(call: HeldCall): void {
    clearTimeout(this.#timers.get(call));
    this.#timers.delete(call);
    const own = this.#calls.get(call.of.agent);
    own?.delete(call.id);
    if (own?.size === 0) this.#calls.delete(call.of.agent);
  }
}
