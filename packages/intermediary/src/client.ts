// A client of the kit: one principal at one endpoint, in one era. It says what a well-behaved client says, except where
// a check bends it.

import type { Era } from './check.ts';
import { legacy, type Members, type Message, meta, modern } from './message.ts';
import { type Answered, type Coming, type Headers, open, post } from './wire.ts';

/** What a check changes in a request that would otherwise be in order. */
export interface Bend {
  /** By name; null leaves one out, a list sends it more than once. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** The body in place of ours. */
  readonly body?: string | Buffer;
  readonly meta?: Members;
}

export interface Reply extends Answered {
  readonly result: Members | undefined;
  readonly error: Message['error'];
  readonly id: unknown;
}

const capabilities = { elicitation: { form: {} } };
const clientInfo = { name: 'intermediary', version: '0.1.0' };

export class Client {
  readonly url: string;
  readonly era: Era;
  readonly credential: string | undefined;
  readonly #patienceMs: number;
  #session: string | undefined;
  #lastId = 0;

  constructor(url: string, era: Era, credential: string | undefined, patienceMs: number) {
    this.url = url;
    this.era = era;
    this.credential = credential;
    this.#patienceMs = patienceMs;
  }

  /** Of a session that was opened; modern clients have none. */
  get session(): string | undefined {
    return this.#session;
  }

  async enter(): Promise<void> {
    if (this.era === modern || this.#session !== undefined) return;
    const params = { protocolVersion: legacy, capabilities, clientInfo };
    const { headers, result, status } = await this.ask('initialize', params);
    if (result === undefined) throw new Error(`initialize was answered with ${status}`);
    this.#session = String(headers['mcp-session-id'] ?? '');
    await post(
      this.url,
      this.headers('notifications/initialized'),
      JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
      this.#patienceMs,
    );
  }

  call(name: string, args: Members = {}, bend: Bend & { readonly more?: Members } = {}): Promise<Reply> {
    return this.ask('tools/call', { name, arguments: args, ...bend.more }, bend);
  }

  async ask(method: string, params: Members = {}, bend: Bend = {}): Promise<Reply> {
    const { id, body } = this.body(method, params, bend);
    const answered = await post(this.url, this.headers(method, params, bend), body, this.#patienceMs);
    const message = answered.messages.find((each) => each.id === id) ?? answered.messages.at(-1);
    return { ...answered, id, result: message?.result, error: message?.error };
  }

  /** As `ask`, with the answer while it comes. */
  async begin(method: string, params: Members = {}, bend: Bend = {}): Promise<Coming & { asked?: number }> {
    const { body } = this.body(method, params, bend);
    return open(this.url, this.headers(method, params, bend), body, { patienceMs: this.#patienceMs });
  }

  /** An answer to what the server asked. */
  async answer(id: unknown, result: Members): Promise<Answered> {
    const body = JSON.stringify({ jsonrpc: '2.0', id, result });
    return post(this.url, this.headers(''), body, this.#patienceMs);
  }

  body(method: string, params: Members, bend: Bend = {}): { id: number; body: string | Buffer } {
    const id = ++this.#lastId;
    const envelope = {
      [meta.version]: modern,
      [meta.client]: clientInfo,
      [meta.capabilities]: capabilities,
    };
    const own = { ...(this.era === modern ? envelope : {}), ...(params._meta as Members), ...bend.meta };
    const all = Object.keys(own).length === 0 ? params : { ...params, _meta: own };
    return { id, body: bend.body ?? JSON.stringify({ jsonrpc: '2.0', id, method, params: all }) };
  }

  headers(method: string, params: Members = {}, { headers: bent = {} }: Bend = {}): Headers {
    const name = params.name ?? params.uri;
    const own: Record<string, string | undefined> = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: this.credential,
      ...(this.era === modern
        ? {
            'mcp-protocol-version': modern,
            'mcp-method': method === '' ? undefined : method,
            'mcp-name': typeof name === 'string' ? name : undefined,
          }
        : {
            'mcp-protocol-version': this.#session === undefined ? undefined : legacy,
            'mcp-session-id': this.#session === '' ? undefined : this.#session,
          }),
    };
    const kept = Object.entries(own).filter(([each]) => !Object.hasOwn(bent, each));
    const added = Object.entries(bent).flatMap(([each, value]) =>
      value === null ? [] : [value].flat().map((one) => [each, one] as const),
    );
    return [
      ...kept.flatMap(([each, value]) => (value === undefined ? [] : [[each, value] as const])),
      ...added,
    ];
  }
}
