// One session of a client of the earlier era (MCP up to 2025-11-25): its streams, its requests under way, the links
// to servers that are its alone, and what those servers asked it. Whatever a server asks goes to the one client
// whose link it asked on, and only that client's answer goes back.

import { randomBytes } from 'node:crypto';
import { passedOn, questions } from './capabilities.ts';
import { Seen } from './changes.ts';
import type { Channel } from './channel.ts';
import { legacyVersions } from './eras.ts';
import type { Governed } from './port.ts';
import { EventLog, EventStream } from './streams.ts';
import { shownTask } from './tasks.ts';
import type { AnswerServer, Hear, Link, Said, Upstream } from './upstream.ts';
import {
  edited,
  errorObject,
  isMembers,
  type Members,
  type Notification,
  notificationText,
  type Request,
  rpc,
} from './wire.ts';

/** A request of the client that is being answered. */
export interface UnderWay {
  readonly channel: Channel;
  readonly cancel: () => void;
  /** None where no call is governed: then no server may ask anything. */
  onInput?: Governed['onInput'];
}

interface Question {
  readonly server: string;
  /** As the server wrote it. */
  readonly idText: string;
  readonly request: Members;
  readonly answer: AnswerServer;
  readonly onInput: Governed['onInput'] | undefined;
}

const questionsMax = 64;

export class ClientSession {
  readonly id = randomBytes(24).toString('base64url');
  readonly agent: string;
  readonly endpoint: string;
  readonly capabilities: Members;
  /** Who the client says that it is. */
  readonly clientInfo: unknown;
  /** Whether the client knows that a stream may end midway, to be come back for (SEP-1699). */
  readonly polls: boolean;
  readonly log = new EventLog();
  /** What belongs to no request: the client listens to it with GET. */
  readonly #general = new EventStream(this.log, { keepsWaiting: true });
  readonly #links = new Map<string, Link>();
  readonly #underWay = new Map<string, UnderWay>();
  readonly #questions = new Map<number, Question>();
  #lastQuestion = 0;
  /** Its tasks that are not over: until then it does not end by itself. */
  readonly running = new Set<string>();
  /** Addresses of resources whose changes the client wants to hear of. */
  readonly subscribed = new Set<string>();
  /** Called when it has ended. */
  onEnd: (() => void) | undefined;
  /** The lists that the client saw last. */
  readonly seen = new Seen();
  usedAt = performance.now();

  constructor(agent: string, endpoint: string, { capabilities, clientInfo, protocolVersion }: Members) {
    this.agent = agent;
    this.endpoint = endpoint;
    this.capabilities = passedOn(isMembers(capabilities) ? capabilities : {});
    this.clientInfo = clientInfo;
    this.polls = legacyVersions.indexOf(String(protocolVersion)) <= 0;
  }

  /** True while something is being answered or listened to: then nothing ends it. */
  get busy(): boolean {
    return this.#underWay.size > 0 || this.#general.connected;
  }

  get general(): EventStream {
    return this.#general;
  }

  /** The session's own link to this server, opened when it is first needed. */
  link(upstream: Upstream): Link {
    const known = this.#links.get(upstream.server);
    if (known !== undefined) return known;
    const { server } = upstream;
    const hear: Hear = (said, answer) => this.#heard(server, said, answer, undefined);
    const link = upstream.open({ capabilities: this.capabilities, hear });
    this.#links.set(server, link);
    return link;
  }

  has({ server }: Upstream): boolean {
    return this.#links.has(server);
  }

  /** Its link to a server that is there no more: what is under way on it goes on, and then it is to be closed. */
  detach({ server }: Upstream): Link | undefined {
    const link = this.#links.get(server);
    this.#links.delete(server);
    return link;
  }

  /** How many links are its alone. */
  get links(): number {
    return this.#links.size;
  }

