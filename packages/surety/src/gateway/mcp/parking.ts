// A client of the newer era on a server of the earlier one, which asks in the middle of a call and waits on its open
// request. The question goes to the client as `input_required`, and the call is parked meanwhile: when the client
// comes back, its answers go to the very request that waits. Each such call has a link alone, so that what the server
// asks can only belong to it.

import { questions } from './capabilities.ts';
import type { Channel } from './channel.ts';
import type { Token } from './params.ts';
import type { UpstreamReply } from './port.ts';
import type { AnswerServer, Asking, Hear, Link, Said, Upstream } from './upstream.ts';
import { edited, errorObject, isMembers, type Members, notificationText, type Request, rpc } from './wire.ts';

/** Where what is said about the call goes: to the client's request of the moment. */
interface Towards {
  readonly channel: Channel;
  readonly token: Token;
}

const questionsMax = 64;

export class ParkedCall {
  readonly #link: Link;
  readonly #capabilities: Members;
  readonly #abort = new AbortController();
  readonly #asked = new Map<string, { readonly request: Request; readonly answer: AnswerServer }>();
  /** Those of the questions that the client was told of. */
  #shown: ReadonlySet<string> = new Set();
  #lastQuestion = 0;
  #towards: Towards;
  #next = Promise.withResolvers<UpstreamReply>();
  #answered = false;
  #isShowing = false;

  constructor(link: Link, capabilities: Members, towards: Towards) {
    this.#link = link;
    this.#capabilities = capabilities;
    this.#towards = towards;
  }

  get link(): Link {
    return this.#link;
  }

  /** True once the server has answered: its link is good for another call. */
  get isAnswered(): boolean {
    return this.#answered;
  }

  start(asking: Asking, signal: AbortSignal): Promise<UpstreamReply> {
    const cancel = () => this.#abort.abort();
    signal.addEventListener('abort', cancel, { once: true });
    void this.#link.ask({ ...asking, signal: this.#abort.signal, hear: this.#hear }).then((reply) => {
      this.#answered = true;
      this.#next.resolve(reply);
    });
    return this.#next.promise;
  }

  /** The client came back with answers to what was asked; what it left out is answered with an error. */
  goOn(responses: unknown, towards: Towards): Promise<UpstreamReply> {
    this.#towards = towards;
    this.#next = Promise.withResolvers();
    this.#isShowing = false;
    const given = isMembers(responses) ? responses : {};
    for (const key of this.#shown) {
      const answer = this.#asked.get(key)?.answer;
      this.#asked.delete(key);
      if (isMembers(given[key])) answer?.('result', JSON.stringify(given[key]));
      else answer?.('error', errorObject(rpc.invalidParams, 'the client gave no answer'));
    }
    // Asked while the client was away.
    if (this.#asked.size > 0) this.#show();
    return this.#next.promise;
  }

  abandon(): void {
    for (const { answer } of this.#asked.values())
      answer('error', errorObject(rpc.internalError, 'the client is gone'));
    this.#asked.clear();
    this.#abort.abort();
  }

  readonly #hear: Hear = (said, answer) => {
    if (said.is === 'notification') return this.#tell(said);
    const needs = questions.get(said.method);
    if (needs === undefined || this.#capabilities[needs] === undefined || this.#asked.size >= questionsMax)
      return answer('error', errorObject(rpc.methodNotFound, 'this client does not offer that'));
    this.#asked.set(`q${++this.#lastQuestion}`, { request: said, answer });
    this.#show();
  };

  #show(): void {
    // One round at a time: what comes later is shown in the next.
    if (this.#isShowing) return;
    this.#shown = new Set(this.#asked.keys());
    const requests = [...this.#asked].map(
      ([key, { request }]) =>
        `"${key}":{"method":${JSON.stringify(request.method)},"params":${request.paramsText}}`,
    );
    const text = `{"resultType":"input_required","inputRequests":{${requests.join(',')}}}`;
    this.#isShowing = true;
    this.#next.resolve({ is: 'asks', text, value: JSON.parse(text) as Members });
  }

  #tell({ method, paramsText, spans }: Said): void {
    const { channel, token } = this.#towards;
    const span = spans.get('/progressToken');
    if (method !== 'notifications/progress' || span === undefined || token === undefined) return;
    channel.say(notificationText(method, edited(paramsText, [[span, token]])));
  }
}

/** A governor lets a suspended call go on for ten minutes; then nobody comes back for it. */
const parkedMsMax = 11 * 60_000;
const idleMsMax = 5 * 60_000;

interface Idle {
  readonly agent: string;
  readonly key: string;
  readonly upstream: Upstream;
  readonly link: Link;
  readonly timer: NodeJS.Timeout;
}

export class Parking {
  readonly #ofAgentMax: () => number;
  /** By the suspended call. */
  readonly #parked = new Map<string, { readonly call: ParkedCall; readonly timer: NodeJS.Timeout }>();
  readonly #idle = new Set<Idle>();
  readonly #left = new WeakSet<Upstream>();
  /** Links of each agent, idle and not. */
  readonly #links = new Map<string, Set<Link>>();

  constructor(ofAgentMax: () => number) {
    this.#ofAgentMax = ofAgentMax;
  }

  /** Undefined if all that this agent may have are at work. */
  begin(agent: string, upstream: Upstream, capabilities: Members, towards: Towards): ParkedCall | undefined {
    const key = JSON.stringify([agent, upstream.server, capabilities]);
    const idle = [...this.#idle].find((each) => each.key === key && each.upstream === upstream);
    if (idle !== undefined) {
      this.#idle.delete(idle);
      clearTimeout(idle.timer);
      return new ParkedCall(idle.link, capabilities, towards);
    }
    const own = this.#links.get(agent) ?? new Set<Link>();
    const [oldest] = [...this.#idle].filter((each) => each.agent === agent);
    const max = this.#ofAgentMax();
    if (own.size >= max && oldest !== undefined) this.#drop(oldest);
    if (own.size >= max) return undefined;
    // What belongs to no call is nobody's: on this link there is one call at a time.
    const hear: Hear = (said, answer) => {
      if (said.is === 'request') answer('error', errorObject(rpc.methodNotFound, 'nothing is under way'));
    };
    const link = upstream.open({ capabilities, hear });
    own.add(link);
    this.#links.set(agent, own);
    return new ParkedCall(link, capabilities, towards);
  }

  park(id: string, agent: string, call: ParkedCall): void {
    const timer = setTimeout(() => {
      this.#parked.delete(id);
      call.abandon();
      this.#close(agent, call.link);
    }, parkedMsMax).unref();
    this.#parked.set(id, { call, timer });
  }

  take(id: string): ParkedCall | undefined {
    const found = this.#parked.get(id);
    clearTimeout(found?.timer);
    this.#parked.delete(id);
    return found?.call;
  }

  /** The call is over: its link may serve the next, if the server has answered. */
  end(agent: string, upstream: Upstream, capabilities: Members, call: ParkedCall): void {
    if (!call.isAnswered) {
      call.abandon();
      return this.#close(agent, call.link);
    }
    const key = JSON.stringify([agent, upstream.server, capabilities]);
    const timer = setTimeout(() => this.#drop(idle), idleMsMax).unref();
    const idle: Idle = { agent, key, upstream, link: call.link, timer };
    this.#idle.add(idle);
    if (this.#left.has(upstream)) this.#drop(idle);
  }

  /** This server is there no more: calls that are parked end on their links, and no other begins on one. */
  leave(upstream: Upstream): void {
    this.#left.add(upstream);
    for (const each of [...this.#idle]) if (each.upstream === upstream) this.#drop(each);
  }

  async close(): Promise<void> {
    for (const { call, timer } of this.#parked.values()) {
      clearTimeout(timer);
      call.abandon();
    }
    for (const { timer } of this.#idle) clearTimeout(timer);
    await Promise.all([...this.#links.values()].flatMap((links) => [...links].map((link) => link.close())));
  }

  #drop(idle: Idle): void {
    clearTimeout(idle.timer);
    this.#idle.delete(idle);
    this.#close(idle.agent, idle.link);
  }

  #close(agent: string, link: Link): void {
    this.#links.get(agent)?.delete(link);
    void link.close();
  }
}