  /** False if a request with this id is under way already. */
  begin(idText: string, underWay: UnderWay): boolean {
    if (this.#underWay.has(idText)) return false;
    this.#underWay.set(idText, underWay);
    return true;
  }

  done(idText: string): void {
    this.#underWay.delete(idText);
    this.usedAt = performance.now();
  }

  /** What a server says on behalf of one request of the client. */
  hearFor(underWay: UnderWay, { server }: Upstream): Hear {
    return (said, answer) => this.#heard(server, said, answer, underWay);
  }

  /**
   * Asks the client on behalf of one of its requests. Rejects if it cannot be asked, or answers with an error, or the
   * question is withdrawn by `signal`.
   */
  question(
    { server }: Pick<Upstream, 'server'>,
    underWay: UnderWay,
    method: string,
    params: Members,
    signal?: AbortSignal,
  ): Promise<Members> {
    const request: Request = {
      is: 'request',
      idText: 'null',
      method,
      params,
      paramsText: JSON.stringify(params),
      spans: new Map(),
    };
    // What the client answers is recorded by whoever asks, all at once.
    const onInput = async () => {};
    return new Promise((resolve, reject) => {
      const answer: AnswerServer = (is, text) =>
        is === 'result'
          ? resolve(JSON.parse(text) as Members)
          : reject(new Error('the client did not answer'));
      const id = this.#asked(server, request, answer, { ...underWay, onInput });
      const withdraw = () => {
        if (id === undefined || !this.#questions.delete(id)) return;
        const params = JSON.stringify({ requestId: id, reason: 'it is not asked any more' });
        this.#say(notificationText('notifications/cancelled', params), underWay);
        reject(new Error('withdrawn'));
      };
      signal?.addEventListener('abort', withdraw, { once: true });
    });
  }

  /** The client's answer to a question; false if nothing was asked under this id. */
  answered(id: unknown, is: 'result' | 'error', text: string, value: unknown): boolean {
    const question = typeof id === 'number' ? this.#questions.get(id) : undefined;
    if (question === undefined) return false;
    this.#questions.delete(id as number);
    if (question.onInput === undefined) question.answer(is, text);
    else
      question.onInput({ request: question.request, response: value }).then(
        () => question.answer(is, text),
        () => question.answer('error', errorObject(rpc.refused, 'the client may not answer this')),
      );
    return true;
  }

  /** What a client notifies us of: that it cancels one of its requests, or what the servers should know. */
  notified({ method, params, paramsText }: Notification): void {
    if (method === 'notifications/cancelled')
      return this.#underWay.get(JSON.stringify(params.requestId))?.cancel();
    if (method === 'notifications/roots/list_changed')
      for (const link of this.#links.values()) link.tell(method, paramsText);
  }

  async end(): Promise<void> {
    this.onEnd?.();
    for (const { answer } of this.#questions.values())
      answer('error', errorObject(rpc.internalError, 'the client is gone'));
    this.#questions.clear();
    this.#general.end();
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  #heard(server: string, said: Said, answer: AnswerServer, about: UnderWay | undefined): void {
    if (said.is === 'request') return void this.#asked(server, said, answer, about);
    const text =
      said.method === 'notifications/cancelled'
        ? this.#withdrawn(server, said)
        : heardByClients.has(said.method)
          ? notificationText(said.method, said.paramsText)
          : said.method === 'notifications/tasks/status'
            ? this.#taskStatus(server, said)
            : undefined;
    if (text !== undefined) this.#say(text, about);
  }

  #asked(
    server: string,
    request: Request,
    answer: AnswerServer,
    about: UnderWay | undefined,
  ): number | undefined {
    const refuse = (why: string): undefined => {
      answer('error', errorObject(rpc.methodNotFound, why));
    };
    const needs = questions.get(request.method);
    if (needs === undefined || this.capabilities[needs] === undefined)
      return refuse('this client does not offer that');
    // INVARIANT: what a person or a model answers belongs to a call, and is recorded with it.
    if (about?.onInput === undefined && request.method !== 'roots/list')
      return refuse('nothing is under way that this could belong to');
    if (this.#questions.size >= questionsMax) return refuse('too many questions at once');
    const id = ++this.#lastQuestion;
    this.#questions.set(id, {
      server,
      idText: request.idText,
      request: { method: request.method, params: request.params },
      answer,
      onInput: about?.onInput,
    });
    const text = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(request.method)},"params":${request.paramsText}}`;
    this.#say(text, about);
    return id;
  }

  /** The server no longer wants an answer: said to the client under the id that the client knows. */
  #withdrawn(server: string, { params, paramsText, spans }: Notification): string | undefined {
    const span = spans.get('/requestId');
    for (const [id, question] of this.#questions)
      if (
        question.server === server &&
        JSON.parse(question.idText) === params.requestId &&
        span !== undefined
      ) {
        this.#questions.delete(id);
        return notificationText('notifications/cancelled', edited(paramsText, [[span, id]]));
      }
    return undefined;
  }

  /** On a link of its own a server speaks of the session's own tasks only. */
  #taskStatus(
    server: string,
    { method, params: { taskId }, paramsText, spans }: Notification,
  ): string | undefined {
    const span = spans.get('/taskId');
    if (typeof taskId !== 'string' || span === undefined) return undefined;
    return notificationText(method, edited(paramsText, [[span, shownTask(this.endpoint, server, taskId)]]));
  }

  /** On the stream of the request that it is about, else where the client listens to what is about none. */
  #say(text: string, about: UnderWay | undefined): void {
    if (about?.channel.say(text) !== true) this.#general.send(text);
  }
}

/** Others mean something that this gateway does not know, so it could not say what passed. */
const heardByClients = new Set([
  ...['notifications/progress', 'notifications/message', 'notifications/elicitation/complete'],
  ...['notifications/tools/list_changed', 'notifications/prompts/list_changed'],
  ...['notifications/resources/list_changed', 'notifications/resources/updated'],
]);
